<?php
declare(strict_types=1);

namespace Libwm\Loop;

use Libwm\Core;
use Libwm\Dispatcher;

/** Streams and signals of the program in the loop of this process. */
final class Watches
{
    /** @var array<string, array{mixed, int, array<int, callable>}> stream, watch, functions by Core::WATCH_READ and WATCH_WRITE; by key() */
    private array $streams = [];
    /** @var array<int, string> keys of $streams by watch */
    private array $keys = [];
    /** Entries of $streams at which those of closed streams are looked for. */
    private int $sweepAt = 64;
    /** @var array<int, string> keys of $streams, by timer: PHP has buffered bytes of them, of which the descriptor does not tell */
    private array $buffered = [];
    /** @var array<int, array{int, callable}> registration and function, by signal */
    private array $signals = [];

    public function __construct(private Core $core, private Dispatcher $dispatcher)
    {
    }

    /** Calls $function with the stream when it is ready for $event, WATCH_READ or WATCH_WRITE; replaces the function of before. */
    public function add(mixed $stream, int $event, callable $function): void
    {
        $key = self::key($stream);
        [, $watch, $functions] = $this->streams[$key] ?? [$stream, 0, []];
        $functions[$event] = $function;
        if ($watch === 0 || !$this->core->setWatch($watch, array_sum(array_keys($functions)))) {
            $this->forget($key);
            $watch = $this->core->addWatch(StreamDescriptor::of($stream), array_sum(array_keys($functions)));
            $this->keys[$watch] = $key;
        }
        $this->streams[$key] = [$stream, $watch, $functions];
        if (\count($this->streams) > $this->sweepAt) {
            $this->sweep();
        }
    }

    /** Returns whether there was a function. */
    public function delete(mixed $stream, int $event): bool
    {
        $key = self::key($stream);
        if (!isset($this->streams[$key][2][$event])) {
            return false;
        }
        unset($this->streams[$key][2][$event]);
        [, $watch, $functions] = $this->streams[$key];
        if ($functions === [] || !$this->core->setWatch($watch, array_sum(array_keys($functions)))) {
            $this->forget($key);
        }
        return true;
    }

    /** The event of a watch. */
    public function ready(int $watch, int $ready): void
    {
        $key = $this->keys[$watch] ?? null;
        if ($key !== null && ($ready & Core::WATCH_READ) !== 0) {
            $this->read($key);
        }
        if ($key !== null && ($ready & Core::WATCH_WRITE) !== 0 && ($this->keys[$watch] ?? null) === $key) {
            $this->call($key, Core::WATCH_WRITE);
        }
    }

    /** A timer that is none of the program's. */
    public function timer(int $timer): void
    {
        $key = $this->buffered[$timer] ?? null;
        unset($this->buffered[$timer]);
        if ($key !== null) {
            $this->read($key);
        }
    }

    /** @param callable $function of the signal's number; replaces the one of before */
    public function addSignal(int $number, callable $function): void
    {
        $signal = $this->signals[$number][0] ?? $this->core->addSignal($number);
        $this->signals[$number] = [$signal, $function];
    }

    /** Returns whether there was a function. */
    public function deleteSignal(int $number): bool
    {
        if (!isset($this->signals[$number])) {
            return false;
        }
        $this->core->deleteSignal($this->signals[$number][0]);
        unset($this->signals[$number]);
        return true;
    }

    /** The event of a signal. */
    public function signal(int $number): void
    {
        if (isset($this->signals[$number])) {
            $this->dispatcher->call($this->signals[$number][1], [$number]);
        }
    }

    /** Calls the function for reading; again in a later turn while PHP holds bytes that it has left, as stream_select() does. */
    private function read(string $key): void
    {
        $this->call($key, Core::WATCH_READ);
        [$stream, , $functions] = $this->streams[$key] ?? [null, 0, []];
        if (isset($functions[Core::WATCH_READ]) && is_resource($stream) && self::holdsBytes($stream) && !\in_array($key, $this->buffered, true)) {
            $this->buffered[$this->core->addTimer(1, 0)] = $key;
        }
    }

    /** @param resource $stream */
    private static function holdsBytes($stream): bool
    {
        $state = stream_get_meta_data($stream);
        if ($state['unread_bytes'] === 0 && isset($state['crypto'])) {
            StreamDescriptor::of($stream); // has the stream take what TLS has decrypted and nobody has read
            $state = stream_get_meta_data($stream);
        }
        return $state['unread_bytes'] > 0;
    }

    private function call(string $key, int $event): void
    {
        [$stream, , $functions] = $this->streams[$key] ?? [null, 0, []];
        if (isset($functions[$event])) {
            $this->dispatcher->call($functions[$event], [$stream]);
        }
    }

    private function forget(string $key): void
    {
        if (isset($this->streams[$key])) {
            $watch = $this->streams[$key][1];
            $this->core->deleteWatch($watch);
            unset($this->streams[$key], $this->keys[$watch]);
        }
    }

    /** Forgets streams that the program has closed without a word to the loop. */
    private function sweep(): void
    {
        foreach ($this->streams as $key => [$stream]) {
            if (!$stream instanceof \Socket && !is_resource($stream)) {
                $this->forget($key);
            }
        }
        $this->sweepAt = 2 * \max(32, \count($this->streams));
    }

    /** Also of a closed stream. */
    private static function key(mixed $stream): string
    {
        if ($stream instanceof \Socket) {
            return 'socket ' . spl_object_id($stream);
        }
        if (!\in_array(\gettype($stream), ['resource', 'resource (closed)'], true)) {
            throw new \TypeError('the loop watches streams and sockets, not ' . get_debug_type($stream));
        }
        return 'stream ' . get_resource_id($stream);
    }
}
