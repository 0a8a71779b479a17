<?php
// An HTTP server of files, made by the driver in its directory.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\TcpConnection;
use Workerman\Protocols\Http\Request;
use Workerman\Protocols\Http\Response;
use Workerman\Timer;
use Workerman\Worker;

$worker = new Worker(address('http'));
$worker->onWorkerStart = fn () => ready();
$worker->onMessage = function (TcpConnection $connection, Request $request): void {
    $file = __DIR__ . '/files/' . $request->get('name');
    $whole = (new Response())->withFile($file);
    switch ($request->path()) {
        case '/whole':
            $connection->send($whole);
            return;
        case '/part':
            $connection->send((new Response())->withFile($file, (int) $request->get('offset'), (int) $request->get('length')));
            return;
        case '/status':
            $connection->send($whole->withStatus(404));
            return;
        case '/headers':
            $connection->send($whole->withHeaders(['Content-Type' => 'text/x-own', 'X-One' => '1', 'ETag' => '"mine"', 'Content-Length' => '1']));
            return;
        case '/later':
            Timer::add(0.01, fn () => $connection->send($whole), [], false);
            return;
        case '/close':
            $connection->close($whole);
            return;
        case '/vanished':
            unlink($file);
            $connection->send($whole);
            return;
        case '/memory':
            $connection->send((string) memory_get_peak_usage());
            return;
    }
    $connection->send('plain');
};

Worker::runAll();
