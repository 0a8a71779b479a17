<?php
// Relays: bytes by pipe(), messages of text by pipe(), and between two protocols by callbacks; each to where the driver listens.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\AsyncTcpConnection;
use Workerman\Connection\TcpConnection;
use Workerman\Timer;
use Workerman\Worker;

$there = '127.0.0.1:' . getenv('WM_TEST_THERE');

foreach (['tcp', 'text'] as $index => $scheme) {
    $worker = new Worker(address($scheme, $index + 1));
    $worker->onWorkerStart = fn () => ready();
    $worker->onConnect = function (TcpConnection $connection) use ($scheme, $there): void {
        $remote = new AsyncTcpConnection("$scheme://$there");
        $remote->pipe($connection);
        $connection->pipe($remote);
        $remote->onError = fn () => trace('remote-error');
        $connection->onError = fn (TcpConnection $connection, int $code, string $text) => trace('error', $code, $text);
        $remote->connect();
    };
}

// What connections hold, and what stays of them when closures capture both.
$churn = new Worker(address('text', 3));
$churn->onWorkerStart = fn () => ready();
$churn->onConnect = function (TcpConnection $connection): void {
    $connection->onMessage = function (TcpConnection $same, string $line) use ($connection): void {
        if ($line === 'memory') {
            $connection->send(json_encode([gc_collect_cycles(), memory_get_usage(), count(TcpConnection::$connections)]));
            return;
        }
        $own = new AsyncTcpConnection(address('tcp', 4));
        $own->payload = str_repeat('x', 1000);
        $own->onConnect = fn () => $own->close();
        $own->onClose = function () use ($own, $connection): void {
            $connection->send($own->getStatus(false));
        };
        $own->connect();
    };
    $connection->onClose = fn () => $connection->seen = true;
};
$sink = new Worker(address('tcp', 4));
$sink->onWorkerStart = fn () => ready();

// The program sends to the other side, too: more than its queue takes.
$both = new Worker(address('tcp', 5));
$both->onWorkerStart = fn () => ready();
$both->onConnect = function (TcpConnection $connection) use ($there): void {
    $remote = new AsyncTcpConnection("tcp://$there");
    $remote->onError = fn (TcpConnection $remote, int $code, string $text) => trace('both-error', $text);
    $connection->pauseRecv();
    $connection->pipe($remote);
    $remote->onConnect = function (AsyncTcpConnection $remote) use ($connection): void {
        $connection->resumeRecv();
        $remote->send(str_repeat('p', 20_000_000));
        ($connection->onMessage)($connection, 'q'); // as one of the same poll
    };
    $remote->connect();
};

Worker::runAll();
