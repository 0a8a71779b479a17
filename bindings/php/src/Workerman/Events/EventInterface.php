<?php
declare(strict_types=1);

namespace Workerman\Events;

/** The event loop of a process. The constants are those of add() and del(), which Workerman 3 and 4 have in place of the methods. */
interface EventInterface
{
    public const EV_READ = 1;
    public const EV_WRITE = 2;
    public const EV_EXCEPT = 3;
    public const EV_SIGNAL = 4;
    public const EV_TIMER = 8;
    public const EV_TIMER_ONCE = 16;

    /**
     * Calls a function once, after $delay seconds.
     *
     * @param array<mixed> $args
     * @return int its id, for offDelay()
     */
    public function delay(float $delay, callable $func, array $args = []): int;
    /** @return bool whether there was such a timer */
    public function offDelay(int $timerId): bool;
    /**
     * Calls a function every $interval seconds.
     *
     * @param array<mixed> $args
     * @return int its id, for offRepeat()
     */
    public function repeat(float $interval, callable $func, array $args = []): int;
    /** @return bool whether there was such a timer */
    public function offRepeat(int $timerId): bool;
    /**
     * Calls a function with the stream, as long as it can be read from or is at its end.
     *
     * @param resource|\Socket $stream
     */
    public function onReadable($stream, callable $func): void;
    /**
     * @param resource|\Socket $stream
     * @return bool whether there was a function
     */
    public function offReadable($stream): bool;
    /**
     * Calls a function with the stream, as long as it can be written to.
     *
     * @param resource|\Socket $stream
     */
    public function onWritable($stream, callable $func): void;
    /**
     * @param resource|\Socket $stream
     * @return bool whether there was a function
     */
    public function offWritable($stream): bool;
    /** Calls a function with the number of a signal when this process has got it. */
    public function onSignal(int $signal, callable $func): void;
    /** @return bool whether there was a function */
    public function offSignal(int $signal): bool;
    public function deleteAllTimer(): void;
    public function run(): void;
    public function stop(): void;
    public function getTimerCount(): int;
    /** $errorHandler takes the exceptions of the functions above, timers of Workerman\Timer included. */
    public function setErrorHandler(callable $errorHandler): void;
}
