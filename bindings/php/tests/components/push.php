<?php
// webman/push: its server for pages with its interface for back ends, as webman's process starts it, and a worker that takes its web hooks.
require getenv('WM_TEST_PRELUDE');

use Webman\Push\Server;
use Workerman\Connection\TcpConnection;
use Workerman\Protocols\Http\Request;
use Workerman\Worker;

$hook = new Worker(address('http', 3));
$hook->onWorkerStart = fn () => ready();
$hook->onMessage = function (TcpConnection $connection, Request $request): void {
    $signed = hash_equals(hash_hmac('sha256', $request->rawBody(), 'secret'), $request->header('x-pusher-signature'));
    trace('hook', $signed, json_decode($request->rawBody(), true)['events']);
    $connection->send('OK');
};
$http = str_replace('tcp:', 'http:', address('tcp', 3));
$server = new Server(address('http', 2), ['key' => ['channel_hook' => "$http/hook", 'app_secret' => 'secret']]);
$server->webHookDelay = 1;
$worker = new Worker(address('websocket'));
foreach (['onConnect', 'onMessage', 'onClose'] as $event) {
    $worker->$event = [$server, $event];
}
$worker->onWorkerStart = function (Worker $worker) use ($server): void {
    $server->onWorkerStart($worker);
    ready();
};
Worker::runAll();
