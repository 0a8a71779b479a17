<?php
// A program whose own file does not name the class: what it evaluates does.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\TcpConnection;
use Workerman\Worker;

$class = 'Workerman\\' . 'Hub';
if (getenv('WM_TEST_OPEN') === 'yes') {
    [$class, 'open'](json_decode(getenv('WM_TEST_OPTIONS') ?: '[]', true));
}
$worker = new Worker(address('text'));
$worker->count = 2;
$worker->onWorkerStart = fn () => ready();
$worker->onMessage = function (TcpConnection $connection, string $line) use ($class): void {
    try {
        match ($line) {
            'online' => [$class, $line]('nobody', fn (int $count, string $result) => $connection->send($result)),
            'open' => $connection->send('opened' . [$class, $line]()),
            'open with an engine' => $connection->send('opened' . [$class, 'open'](['engine' => 'redis://127.0.0.1'])),
        };
    } catch (LogicException | Libwm\Error $e) {
        $connection->send($e->getMessage());
    }
};
Worker::runAll();
