<?php
// The protocols, those of libwm and the classes of Workerman\Protocols as protocols in PHP, which tell what has reached them.

namespace {
    require getenv('WM_TEST_PRELUDE');
}

namespace Protocols {
    class Web extends \Workerman\Protocols\Http
    {
    }

    class Sock extends \Workerman\Protocols\Websocket
    {
    }
}

namespace {
    use Workerman\Connection\AsyncTcpConnection;
    use Workerman\Connection\TcpConnection;
    use Workerman\Protocols\Http\Request;
    use Workerman\Timer;
    use Workerman\Worker;

    /** Tells the events of a connection that the program makes, and says hello. */
    function visit(string $address): void
    {
        $visitor = new AsyncTcpConnection($address);
        $visitor->onConnect = fn () => trace('visitor', 'connected');
        $visitor->onWebSocketConnect = function (AsyncTcpConnection $visitor) use ($address): void {
            trace('visitor', 'open');
            if (!str_ends_with($address, 'refuse')) {
                $visitor->send('hello');
            }
        };
        $visitor->onMessage = function (AsyncTcpConnection $visitor, string $data): void {
            trace('visitor', $data);
            $visitor->close('goodbye');
        };
        $visitor->onClose = fn () => trace('visitor', 'closed');
        $visitor->connect();
    }

    foreach ([1 => 'http', 2 => 'Web'] as $number => $scheme) {
        $web = new Worker(address($scheme, $number));
        $web->onWorkerStart = fn () => ready();
        $web->onConnect = function (TcpConnection $connection): void {
            $connection->maxPackageSize = 100_000;
        };
        $web->onMessage = fn (TcpConnection $connection, Request $request) => $connection->send(json_encode([
            'method' => $request->method(), 'target' => $request->uri(), 'body' => $request->rawBody(), 'version' => $request->protocolVersion(),
            'host' => $request->host(), 'connection' => $request->header('connection'), 'length' => $request->header('content-length'),
            'coding' => $request->header('transfer-encoding'), 'trailers' => $request->trailer(), 'key' => $request->post('key'),
        ], JSON_INVALID_UTF8_SUBSTITUTE | JSON_UNESCAPED_SLASHES));
    }

    $text = new Worker(address('text', 3));
    $text->onWorkerStart = fn () => ready();
    $text->onMessage = function (TcpConnection $connection, string $data): void {
        trace('line', $data);
        [$word, $rest] = explode(' ', "$data ", 2);
        if ($word === 'visit') {
            visit(trim($rest));
        } elseif ($word === 'end') {
            $connection->lingerTimeout = 0.01;
            $connection->onClose = fn () => trace('closed', $connection->getStatus(false));
            $connection->end('last');
            trace('ending', $connection->getStatus(false));
            Timer::add(0.2, fn () => trace('status', $connection->getStatus(false)), [], false);
        }
    };

    foreach ([4 => 'websocket', 5 => 'Sock'] as $number => $scheme) {
        $page = new Worker(address($scheme, $number));
        $page->onWorkerStart = fn () => ready();
        $page->onWebSocketConnect = function (TcpConnection $connection, Request $request): void {
            trace('page', $request->path());
            if ($request->path() === '/refuse') {
                $connection->close();
            }
        };
        $page->onMessage = function (TcpConnection $connection, string $data): void {
            trace('page', $data);
            if ($data === 'hello') {
                $connection->send('Hi');
            }
        };
        $page->onClose = fn () => trace('page', 'closed');
    }

    Worker::runAll();
}
