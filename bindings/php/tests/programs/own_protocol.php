<?php
// Protocols written in PHP: by scheme, by property, over unix, replaced in mid-connection, and what they do wrong.

namespace {
    require getenv('WM_TEST_PRELUDE');
}

namespace Protocols {

    use Workerman\Connection\ConnectionInterface;
    use Workerman\Protocols\ProtocolInterface;

    /** A line of JSON is a message; its state counts them. */
    class JsonNL implements ProtocolInterface
    {
        public static function input(string $buffer, ConnectionInterface $connection): int
        {
            $end = strpos($buffer, "\n");
            return $end === false ? 0 : $end + 1;
        }

        public static function decode(string $buffer, ConnectionInterface $connection): mixed
        {
            $connection->context->count = ($connection->context->count ?? 0) + 1;
            return json_decode(rtrim($buffer), true, 512, JSON_THROW_ON_ERROR);
        }

        public static function encode(mixed $data, ConnectionInterface $connection): string
        {
            return json_encode($data, JSON_THROW_ON_ERROR) . "\n";
        }

        public static function onClose(ConnectionInterface $connection): void
        {
            trace('protocol-close', $connection->context->count ?? 0);
        }
    }

    /** Length first: its length is known long before its end, and it is no class of the interface. */
    class Sized
    {
        public static function input($buffer, $connection)
        {
            return strlen($buffer) < 4 ? 0 : unpack('N', $buffer)[1] + 4;
        }

        public static function decode($buffer, $connection)
        {
            return substr($buffer, 4);
        }

        public static function encode($data, $connection)
        {
            return pack('N', strlen($data)) . $data;
        }
    }

    /** The first line says what is wrong with it. */
    class Broken
    {
        public static function input($buffer, $connection)
        {
            [$word, $value] = explode(' ', rtrim($buffer) . ' ');
            if ($word === 'value') {
                return ['null' => null, 'false' => false, 'text' => '5', 'float' => 2.5, 'negative' => -1, 'huge' => PHP_INT_MAX][$value];
            }
            if ($word === 'throw') {
                throw new \RuntimeException('deliberate exception in input');
            }
            if ($word === 'close') {
                $connection->close();
            }
            return $word === 'never' ? 0 : strlen($buffer);
        }

        public static function decode($buffer, $connection)
        {
            if (str_starts_with($buffer, 'decode')) {
                throw new \RuntimeException('deliberate exception in decode');
            }
            return rtrim($buffer);
        }

        public static function encode($data, $connection)
        {
            return match ($data) {
                'encode' => throw new \RuntimeException('deliberate exception in encode'),
                'none' => '',
                'null' => null,
                default => "$data\n",
            };
        }
    }

    /** Eats a greeting in input(), and hands on to another protocol. */
    class Greeting
    {
        public static function input($buffer, $connection)
        {
            if (strlen($buffer) < 6) {
                return 0;
            }
            $connection->consumeRecvBuffer(6);
            $connection->protocol = $buffer[5] === '!' ? JsonNL::class : '\Workerman\Protocols\Text';
            return 0;
        }

        public static function decode($buffer, $connection)
        {
            throw new \LogicException('no message is of this protocol');
        }

        public static function encode($data, $connection)
        {
            return $data;
        }
    }
}

namespace {

    use Workerman\Connection\TcpConnection;
    use Workerman\Timer;
    use Workerman\Worker;

    $json = new Worker(address('JsonNL'));
    $json->onMessage = function (TcpConnection $connection, array $message): void {
        if (isset($message['pause'])) {
            $connection->pauseRecv();
            $connection->send(['paused' => $connection->getRecvBufferQueueSize() >= 0]);
            Timer::add(0.05, fn () => $connection->resumeRecv(), [], false);
        } elseif (isset($message['end'])) {
            $connection->end(['last' => true]);
        } elseif (isset($message['limit'])) {
            $connection->maxPackageSize = $message['limit'];
            $connection->send($message);
        } else {
            $connection->send($message + ['count' => $connection->context->count, 'protocol' => $connection->protocol]);
        }
    };
    $json->onClose = fn () => trace('close');

    $sized = new Worker('unix://' . __DIR__ . '/sized.sock');
    $sized->protocol = '\Protocols\Sized';
    $sized->onMessage = fn (TcpConnection $connection, string $data) => $connection->send(md5($data));

    $broken = new Worker(address('tcp', 2));
    $broken->protocol = 'Protocols\Broken';
    $broken->onMessage = function (TcpConnection $connection, string $data): void {
        if ($data === 'handler') {
            $connection->errorHandler = fn (Throwable $error) => trace('handled', $error->getMessage());
            $data = 'set';
        }
        trace('sent', $connection->send($data));
    };
    $broken->onClose = fn () => trace('close');

    $raw = new Worker(address('tcp', 3));
    $raw->onConnect = function (TcpConnection $connection): void {
        $connection->protocol = Protocols\Greeting::class;
    };
    $raw->onMessage = function (TcpConnection $connection, mixed $data): void {
        if ($data === 'raw') {
            $connection->protocol = null;
            $connection->onMessage = fn (TcpConnection $connection, string $bytes) => $connection->send("bytes $bytes");
        } elseif ($data === 'next') {
            $connection->onMessage = fn (TcpConnection $connection, string $line) => $connection->send("replaced $line");
        } else {
            $connection->send($data);
        }
    };

    $frame = new Worker(address('frame', 4));
    $frame->onMessage = fn (TcpConnection $connection, string $data) => $connection->send("$connection->protocol $data");

    $text = new Worker(address('text', 5));
    $text->onConnect = function (TcpConnection $connection): void {
        $connection->protocol = Protocols\JsonNL::class;
    };
    $text->onClose = fn () => trace('close');

    foreach ([$json, $sized, $broken, $raw, $frame, $text] as $each) {
        $each->onWorkerStart = fn () => ready();
    }
    Worker::runAll();
}
