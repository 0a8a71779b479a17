<?php
// Callbacks that act on other connections, timers and callbacks while events of those are already under way.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\TcpConnection;
use Workerman\Timer;
use Workerman\Worker;

$worker = new Worker(address('text'));
$worker->onWorkerStart = fn () => ready();
$worker->onConnect = function (TcpConnection $connection): void {
    $connection->closes = 0;
    trace('connect', $connection->id);
};
$worker->onClose = function (TcpConnection $connection) use ($worker): void {
    trace('close', $connection->id, ++$connection->closes);
    if ($connection->last ?? false) {
        foreach ($worker->connections as $each) {
            $each->send("gone $connection->id");
        }
    }
};
$worker->onMessage = function (TcpConnection $connection, string $data) use ($worker): void {
    trace('message', $connection->id, $data, $connection->closes);
    $others = array_filter($worker->connections, fn (TcpConnection $each) => $each !== $connection);
    switch ($data) {
        case 'busy':
            // What arrives meanwhile is handed over together.
            usleep(100_000);
            return;
        case 'destroy others':
            foreach ($others as $each) {
                $each->destroy();
            }
            return;
        case 'close others':
            foreach ($others as $each) {
                $each->close('closed by another');
            }
            return;
        case 'pause others':
            foreach ($others as $each) {
                $each->pauseRecv();
            }
            Timer::add(0.05, function () use ($others): void {
                trace('resume');
                foreach ($others as $each) {
                    $each->resumeRecv();
                }
            }, [], false);
            return;
        case 'another callback':
            $connection->onMessage = fn (TcpConnection $given, string $data) => $given->send("another $data");
            return;
        case 'tell':
            $connection->last = true;
            $connection->close();
            return;
        case 'timers':
            // Both are due in the same turn: the first ends the second.
            $ids = [];
            foreach ([0, 1] as $number) {
                $ids[$number] = Timer::add(0.01, function () use (&$ids, $number, $connection): void {
                    trace('timer', $number);
                    Timer::del($ids[1 - $number]);
                    Timer::del($ids[$number]);
                    $connection->send("timer $number");
                });
            }
            usleep(50_000);
            return;
        case 'close in timer':
            Timer::add(0.001, [$connection, 'close'], ['by the timer'], false);
            return;
        case 'sleep':
            $connection->send('before the sleep');
            Timer::sleep(0.3);
            trace('awake');
            return;
        case 'quiet':
            return;
        case 'stop all':
            Worker::stopAll();
            $connection->send('after stopAll');
            return;
    }
    $connection->send("echo $data");
};
Worker::runAll();
