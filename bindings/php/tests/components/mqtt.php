<?php
// mqtt: a subscriber and publisher at the broker of WM_TEST_BROKER.
require getenv('WM_TEST_PRELUDE');

use Workerman\Mqtt\Client;
use Workerman\Worker;

$worker = new Worker();
$worker->onWorkerStart = function (): void {
    $mqtt = new Client('mqtt://127.0.0.1:' . getenv('WM_TEST_BROKER'));
    $mqtt->onConnect = function (Client $mqtt): void {
        $mqtt->subscribe('topic/#', [], function () use ($mqtt): void {
            $mqtt->publish('topic/one', 'zero');
            $mqtt->publish('topic/two', 'once', ['qos' => 1], fn () => trace('acknowledged'));
        });
    };
    $mqtt->onMessage = fn (string $topic, string $content) => trace('message', $topic, $content);
    $mqtt->onError = fn (Throwable $e) => trace('failed', $e->getMessage());
    $mqtt->connect();
    ready();
};
Worker::runAll();
