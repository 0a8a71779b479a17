<?php
// AsyncUdpConnection, as a peer over text says line by line: a JSON object of what to do.

namespace {
    require getenv('WM_TEST_PRELUDE');
}

namespace Protocols {
    class Upper
    {
        public static function decode($buffer, $connection)
        {
            if ($buffer === 'throw') {
                throw new \RuntimeException('deliberate exception in decode');
            }
            return strtoupper($buffer);
        }

        public static function encode($data, $connection)
        {
            return $data === 'nothing' ? '' : "<$data>";
        }
    }
}

namespace {

    use Workerman\Connection\AsyncUdpConnection;
    use Workerman\Connection\TcpConnection;
    use Workerman\Connection\UdpConnection;
    use Workerman\Worker;

    /** Makes one, whose callbacks tell what they get. */
    function make(array $command): AsyncUdpConnection
    {
        $made = new AsyncUdpConnection($command['address'], $command['context'] ?? []);
        $made->onConnect = function (AsyncUdpConnection $connection) use ($command): void {
            trace('connect');
            foreach ($command['first'] ?? [] as $data) {
                $connection->send($data);
            }
            if (isset($command['last'])) {
                $connection->close($command['last']);
            }
        };
        $made->onMessage = function (AsyncUdpConnection $connection, string $data): void {
            trace('message', $data);
            if ($data === 'throw in callback') {
                throw new RuntimeException('deliberate exception in onMessage');
            }
        };
        $made->onClose = fn () => trace('close');
        if (isset($command['handles'])) {
            $made->errorHandler = fn (Throwable $e) => trace('handled', $e->getMessage());
        }
        return $made;
    }

    $worker = new Worker(address('text'));
    $worker->onWorkerStart = fn () => ready();
    $made = null;
    $worker->onMessage = function (TcpConnection $control, string $line) use (&$made): void {
        $command = json_decode($line, true);
        try {
            $result = match ($command['do']) {
                'make' => ($made = make($command)) && false,
                'json' => $made,
                'class' => $made::class . ' ' . get_parent_class($made),
                'memory' => memory_get_usage(),
                'many' => array_sum(array_map(function () use ($command): int {
                    ($each = new AsyncUdpConnection($command['address']))->send('one of many');
                    $each->close();
                    return 1;
                }, range(1, $command['count']))),
                default => $made->{$command['do']}(...$command['with'] ?? []),
            };
            $control->send(json_encode($result));
        } catch (Throwable $e) {
            $control->send(json_encode('threw ' . $e->getMessage()));
        }
    };
    Worker::runAll();
}
