<?php
// Protocols by property, on tcp and unix sockets, defaults of connections, and workers that lack callbacks.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\ConnectionInterface;
use Workerman\Connection\TcpConnection;
use Workerman\Protocols\Http\Request;
use Workerman\Worker;

TcpConnection::$defaultMaxPackageSize = 1000;
TcpConnection::$defaultMaxSendBufferSize = 2000;

$text = new Worker(address('tcp'));
$text->protocol = 'Workerman\\Protocols\\Text';
$text->onMessage = function (ConnectionInterface $connection, string $data): void {
    $connection->send($data === 'json' ? json_encode($connection, JSON_UNESCAPED_SLASHES)
        : json_encode([$data, $connection->maxPackageSize, $connection->maxSendBufferSize, $connection->id]));
};

$http = new Worker('unix://' . __DIR__ . '/http.sock');
$http->protocol = 'Workerman\\Protocols\\Http';
$http->onMessage = fn (TcpConnection $connection, Request $request) => $connection->send(
    json_encode($request->path() === '/port' ? $connection->getRemotePort() : [$request->path(), $connection->getRemoteIp()], JSON_UNESCAPED_SLASHES));

$raw = new Worker('unix://' . __DIR__ . '/raw.sock');
$raw->onMessage = fn (TcpConnection $connection, string $data) => $connection->send("raw $data");

$mute = new Worker(address('text', 2));
$mute->onClose = fn () => trace('mute-close');

$six = new Worker('text://[::1]:' . getenv('WM_TEST_PORT_3'));
$six->onMessage = fn (TcpConnection $connection) => $connection->send(json_encode([
    $connection->getRemoteIp(), $connection->getRemotePort(), $connection->getRemoteAddress(), $connection->getLocalIp(), $connection->getLocalAddress(),
    $connection->isIpV4(), $connection->isIpV6()]));

$named = new Worker('Text://localhost:' . getenv('WM_TEST_PORT_4'));
$named->onMessage = fn (TcpConnection $connection, string $data) => $connection->send("named $data");

foreach ([$text, $http, $raw, $mute, $six, $named] as $each) {
    $each->onWorkerStart = fn () => ready();
}
Worker::runAll();
