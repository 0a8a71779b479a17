<?php
// A worker for each way to name a callback; each answers with the way.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\TcpConnection;
use Workerman\Worker;

function on_message(TcpConnection $connection, string $data): void
{
    $connection->send("function $data");
}

class Handler
{
    public function __construct(private string $word)
    {
    }

    public function onMessage(TcpConnection $connection, string $data): void
    {
        $connection->send("$this->word $data");
    }

    public static function onMessageOfClass(TcpConnection $connection, string $data): void
    {
        $connection->send("static $data");
    }

    public function __invoke(TcpConnection $connection, string $data): void
    {
        $connection->send("invoked $data");
    }

    public function onWorkerStart(Worker $worker): void
    {
        ready();
    }
}

class Service extends Worker
{
    public bool $reusePort = false; // declared again, with its type
    private string $greeting = 'service';

    public function run(): void
    {
        $this->onMessage = [$this, 'answer'];
        $this->onWorkerStart = [$this, 'started'];
        $this->onWorkerReload = [$this, 'reloaded'];
        $this->onWorkerStop = [$this, 'stopped'];
        $this->onConnect = [$this, 'connected'];
        parent::run();
    }

    protected function started(Worker $worker): void // protected, as those of GatewayWorker
    {
        trace('started', $worker === $this, $this->name, $this->id);
        ready();
    }

    protected function connected(TcpConnection $connection): void
    {
        trace('connected', $connection->worker === $this);
    }

    protected function reloaded(Worker $worker): void
    {
        trace('reloaded', $worker === $this);
    }

    protected function stopped(Worker $worker): void
    {
        trace('stopped', $worker === $this);
    }

    public function answer(TcpConnection $connection, string $data): void
    {
        $connection->send("$this->greeting $data");
    }
}

$handler = new Handler('method');
$ways = [
    'closure' => fn (TcpConnection $connection, string $data) => $connection->send("closure $data"),
    'function' => 'on_message',
    'method' => [$handler, 'onMessage'],
    'static' => 'Handler::onMessageOfClass',
    'static-array' => ['Handler', 'onMessageOfClass'],
    'invoked' => new Handler('never'),
    'first-class' => $handler->onMessage(...),
];
// Schemes in any case.
$schemes = ['text', 'Text', 'TEXT', 'tExt', 'text', 'Text', 'text'];
$number = 0;
foreach ($ways as $name => $way) {
    $worker = new Worker(address($schemes[$number], ++$number));
    $worker->name = $name;
    $worker->onWorkerStart = [$handler, 'onWorkerStart'];
    $worker->onMessage = $way;
}

$service = new Service(address('Text', ++$number));
$service->name = 'service';

// One whose first message changes the callback of its own connection.
$changing = new Worker(address('text', ++$number));
$changing->onWorkerStart = [$handler, 'onWorkerStart'];
$changing->onMessage = function (TcpConnection $connection, string $data): void {
    $connection->send("first $data");
    $connection->onMessage = 'on_message';
};

// One without arguments that are typed, and one without arguments at all.
$loose = new Worker(address('text', ++$number));
$loose->onWorkerStart = fn () => ready();
$loose->onConnect = fn () => trace('loose');
$loose->onMessage = function ($connection, $data) {
    $connection->send("loose $data");
    return 'what a callback returns is ignored';
};

Worker::runAll();
