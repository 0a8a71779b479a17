<?php
// A worker that runs as another user.
require getenv('WM_TEST_PRELUDE');

use Workerman\Worker;

Worker::$logFile = __DIR__ . '/log';
$worker = new Worker(address('text'));
$worker->user = getenv('WM_TEST_USER');
$worker->onWorkerStart = fn () => ready(posix_geteuid(), posix_getegid());
Worker::runAll();
