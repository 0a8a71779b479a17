<?php
// A worker that listens at further ports, pauses and stops them, by commands on its own port.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\TcpConnection;
use Workerman\Worker;

$worker = new Worker(address('text'));
$worker->onWorkerStart = function (Worker $worker): void {
    $inner = new Worker(address('text', 2));
    $inner->onWorkerStart = fn () => trace('never');
    $inner->onConnect = fn () => trace('inner-connect');
    $inner->onMessage = fn (TcpConnection $connection, string $data) => $connection->send("inner $data");
    $inner->onClose = fn () => trace('inner-close');
    $inner->onWorkerStop = fn () => trace('inner-stop');
    $worker->inner = $inner;
    ready();
};
$worker->onMessage = function (TcpConnection $connection, string $data) use ($worker): void {
    $inner = $worker->inner;
    try {
        switch ($data) {
            case 'taken':
                $second = new Worker(address('text'));
                $second->listen();
                break;
            case 'twice':
                $inner->listen();
                $inner->listen();
                break;
            case 'nowhere':
                (new Worker())->listen();
                break;
            case 'count':
                $connection->send((string) count($inner->connections));
                return;
            case 'self':
                $worker->unlisten();
                break;
            default:
                $inner->$data();
        }
        $connection->send("$data done");
    } catch (Throwable $error) {
        $connection->send("$data failed: " . $error->getMessage());
    }
};

$paused = new Worker(address('text', 3));
$paused->onWorkerStart = function (Worker $worker): void {
    $worker->pauseAccept();
    Workerman\Timer::add(0.1, function () use ($worker): void {
        trace('resumed');
        $worker->resumeAccept();
    }, [], false);
    ready();
};
$paused->onConnect = fn () => trace('paused-connect');
$paused->onMessage = fn (TcpConnection $connection, string $data) => $connection->send("paused $data");

Worker::runAll();
