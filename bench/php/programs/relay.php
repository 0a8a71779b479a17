<?php
// A relay on $BENCH_PORT: a connection of its own to the server on $BENCH_INNER_PORT for each client, bytes sent on both ways.
use Workerman\Connection\AsyncTcpConnection;
use Workerman\Connection\TcpConnection;
use Workerman\Worker;

require getenv('BENCH_AUTOLOAD');

Worker::$pidFile = getenv('BENCH_DIRECTORY') . '/pid';
Worker::$logFile = getenv('BENCH_DIRECTORY') . '/log';

$worker = new Worker('tcp://127.0.0.1:' . getenv('BENCH_PORT'));
$worker->onConnect = function (TcpConnection $client) {
    $server = new AsyncTcpConnection('tcp://127.0.0.1:' . getenv('BENCH_INNER_PORT'));
    $client->onMessage = function (TcpConnection $client, $data) use ($server) {
        $server->send($data);
    };
    $server->onMessage = function (AsyncTcpConnection $server, $data) use ($client) {
        $client->send($data);
    };
    $client->onClose = function () use ($server) {
        $server->close();
    };
    $server->onClose = function () use ($client) {
        $client->close();
    };
    $server->connect();
};

Worker::runAll();
