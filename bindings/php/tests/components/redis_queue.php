<?php
// workerman/redis-queue: jobs, one of which fails once and is tried again.
require getenv('WM_TEST_PRELUDE');

use Workerman\RedisQueue\Client;
use Workerman\Timer;
use Workerman\Worker;

$worker = new Worker();
$worker->onWorkerStart = function (): void {
    $queue = new Client('redis://127.0.0.1:' . getenv('WM_TEST_REDIS'), ['retry_seconds' => 1, 'max_attempts' => 3]);
    $tries = 0;
    $queue->subscribe('jobs', function ($data) use (&$tries): void {
        trace('job', $data);
        if ($data === 'fails' && ++$tries === 1) {
            throw new RuntimeException('once');
        }
    });
    Timer::add(0.2, function () use ($queue): void {
        $queue->send('jobs', ['some' => 'data']);
        $queue->send('jobs', 'late', 1);
        $queue->send('jobs', 'fails');
    }, [], false);
    ready();
};
Worker::runAll();
