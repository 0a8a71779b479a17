<?php
// The file in $BENCH_DIRECTORY over HTTP on $BENCH_PORT.
use Workerman\Connection\TcpConnection;
use Workerman\Protocols\Http\Request;
use Workerman\Protocols\Http\Response;
use Workerman\Worker;

require getenv('BENCH_AUTOLOAD');

Worker::$pidFile = getenv('BENCH_DIRECTORY') . '/pid';
Worker::$logFile = getenv('BENCH_DIRECTORY') . '/log';

$worker = new Worker('http://127.0.0.1:' . getenv('BENCH_PORT'));
$worker->onMessage = function (TcpConnection $connection, Request $request) {
    $connection->send((new Response())->withFile(getenv('BENCH_DIRECTORY') . '/file'));
};

Worker::runAll();
