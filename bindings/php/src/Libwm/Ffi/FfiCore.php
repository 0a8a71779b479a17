<?php
declare(strict_types=1);

namespace Libwm\Ffi;

use Libwm\Core;
use Libwm\Error;
use Libwm\Events;
use Libwm\Library;

/**
 * Core over PHP's FFI.
 *
 * poll() reads the 64-byte records as an array of 64-bit integers, and strings through one pointer whose
 * value it overwrites, so that a message costs no FFI object.
 */
final class FfiCore implements Core
{
    use FfiAnswers;
    use FfiClients;
    use FfiDatagrams;
    use FfiEvents;
    use FfiForms;
    use FfiHub;
    use FfiWatches;

    /** Records a poll; a record is WORDS 64-bit integers. */
    private const CAP = 512;
    private const WORDS = 8;
    /** The first word of a MESSAGE record of kind WM_KIND_HTTP. */
    private const HTTP_MESSAGE = 4 << 32 | 4;
    /** WM_KIND_DATAGRAM, and peers whose addresses are kept: a datagram costs a call less. */
    private const DATAGRAM = 5;
    private const PEERS = 4096;

    private const TEXT_SIZE = 128;
    /** 64-bit integers of a wm_part, and bytes that all names of a form may have. */
    private const PART_WORDS = 13;
    private const FORM_NAMES = 65536;

    /**
     * In batches of more than EAGER records, short messages are collected for one call: FFI's own cost is more
     * than that of a send. At most BATCH of them, of BATCHED_MAX bytes each.
     */
    private const BATCH = 256;
    private const BATCHED_MAX = 2048;
    /** Bytes that a full batch adds to a queue: room above max_send_buffer, so that a batch is never refused. */
    private const BATCH_BYTES = self::BATCH * self::BATCHED_MAX;
    /** A queue with a smaller limit than this gets no batches. */
    private const SMALL_LIMIT = 524288;

    /** Batches up to this size hand sends to the kernel at each change of connection: few messages are not worth a delay. */
    private const EAGER = 8;

    /** A larger batch that takes longer hands its sends to the kernel between two events. */
    private const FLUSH_NS = 1_000_000;
    /** A callback that takes as long has the clock read after each event, else it is read after each eighth. */
    private const SLOW_NS = 100_000;

    private \FFI $ffi;
    private \FFI\CData $app;
    private \FFI\CData $events;
    private \FFI\CData $words;
    private \FFI\CData $pointer;
    private \FFI\CData $address;
    private \FFI\CData $text;
    /** Connection, length and flags of each message of $batch. */
    private \FFI\CData $sends;
    private \FFI\CData $results;
    private string $batch = '';
    /** Words of $sends in use. */
    private int $batched = 0;
    private bool $isBatching = false;
    /** @var array<int, true> connections that are sent to directly, because each result matters: their queue is long, or its limit small */
    private array $direct = [];
    private bool $hasSmallLimit = false;
    /** @var array<int, \FFI\CData> */
    private array $workers = [];
    /** @var list<callable> */
    private array $callbacks = [];
    /** @var array<int, Receiver> */
    private array $receivers = [];
    /** The connection whose connect() runs. */
    private int $connecting = 0;
    private bool $isSlow = false;

    public function __construct()
    {
        $this->ffi = Library::load();
        $this->app = $this->ffi->wm_app_new() ?? throw $this->error();
        $this->events = $this->ffi->new('wm_event[' . self::CAP . ']');
        $this->words = $this->ffi->cast('int64_t[' . self::CAP * self::WORDS . ']', $this->events);
        $this->pointer = $this->ffi->new('char *');
        $this->address = $this->ffi->cast('uintptr_t *', \FFI::addr($this->pointer));
        $this->text = $this->ffi->new('char[' . self::TEXT_SIZE . ']');
        $this->sends = $this->ffi->new('int64_t[' . 3 * self::BATCH . ']');
        $this->results = $this->ffi->new('int32_t[' . self::BATCH . ']');
        $this->check($this->ffi->wm_app_set_int($this->app, 'pull', 1));
    }

    public function setApp(string $option, int|string $value): void
    {
        $this->check(\is_int($value) ? $this->ffi->wm_app_set_int($this->app, $option, $value)
            : $this->ffi->wm_app_set_str($this->app, $option, $value));
    }

    public function main(array $argv): int
    {
        $words = $this->ffi->new('char *[' . (\count($argv) + 1) . ']');
        $held = [];
        foreach ($argv as $i => $word) {
            $held[$i] = $this->ffi->new('char[' . (\strlen($word) + 1) . ']');
            \FFI::memcpy($held[$i], $word, \strlen($word));
            $words[$i] = $this->ffi->cast('char *', $held[$i]);
        }
        return $this->ffi->wm_app_main($this->app, \count($argv), $words);
    }

    public function onMaster(array $events): void
    {
        $plain = static fn (callable $function) => static function () use ($function): void {
            $function();
        };
        $exit = function ($app, $worker, $pid, $status) use ($events): void {
            ($events['exit'])($worker === null ? 0 : $this->number($worker), $pid, $status);
        };
        // FFI makes C functions of the closures, which must live as long as the app.
        $this->callbacks = [$plain($events['start']), $plain($events['reload']), $plain($events['stop']), $exit];
        $this->check($this->ffi->wm_app_on_master_start($this->app, $this->callbacks[0], null, null));
        $this->check($this->ffi->wm_app_on_master_reload($this->app, $this->callbacks[1], null, null));
        $this->check($this->ffi->wm_app_on_master_stop($this->app, $this->callbacks[2], null, null));
        $this->check($this->ffi->wm_app_on_worker_exit($this->app, $this->callbacks[3], null, null));
    }

    public function newWorker(?string $address): int
    {
        $worker = $this->ffi->wm_worker_new($this->app, $address) ?? throw $this->error();
        $number = $this->number($worker);
        $this->workers[$number] = $worker;
        return $number;
    }

    public function setWorker(int $worker, string $option, int|string $value): void
    {
        if ($option === 'max_send_buffer') {
            $this->hasSmallLimit = $this->hasSmallLimit || $value < self::SMALL_LIMIT;
            $value = $this->withRoomForBatch((int) $value);
        }
        $this->check(\is_int($value) ? $this->ffi->wm_worker_set_int($this->workers[$worker], $option, $value)
            : $this->ffi->wm_worker_set_str($this->workers[$worker], $option, $value));
    }

    public function addCertificate(int $worker, string $name, string $certificate, ?string $key): void
    {
        $this->check($this->ffi->wm_worker_add_certificate($this->workers[$worker], $name, $certificate, $key));
    }

    public function indexOf(int $worker): ?int
    {
        $index = $this->ffi->wm_worker_index($this->workers[$worker]);
        return $index >= 0 ? $index : null;
    }

    public function listen(int $worker): void
    {
        $this->check($this->ffi->wm_worker_listen($this->workers[$worker]));
    }

    public function unlisten(int $worker): void
    {
        $this->ffi->wm_worker_unlisten($this->workers[$worker]);
    }

    public function pauseAccept(int $worker): void
    {
        $this->ffi->wm_worker_pause_accept($this->workers[$worker]);
    }

    public function resumeAccept(int $worker): void
    {
        $this->ffi->wm_worker_resume_accept($this->workers[$worker]);
    }

    public function stopWorker(int $worker): void
    {
        $this->sendBatch();
        $this->ffi->wm_worker_stop($this->workers[$worker]);
    }

    public function poll(Events $events, int $timeoutMs): int
    {
        $count = $this->ffi->wm_app_poll($this->app, $this->events, self::CAP, $timeoutMs);
        if ($count <= 0) {
            return $count;
        }
        $words = $this->words;
        $address = $this->address;
        $pointer = $this->pointer;
        $began = $flushed = $count > 1 ? \hrtime(true) : 0;
        $eager = $count > 1 && $count <= self::EAGER;
        $this->isBatching = $count > self::EAGER && !$this->hasSmallLimit;
        $interval = $this->isSlow ? self::WORDS - 1 : 8 * self::WORDS - 1;
        for ($i = 0, $end = $count * self::WORDS; $i < $end; $i += self::WORDS) {
            // kind, flags | conn | worker | user | data | len | id | code, detail
            $kind = $words[$i];
            try {
                // No variable holds a receiver: it would go, with what the program has put into it, in the middle of a later event.
                if (($kind & 0xFFFFFFFF) !== 4) { // WM_EVENT_MESSAGE
                    $this->other($events, $kind & 0xFFFFFFFF, $i);
                } elseif ($kind === self::HTTP_MESSAGE) {
                    $head = $words[$i + 7] >> 32;
                    $address[0] = $words[$i + 4] - $head;
                    ($this->receivers[$words[$i + 1]] ?? null)?->receive(\FFI::string($pointer, $words[$i + 5] + $head), $words[$i + 6]);
                } else {
                    $address[0] = $words[$i + 4];
                    ($this->receivers[$words[$i + 1]] ?? $this->peerOf($events, $i))?->receive(\FFI::string($pointer, $words[$i + 5]), 0);
                }
            } catch (\Throwable $e) { // of a destructor
                $events->failed($e);
            }
            if ($eager) {
                if ($i + self::WORDS < $end && ($this->isSlow || $words[$i + 1] !== $words[$i + self::WORDS + 1])) {
                    $this->ffi->wm_app_flush($this->app);
                }
            } elseif (($i & $interval) === 0 && $began !== 0 && \hrtime(true) - $flushed > self::FLUSH_NS) {
                $this->flush();
                $flushed = \hrtime(true);
            }
        }
        $this->isBatching = false;
        $this->sendBatch();
        $this->isSlow = $began !== 0 && \hrtime(true) - $began > $count * self::SLOW_NS;
        return $count;
    }

    public function forget(int $connection): void
    {
        unset($this->receivers[$connection], $this->direct[$connection]);
        if ($this->connecting === $connection) {
            $this->connecting = 0;
        }
    }

    private function string(int $i): string
    {
        $length = $this->words[$i + 5];
        if ($length === 0) {
            return '';
        }
        $this->address[0] = $this->words[$i + 4];
        return \FFI::string($this->pointer, $length);
    }

    public function flush(): void
    {
        $this->sendBatch();
        $this->ffi->wm_app_flush($this->app);
    }

    public function stop(): void
    {
        $this->sendBatch();
        $this->ffi->wm_app_stop($this->app);
    }

    public function send(int $connection, string $data, int $flags): int
    {
        $length = \strlen($data);
        if ($this->isBatching) {
            if ($length <= self::BATCHED_MAX && ($this->direct === [] || !isset($this->direct[$connection]))) {
                $sends = $this->sends;
                $at = $this->batched;
                $sends[$at] = $connection;
                $sends[$at + 1] = $length;
                $sends[$at + 2] = $flags;
                $this->batch .= $data;
                $this->batched = $at += 3;
                if ($at === 3 * self::BATCH) {
                    $this->sendBatch();
                }
                return 0;
            }
            $this->sendBatch();
        }
        $result = $this->ffi->wm_conn_send($connection, $data, $length, $flags);
        if ($result > 0) {
            $this->direct[$connection] = true;
        }
        return $result;
    }

    /** Hands the collected messages to libwm, in their order: before every call that must not overtake them. */
    private function sendBatch(): void
    {
        if ($this->batched === 0) {
            return;
        }
        $data = $this->batch;
        $count = \intdiv($this->batched, 3);
        $this->batch = '';
        $this->batched = 0;
        if ($this->ffi->wm_conn_send_many($data, \strlen($data), $this->sends, $count, $this->results) === 0) {
            return;
        }
        $refused = [];
        for ($i = 0; $i < $count; $i++) {
            $result = $this->results[$i];
            $connection = $this->sends[3 * $i];
            if ($result > 0) {
                $this->direct[$connection] = true;
            } elseif ($result < 0 && isset($this->receivers[$connection])) {
                $refused[] = [$this->receivers[$connection], $result];
            }
        }
        foreach ($refused as [$receiver, $result]) {
            $receiver->refused($result);
        }
    }

    private function withRoomForBatch(int $limit): int
    {
        return $limit < self::SMALL_LIMIT ? $limit : \min($limit + self::BATCH_BYTES, 0x80000000);
    }

    public function close(int $connection, int $code, string $reason): void
    {
        $this->sendBatch();
        $this->ffi->wm_conn_close($connection, $code, $reason, \strlen($reason));
    }

    public function destroy(int $connection): void
    {
        $this->sendBatch();
        $this->ffi->wm_conn_destroy($connection);
    }

    public function shutdown(int $connection): bool
    {
        $this->sendBatch();
        return $this->ffi->wm_conn_shutdown($connection) === 0;
    }

    public function pause(int $connection): void
    {
        $this->ffi->wm_conn_pause_recv($connection);
    }

    public function resume(int $connection): void
    {
        $this->ffi->wm_conn_resume_recv($connection);
    }

    public function setConnection(int $connection, string $option, int $value): void
    {
        $this->sendBatch();
        if ($option === 'max_send_buffer') {
            if ($value < self::SMALL_LIMIT) {
                $this->hasSmallLimit = true;
            }
            $value = $this->withRoomForBatch($value);
        }
        $result = $this->ffi->wm_conn_set_int($connection, $option, $value);
        if ($result !== self::CLOSED) {
            $this->check($result);
        }
    }

    public function remoteAddress(int $connection): string
    {
        $length = $this->ffi->wm_conn_remote_address($connection, $this->text, self::TEXT_SIZE);
        return $length > 0 ? \FFI::string($this->text, $length) : '';
    }

    public function localAddress(int $connection): string
    {
        $length = $this->ffi->wm_conn_local_address($connection, $this->text, self::TEXT_SIZE);
        return $length > 0 ? \FFI::string($this->text, $length) : '';
    }

    public function counters(int $connection): array
    {
        $this->sendBatch();
        return [
            max(0, $this->ffi->wm_conn_bytes_read($connection)),
            max(0, $this->ffi->wm_conn_bytes_written($connection)),
            max(0, $this->ffi->wm_conn_send_queue_size($connection)),
        ];
    }

    public function addTimer(int $delayMs, int $repeatMs): int
    {
        $timer = $this->ffi->wm_timer_add($this->app, $delayMs, $repeatMs, null, null, null);
        return $timer !== 0 ? $timer : throw $this->error();
    }

    public function deleteTimer(int $timer): bool
    {
        return $this->ffi->wm_timer_del($timer) === 0;
    }

    public function log(string $text, bool $isError = false): void
    {
        $level = $isError ? 3 : 1; // WM_LOG_ERROR, WM_LOG_INFO
        foreach (\explode("\n", rtrim($text, "\r\n")) as $line) {
            $this->ffi->wm_log($level, $line, \strlen($line));
        }
    }

    public function lastError(): string
    {
        return $this->ffi->wm_last_error();
    }

    private function check(int $result): void
    {
        if ($result < 0) {
            throw $this->error($result);
        }
    }

    private function error(int $code = 0): Error
    {
        return new Error($this->lastError(), $code);
    }

    /** The address of a worker as an integer, as records have it. */
    private function number(\FFI\CData $worker): int
    {
        return $this->ffi->cast('uintptr_t', $worker)->cdata;
    }
}
