<?php
// A program of Workerman 5 whose http worker gets no more than it asks for.
require getenv('WM_TEST_PRELUDE');

use Workerman\Protocols\Http;
use Workerman\Protocols\Http\Request;
use Workerman\Worker;

$worker = new Worker(address('http'));
$worker->onMessage = function ($connection, Request $request): void {
    if ($request->path() === '/header') {
        try {
            Http::header('X-One: 1');
        } catch (LogicException $e) {
            $connection->send($e->getMessage());
            return;
        }
    }
    $connection->send(json_encode([get_class($request), $_GET, isset($_SERVER['REQUEST_URI'])], JSON_UNESCAPED_SLASHES));
};
$worker->onWorkerStart = fn () => ready();
Worker::runAll();
