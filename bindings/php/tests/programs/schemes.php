<?php
// Addresses with schemes in any case.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\TcpConnection;
use Workerman\Worker;

foreach (['HTTP', 'Http', 'WebSocket', 'WEBSOCKET', 'TEXT', 'TCP'] as $index => $scheme) {
    $worker = new Worker(address($scheme, $index + 1));
    $worker->onWorkerStart = fn () => ready();
    $worker->onMessage = fn (TcpConnection $connection, $data) => $connection->send($scheme);
}
Worker::runAll();
