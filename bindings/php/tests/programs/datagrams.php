<?php
// Workers of datagrams, by scheme and by transport, with each kind of protocol: all but the first echo.

namespace {
    require getenv('WM_TEST_PRELUDE');
}

namespace Protocols {
    /** A length of two bytes, then what is shouted; "skip" is no message, "throw" throws. */
    class Shout
    {
        public static function input($buffer)
        {
            return strlen($buffer) < 2 ? 0 : unpack('n', $buffer)[1] + 2;
        }

        public static function decode($buffer)
        {
            if (substr($buffer, 2) === 'throw') {
                throw new \RuntimeException('deliberate exception in decode');
            }
            return substr($buffer, 2) === 'skip' ? false : strtoupper(substr($buffer, 2));
        }

        public static function encode($data)
        {
            return $data === 'NOTHING' ? '' : pack('n', strlen($data)) . $data;
        }
    }

    /** Without input(): a datagram is a message. */
    class Reversed
    {
        public static function decode($buffer, $connection)
        {
            return $buffer === 'bad' ? false : strrev($buffer);
        }

        public static function encode($data, $connection)
        {
            return strrev($data) . '!';
        }
    }

    /** The length is what the datagram says. */
    class Broken
    {
        public static function input($buffer, $connection)
        {
            return match ($buffer) {
                'negative' => -1, 'float' => 2.5, 'null' => null, 'text' => '4', 'beyond' => 100, 'throw' => throw new \RuntimeException('deliberate exception in input'),
                default => strlen($buffer),
            };
        }

        public static function decode($buffer, $connection)
        {
            return $buffer;
        }

        public static function encode($data, $connection)
        {
            return $data;
        }
    }
}

namespace {

    use Workerman\Connection\ConnectionInterface;
    use Workerman\Connection\UdpConnection;
    use Workerman\Timer;
    use Workerman\Worker;

    /** Does what a datagram says. */
    function command(UdpConnection $connection, string $data): void
    {
        static $kept = [];
        [$verb, $rest] = [...explode(' ', $data, 2), ''];
        match ($verb) {
            'who' => $connection->send(json_encode($connection)),
            'close' => [$connection->close($rest), trace('sent-after-close', $connection->send('too late'), $connection->getLocalAddress())],
            'keep' => $kept[] = $connection,
            'kept' => $connection->send(json_encode(array_map(fn ($each) => $each->send($rest), $kept))),
            'size' => trace('sent', (int) $rest, $connection->send(str_repeat('x', (int) $rest))),
            'throw' => throw new RuntimeException('deliberate exception in onMessage'),
            'later' => Timer::add(0.01, fn () => $connection->send($rest), [], false),
            'counts' => $connection->send(json_encode([
                count($GLOBALS['worker']->connections), ConnectionInterface::$statistics['connection_count'],
                ConnectionInterface::$statistics['total_request'], memory_get_usage(), getmypid(),
            ])),
            'stop' => Worker::stopAll(),
            default => $connection->send($data),
        };
    }

    $worker = new Worker(address('udp'));
    $worker->onMessage = command(...);
    $echoing = fn (UdpConnection $connection, $data) => $connection->send($data);
    foreach (['text', 'frame', 'Shout'] as $number => $scheme) {
        $each = new Worker(address($scheme, $number + 2));
        $each->transport = 'udp';
        $each->onMessage = $echoing;
    }
    foreach (['Reversed', 'Broken'] as $number => $protocol) {
        $each = new Worker(address('udp', $number + 5));
        $each->protocol = "Protocols\\$protocol";
        $each->onMessage = $echoing;
    }
    $silent = new Worker(address('udp', 7)); // without onMessage
    foreach (Worker::getAllWorkers() as $each) {
        $each->onConnect = fn () => trace('connect');
        $each->onClose = fn () => trace('close');
        $each->onWorkerStart = fn () => ready();
    }
    Worker::runAll();
}
