<?php
// Timers of one process, by scenario.
require getenv('WM_TEST_PRELUDE');

use Workerman\Timer;
use Workerman\Worker;

function fired(string $name, mixed ...$arguments): void
{
    trace('fired', $name, $arguments, microtime(true));
}

class Ticker
{
    public int $count = 0;
    public int $id = 0;

    public function tick(string $name): void
    {
        fired($name, ++$this->count);
        if ($this->count === 3) {
            trace('del', Timer::del($this->id), Timer::del($this->id));
        }
    }
}

$scenarios = [
    'arguments' => function (): void {
        trace('id', Timer::add(0.01, 'fired', ['function', 1, ['two']], false));
        trace('id', Timer::add(0.02, fn (...$arguments) => fired('closure', ...$arguments), ['a', null], false));
        trace('id', Timer::add(0.03, 'fired', ['last'], false));
    },
    'repeat' => function (): void {
        $ticker = new Ticker();
        $ticker->id = Timer::add(0.02, [$ticker, 'tick'], ['tick']);
        trace('began', microtime(true));
        Timer::add(0.2, 'fired', ['end'], false);
    },
    'once' => function (): void {
        $id = Timer::add(0.01, 'fired', ['once'], false);
        Timer::add(0.05, function () use ($id): void {
            trace('del', Timer::del($id));
            fired('end');
        }, [], false);
    },
    'fraction' => function (): void {
        trace('began', microtime(true));
        foreach ([0.25, 0.001, 0.05, 0.1] as $seconds) {
            Timer::add($seconds, 'fired', ["$seconds"], false);
        }
    },
    'del' => function (): void {
        $id = Timer::add(0.01, 'fired', ['never']);
        trace('del', Timer::del($id), Timer::del($id), Timer::del(123456789));
        $one = Timer::add(0.02, 'fired', ['never'], false);
        Timer::add(0.01, function () use ($one): void {
            trace('del', Timer::del($one));
        }, [], false);
        Timer::add(0.06, 'fired', ['end'], false);
    },
    'delAll' => function (): void {
        Timer::add(0.01, 'fired', ['never']);
        Timer::add(0.01, 'fired', ['never'], false);
        Timer::delAll();
        Timer::add(0.05, 'fired', ['end'], false);
    },
    'zero' => function (): void {
        $count = 0;
        $id = Timer::add(0, function () use (&$count, &$id): void {
            if (++$count === 100) {
                Timer::del($id);
                fired('end', $count);
            }
        });
    },
    'in-timer' => function (): void {
        $step = function (int $left) use (&$step): void {
            fired('step', $left);
            $left > 0 ? Timer::add(0.001, $step, [$left - 1], false) : fired('end');
        };
        $step(10);
    },
    'negative' => function (): void {
        try {
            Timer::add(-1, 'fired', ['never'], false);
            trace('negative', 'accepted');
        } catch (Throwable $error) {
            trace('negative', get_class($error));
        }
        Timer::add(0.01, 'fired', ['end'], false);
    },
    'busy' => function (): void {
        // A callback that takes longer than the interval of another one: late runs are not made up for.
        Timer::add(0.01, 'fired', ['tick']);
        Timer::add(0.025, function (): void {
            $until = microtime(true) + 0.2;
            while (microtime(true) < $until);
            trace('busy-over');
            Timer::add(0.035, function (): void {
                Timer::delAll();
                fired('end');
            }, [], false);
        }, [], false);
    },
    'thousand' => function (): void {
        $count = 0;
        for ($number = 0; $number < 1000; $number++) {
            Timer::add(0.01 + $number % 10 / 1000, function () use (&$count): void {
                if (++$count === 1000) {
                    fired('end', $count);
                }
            }, [], false);
        }
    },
];

$worker = new Worker();
$worker->onWorkerStart = function () use ($scenarios): void {
    $scenarios[getenv('WM_TEST_SCENARIO')]();
    ready();
};
Worker::runAll();
