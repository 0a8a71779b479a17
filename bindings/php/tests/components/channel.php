<?php
// Channel: a server, and workers that publish to each other and take jobs from a queue.
require getenv('WM_TEST_PRELUDE');

use Channel\Client;
use Channel\Server;
use Workerman\Timer;
use Workerman\Worker;

$port = (int) getenv('WM_TEST_PORT');
$server = new Server('127.0.0.1', $port);
$worker = new Worker(address('text', 2));
$worker->count = 2;
$worker->onWorkerStart = function (Worker $worker) use ($port): void {
    Client::connect('127.0.0.1', $port);
    Client::on('event', fn ($data) => trace('event', $data, $worker->id));
    Client::watch('jobs', fn ($data) => trace('job', $data));
    Timer::add(0.3, fn () => ready($worker->id), [], false);
};
$worker->onMessage = function ($connection, string $data): void {
    Client::publish('event', ['text' => $data]);
    Client::enqueue('jobs', $data);
    $connection->send('published');
};
Worker::runAll();
