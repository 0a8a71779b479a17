<?php
// The loop of one process, by scenario: streams, sockets, signals and timers of the program's own.
require getenv('WM_TEST_PRELUDE');

use Workerman\Events\EventInterface;
use Workerman\Events\Fiber;
use Workerman\Events\Select;
use Workerman\Timer;
use Workerman\Worker;

function pair(): array
{
    static $pairs = []; // else PHP closes an end that nobody holds
    $pairs[] = $pair = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
    stream_set_blocking($pair[0], false);
    return $pair;
}

function after(float $seconds, callable $function): void
{
    Timer::add($seconds, $function, [], false);
}

$scenarios = [
    'readable' => function (EventInterface $loop): void {
        [$mine, $other] = pair();
        $loop->onReadable($mine, function ($stream) use ($loop, $mine): void {
            $data = fread($stream, 100);
            trace('read', $data, $stream === $mine);
            if ($data === '') {
                trace('off', $loop->offReadable($stream), $loop->offReadable($stream));
                trace('end');
            }
        });
        fwrite($other, 'one');
        after(0.02, fn () => fwrite($other, 'two'));
        after(0.04, fn () => fclose($other));
    },
    'writable' => function (EventInterface $loop): void {
        [$mine] = pair();
        $calls = 0;
        $loop->onReadable($mine, fn () => trace('read', 'nothing'));
        $loop->onWritable($mine, function ($stream) use ($loop, &$calls): void {
            if (++$calls === 3) {
                trace('off', $loop->offWritable($stream), $loop->offWritable($stream), $loop->offReadable($stream));
                after(0.02, fn () => trace('end', $calls));
            }
        });
    },
    'buffered' => function (EventInterface $loop): void { // fgets() takes one line and leaves the others in PHP's buffer
        [$mine, $other] = pair();
        $loop->onReadable($mine, fn ($stream) => trace('line', fgets($stream)));
        fwrite($other, "one\ntwo\nthree\n");
        after(0.2, fn () => trace('end'));
    },
    'many' => function (EventInterface $loop): void { // each of 300 streams is told of its own bytes
        $right = 0;
        for ($number = 0; $number < 300; $number++) {
            [$mine, $other] = $pairs[] = pair();
            $loop->onReadable($mine, function ($stream) use ($number, &$right): void {
                $right += fread($stream, 10) === "$number" ? 1 : 0;
            });
        }
        foreach (array_reverse($pairs, true) as $number => [, $other]) {
            fwrite($other, "$number");
        }
        after(0.1, function () use (&$right): void {
            trace('end', $right);
        });
    },
    'pipes' => function (EventInterface $loop): void {
        $process = proc_open(['cat'], [['pipe', 'r'], ['pipe', 'w']], $pipes);
        $loop->onReadable($pipes[1], function ($stream) use ($loop, $process): void {
            $data = fread($stream, 100);
            trace('read', $data);
            if ($data === '') {
                $loop->offReadable($stream);
                trace('end', proc_close($process));
            }
        });
        $loop->onWritable($pipes[0], function ($stream) use ($loop): void {
            $loop->offWritable($stream);
            fwrite($stream, 'through');
            fclose($stream);
        });
    },
    'sockets' => function (EventInterface $loop): void { // of the sockets extension
        global $pair;
        socket_create_pair(AF_UNIX, SOCK_STREAM, 0, $pair);
        $loop->onReadable($pair[0], function (Socket $socket) use ($loop): void {
            trace('read', socket_read($socket, 100));
            trace('off', $loop->offReadable($socket));
            trace('end');
        });
        socket_write($pair[1], 'by socket');
    },
    'tls' => function (EventInterface $loop): void { // one record is more than PHP takes at once
        $context = stream_context_create(['ssl' => ['verify_peer' => false, 'verify_peer_name' => false]]);
        $stream = stream_socket_client('ssl://127.0.0.1:' . getenv('WM_TEST_TLS'), $code, $text, 10, STREAM_CLIENT_CONNECT, $context);
        stream_set_blocking($stream, false);
        $size = 0;
        $loop->onReadable($stream, function ($stream) use (&$size): void {
            $size += strlen(fread($stream, 8192));
            if ($size === 16000) {
                trace('end', $size);
            }
        });
    },
    'closed' => function (EventInterface $loop): void { // without a word to the loop, whose next stream gets the same descriptor
        [$mine, $other] = pair();
        $loop->onReadable($mine, fn () => trace('read', 'closed'));
        fclose($mine);
        fclose($other);
        [$next, $peer] = pair();
        $loop->onReadable($next, fn ($stream) => trace('read', fread($stream, 100)));
        fwrite($peer, 'next');
        after(0.05, function () use ($loop, $mine): void {
            trace('off', $loop->offReadable($mine));
            trace('end');
        });
    },
    'refused' => function (EventInterface $loop): void {
        $mine = pair()[0];
        fclose($mine);
        foreach ([fopen('php://memory', 'r'), $mine, 7, fopen(__FILE__, 'r')] as $stream) {
            try {
                $loop->onReadable($stream, fn () => null);
                trace('refused', 'taken');
            } catch (Throwable $e) {
                trace('refused', $e->getMessage());
            }
        }
        try {
            $loop->onSignal(SIGTERM, fn () => null);
        } catch (Throwable $e) {
            trace('refused', $e->getMessage());
        }
        trace('end');
    },
    'signals' => function (EventInterface $loop): void {
        $loop->onSignal(SIGWINCH, function (int $number) use ($loop): void {
            trace('signal', $number === SIGWINCH);
            trace('off', $loop->offSignal(SIGWINCH), $loop->offSignal(SIGWINCH));
            trace('end');
        });
        after(0.01, fn () => posix_kill(posix_getpid(), SIGWINCH));
    },
    'timers' => function (EventInterface $loop): void {
        $loop->delay(0.01, fn (...$arguments) => trace('fired', 'delay', $arguments), [1, 2]);
        $id = $loop->repeat(0.01, function () use (&$id, $loop): void {
            trace('fired', 'repeat', []);
            trace('off', $loop->offRepeat($id), $loop->offRepeat($id));
        });
        trace('count', $loop->getTimerCount());
        trace('off', $loop->offDelay($loop->delay(0.01, fn () => trace('fired', 'never', []))));
        $loop->delay(0.05, function () use ($loop): void {
            $loop->repeat(1, 'trace');
            $loop->deleteAllTimer();
            trace('count', $loop->getTimerCount());
            trace('end');
        });
    },
    'add' => function (EventInterface $loop): void { // Workerman 3 and 4
        [$mine, $other] = pair();
        trace('add', $loop->add($mine, EventInterface::EV_READ, function ($stream) use ($loop): void {
            trace('read', fread($stream, 100));
            trace('off', $loop->del($stream, EventInterface::EV_READ));
        }));
        trace('add', $loop->add($other, EventInterface::EV_WRITE, function ($stream) use ($loop): void {
            fwrite($stream, 'old');
            trace('off', $loop->del($stream, EventInterface::EV_WRITE));
        }));
        trace('add', $loop->add(SIGWINCH, EventInterface::EV_SIGNAL, fn (int $number) => trace('signal', $number === SIGWINCH)));
        $loop->add(0.01, EventInterface::EV_TIMER_ONCE, fn (...$arguments) => trace('fired', 'once', $arguments), ['a']);
        $id = $loop->add(0.01, EventInterface::EV_TIMER, function () use (&$id, $loop): void {
            trace('fired', 'timer', []);
            $loop->del($id, EventInterface::EV_TIMER);
        });
        after(0.01, fn () => posix_kill(posix_getpid(), SIGWINCH));
        after(0.1, fn () => trace('end'));
    },
    'exception' => function (EventInterface $loop): void {
        [$mine, $other] = pair();
        $loop->onReadable($mine, function ($stream): void {
            fread($stream, 100);
            throw new RuntimeException('of a stream');
        });
        fwrite($other, 'x');
        after(0.03, function () use ($loop, $other): void {
            $loop->setErrorHandler(fn (Throwable $e) => trace('handler', $e->getMessage()));
            fwrite($other, 'x');
            after(0.03, fn () => throw new RuntimeException('of a timer'));
            after(0.05, fn () => trace('end'));
        });
    },
    'select' => fn (EventInterface $loop) => trace('end', get_class($loop), Worker::$eventLoopClass, $loop === Worker::getEventLoop()),
];
$scenarios['fiber'] = $scenarios['foreign'] = $scenarios['select'];

Worker::$eventLoopClass = ['select' => Select::class, 'fiber' => '\\' . Fiber::class, 'foreign' => 'My\Loop'][getenv('WM_TEST_SCENARIO')] ?? null;
trace('master', Worker::$globalEvent);
$worker = new Worker();
$worker->onWorkerStart = function () use ($scenarios): void {
    $scenarios[getenv('WM_TEST_SCENARIO')](Worker::$globalEvent);
    ready();
};
Worker::runAll();
