<?php
// What programs of Workerman 4 find that version 5 has no more: constants, names, callbacks, and classes beside the file that makes a worker.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\TcpConnection;
use Workerman\Protocols\Http;
use Workerman\Protocols\Http\Request;
use Workerman\Timer;
use Workerman\Worker;

Worker::$processTitle = 'of its own';
Http::enableCache(false);
$worker = new Worker('Lines://127.0.0.1:' . getenv('WM_TEST_PORT')); // Protocols/Lines.php is beside this file
$worker->name = 'lines';
@$worker->onWorkerExit = fn (Worker $worker, int $status, int $pid) => trace('exit', $worker->name, $status, $pid);
$worker->onWorkerStart = fn (Worker $worker) => ready();
$worker->onMessage = function (TcpConnection $connection, array $words) use ($worker): void {
    $connection->send(match ($words[0]) {
        'constants' => [WORKERMAN_CONNECT_FAIL, WORKERMAN_SEND_FAIL, OS_TYPE_LINUX, TcpConnection::STATUS_TO_STRING[$connection->getStatus()]],
        'classes' => [Chat\Room::NAME, var_export(class_exists('Chat\None'), true)],
        'title' => [cli_get_process_title()],
        'timer' => [var_export(Timer::del($connection->timer ?? null), true)],
        'request' => [destroyed(new Request("GET / HTTP/1.1\r\n\r\n"))],
        'exit' => exit(3),
    });
};

function destroyed(Request $request): string
{
    $request->note = 'a note';
    $request->context['more'] = 1;
    $request->destroy();
    return json_encode([$request->note, $request->context, $request->path()], JSON_UNESCAPED_SLASHES);
}

Worker::runAll();
