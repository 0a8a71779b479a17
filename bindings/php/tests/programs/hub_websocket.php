<?php
// Pages that get their uid in the handshake, and a port that does what lines say; what is asked in onWorkerStart, before others are known.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\AsyncTcpConnection;
use Workerman\Connection\TcpConnection;
use Workerman\Hub;
use Workerman\Protocols\Http\Request;
use Workerman\Worker;

$pages = new Worker(address('websocket'));
$pages->onWorkerStart = function (): void {
    ready();
    Hub::online('nobody', fn (int $connections, string $result) => trace('at-start', $connections, $result));
};
$pages->onWebSocketConnect = fn (TcpConnection $connection, Request $request) => Hub::bind($connection, $request->get('uid'));
$pages->onClose = function (TcpConnection $connection): void {
    trace('close', Hub::bind($connection, 'late'));
};

$inner = new Worker(address('text', 2));
$inner->onWorkerStart = fn () => ready();
$inner->onMessage = function (TcpConnection $connection, string $line): void {
    [$verb, $uid] = [...explode(' ', $line), ''];
    $say = fn (int $connections, string $result) => $connection->send("$result $connections");
    match ($verb) {
        'binary' => Hub::send($uid, "\x00\xff", $say, binary: true),
        'text' => Hub::send($uid, 'text', $say),
        'kick' => Hub::kick($uid, $say, 4001, 'enough'),
        'online' => Hub::online($uid, $say),
        'client' => (function () use ($connection, $uid): void {
            $client = new AsyncTcpConnection(address('text', 3));
            $client->onConnect = fn () => $connection->send(Hub::bind($client, $uid) ? 'bound' : 'closed');
            $client->connect();
        })(),
    };
};

$web = new Worker(address('http', 3));
$web->onWorkerStart = fn () => ready();
$web->onMessage = function (TcpConnection $connection): void {
    try {
        Hub::bind($connection, 'http');
    } catch (Libwm\Error $e) {
        $connection->send($e->getMessage());
    }
};
Worker::runAll();
