<?php
// Echo servers that count what is alive: a plain one, one whose closures hold their connection, one with cycles of the program's own.
require getenv('WM_TEST_PRELUDE');
require dirname(getenv('WM_TEST_PRELUDE')) . '/witness.php';

use Workerman\Connection\TcpConnection;
use Workerman\Protocols\Http\Request;
use Workerman\Timer;
use Workerman\Worker;

/** Echoes, and answers `report`. */
function answer(TcpConnection $connection, string $data): void
{
    collect();
    if ($data === 'report') {
        $data = json_encode([
            'alive' => Witness::$alive, 'closed' => Witness::$closed, 'connections' => count($connection->worker->connections),
            'cycles' => gc_collect_cycles(), 'alive-then' => Witness::$alive, 'bytes' => memory_get_usage(),
        ]);
    }
    $connection->send($data);
}

$plain = new Worker(address('text'));
$plain->onMessage = answer(...);

$holding = new Worker(address('text', 2));
$holding->onConnect = function (TcpConnection $connection): void {
    collect();
    $witness = new Witness($connection);
    $connection->onMessage = function (TcpConnection $given, string $data) use ($connection, $witness): void {
        answer($connection, $given === $witness->connection ? $data : 'another connection');
    };
    $connection->onClose = function () use ($connection, $witness): void {
        Witness::$closed++;
        collect();
    };
    $connection->onBufferDrain = fn () => [$connection, $witness];
};

$cycles = new Worker(address('text', 3));
$cycles->onConnect = function (TcpConnection $connection): void {
    $connection->witness = new Witness($connection);
    $connection->self = $connection;
    $connection->timer = Timer::add(60, fn () => $connection->send('never'));
};
$cycles->onClose = function (TcpConnection $connection): void {
    Witness::$closed++;
    Timer::del($connection->timer);
};
$cycles->onMessage = answer(...);

$timers = new Worker(address('text', 4));
$timers->onMessage = function (TcpConnection $connection, string $data): void {
    if ($data === 'report') {
        answer($connection, $data);
        return;
    }
    // As many that fire once, and that are deleted before they fire or in their own callback.
    for ($number = 0; $number < (int) $data; $number++) {
        $witness = new Witness($connection);
        $use = static fn () => $witness->connection;
        Timer::add(0.001, $use, [$witness], false);
        Timer::del(Timer::add(10, $use, [$witness]));
        $id = 0;
        $id = Timer::add(0.001, static function () use (&$id, $use): void {
            $use();
            Timer::del($id);
        });
        unset($id);
    }
    unset($witness, $use);
    Timer::add(0.02, static fn () => $connection->send('fired'), [], false);
};

$http = new Worker(address('http', 5));
$http->onMessage = function (TcpConnection $connection, Request $request): void {
    $request->witness = new Witness($connection);
    $request->self = $request->path() === '/cycle' ? $request : null;
    answer($connection, $request->path() === '/report' ? 'report' : $request->get('word', 'none'));
};

$page = new Worker(address('websocket', 6));
$page->onWebSocketConnect = function (TcpConnection $connection, Request $request): void {
    $connection->witness = new Witness();
    $connection->request = $request;
};
$page->onClose = fn () => Witness::$closed++;
$page->onMessage = answer(...);

foreach ([$plain, $holding, $cycles, $timers, $http, $page] as $each) {
    $each->onWorkerStart = fn () => ready();
}
Worker::runAll();
