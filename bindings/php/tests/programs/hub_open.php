<?php
// A program whose own file does not name the class: what it evaluates does.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\TcpConnection;
use Workerman\Worker;

$class = 'Workerman\\' . 'Hub';
if (getenv('WM_TEST_OPEN') === 'yes') {
    [$class, 'open']();
}
$worker = new Worker(address('text'));
$worker->count = 2;
$worker->onWorkerStart = fn () => ready();
$worker->onMessage = function (TcpConnection $connection, string $line) use ($class): void {
    try {
        [$class, $line](...($line === 'open' ? [] : ['nobody', fn (int $count, string $result) => $connection->send($result)]));
        if ($line === 'open') {
            $connection->send('opened');
        }
    } catch (LogicException $e) {
        $connection->send($e->getMessage());
    }
};
Worker::runAll();
