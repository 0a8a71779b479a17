<?php
// workerman/redis: commands with callbacks, publish and subscribe, at the server of WM_TEST_REDIS.
require getenv('WM_TEST_PRELUDE');

use Workerman\Redis\Client;
use Workerman\Worker;

$worker = new Worker();
$worker->onWorkerStart = function (): void {
    $address = 'redis://127.0.0.1:' . getenv('WM_TEST_REDIS');
    $redis = new Client($address);
    $redis->set('key', 'value', fn ($result) => trace('set', $result));
    $redis->get('key', fn ($value) => trace('get', $value));
    $redis->hMSet('hash', ['a' => 1, 'b' => 2], fn () => null);
    $redis->hGetAll('hash', fn ($value) => trace('hash', $value));
    $redis->get('none', fn ($value) => trace('none', $value));
    $subscriber = new Client($address);
    $subscriber->subscribe(['news'], fn ($channel, $text) => trace('news', $channel, $text));
    Workerman\Timer::add(0.3, fn () => $redis->publish('news', 'hello', fn ($count) => trace('published', $count)), [], false);
    ready();
};
Worker::runAll();
