<?php
// A text and a websocket port whose callbacks throw, exit and collect garbage when they are told to.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\TcpConnection;
use Workerman\Protocols\Http\Request;
use Workerman\Timer;
use Workerman\Worker;

Worker::$logFile = 'log';
Worker::$stopTimeout = 10;
$throw = getenv('WM_TEST_THROW');
$exit = getenv('WM_TEST_EXIT');

/** What the callbacks do: the next one of an armed name throws. */
final class Armed
{
    /** @var array<string, string> */
    public static array $names = [];

    public static function pass(string $name): void
    {
        $how = self::$names[$name] ?? null;
        if ($how === null) {
            return;
        }
        unset(self::$names[$name]);
        trace('throws', $name);
        match ($how) {
            'exception' => throw new RuntimeException("deliberate exception in $name"),
            'error' => this_function_does_not_exist_in($name),
            'type' => strlen([]),
            'exit' => exit(0),
            'exit-with-code' => exit(3),
            'fatal' => [ini_set('memory_limit', '64M'), str_repeat('x', 1 << 28)],
        };
    }
}

/** A worker with a stop() of its own, which throws. */
final class Stubborn extends Worker
{
    public function stop()
    {
        trace('own-stop');
        throw new RuntimeException('deliberate exception in stop');
    }
}

function serve(Worker $worker): void
{
    $worker->onConnect = function (TcpConnection $connection): void {
        trace('connect', $connection->id);
        Armed::pass('onConnect');
    };
    $worker->onClose = function (TcpConnection $connection): void {
        trace('close', $connection->id);
        Armed::pass('onClose');
    };
    $worker->onError = function (TcpConnection $connection, int $code): void {
        trace('error', $code);
        Armed::pass('onError');
    };
    $worker->onBufferFull = function (): void {
        trace('full');
        Armed::pass('onBufferFull');
    };
    $worker->onBufferDrain = function (): void {
        trace('drain');
        Armed::pass('onBufferDrain');
    };
    $worker->onWebSocketConnect = function (TcpConnection $connection, Request $request): void {
        trace('handshake', $request->path());
        Armed::pass('onWebSocketConnect');
    };
    $worker->onWebSocketConnected = function (): void {
        trace('connected');
        Armed::pass('onWebSocketConnected');
    };
    $worker->onMessage = function (TcpConnection $connection, string $data): void {
        [$word, $rest] = explode(' ', "$data ", 2);
        $rest = rtrim($rest);
        switch ($word) {
            case 'arm':
                [$name, $how] = explode(' ', "$rest exception");
                Armed::$names[$name] = $how;
                $connection->send("armed $name");
                return;
            case 'flood':
                $connection->maxSendBufferSize = 1000;
                $connection->send(str_repeat('x', 20_000_000));
                $connection->send('dropped');
                return;
            case 'timer':
                Timer::add(0.005, function () use ($connection): void {
                    Armed::pass('timer');
                    $connection->send('the timer');
                }, [], false);
                return;
            case 'handled':
                $connection->errorHandler = function (Throwable $error) use ($connection): void {
                    $connection->send('handled ' . $error->getMessage());
                };
                $connection->send('set');
                return;
            case 'last':
                $connection->send('last words');
                break;
        }
        trace('message', $data);
        Armed::pass('onMessage');
        $connection->send("echo $data");
    };
}

if (getenv('WM_TEST_EXIT_ON_EXCEPTION') === 'yes') {
    Worker::$exitOnException = true;
}
Worker::$onMasterReload = function () use ($throw): void {
    trace('master-reload');
    if ($throw === 'onMasterReload') {
        throw new RuntimeException('deliberate exception in onMasterReload');
    }
};
Worker::$onMasterStop = function () use ($throw): void {
    trace('master-stop');
    if ($throw === 'onMasterStop') {
        throw new RuntimeException('deliberate exception in onMasterStop');
    }
};

$worker = $throw === 'stop' ? new Stubborn(address('text')) : new Worker(address('text'));
$worker->name = 'lines';
$worker->onWorkerStart = function (Worker $worker) use ($throw): void {
    $page = new Worker(address('websocket', 2));
    serve($page);
    $frames = ['yes' => ['onWebSocketPing', 'onWebSocketPong', 'onWebSocketClose'], 'pings' => ['onWebSocketPing', 'onWebSocketPong']];
    foreach ($frames[getenv('WM_TEST_FRAMES')] ?? [] as $name) {
        $page->$name = fn () => Armed::pass($name);
    }
    $page->listen();
    $http = new Worker(address('http', 3));
    $http->onMessage = function (TcpConnection $connection, Request $request): void {
        Armed::pass('onRequest');
        $connection->send('echo ' . $request->path());
    };
    $http->listen();
    ready();
    if ($throw === 'onWorkerStart') {
        throw new RuntimeException('deliberate exception in onWorkerStart');
    }
};
serve($worker);
$worker->onWorkerStop = function () use ($throw, $exit): void {
    trace('stop');
    if ($throw === 'onWorkerStop') {
        throw new RuntimeException('deliberate exception in onWorkerStop');
    }
    if ($exit === 'onWorkerStop') {
        die('died in onWorkerStop');
    }
};
$worker->onWorkerReload = function () use ($throw): void {
    trace('reload');
    if ($throw === 'onWorkerReload') {
        throw new RuntimeException('deliberate exception in onWorkerReload');
    }
};

Worker::runAll();
