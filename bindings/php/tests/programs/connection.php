<?php
// A text server whose lines are commands about their own connection. Port 2: raw tcp. Port 3: text with a small package size.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\TcpConnection;
use Workerman\Timer;
use Workerman\Worker;

Worker::$logFile = 'log';
$worker = new Worker(address('text'));
$worker->name = 'commands';
$worker->onWorkerStart = function (): void {
    foreach ([['tcp', 2], ['text', 3]] as [$scheme, $number]) {
        $inner = new Worker(address($scheme, $number));
        $inner->onConnect = function (TcpConnection $connection) use ($number): void {
            if ($number === 3) {
                $connection->maxPackageSize = 100;
            }
        };
        $inner->onMessage = function (TcpConnection $connection, string $data): void {
            trace('inner', $data);
            $connection->send("got $data");
        };
        $inner->onClose = fn () => trace('inner-close');
        $inner->listen();
    }
    ready();
};

$worker->onConnect = fn (TcpConnection $connection) => trace('connect', $connection->id, $connection->getRemoteAddress());
$worker->onClose = function (TcpConnection $connection): void {
    trace('close', $connection->id, $connection->getStatus(), $connection->getRemoteAddress(), $connection->send('too late'));
};
$worker->onError = function (TcpConnection $connection, int $code, string $text): void {
    trace('error', $code, $text);
};
$worker->onBufferFull = fn (TcpConnection $connection) => trace('full', $connection->getSendBufferQueueSize());
$worker->onBufferDrain = fn (TcpConnection $connection) => trace('drain', $connection->getSendBufferQueueSize());

$worker->onMessage = function (TcpConnection $connection, string $data) use ($worker): void {
    [$word, $rest] = explode(' ', "$data ", 2);
    $rest = rtrim($rest);
    trace('message', $data);
    switch ($word) {
        case 'echo':
            trace('sent', $connection->send($rest));
            return;
        case 'raw':
            $connection->send($rest, true);
            return;
        case 'addresses':
            $connection->send(json_encode([
                $connection->getRemoteIp(), $connection->getRemotePort(), $connection->getRemoteAddress(),
                $connection->getLocalIp(), $connection->getLocalPort(), $connection->getLocalAddress(),
                $connection->isIpV4(), $connection->isIpV6(),
            ]));
            return;
        case 'state':
            $connection->send(json_encode([
                'status' => $connection->getStatus(), 'name' => $connection->getStatus(false), 'queue' => $connection->getSendBufferQueueSize(),
                'id' => $connection->id, 'worker' => $connection->worker === $worker, 'own' => $worker->connections[$connection->id] === $connection,
                'maxSendBufferSize' => $connection->maxSendBufferSize, 'maxPackageSize' => $connection->maxPackageSize,
                'transport' => $connection->transport, 'count' => count($worker->connections),
            ]));
            return;
        case 'counters':
            $connection->getSendBufferQueueSize(); // brings the two up to date
            $connection->send(json_encode([$connection->bytesRead, $connection->bytesWritten]));
            return;
        case 'flood':
            // A slow reader: the first fills the queue, later ones find it full.
            $connection->maxSendBufferSize = 1000;
            trace('first', $connection->send(str_repeat('x', 20_000_000)), $connection->getSendBufferQueueSize());
            trace('second', $connection->send('dropped'));
            trace('third', $connection->send('dropped'));
            return;
        case 'big':
            trace('big', $connection->send(str_repeat('y', (int) $rest)));
            return;
        case 'close':
            $connection->close();
            return;
        case 'close-with':
            $connection->close($rest);
            return;
        case 'big-close':
            $connection->maxSendBufferSize = 100_000_000;
            $connection->send(str_repeat('z', 20_000_000));
            $connection->close('the end');
            trace('status-of-closing', $connection->getStatus(), $connection->getStatus(false), $connection->send('no'));
            return;
        case 'destroy':
            $connection->send('may be lost');
            $connection->destroy();
            trace('destroyed', $connection->getStatus(), isset($worker->connections[$connection->id]), $connection->send('no'));
            $connection->destroy();
            $connection->close();
            return;
        case 'pause':
            $connection->pauseRecv();
            Timer::add((float) $rest, function () use ($connection): void {
                trace('resume');
                $connection->resumeRecv();
            }, [], false);
            return;
        case 'busy':
            // What arrives meanwhile is there at once.
            usleep(100_000);
            return;
        case 'limit':
            $connection->maxPackageSize = (int) $rest;
            $connection->send('limited');
            return;
        case 'close-in-callbacks':
            // What follows in the same read is not delivered any more.
            $connection->onMessage = fn (TcpConnection $connection, string $data) => trace('after', $data);
            $connection->close('bye');
            return;
        case 'own-callbacks':
            $connection->onMessage = function (TcpConnection $connection, string $data): void {
                $connection->send("own $data");
            };
            $connection->onClose = fn () => trace('own-close');
            return;
        case 'property':
            $connection->uid ??= $rest;
            $connection->list ??= [];
            $connection->list[] = $rest;
            $connection->context->value = $rest;
            $connection->send(json_encode([$connection->uid, $connection->list, isset($connection->missing), $connection->context->value]));
            return;
        case 'many':
            for ($number = 0; $number < (int) $rest; $number++) {
                $connection->send("$number");
            }
            return;
    }
    $connection->send("what is $word?");
};

Worker::runAll();
