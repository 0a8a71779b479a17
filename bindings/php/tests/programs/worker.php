<?php
// Two processes of one worker, and one that does not listen; Worker's properties, statics and callbacks.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\TcpConnection;
use Workerman\Timer;
use Workerman\Worker;

Worker::$pidFile = 'my.pid';
Worker::$logFile = 'my.log';
Worker::$stdoutFile = 'my.stdout';
Worker::$stopTimeout = (int) (getenv('WM_TEST_STOP_TIMEOUT') ?: 10);
Worker::$onMasterReload = fn () => trace('master-reload');
Worker::$onMasterStop = fn () => trace('master-stop');

$worker = new Worker(address('text'));
$worker->name = 'lines';
$worker->count = 2;
$worker->reloadable = getenv('WM_TEST_RELOADABLE') !== 'no';
$worker->registry = ['set' => 'before the start'];
$worker->onWorkerStart = function (Worker $worker): void {
    $worker->started = microtime(true);
    ready('lines', $worker->id);
};
$worker->onWorkerStop = fn (Worker $worker) => trace('stop', $worker->name, $worker->id, count($worker->connections));
$worker->onWorkerReload = fn (Worker $worker) => trace('reload', $worker->name, $worker->id);
$worker->onClose = function (TcpConnection $connection) use ($worker): void {
    trace('close', isset($worker->connections[$connection->id]), $worker->connections[$connection->id] === $connection);
    Timer::add(0.001, fn () => trace('after-close', isset($worker->connections[$connection->id])), [], false);
};
$worker->onMessage = function (TcpConnection $connection, string $data) use ($worker): void {
    switch ($data) {
        case 'pid':
            $connection->send((string) posix_getpid());
            return;
        case 'worker':
            $connection->send(json_encode([
                'id' => $worker->id, 'name' => $worker->name, 'count' => $worker->count, 'same' => $connection->worker === $worker,
                'registry' => $worker->registry, 'started' => is_float($worker->started), 'missing' => isset($worker->missing),
                'all' => array_values(array_map(fn (Worker $each) => $each->name, Worker::getAllWorkers())),
                'keys' => array_keys($worker->connections) === [$connection->id], 'socket' => $worker->getSocketName(),
                'transport' => $worker->transport, 'version' => Worker::VERSION, 'stopping' => $worker->stopping,
            ], JSON_UNESCAPED_SLASHES));
            return;
        case 'set':
            $worker->registry['set'] = 'in a callback';
            $connection->send($worker->registry['set']);
            return;
        case 'log':
            Worker::log('a line of the log');
            $connection->send('logged');
            return;
        case 'echo':
            echo "a line of stdout\n";
            $connection->send('printed');
            return;
        case 'safe echo':
            Worker::safeEcho("a line of safeEcho\n");
            $connection->send('printed');
            return;
        case 'sleep':
            trace('asleep');
            while (true) {
                sleep(1);
            }
        case 'stop all':
            $connection->send('stopping');
            Worker::stopAll();
            return;
        case 'stop all with code':
            $connection->send('stopping');
            Worker::stopAll(3, 'a reason in the log');
            return;
        case 'reload':
            $connection->send('reloading');
            posix_kill(posix_getppid(), SIGUSR1);
            return;
        case 'end':
            $connection->send('ending');
            posix_kill(posix_getppid(), SIGINT);
            return;
    }
    $connection->send("what is $data?");
};

$task = new Worker();
$task->onWorkerStart = function (Worker $worker): void {
    ready('task', $worker->id);
    Timer::add(0.01, fn () => trace('task', $worker->name, $worker->getSocketName()), [], false);
};
$task->onWorkerStop = fn () => trace('task-stop');

Worker::runAll();
