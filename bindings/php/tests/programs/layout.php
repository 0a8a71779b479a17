<?php
// A program of Workerman 3 as it was downloaded: the directory Workerman is beside it, and classes are found by their namespaces.
require getenv('WM_TEST_PRELUDE'); // requires Workerman/Autoloader.php

use Workerman\Autoloader;
use Workerman\Lib\Timer;
use Workerman\WebServer;
use Workerman\Worker;

$web = require __DIR__ . '/Applications/Web/start_web.php';
$web->addRoot('localhost', __DIR__ . '/Web');
$web->addRoot('other', ['root' => __DIR__ . '/Other', 'additionHeader' => 'X-Site: other', 'custom404' => __DIR__ . '/Other/lost.txt']);
$web->addRoot('gone', __DIR__ . '/Gone');
// Classes of a worker are found from the file that has made it.
$web->onWorkerStart = function (WebServer $worker): void {
    trace('worker', Root\One::hello());
    Autoloader::setRootPath(__DIR__ . '/Applications');
    trace('classes', Beside\Greeter::hello(), Chat\Events::hello(), class_exists('Chat\None'));
    Timer::add(0.001, fn () => ready($worker->name), [], false);
};
Worker::runAll();
