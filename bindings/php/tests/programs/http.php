<?php
// An HTTP server whose paths show one thing each.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\TcpConnection;
use Workerman\Protocols\Http\Request;
use Workerman\Protocols\Http\Response;
use Workerman\Timer;
use Workerman\Worker;

/** All that a request says of itself. */
function describe(Request $request): array
{
    return [
        'method' => $request->method(),
        'uri' => $request->uri(),
        'path' => $request->path(),
        'queryString' => $request->queryString(),
        'protocolVersion' => $request->protocolVersion(),
        'host' => $request->host(),
        'hostWithoutPort' => $request->host(true),
        'foo' => $request->header('Foo'),
        'missing' => $request->header('missing', 'default'),
        'cookies' => $request->cookie(),
        'cookie' => $request->cookie('name'),
        'rawBody' => $request->rawBody(),
        'get' => $request->get(),
        'post' => $request->post(),
    ];
}

/** Responses by the last part of the path. */
function response(string $name): Response|string
{
    switch ($name) {
        case 'plain':
            return new Response();
        case 'status':
            return new Response(201, ['X-One' => '1', 'X-Many' => ['a', 'b']], 'made');
        case 'reason':
            return (new Response(200, [], 'odd'))->withStatus(299, 'Fine By Me');
        case 'type':
            return new Response(200, ['Content-Type' => 'application/json'], '{}');
        case 'cookies':
            $response = new Response(200, [], 'baked');
            $response->cookie('one', 'a b;c', 3600, '/path', 'example.com', true, true, 'Lax');
            return $response->cookie('two', '2');
        case 'empty':
            return new Response(204);
        case 'unchanged':
            return new Response(304, ['ETag' => '"1"']);
        case 'injection':
            return new Response(200, ['X-Good' => 'yes', "X-Bad\r\nX-Made" => 'up', 'X-Split' => "a\r\nX-Injected: b", 'X-Colon:' => 'c'], 'safe');
        case 'long':
            return new Response(200, [], str_repeat('0123456789', 300000));
        case 'string':
            return 'just text';
    }
    return new Response(404, [], 'no such response');
}

$worker = new Worker(address('http'));
$worker->name = 'http';
$worker->onWorkerStart = fn () => ready();
$worker->onMessage = function (TcpConnection $connection, Request $request): void {
    $path = $request->path();
    trace('message', $path, $request->connection === $connection);
    switch ($path) {
        case '/':
            $connection->send('Hello Chance');
            return;
        case '/get':
            $connection->send(json_encode($request->get()));
            return;
        case '/post':
            $connection->send(json_encode($request->post()));
            return;
        case '/header':
            $connection->send($request->header('foo'));
            return;
        case '/describe':
            $connection->send(json_encode(describe($request), JSON_UNESCAPED_SLASHES));
            return;
        case '/number':
            $connection->send(new Response(200, [], (string) $connection->id));
            return;
        case '/later':
            Timer::add((float) $request->get('seconds'), function () use ($connection, $request): void {
                $connection->send('later ' . $request->get('name'));
            }, [], false);
            return;
        case '/later-lazy':
            // Nothing of the request has been read when its callback is over.
            Timer::add(0.02, function () use ($connection, $request): void {
                $connection->send(json_encode(describe($request), JSON_UNESCAPED_SLASHES));
            }, [], false);
            return;
        case '/later-response':
            Timer::add(0.01, [$connection, 'send'], [new Response(202, ['X-Later' => 'yes'], 'accepted')], false);
            return;
        case '/close':
            $connection->close(new Response(200, [], 'the last one'));
            return;
        case '/extra':
            $connection->headers = ['X-Extra' => 'one', 'X-List' => ['a', 'b']];
            $connection->send($request->get('object') ? new Response(200, [], 'extra') : 'extra');
            return;
        case '/raw':
            $connection->send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nraw", true);
            return;
    }
    if (str_starts_with($path, '/response/')) {
        $connection->send(response(basename($path)));
        return;
    }
    $connection->send(new Response(404, [], '404 not found'));
};

Worker::runAll();
