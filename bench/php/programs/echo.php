<?php
// A websocket echo on $BENCH_PORT.
use Workerman\Connection\TcpConnection;
use Workerman\Worker;

require getenv('BENCH_AUTOLOAD');

Worker::$pidFile = getenv('BENCH_DIRECTORY') . '/pid';
Worker::$logFile = getenv('BENCH_DIRECTORY') . '/log';

$worker = new Worker('websocket://127.0.0.1:' . getenv('BENCH_PORT'));
$worker->onMessage = function (TcpConnection $connection, $data) {
    $connection->send($data);
};

Worker::runAll();
