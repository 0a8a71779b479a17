<?php
declare(strict_types=1);

namespace Libwm\Loop;

use Libwm\Core;
use Libwm\Error;
use Libwm\Runtime;
use Workerman\Events\Event;
use Workerman\Events\EventInterface;
use Workerman\Events\Fiber;
use Workerman\Events\Swoole;
use Workerman\Events\Swow;
use Workerman\Worker;

/** The loop of this process as Workerman's programs know it: the methods of version 5, and add() and del() of 3 and 4. */
class EventLoop implements EventInterface
{
    /**
     * The class of the loop for a worker's process. Says once for each worker what the one that the program has set has and this one has not.
     *
     * @return class-string<EventLoop>
     */
    public static function chosen(Worker $worker): string
    {
        $class = ltrim($worker->eventLoop ?? Worker::$eventLoopClass ?? '', '\\');
        $hasCoroutines = \in_array($class, [Fiber::class, Swoole::class, Swow::class], true);
        if (!$hasCoroutines && is_subclass_of($class, self::class)) {
            return $class;
        }
        if ($class !== '' && $worker->id === 0) {
            Worker::log($hasCoroutines ? "the loop $class is libwm's, which has no coroutines: what waits blocks its process"
                : "the loop $class is not used: libwm has its own");
        }
        return Event::class; // a program that finds Fiber, Swoole or Swow in Worker::$eventLoopClass would use coroutines
    }

    public function delay(float $delay, callable $func, array $args = []): int
    {
        return Runtime::dispatcher()->addTimer($delay, $func, $args, false);
    }

    public function offDelay(int $timerId): bool
    {
        return Runtime::dispatcher()->deleteTimer($timerId);
    }

    public function repeat(float $interval, callable $func, array $args = []): int
    {
        return Runtime::dispatcher()->addTimer($interval, $func, $args, true);
    }

    public function offRepeat(int $timerId): bool
    {
        return Runtime::dispatcher()->deleteTimer($timerId);
    }

    public function onReadable($stream, callable $func): void
    {
        Runtime::dispatcher()->watches()->add($stream, Core::WATCH_READ, $func);
    }

    public function offReadable($stream): bool
    {
        return Runtime::dispatcher()->watches()->delete($stream, Core::WATCH_READ);
    }

    public function onWritable($stream, callable $func): void
    {
        Runtime::dispatcher()->watches()->add($stream, Core::WATCH_WRITE, $func);
    }

    public function offWritable($stream): bool
    {
        return Runtime::dispatcher()->watches()->delete($stream, Core::WATCH_WRITE);
    }

    /** The signals that stop and reload a process are libwm's: an Error names onWorkerStop or onWorkerReload. */
    public function onSignal(int $signal, callable $func): void
    {
        try {
            Runtime::dispatcher()->watches()->addSignal($signal, $func);
        } catch (Error $e) {
            $names = ['wm_worker_on_stop' => 'onWorkerStop', 'wm_worker_on_reload' => 'onWorkerReload'];
            throw new Error(strtr($e->getMessage(), $names), $e->getCode());
        }
    }

    public function offSignal(int $signal): bool
    {
        return Runtime::dispatcher()->watches()->deleteSignal($signal);
    }

    public function deleteAllTimer(): void
    {
        Runtime::dispatcher()->deleteTimers();
    }

    public function getTimerCount(): int
    {
        return Runtime::dispatcher()->timerCount();
    }

    public function setErrorHandler(callable $errorHandler): void
    {
        Runtime::dispatcher()->setErrorHandler($errorHandler);
    }

    public function run(): void
    {
        throw new \LogicException('the loop runs already: Worker::runAll() runs it, and the callbacks are called by it');
    }

    /** Ends this process; the master starts another one. */
    public function stop(): void
    {
        Worker::stopAll();
    }

    // ---- Workerman 3 and 4

    /**
     * @param mixed $fd a stream, the number of a signal, or the seconds of a timer, as $flag says
     * @param array<mixed>|null $args of a timer's function
     * @return int|bool the id of a timer, which is above 0; else true
     */
    public function add($fd, $flag, $func, $args = []): int|bool
    {
        $timer = (int) $flag === self::EV_TIMER || (int) $flag === self::EV_TIMER_ONCE;
        if ($timer) {
            return Runtime::dispatcher()->addTimer((float) $fd, $func, (array) $args, (int) $flag === self::EV_TIMER);
        }
        match ((int) $flag) {
            self::EV_READ => $this->onReadable($fd, $func),
            self::EV_WRITE => $this->onWritable($fd, $func),
            self::EV_SIGNAL => $this->onSignal((int) $fd, $func),
            default => throw self::badFlag($flag),
        };
        return true;
    }

    /** @param mixed $fd as of add(), but the id of a timer. Returns whether there was such a function. */
    public function del($fd, $flag): bool
    {
        return match ((int) $flag) {
            self::EV_READ => $this->offReadable($fd),
            self::EV_WRITE => $this->offWritable($fd),
            self::EV_SIGNAL => $this->offSignal((int) $fd),
            self::EV_TIMER, self::EV_TIMER_ONCE => Runtime::dispatcher()->deleteTimer((int) $fd),
            default => throw self::badFlag($flag),
        };
    }

    public function clearAllTimer(): void
    {
        $this->deleteAllTimer();
    }

    public function loop(): void
    {
        $this->run();
    }

    public function destroy(): void
    {
        $this->stop();
    }

    private static function badFlag(mixed $flag): \InvalidArgumentException
    {
        return new \InvalidArgumentException("flag $flag of the loop is none of EV_READ, EV_WRITE, EV_SIGNAL, EV_TIMER and EV_TIMER_ONCE");
    }
}
