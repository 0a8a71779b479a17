<?php
// One of several scripts of this name.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\TcpConnection;
use Workerman\Worker;

Worker::$logFile = __DIR__ . '/log';
Worker::$daemonize = getenv('WM_TEST_DAEMONIZE') === 'yes';
$worker = new Worker(address('text'));
$worker->onWorkerStart = fn () => ready();
$worker->onMessage = fn (TcpConnection $connection, string $data) => $connection->send(basename(__DIR__) . ' ' . posix_getppid());
Worker::runAll();
