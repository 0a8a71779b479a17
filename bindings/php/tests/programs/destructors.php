<?php
// Ports whose connections, requests, messages and timers hold what throws when it goes.

namespace {
    require getenv('WM_TEST_PRELUDE');

    final class Bomb
    {
        public function __construct(private string $of)
        {
        }

        public function __destruct()
        {
            trace('goes', $this->of);
            throw new \RuntimeException("deliberate exception in the destructor of $this->of");
        }
    }
}

namespace Protocols {
    final class Pack
    {
        public static function input(string $buffer): int
        {
            return (int) strpos("$buffer\n", "\n") < strlen($buffer) ? strpos($buffer, "\n") + 1 : 0;
        }

        public static function encode(string $data): string
        {
            return "$data\n";
        }

        public static function decode(string $buffer): object
        {
            $text = rtrim($buffer);
            return (object) ['text' => $text, 'bomb' => $text === 'bomb' ? new \Bomb('a message') : null];
        }
    }
}

namespace {
    use Workerman\Connection\TcpConnection;
    use Workerman\Protocols\Http\Request;
    use Workerman\Timer;
    use Workerman\Worker;

    Worker::$logFile = 'log';
    if (getenv('WM_TEST_OLD') === 'yes') {
        Libwm\Compat3::enable();
    }

    $text = new Worker(address('text'));
    $text->onMessage = function (TcpConnection $connection, string $data): void {
        switch ($data) {
            case 'bomb':
                $connection->bomb = new Bomb('a connection');
                break;
            case 'nap':
                usleep(200_000); // so that what follows is read in one turn
                break;
            case 'quit':
                $connection->close('bye');
                return;
            case 'pause':
                $connection->pauseRecv();
                Timer::add(0.01, $connection->resumeRecv(...), [], false);
                break;
            case 'closure':
                $bomb = new Bomb('a callback');
                $connection->onClose = static fn () => trace('closed', $bomb::class);
                break;
            case 'timer':
                $bomb = new Bomb('a timer');
                Timer::add(0.01, static fn () => trace('fired', $bomb::class), [], false);
                break;
        }
        $connection->send("echo $data");
    };
    $text->onWorkerStart = function (): void {
        $http = new Worker(address('http', 2));
        $http->onMessage = function (TcpConnection $connection, Request $request): void {
            $request->bomb = $request->path() === '/bomb' ? new Bomb('a request') : null;
            $connection->send($request->path());
        };
        $http->listen();
        $page = new Worker(address('websocket', 3));
        $page->onWebSocketConnect = function (TcpConnection $connection, Request $request): void {
            $request->bomb = new Bomb('a handshake');
        };
        $page->onMessage = fn (TcpConnection $connection, string $data) => $connection->send($data);
        $page->listen();
        $pack = new Worker(address('Pack', 4));
        $pack->onMessage = fn (TcpConnection $connection, object $message) => $connection->send($message->text);
        $pack->listen();
        ready();
    };
    Worker::runAll();
}
