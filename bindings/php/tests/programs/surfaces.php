<?php
// One process with a port for each way by which messages come: a protocol in PHP, connections that the program makes, streams and uploads of http,
// streams that the loop watches, and the hub. All callbacks are closures that hold what they are called with, and a Witness.
require getenv('WM_TEST_PRELUDE');
require dirname(getenv('WM_TEST_PRELUDE')) . '/witness.php';

use Workerman\Connection\AsyncTcpConnection;
use Workerman\Connection\ConnectionInterface;
use Workerman\Connection\TcpConnection;
use Workerman\Hub;
use Workerman\Protocols\Http\Chunk;
use Workerman\Protocols\Http\Request;
use Workerman\Protocols\Http\Response;
use Workerman\Protocols\Http\ServerSentEvents;
use Workerman\Protocols\ProtocolInterface;
use Workerman\Timer;
use Workerman\Worker;

/** Messages with their length in four digits before them. */
final class Counted implements ProtocolInterface
{
    public static function input(string $buffer, ConnectionInterface $connection): int
    {
        collect();
        return strlen($buffer) < 4 ? 0 : 4 + (int) substr($buffer, 0, 4);
    }

    public static function decode(string $buffer, ConnectionInterface $connection): string
    {
        collect();
        return substr($buffer, 4);
    }

    public static function encode(mixed $data, ConnectionInterface $connection): string
    {
        collect();
        return sprintf('%04d%s', strlen($data), $data);
    }
}

/** Has a connection call $message($connection, $data), and $closed(), from closures that hold it. */
function hold(TcpConnection $connection, callable $message, ?callable $closed = null): void
{
    $witness = new Witness($connection);
    $connection->onMessage = function (TcpConnection $given, mixed $data) use ($connection, $witness, $message): void {
        collect();
        $message($given === $witness->connection ? $connection : null, $data);
    };
    $connection->onClose = function () use ($connection, $witness, $closed): void {
        Witness::$closed++;
        collect();
        $closed === null || $closed();
    };
}

/** Passes lines on to the echo worker, and its lines back. */
function relay(TcpConnection $page): void
{
    $upstream = new AsyncTcpConnection(address('text', 3));
    hold($upstream, fn (?TcpConnection $upstream, string $data) => $page->send($data), fn () => $page->close());
    hold($page, fn (?TcpConnection $page, string $data) => $upstream->send($data), fn () => $upstream->close());
    $upstream->connect();
}

/** Streams: some pieces at once, the others from a timer. */
function stream(TcpConnection $connection, string $path): void
{
    $events = $path === '/events';
    $piece = fn (int $number) => $events ? new ServerSentEvents(['data' => "piece $number"]) : new Chunk("piece $number");
    $connection->send(new Response(200, $events ? ['Content-Type' => 'text/event-stream'] : ['Transfer-Encoding' => 'chunked']));
    for ($number = 0; $number < 10; $number++) {
        $connection->send($piece($number));
    }
    $witness = new Witness($connection);
    $timer = Timer::add(0.001, function () use ($connection, $witness, $piece, $path, $events, &$timer, &$number): void {
        collect();
        $connection->send($piece($number++));
        if ($number >= 12 && $path !== '/endless') {
            Timer::del($timer);
            $events ? $connection->close() : $connection->send(new Chunk(''));
        }
    });
    hold($connection, fn (?TcpConnection $connection, Request $request) => web($connection, $request), fn () => Timer::del($timer));
}

function web(TcpConnection $connection, Request $request): void
{
    $request->witness = new Witness($connection);
    $path = $request->path();
    if ($path !== '/upload') {
        stream($connection, $path);
        return;
    }
    $file = $request->file('file');
    if ($request->get('throw') !== null) {
        throw new RuntimeException('deliberate exception with ' . filesize($file['tmp_name']));
    }
    $connection->send(md5_file($file['tmp_name']) . ' ' . $request->post('name'));
}

/** Watches both ends of $data pairs of streams until one has read what the other has written; 0: a silent one until the connection ends. */
function watch(TcpConnection $connection, string $data): void
{
    $count = (int) $data;
    $loop = Worker::getEventLoop();
    $left = max(1, $count);
    for ($number = 0; $number < max(1, $count); $number++) {
        [$one, $other] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
        $witness = new Witness($connection);
        $loop->onReadable($one, function ($stream) use ($connection, $witness, $loop, $one, $other, &$left): void {
            collect();
            assert($stream === $one && fread($stream, 10) === 'x');
            $loop->offReadable($one);
            fclose($one);
            fclose($other);
            --$left === 0 && $connection->send('seen');
        });
        if ($count === 0) {
            hold($connection, fn () => null, function () use ($loop, $one): void {
                $loop->offReadable($one);
            });
            $connection->send('silent');
            return;
        }
        $loop->onWritable($other, function ($stream) use ($witness, $loop): void {
            collect();
            fwrite($stream, 'x');
            $loop->offWritable($stream);
        });
    }
}

/** Each line goes to the connection's own uid by the hub. */
function bound(TcpConnection $connection): void
{
    Hub::bind($connection, "uid$connection->id");
    hold($connection, function (?TcpConnection $connection, string $line): void {
        $witness = new Witness($connection);
        Hub::send("uid$connection->id", $line, function (int $connections) use ($connection, $witness): void {
            collect();
            $connections === 1 || $connection->close();
        });
    });
}

$control = new Worker(address('text'));
$control->onMessage = fn (TcpConnection $connection) => $connection->send(json_encode([Witness::$alive, memory_get_usage()]));
$control->onWorkerStart = function (): void {
    $echo = function (?TcpConnection $connection, string $data): void {
        if ($data === 'cut') {
            $connection->send('half of a', true);
            $connection->destroy();
            return;
        }
        $connection->send($data);
    };
    $ports = [
        2 => ['tcp', fn (TcpConnection $connection) => hold($connection, $echo)],
        3 => ['text', fn (TcpConnection $connection) => hold($connection, $echo)],
        4 => ['text', relay(...)],
        5 => ['http', fn (TcpConnection $connection) => hold($connection, web(...))],
        6 => ['text', fn (TcpConnection $connection) => hold($connection, watch(...))],
        7 => ['text', bound(...)],
    ];
    foreach ($ports as $number => [$scheme, $connected]) {
        $worker = new Worker(address($scheme, $number));
        $worker->protocol = $number === 2 ? Counted::class : null;
        $worker->onConnect = $connected;
        $worker->listen();
    }
    ready();
};
Worker::runAll();
