<?php
// Connections over streams of the program's: pipes of processes, and sockets.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\TcpConnection;
use Workerman\Worker;

/** What a stream says goes to the client, a line each; its end is told. */
function relay(TcpConnection $from, TcpConnection $client): TcpConnection
{
    $from->onMessage = fn (TcpConnection $from, string $data) => $client->send(rtrim($data));
    $from->onClose = function (TcpConnection $from) use ($client): void {
        trace('closed', is_resource($from->getSocket()), isset(TcpConnection::$connections[$from->id]));
        $client->send('end');
    };
    return $from;
}

$worker = new Worker(address('text'));
$worker->onWorkerStart = fn () => ready();
$worker->onConnect = function (TcpConnection $client): void {
    $client->process = proc_open(['cat'], [['pipe', 'r'], ['pipe', 'w']], $pipes);
    [$client->in, $client->out] = [new TcpConnection($pipes[0]), relay(new TcpConnection($pipes[1], 'a name'), $client)];
};
$worker->onClose = function (TcpConnection $client): void {
    $client->in->close();
    $client->out->destroy();
    trace('exit', proc_close($client->process));
};
$worker->onMessage = function (TcpConnection $client, string $line): void {
    switch ($line) {
        case 'address':
            $client->send("{$client->out->getRemoteAddress()} {$client->out->getStatus(false)} " . json_encode($client->out->worker));
            return;
        case 'end':
            $client->in->close("last\n"); // has cat end
            return;
        case 'popen':
            relay(new TcpConnection(Worker::$globalEvent, popen('echo of popen', 'r'), null), $client);
            return;
        case 'fill':
            // More than a pipe holds, to a process that does not read until it is told.
            [$mine, $theirs] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
            $from = new TcpConnection($mine, 'pair');
            $from->maxSendBufferSize = 1 << 20;
            $from->onBufferFull = fn () => trace('full');
            $from->onBufferDrain = function (TcpConnection $from) use ($client): void {
                $client->send('drained');
                $from->close();
            };
            $results = array_map(fn () => $from->send(str_repeat('x', 1 << 20)), range(1, 3));
            $client->send(json_encode($results));
            $peer = new TcpConnection($theirs);
            $size = 0;
            $peer->onMessage = function (TcpConnection $peer, string $data) use (&$size): void {
                $size += strlen($data);
            };
            $peer->onClose = function () use (&$size, $client): void {
                $client->send("$size bytes");
            };
            return;
        case 'pause':
            $client->out->pauseRecv();
            $client->in->send("paused\n");
            Workerman\Timer::add(0.05, function () use ($client): void {
                $client->send('resumes');
                $client->out->resumeRecv();
            }, [], false);
            return;
        case 'protocol':
            $client->out->protocol = Workerman\Protocols\Text::class;
            $client->out->errorHandler = fn (Throwable $e) => $client->send($e->getMessage());
            $client->in->send("of text\n");
            return;
        case 'wrong':
            try {
                new TcpConnection('/dev/null');
            } catch (TypeError $e) {
                $client->send($e->getMessage());
            }
            return;
        default:
            $client->in->send("$line\n");
    }
};
Worker::runAll();
