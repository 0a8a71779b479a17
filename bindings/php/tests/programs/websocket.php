<?php
// A websocket server that does what its messages say, and tells all of its events.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\TcpConnection;
use Workerman\Protocols\Http\Request;
use Workerman\Protocols\Http\Response;
use Workerman\Protocols\Websocket;
use Workerman\Timer;
use Workerman\Worker;

const BINARY = "\x82";
const TEXT = "\x81";

$worker = new Worker(address('websocket'));
$worker->onWorkerStart = fn () => ready();

$worker->onConnect = function (TcpConnection $connection): void {
    trace('connect', $connection->id);
};

$worker->onWebSocketConnect = function (TcpConnection $connection, Request $request): void {
    trace('handshake', $connection->id, [$request->method(), $request->uri(), $request->path(), $request->queryString()], $request->get(),
        $request->get('token'), $request->header('X-Token'), $request->header('sec-websocket-version'), $request->cookie(), $request->host());
    $connection->request = $request;
    switch ($request->path()) {
        case '/refused':
            $connection->close();
            return;
        case '/refused-with-words':
            $connection->close("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", true);
            return;
        case '/refused-with-response':
            $connection->close(new Response(401, ['X-Why' => 'token'], 'who are you'));
            return;
        case '/extension':
            $connection->headers = ['Sec-WebSocket-Extensions: permessage-deflate', 'X-Server: test'];
            $connection->websocketType = Websocket::BINARY_TYPE_BLOB_DEFLATE;
            return;
        case '/early':
            $connection->send('early');
            $connection->send('second');
            return;
        case '/header':
            $connection->headers = ['X-Server: test', 'Sec-WebSocket-Protocol: chat'];
            return;
        case '/binary':
            $connection->websocketType = BINARY;
            return;
    }
};

$worker->onMessage = function (TcpConnection $connection, string $data) use ($worker): void {
    trace('message', $connection->id, strlen($data) > 200 ? strlen($data) : $data);
    [$word, $rest] = explode(' ', "$data ", 2);
    switch ($word) {
        case 'echo':
            $connection->send(rtrim($rest));
            return;
        case 'broadcast':
            foreach ($worker->connections as $each) {
                $each->send(rtrim($rest));
            }
            return;
        case 'others':
            foreach ($worker->connections as $id => $each) {
                if ($id !== $connection->id) {
                    $each->send(rtrim($rest));
                }
            }
            return;
        case 'count':
            $connection->send((string) count($worker->connections));
            return;
        case 'binary':
            $connection->websocketType = BINARY;
            $connection->send("\x00\xff\xfe");
            return;
        case 'text':
            $connection->websocketType = TEXT;
            $connection->send('text again');
            return;
        case 'list':
            $connection->send(['a' => 'é', 'b' => [1, 2]]);
            return;
        case 'close':
            $connection->close();
            return;
        case 'close-with':
            $connection->close(rtrim($rest));
            return;
        case 'destroy':
            $connection->destroy();
            return;
        case 'later':
            Timer::add(0.01, fn () => $connection->send(rtrim($rest)), [], false);
            return;
        case 'request':
            $connection->send(json_encode([$connection->request->get('later'), $connection->request->header('X-Later')]));
            return;
        case 'many':
            for ($number = 0; $number < 1000; $number++) {
                $connection->send("$number");
            }
            return;
        case 'long':
            $connection->send(str_repeat('x', (int) $rest));
            return;
    }
    $connection->send('Hi');
};

$worker->onClose = function (TcpConnection $connection): void {
    trace('close', $connection->id);
};

$early = new Worker(address('websocket', 2));
$early->onConnect = function (TcpConnection $connection): void {
    $connection->send('from onConnect');
    $connection->onWebSocketConnect = function (TcpConnection $connection): void {
        trace('handshake-of-connection', $connection->id);
        $connection->send('from onWebSocketConnect');
    };
};
$early->onWebSocketConnect = fn () => trace('handshake-of-worker');
$early->onMessage = fn (TcpConnection $connection, string $data) => $connection->send("echo $data");
$early->onWorkerStart = fn () => ready();

$compressing = new Worker(address('websocket', 3), ['wm' => ['deflate' => 'shared', 'deflate_min' => 0, 'trusted_proxies' => '127.0.0.1']]);
$compressing->onMessage = fn (TcpConnection $connection, string $data) => $connection->send($data === 'ip' ? $connection->getRemoteIp() : $data);
$compressing->onClose = fn (TcpConnection $connection) => trace('close-of', $connection->getRemoteIp());
$compressing->onWorkerStart = fn () => ready();

Worker::runAll();
