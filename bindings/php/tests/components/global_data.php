<?php
// GlobalData: a server, and a worker that uses its variables.
require getenv('WM_TEST_PRELUDE');

use GlobalData\Client;
use GlobalData\Server;
use Workerman\Timer;
use Workerman\Worker;

$port = (int) getenv('WM_TEST_PORT');
$server = new Server('127.0.0.1', $port);
$worker = new Worker();
$worker->onWorkerStart = function () use ($port): void {
    Timer::add(0.3, function () use ($port): void {
        $global = new Client("127.0.0.1:$port");
        $global->list = [1, 2];
        trace('values', $global->list, isset($global->none), $global->add('count', 10), $global->add('count', 11), $global->increment('count', 2),
            $global->cas('list', [1, 2], [3]), $global->cas('list', [1, 2], [4]), $global->list);
        unset($global->list);
        trace('unset', isset($global->list));
        ready();
    }, [], false);
};
Worker::runAll();
