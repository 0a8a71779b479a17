<?php
// Crontab: a job each second, which begins with the next minute.
require getenv('WM_TEST_PRELUDE');

use Workerman\Crontab\Crontab;
use Workerman\Worker;

$worker = new Worker();
$worker->onWorkerStart = function (): void {
    new Crontab('*/1 * * * * *', fn () => trace('tick', microtime(true)));
    ready();
};
Worker::runAll();
