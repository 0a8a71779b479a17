<?php
/**
 * The server of the contract that every binding keeps (tests/bindings/README.md): it does what its peers say.
 *
 * WM_CONTRACT_ADDRESS: where it listens; WM_CONTRACT_INNER: where `listen` does; WM_CONTRACT_COUNT: processes; WM_CONTRACT_TRACE: the file
 * of its events; WM_CONTRACT_OPTIONS: JSON, bytes of max_message and of max_send_buffer.
 */
require getenv('WM_PHP_AUTOLOAD') ?: __DIR__ . '/../../autoload.php';

use Workerman\Connection\AsyncTcpConnection;
use Workerman\Connection\ConnectionInterface;
use Workerman\Connection\TcpConnection;
use Workerman\Hub;
use Workerman\Protocols\Http\Request;
use Workerman\Protocols\Http\Response;
use Workerman\Timer;
use Workerman\Worker;

function trace(string $event, mixed ...$details): void
{
    file_put_contents(getenv('WM_CONTRACT_TRACE'), json_encode([$event, ...$details]) . "\n", FILE_APPEND);
}

/** A message that is no command is echoed. */
function message(ConnectionInterface $connection, string $data): void
{
    if ($data === '' || $data[0] !== '/') {
        $connection->websocketType = preg_match('//u', $data) ? "\x81" : "\x82";
        $connection->send($data);
        return;
    }
    [$verb, $first, $rest] = [...explode(' ', substr($data, 1), 3), '', ''];
    $say = fn (int $connections, string $result) => $connection->send("$result $connections");
    match ($verb) {
        'pid' => $connection->send((string) getmypid()),
        'close' => closes($connection, $first),
        'destroy' => $connection->destroy(),
        'throw' => throw new RuntimeException('of a callback'),
        'later' => Timer::add((int) $first / 1000, fn () => $connection->send($rest), [], false),
        'ticks' => ticks($connection, (int) $first),
        'deleted' => Timer::del(Timer::add(0.001, fn () => $connection->send('of a deleted timer'))),
        'pause' => pauses($connection, (int) $first),
        'flood' => floods($connection, (int) $first, (int) $rest),
        'stop' => Worker::stopAll(),
        'listen' => listens($connection),
        'connect' => connects($connection, $first, $rest),
        'bind' => $connection->send(Hub::bind($connection, $first) ? 'bound' : 'closed'),
        'join' => $connection->send(Hub::join($connection, $first) ? 'joined' : 'closed'),
        'subscribe' => subscribes($connection, $first),
        'uid' => Hub::send($first, $rest, $say),
        'group' => Hub::sendToGroup($first, $rest, $say),
        'all' => Hub::broadcast("$first $rest", $say),
        'online' => Hub::online($first, $say),
        'kick' => Hub::kick($first, $say),
        'publish' => Hub::publish($first, $rest, $say),
    };
}

function closes(ConnectionInterface $connection, string $last): void
{
    $connection->close($last);
    trace('sent-after-close', $connection->send('too late'));
}

function ticks(ConnectionInterface $connection, int $left): void
{
    $timer = Timer::add(0.001, function () use (&$timer, &$left, $connection): void {
        $connection->send("tick $left");
        if (--$left === 0) {
            Timer::del($timer);
        }
    });
}

function pauses(TcpConnection $connection, int $ms): void
{
    $connection->pauseRecv();
    $connection->send('paused');
    Timer::add($ms / 1000, function () use ($connection): void {
        $connection->send('resumed');
        $connection->resumeRecv();
    }, [], false);
}

function floods(TcpConnection $connection, int $count, int $size): void
{
    for ($taken = 0; $taken < $count && $connection->send(str_pad((string) $taken, $size, '.')) === true; $taken++) {
    }
    trace('flooded', $taken < $count);
}

function listens(ConnectionInterface $connection): void
{
    $inner = new Worker(getenv('WM_CONTRACT_INNER'));
    $inner->onMessage = message(...);
    try {
        $inner->listen();
        $connection->send('listens');
    } catch (Throwable $e) {
        $connection->send(str_contains($e->getMessage(), 'Address already in use') ? 'Address already in use' : $e->getMessage());
    }
}

function connects(TcpConnection $connection, string $address, string $text): void
{
    $client = new AsyncTcpConnection($address);
    $client->onConnect = fn () => $client->send($text);
    $client->onMessage = function (TcpConnection $client, string $answer) use ($connection): void {
        $connection->send("answer $answer");
        $client->close();
    };
    $client->onError = fn () => $connection->send('not connected');
    $client->connect();
}

function subscribes(TcpConnection $connection, string $topic): void
{
    Hub::onMessage($topic, fn (string $data, string $topic) => $connection->send("$topic: $data"));
    $connection->send('subscribed');
}

function answer(TcpConnection $connection, Request $request): void
{
    $answer = fn () => $connection->send(new Response(200, ['X-Method' => $request->method()], "{$request->path()} {$request->rawBody()}"));
    match ($request->path()) {
        '/throw' => throw new RuntimeException('of a callback'),
        '/later' => Timer::add(0.02, $answer, [], false),
        '/missing' => $connection->send(new Response(404, [], 'none')),
        default => $answer(),
    };
}

$options = json_decode(getenv('WM_CONTRACT_OPTIONS') ?: '{}', true);
TcpConnection::$defaultMaxPackageSize = $options['max_message'] ?? TcpConnection::$defaultMaxPackageSize;
TcpConnection::$defaultMaxSendBufferSize = $options['max_send_buffer'] ?? TcpConnection::$defaultMaxSendBufferSize;

$address = getenv('WM_CONTRACT_ADDRESS');
$worker = new Worker(str_replace('text+unix://', 'unix://', $address));
if (str_starts_with($address, 'text+')) {
    $worker->protocol = Workerman\Protocols\Text::class; // Workerman's way to say so
}
$worker->count = (int) (getenv('WM_CONTRACT_COUNT') ?: 1);
$worker->reusePort = $worker->count > 1;
$worker->onWorkerStart = fn () => trace('ready', getmypid());
$worker->onWorkerStop = fn () => trace('stopped');
$worker->onConnect = fn () => trace('connect');
$worker->onClose = fn () => trace('close');
$worker->onBufferFull = fn () => trace('full');
$worker->onBufferDrain = fn () => trace('drain');
$worker->onMessage = str_starts_with($address, 'http') ? answer(...) : message(...);
Worker::runAll();
