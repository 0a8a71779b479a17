<?php
// Websockets of libwm whose pings and pongs the program hears: by its worker, by single connections, and of a client.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\AsyncTcpConnection;
use Workerman\Connection\TcpConnection;
use Workerman\Protocols\Http\Request;
use Workerman\Protocols\Websocket;
use Workerman\Worker;

const PING = "\x89";

/** What a program does with a ping. */
function answer(TcpConnection $connection, string $data): void
{
    trace('ping', $data, bin2hex($connection->websocketType));
    match ($data) {
        'silent' => null,
        'throw' => throw new RuntimeException('deliberate exception of a ping'),
        'close' => $connection->close(),
        'long' => $connection->send(str_repeat('x', 126)),
        default => $connection->send("my pong of $data"),
    };
}

/** Sends with another websocketType, and tells what send() has said. */
function sendAs(TcpConnection $connection, string $type, string $data): void
{
    $before = $connection->websocketType;
    $connection->websocketType = $type;
    try {
        trace('sent', $connection->send($data));
    } catch (LengthException $error) {
        trace('sent', $error->getMessage());
    }
    $connection->websocketType = $before;
}

/** Callbacks that hold their connection. */
function hold(TcpConnection $connection): void
{
    $GLOBALS['held'] = WeakReference::create($connection);
    $connection->onWebSocketPing = fn () => $connection->send('held');
    $connection->onWebSocketPong = fn () => $connection->send('held');
}

$all = new Worker(address('websocket'));
$all->onWebSocketPing = answer(...);
$all->onWebSocketPong = fn (TcpConnection $connection, string $data) => trace('pong', $data);
$all->onMessage = fn (TcpConnection $connection, string $data) => $connection->send("echo $data");
$all->onWorkerStart = function (Worker $all): void {
    trace('connections of', explode('\\', (new ReflectionProperty($all, 'wmConnectionClass'))->getValue($all))[2]);
    ready();
};

// Callbacks of single connections, as their messages say.
$some = new Worker(address('websocket', 2));
$some->onWebSocketConnect = function (TcpConnection $connection, Request $request): void {
    if ($request->path() === '/hear') {
        $connection->onWebSocketPing = answer(...);
    }
    $offered = explode(', ', $request->header('sec-websocket-protocol', ''));
    if (in_array('mqtt', $offered, true)) {
        $connection->headers[] = 'Sec-WebSocket-Protocol: mqtt';
    } elseif (in_array('chat', $offered, true)) {
        $connection->headers['Sec-WebSocket-Protocol'] = 'chat';
    }
};
$some->onMessage = function (TcpConnection $connection, string $data): void {
    match ($data) {
        'hear' => $connection->onWebSocketPing = answer(...),
        'hear pongs' => $connection->onWebSocketPong = fn (TcpConnection $connection, string $data) => $connection->send("heard $data"),
        'hold' => hold($connection),
        'held' => trace('held', $GLOBALS['held']->get() !== null),
        'hear no more' => $connection->onWebSocketPing = null,
        'binary' => $connection->websocketType = Websocket::BINARY_TYPE_ARRAYBUFFER,
        'raw' => $connection->send(pack('H*', '8900'), true),
        'ping' => sendAs($connection, PING, 'typed'),
        'long ping' => sendAs($connection, PING, str_repeat('x', 126)),
        default => null,
    };
    $connection->send("echo $data");
};
$some->onClose = fn () => trace('close');
$some->onWorkerStart = fn () => ready();

// Of a worker that has none before it serves.
$late = new Worker(address('websocket', 3));
$late->onMessage = fn (TcpConnection $connection, string $data) => $connection->send("echo $data");
$late->onWorkerStart = function (Worker $late): void {
    $late->onWebSocketPing = answer(...);
    ready();
};

// A client of libwm's.
$maker = new Worker();
$maker->onWorkerStart = function (): void {
    $client = new AsyncTcpConnection(address('ws'));
    $client->onConnect = fn () => sendAs($client, PING, 'early');
    $client->onWebSocketConnect = fn () => $client->send(pack('H*', '898000000000'), true);
    $client->onMessage = fn (AsyncTcpConnection $client, string $data) => trace('client', $data);
    $client->connect();
    $client->send('hello');
    ready();
};

Worker::runAll();
