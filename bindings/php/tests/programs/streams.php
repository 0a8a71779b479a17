<?php
// An HTTP server whose paths stream their answers, each in another way of Workerman's programs.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\TcpConnection;
use Workerman\Protocols\Http\Chunk;
use Workerman\Protocols\Http\Request;
use Workerman\Protocols\Http\Response;
use Workerman\Protocols\Http\ServerSentEvents;
use Workerman\Timer;
use Workerman\Worker;

/** Calls $each($number) for 0 to $count - 1, a millisecond apart, and then $end(). */
function tick(int $count, callable $each, callable $end): void
{
    $number = 0;
    $timer = Timer::add(0.001, function () use (&$number, &$timer, $count, $each, $end): void {
        if ($number < $count) {
            $each($number++);
            return;
        }
        Timer::del($timer);
        $end();
    });
}

$worker = new Worker(address('http'));
$worker->onWorkerStart = fn () => ready();
$worker->onClose = fn (TcpConnection $connection) => trace('close', $connection->path ?? null);
$worker->onError = fn (TcpConnection $connection, int $code, string $text) => trace('error', $code, $text);
$worker->onBufferFull = fn (TcpConnection $connection) => trace('full');
$worker->onBufferDrain = fn (TcpConnection $connection) => trace('drain');
$worker->onMessage = function (TcpConnection $connection, Request $request): void {
    $connection->path = $path = $request->path();
    $chunked = ['Transfer-Encoding' => 'chunked', 'X-Kind' => 'chunks'];
    $events = ['Content-Type' => 'text/event-stream', 'Cache-Control' => 'no-cache'];
    switch ($path) {
        case '/':
            $connection->send('plain');
            return;
        case '/events':
            $connection->send(new Response(200, $events, "\r\n"));
            tick(
                5,
                fn ($number) => $connection->send(new ServerSentEvents(['data' => "hello$number"])),
                fn () => $connection->close(),
            );
            return;
        case '/events-endless':
            $connection->send(new Response(200, $events));
            $connection->timer = Timer::add(0.001, fn () => $connection->send(new ServerSentEvents(['data' => 'tick'])));
            $connection->onClose = function (TcpConnection $connection): void {
                Timer::del($connection->timer);
                trace('left');
            };
            return;
        case '/chunks':
            $connection->send(new Response(200, $chunked, 'first '));
            tick(3, fn ($number) => $connection->send(new Chunk("part$number ")), fn () => $connection->send(new Chunk('')));
            return;
        case '/chunks-at-once':
            $connection->send(new Response(200, $chunked));
            $connection->send(new Chunk('one'));
            $connection->send(new Chunk(''));
            $connection->send(new Chunk('late'));
            return;
        case '/chunks-cut':
            $connection->send(new Response(200, $chunked, 'half'));
            tick(0, fn () => 0, fn () => $connection->close());
            return;
        case '/chunks-throw':
            $connection->send(new Response(200, $chunked, 'half'));
            throw new RuntimeException('in the middle of a response');
        case '/by-hand-chunks':
            $connection->send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n", true);
            tick(
                3,
                function ($number) use ($connection): void {
                    $text = str_repeat("$number", 20);
                    $chunk = dechex(strlen($text)) . "\r\n$text\r\n";
                    $connection->send(substr($chunk, 0, $number + 1), true); // cut at several places
                    $connection->send(substr($chunk, $number + 1), true);
                },
                fn () => $connection->send("0\r\n\r\n", true),
            );
            return;
        case '/by-hand-chunks-whole':
            $connection->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n", true);
            return;
        case '/by-hand-chunks-broken':
            $connection->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true);
            $connection->send('no chunk at all' . "\r\n", true);
            return;
        case '/by-hand-flood':
            $connection->maxSendBufferSize = 1 << 16;
            $connection->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true);
            do {
                $taken = $connection->send("10000\r\n" . str_repeat('x', 1 << 16) . "\r\n", true);
            } while ($taken !== false);
            trace('end', $connection->send("1\r\nx\r\n0\r\n\r\n", true), $connection->getStatus(false));
            return;
        case '/by-hand-length':
            $connection->send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nabc", true);
            tick(2, fn ($number) => $connection->send("{$number}xy", true), fn () => trace('done'));
            return;
        case '/by-hand-until-close':
            $connection->send("HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=x\r\n\r\n--x\r\n", true);
            tick(2, fn ($number) => $connection->send("frame$number\r\n", true), fn () => $connection->close('end', true));
            return;
        case '/wrong':
            $connection->send(new Response(200, $events));
            trace('wrong', $connection->send('not an event'), $connection->send(new Response(404)));
            $connection->close(new ServerSentEvents(['data' => 'last']));
            return;
        case '/flood':
            $connection->maxSendBufferSize = 1 << 20;
            $connection->send(new Response(200, $chunked));
            $results = ['taken' => 0, 'queued' => 0, 'refused' => 0];
            for ($number = 0; $number < 256; $number++) {
                $result = $connection->send(new Chunk(str_repeat('x', 1 << 16)));
                $results[$result === null ? 'queued' : ($result ? 'taken' : 'refused')]++;
            }
            trace('flood', $results);
            $connection->onBufferDrain = function (TcpConnection $connection): void {
                trace('drain');
                $connection->send(new Chunk('end'));
                $connection->send(new Chunk(''));
            };
            return;
    }
    $connection->send(new Response(404));
};

Worker::runAll();
