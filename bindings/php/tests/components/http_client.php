<?php
// http-client: requests to an http worker of the same program, with callbacks.
require getenv('WM_TEST_PRELUDE');

use Workerman\Http\Client;
use Workerman\Timer;
use Workerman\Worker;

$web = new Worker(address('http'));
$accepted = 0;
$web->onConnect = function () use (&$accepted): void {
    $accepted++;
};
$web->onMessage = fn ($connection, $request) => $connection->send($request->path() === '/accepted'
    ? (string) $GLOBALS['accepted'] : $request->method() . ' ' . $request->uri() . ' ' . $request->rawBody());
$worker = new Worker();
$worker->onWorkerStart = function (): void {
    $ask = function (): void {
        $http = new Client(['max_conn_per_addr' => 4]);
        $url = str_replace('tcp://', 'http://', address('tcp'));
        $failed = fn (Throwable $e) => trace('failed', $e->getMessage());
        $http->get("$url/a?b=1", fn ($response) => trace('get', $response->getStatusCode(), (string) $response->getBody()), $failed);
        $http->post("$url/post", ['a' => 1], fn ($response) => trace('post', (string) $response->getBody()), $failed);
        for ($number = 0; $number < 500; $number++) {
            $http->get("$url/$number", fn ($response) => trace('many', (string) $response->getBody()), $failed);
        }
        $http->get("$url/accepted", fn ($response) => trace('accepted', (int) (string) $response->getBody()), $failed);
        $http->get('http://127.0.0.1:1/', fn () => trace('refused', 'answered'), fn (Throwable $e) => trace('refused', $e->getMessage()));
    };
    Timer::add(0.3, $ask, [], false);
    ready();
};
Worker::runAll();
