<?php
// Connections that the program makes, as the driver says line by line: {"do": method, "on": name, "with": arguments, ...}.

namespace {
    require getenv('WM_TEST_PRELUDE');
}

namespace Protocols {
    /** A message ends with a full stop. */
    class Stop
    {
        public static function input($buffer, $connection)
        {
            $end = strpos($buffer, '.');
            return $end === false ? 0 : $end + 1;
        }

        public static function decode($buffer, $connection)
        {
            if ($buffer === 'throw.') {
                throw new \RuntimeException('deliberate exception in decode');
            }
            return substr($buffer, 0, -1);
        }

        public static function encode($data, $connection)
        {
            return "$data.";
        }

        public static function onConnect($connection)
        {
            trace('protocol-connect', $connection->name);
        }

        public static function onClose($connection)
        {
            trace('protocol-close', $connection->name);
        }
    }
}

namespace {

    use Workerman\Connection\AsyncTcpConnection;
    use Workerman\Connection\TcpConnection;
    use Workerman\Worker;

    /** Makes one, with callbacks that tell all, and do what its property `then` says for them. */
    function make(array $command): AsyncTcpConnection
    {
        $connection = new AsyncTcpConnection($command['address'], $command['context'] ?? []);
        foreach ($command['set'] ?? [] as $name => $value) {
            $connection->$name = $value;
        }
        $connection->name = $command['on'];
        $connection->then = $command['then'] ?? [];
        $tell = fn (string $event) => function (AsyncTcpConnection $connection, mixed ...$details) use ($event): void {
            gc_collect_cycles();
            $details = array_map(fn ($detail) => $detail instanceof Stringable ? (string) $detail : $detail, $details);
            trace($event, $connection->name, ...$details);
            foreach ($connection->then[$event] ?? [] as $do) {
                $method = array_shift($do);
                if ($method === 'throw') {
                    throw new RuntimeException("deliberate exception in $event");
                }
                if ($method === 'replace') {
                    $connection->protocol = Protocols\Stop::class;
                    continue;
                }
                trace('result', $connection->name, $method, $connection->$method(...$do));
            }
        };
        foreach (['onConnect', 'onMessage', 'onClose', 'onError', 'onBufferFull', 'onBufferDrain', 'onWebSocketConnect'] as $event) {
            $connection->$event = $tell($event);
        }
        return $connection;
    }

    $worker = new Worker(address('text'));
    $worker->onWorkerStart = fn () => ready();
    $worker->made = [];
    $worker->onMessage = function (TcpConnection $asker, string $line) use ($worker): void {
        $command = json_decode($line, true, 512, JSON_THROW_ON_ERROR);
        $name = $command['on'] ?? '';
        try {
            $asker->send(json_encode(match ($command['do']) {
                'make' => ($worker->made[$name] = make($command))->getRemoteAddress(),
                'set' => array_map(fn ($property, $value) => $worker->made[$name]->$property = $value, array_keys($command['set']), $command['set']),
                'connect and close' => [($made = $worker->made[$name])->connect() ?? $made->getStatus(false), $made->close('x'),
                    $made->getStatus(false)],
                'send and ask' => [$worker->made[$name]->send('sent'),
                    fgets(stream_socket_client($command['address'], $code, $text, 20))],
                'forget' => [$worker->made = [], gc_collect_cycles()],
                'count' => [count(TcpConnection::$connections), TcpConnection::$statistics['connection_count']],
                'memory' => [gc_collect_cycles(), memory_get_usage()],
                default => $worker->made[$name]->{$command['do']}(...$command['with'] ?? []),
            }, JSON_INVALID_UTF8_SUBSTITUTE));
        } catch (Throwable $error) {
            $asker->send(json_encode('threw ' . $error->getMessage()));
        }
    };
    Worker::runAll();
}
