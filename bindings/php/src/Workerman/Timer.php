<?php
declare(strict_types=1);

namespace Workerman;

use Libwm\Runtime;

/** Timers of this process, on a clock that changes of the system's time do not touch. */
class Timer
{
    /**
     * Calls a function every $timeInterval seconds, or once.
     *
     * @param float $timeInterval seconds, in steps of 1 ms
     * @param mixed $args array of arguments for the function; anything else is none, as in Workerman 4
     * @return int its id, for del()
     */
    public static function add(float $timeInterval, callable $func, mixed $args = [], bool $persistent = true): int
    {
        if (!Runtime::isServing()) {
            throw new \RuntimeException('Timer can only be used in workerman running environment: add it in onWorkerStart or a later callback');
        }
        return Runtime::dispatcher()->addTimer($timeInterval, $func, is_array($args) ? $args : [], $persistent);
    }

    /** @param array<mixed> $args */
    public static function repeat(float $timeInterval, callable $func, array $args = []): int
    {
        return self::add($timeInterval, $func, $args);
    }

    /** @param array<mixed> $args */
    public static function delay(float $timeInterval, callable $func, array $args = []): int
    {
        return self::add($timeInterval, $func, $args, false);
    }

    /**
     * @param int|null $timerId null is no timer, as of a property that the program has not set
     * @return bool whether there was such a timer
     */
    public static function del(?int $timerId): bool
    {
        return $timerId !== null && Runtime::isServing() && Runtime::dispatcher()->deleteTimer($timerId);
    }

    public static function delAll(): void
    {
        if (Runtime::isServing()) {
            Runtime::dispatcher()->deleteTimers();
        }
    }

    /** Blocks the process, with what was sent before handed to the kernel. */
    public static function sleep(float $delay): void
    {
        if (Runtime::isServing()) {
            Runtime::core()->flush();
        }
        usleep((int) max(0, $delay * 1_000_000));
    }
}
