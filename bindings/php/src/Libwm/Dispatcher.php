<?php
declare(strict_types=1);

namespace Libwm;

use Libwm\Connection\PeerConnection;
use Libwm\Loop\Watches;
use Workerman\Connection\TcpConnection;
use Workerman\Hub;
use Workerman\Worker;

/** Makes connections, runs timers, and tells workers of stops and reloads. */
final class Dispatcher implements Events
{
    /** Longest wait of a handler that the program has set with pcntl_signal(). */
    private const SIGNALS_MS = 500;

    /** @var array<int, Worker> */
    private array $workers = [];
    /** @var array<int, array{callable, array<mixed>, bool}> function, arguments, persistent */
    private array $timers = [];
    /** @var list<TcpConnection> which have messages that arrived while they were paused */
    private array $resumed = [];
    private ?Watches $watches = null;
    /** @var callable|null takes the exceptions of call() */
    private $errorHandler = null;

    public function __construct(private Core $core)
    {
    }

    public function watches(): Watches
    {
        return $this->watches ??= new Watches($this->core, $this);
    }

    public function setErrorHandler(callable $handler): void
    {
        $this->errorHandler = $handler;
    }

    /** Serves until the app stops. */
    public function run(): void
    {
        $hasSignals = function_exists('pcntl_signal_dispatch');
        if ($hasSignals) {
            // A signal does not end a poll, and PHP calls the handlers of pcntl_signal() only between two calls.
            $this->core->setApp('max_wait_ms', self::SIGNALS_MS);
        }
        do {
            $result = $this->turn();
            if ($hasSignals) {
                self::dispatchSignals();
            }
        } while ($result >= 0);
        foreach (array_keys(TcpConnection::$connections) as $id) { // paused, with messages that waited
            self::guard(static fn () => (TcpConnection::$connections[$id] ?? null)?->closed());
        }
        if ($result !== Core::STOPPED) {
            throw new Error($this->core->lastError(), $result);
        }
    }

    /** One poll, after what was resumed before it. What a destructor of the program's throws, when the last of an object goes, ends nothing. */
    private function turn(): int
    {
        try {
            while ($this->resumed !== []) {
                array_shift($this->resumed)->deliverHeld();
            }
            return $this->core->poll($this, -1);
        } catch (\Throwable $e) {
            self::failed($e);
            return 0;
        }
    }

    private static function dispatchSignals(): void
    {
        try {
            \pcntl_signal_dispatch();
        } catch (\Throwable $e) {
            self::failed($e);
        }
    }

    public function add(int $handle, Worker $worker): void
    {
        $this->workers[$handle] = $worker;
    }

    public function resume(TcpConnection $connection): void
    {
        $this->resumed[] = $connection;
    }

    // ---- events

    public function connect(int $connection, int $worker): ?Receiver
    {
        $owner = $this->workers[$worker] ?? null;
        if ($owner === null) {
            return null;
        }
        $class = $owner->wmConnectionClass();
        $object = new $class($this->core, $connection, $owner);
        $owner->wmConnected($object);
        return $object;
    }

    public function datagram(int $peer, int $worker, string $address): ?Receiver
    {
        $owner = $this->workers[$worker] ?? null;
        return $owner === null ? null : new PeerConnection($this->core, $peer, $owner, $address);
    }

    public function timer(int $timer): void
    {
        if (!isset($this->timers[$timer])) {
            $this->watches?->timer($timer);
            return;
        }
        [$function, $arguments, $persistent] = $this->timers[$timer];
        if (!$persistent) {
            unset($this->timers[$timer]);
        }
        $this->call($function, $arguments);
    }

    public function watch(int $watch, int $ready): void
    {
        $this->watches?->ready($watch, $ready);
    }

    public function signal(int $signal, int $number): void
    {
        $this->watches?->signal($number);
    }

    public function hubResult(int $call, int $result, int $connections): void
    {
        Hub::wmResult($call, $result, $connections);
    }

    public function hubMessage(string $topic, string $data): void
    {
        Hub::wmMessage($topic, $data);
    }

    public function stop(int $worker): void
    {
        Worker::wmStopping();
        if (isset($this->workers[$worker])) {
            self::guard([$this->workers[$worker], 'stop']); // a subclass may have its own
        }
    }

    public function reload(int $worker): void
    {
        ($this->workers[$worker] ?? null)?->wmReload();
    }

    // ---- timers

    /** @param array<mixed> $arguments */
    public function addTimer(float $interval, callable $function, array $arguments, bool $persistent): int
    {
        if (!($interval >= 0) || $interval > 1e9) {
            throw new \RuntimeException('Timer interval is ' . $interval . ' seconds, which is not from 0 to 1e9');
        }
        $ms = max(1, (int) round($interval * 1000));
        $timer = $this->core->addTimer($ms, $persistent ? $ms : 0);
        $this->timers[$timer] = [$function, $arguments, $persistent];
        return $timer;
    }

    public function deleteTimer(int $timer): bool
    {
        if (!isset($this->timers[$timer])) {
            return false;
        }
        unset($this->timers[$timer]);
        $this->core->deleteTimer($timer);
        return true;
    }

    public function deleteTimers(): void
    {
        foreach (array_keys($this->timers) as $timer) {
            $this->deleteTimer($timer);
        }
    }

    public function timerCount(): int
    {
        return count($this->timers);
    }

    // ---- exceptions of callbacks

    /**
     * Calls a function of the loop: of a timer, a stream or a signal.
     *
     * @param array<mixed> $arguments
     */
    public function call(callable $function, array $arguments): void
    {
        try {
            $function(...$arguments);
        } catch (\Throwable $e) {
            $this->errorHandler === null ? self::failed($e) : self::guard($this->errorHandler, [$e]);
        }
    }

    /**
     * Calls a function that belongs to no connection; logs an exception.
     *
     * @param array<mixed> $arguments
     */
    public static function guard(mixed $function, array $arguments = []): void
    {
        try {
            $function(...$arguments);
        } catch (\Throwable $e) {
            self::failed($e);
        }
    }

    /** Logs an exception that a callback has not caught. */
    public static function failed(\Throwable $e): void
    {
        if (Worker::$exitOnException) {
            Worker::stopAll(250, $e);
        } else {
            try {
                Worker::log($e);
            } catch (\Throwable) { // of its __toString()
                Worker::log(get_class($e) . " in {$e->getFile()}:{$e->getLine()}");
            }
        }
    }
}
