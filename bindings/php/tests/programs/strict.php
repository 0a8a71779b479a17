<?php
// A program whose error handler throws whatever it is told, what @ silences too: http with an upload and a session, and a websocket.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\TcpConnection;
use Workerman\Protocols\Http\Request;
use Workerman\Protocols\Http\Session\FileSessionHandler;
use Workerman\Worker;

set_error_handler(fn (int $level, string $text, string $file, int $line) => throw new ErrorException($text, 0, $level, $file, $line));
FileSessionHandler::sessionSavePath(__DIR__);

$web = new Worker(address('http'));
$web->onMessage = function (TcpConnection $connection, Request $request): void {
    $file = $request->file('file');
    if ($file !== null) {
        rename($file['tmp_name'], __DIR__ . '/kept');
    }
    $session = $request->session();
    $session->set('a', 1);
    $session->save();
    if ($request->get('forget') !== null) {
        $session->flush();
        $session->save();
        $session->set('a', 1);
        $session->flush();
    }
    $connection->send('done');
};
$sock = new Worker(address('websocket', 2));
$sock->onWebSocketConnect = fn () => null;
$sock->onMessage = fn (TcpConnection $connection, string $data) => $connection->send($data);
foreach ([$web, $sock] as $worker) {
    $worker->onWorkerStart = fn () => ready();
}
Worker::runAll();
