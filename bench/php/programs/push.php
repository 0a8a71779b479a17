<?php
// Push by uid: pages on $BENCH_PORT send their uid, lines of JSON on $BENCH_INNER_PORT go to the page of their uid.
use Workerman\Connection\TcpConnection;
use Workerman\Worker;

require getenv('BENCH_AUTOLOAD');

Worker::$pidFile = getenv('BENCH_DIRECTORY') . '/pid';
Worker::$logFile = getenv('BENCH_DIRECTORY') . '/log';

$worker = new Worker('websocket://127.0.0.1:' . getenv('BENCH_PORT'));
$worker->count = 1;
$worker->uidConnections = [];

$worker->onWorkerStart = function () {
    $inner = new Worker('text://127.0.0.1:' . getenv('BENCH_INNER_PORT'));
    $inner->onMessage = function (TcpConnection $connection, $line) {
        $data = json_decode($line, true);
        $connection->send(sendMessageByUid($data['uid'], $line) ? 'ok' : 'fail');
    };
    $inner->listen();
};

$worker->onMessage = function (TcpConnection $connection, $data) {
    global $worker;
    if (!isset($connection->uid)) {
        $connection->uid = $data;
        $worker->uidConnections[$data] = $connection;
    }
};

$worker->onClose = function (TcpConnection $connection) {
    global $worker;
    if (isset($connection->uid)) {
        unset($worker->uidConnections[$connection->uid]);
    }
};

function sendMessageByUid($uid, $message)
{
    global $worker;
    if (!isset($worker->uidConnections[$uid])) {
        return false;
    }
    $worker->uidConnections[$uid]->send($message);
    return true;
}

Worker::runAll();
