<?php
// Protocols in PHP that build on those of libwm, which are in PHP then, too: on workers, in mid-connection, and of a client.

namespace {
    require getenv('WM_TEST_PRELUDE');
}

namespace Protocols {
    class Web extends \Workerman\Protocols\Http
    {
        public static function encode(mixed $data, \Workerman\Connection\ConnectionInterface $connection): string
        {
            $connection->headers['X-Built'] = 'on Http';
            return parent::encode($data, $connection);
        }
    }

    class Sock extends \Workerman\Protocols\Websocket
    {
    }

    class Page extends \Workerman\Protocols\Ws
    {
    }

    class Line extends \Workerman\Protocols\Text
    {
    }

    class Box extends \Workerman\Protocols\Frame
    {
    }
}

namespace {

    use Workerman\Connection\AsyncTcpConnection;
    use Workerman\Connection\TcpConnection;
    use Workerman\Protocols\Http;
    use Workerman\Protocols\Http\Request;
    use Workerman\Protocols\Http\Response;
    use Workerman\Protocols\Websocket;
    use Workerman\Timer;
    use Workerman\Worker;

    /** What a request was, as JSON. */
    function describe(Request $request): string
    {
        return json_encode([$request->method(), $request->uri(), $request->header('x-a'), $request->rawBody(), $request->header('content-length')]);
    }

    $web = new Worker(address('Web'));
    $web->onMessage = fn (TcpConnection $connection, Request $request) => $connection->send(
        $request->path() === '/404' ? new Response(404, ['X-Own' => '1'], 'none') : describe($request));

    $sock = new Worker(address('Sock', 2));
    $sock->onWebSocketConnect = function (TcpConnection $connection, Request $request): void {
        if ($request->path() === '/refuse') {
            $connection->close("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", true);
            return;
        }
        $connection->headers = ['X-Answer: 1'];
        $connection->send('early');
    };
    $sock->onMessage = function (TcpConnection $connection, string $data): void {
        $connection->websocketType = $data === 'binary' ? Websocket::BINARY_TYPE_ARRAYBUFFER : Websocket::BINARY_TYPE_BLOB;
        $connection->send($data === 'json' ? ['a' => 'ü'] : "echo $data");
    };
    $sock->onClose = fn () => trace('close');

    // Raw bytes first; a first byte of P or G makes it http from there on, which an upgrade makes a websocket.
    $changing = new Worker(address('tcp', 3));
    $changing->onMessage = function (TcpConnection $connection, mixed $data): void {
        if (is_string($data) && $connection->protocol === null) {
            $connection->protocol = Http::class;
            $connection->send('raw ' . $data, true);
        } else {
            $connection->send(describe($data));
        }
    };

    $inner = new Worker(address('Line', 4));
    $inner->onWorkerStart = function (): void {
        ready();
        trace('page', 'made');
        $page = new AsyncTcpConnection(address('Page', 2) . '/page');
        $page->headers = ['X-Token' => 'abc'];
        $page->onWebSocketConnect = fn (AsyncTcpConnection $page, Response $response) => trace('page', $response->getHeader('X-Answer'));
        $page->onMessage = function (AsyncTcpConnection $page, string $data): void {
            trace('page', $data);
            match ($data) {
                'early' => $page->send(str_repeat('x', 70000)),
                'echo again' => $page->close(),
                default => $page->send('again'),
            };
        };
        $page->onClose = fn () => trace('page', 'closed');
        $page->connect();
    };
    $inner->onMessage = fn (TcpConnection $connection, string $data) => $connection->send("line $data");

    $box = new Worker(address('Box', 5));
    $box->onMessage = fn (TcpConnection $connection, string $data) => $connection->send("box $data");

    // libwm's websocket: frames that the program makes.
    $native = new Worker(address('websocket', 6));
    $native->onMessage = function (TcpConnection $connection, string $data): void {
        if ($data === 'set') {
            $connection->onWebSocketClose = fn () => null;
            $connection->uid = $data; // properties of its own stay
            $data = $connection->uid;
        }
        $connection->send(Websocket::encode("made $data", $connection), true);
    };

    // Callbacks of control frames, on a worker and on a connection that the program makes to it.
    $control = new Worker(address('websocket', 7));
    $control->onWebSocketPing = function (TcpConnection $connection, string $data): void {
        $connection->send("my pong of $data");
    };
    $control->onWebSocketPong = fn (TcpConnection $connection, string $data) => $connection->send("pong $data");
    $control->onWebSocketClose = function (TcpConnection $connection): void {
        $connection->send('goodbye');
        $connection->close();
    };
    $control->onMessage = function (TcpConnection $connection, string $data): void {
        if ($data === 'go') {
            $client = new AsyncTcpConnection(address('ws', 7));
            $client->websocketPingInterval = 0.02;
            $client->onWebSocketPong = function (AsyncTcpConnection $client, string $data): void {
                trace('pong', $data);
                $client->close();
            };
            $client->onClose = fn () => trace('control', count(TcpConnection::$connections), Timer::delAll());
            $client->connect();
        } else {
            $connection->send("control $data");
        }
    };

    foreach ([$web, $sock, $changing, $box, $native, $control] as $each) {
        $each->onWorkerStart = fn () => ready();
    }
    Worker::runAll();
}
