<?php
declare(strict_types=1);

namespace Libwm\Loop;

use Libwm\Core;
use Libwm\Runtime;
use Libwm\Transport;
use Workerman\Connection\TcpConnection;

/** Carries the bytes of one connection over a stream of PHP: a pipe of popen() or proc_open(), or a socket that the program has opened. */
final class StreamTransport implements Transport
{
    /** Sent, and not taken by the stream yet. */
    private string $queue = '';
    private int $limit;
    private int $bytesRead = 0;
    private int $bytesWritten = 0;
    private bool $reads = false;
    private bool $isFull = false;
    /** Whether it closes once all has left. */
    private bool $closes = false;
    private string $error = '';

    /**
     * @param resource $stream which this closes
     * @param TcpConnection|null $receiver gets its events
     */
    public function __construct(public readonly mixed $stream, private ?TcpConnection $receiver)
    {
        if (!\is_resource($stream) || get_resource_type($stream) !== 'stream') {
            throw new \TypeError('a connection is made of a stream, as popen() and stream_socket_client() return one, not of ' . get_debug_type($stream));
        }
        $this->limit = TcpConnection::$defaultMaxSendBufferSize;
        stream_set_blocking($stream, false);
        stream_set_read_buffer($stream, 0);
        $this->resume(0);
    }

    public function send(int $connection, string $data, int $flags): int
    {
        $this->receiver?->checkProtocol();
        if ($this->closes || !\is_resource($this->stream)) {
            return self::CLOSED;
        }
        if ($this->isFull) {
            return self::FULL;
        }
        $isFirst = $this->queue === '';
        $this->queue .= $data;
        if ($isFirst && $data !== '') {
            $this->write();
        }
        if ($this->error !== '') {
            return self::CLOSED;
        }
        if ($isFirst && $this->queue !== '') {
            Runtime::dispatcher()->watches()->add($this->stream, Core::WATCH_WRITE, $this->writable(...));
        }
        if (\strlen($this->queue) < $this->limit) {
            return 0;
        }
        $this->isFull = true;
        $this->receiver?->bufferFull();
        return self::BACKPRESSURE;
    }

    public function flush(): void
    {
    }

    public function forget(int $connection): void
    {
        $this->receiver = null;
    }

    public function close(int $connection, int $code, string $reason): void
    {
        $this->closes = true;
        $this->pause($connection);
        if ($this->queue === '' || $this->error !== '') {
            $this->destroy($connection);
        }
    }

    public function destroy(int $connection): void
    {
        $this->pause($connection);
        $this->queue = '';
        Runtime::dispatcher()->watches()->delete($this->stream, Core::WATCH_WRITE);
        if (\is_resource($this->stream)) {
            fclose($this->stream);
        }
    }

    /** A stream has no side of its own to end. */
    public function shutdown(int $connection): bool
    {
        return false;
    }

    public function pause(int $connection): void
    {
        if ($this->reads) {
            $this->reads = false;
            Runtime::dispatcher()->watches()->delete($this->stream, Core::WATCH_READ);
        }
    }

    public function resume(int $connection): void
    {
        if (!$this->reads && !$this->closes) {
            $this->reads = true;
            Runtime::dispatcher()->watches()->add($this->stream, Core::WATCH_READ, $this->readable(...));
        }
    }

    public function setConnection(int $connection, string $option, int $value): void
    {
        if ($option === 'max_send_buffer') {
            $this->limit = $value;
        }
    }

    /** As the program gives it to the connection. */
    public function remoteAddress(int $connection): string
    {
        return '';
    }

    public function localAddress(int $connection): string
    {
        return \is_resource($this->stream) ? (string) @stream_socket_get_name($this->stream, false) : '';
    }

    public function counters(int $connection): array
    {
        return [$this->bytesRead, $this->bytesWritten, \strlen($this->queue)];
    }

    public function lastError(): string
    {
        return $this->error;
    }

    private function readable(): void
    {
        $data = \is_resource($this->stream) ? @fread($this->stream, TcpConnection::READ_BUFFER_SIZE) : false;
        if (\is_string($data) && $data !== '') {
            $this->bytesRead += \strlen($data);
            $this->receiver?->checkProtocol();
            $this->receiver?->receive($data, 0);
        } elseif ($data === false || feof($this->stream)) {
            $this->end();
        }
    }

    private function writable(): void
    {
        $this->write();
        if ($this->error !== '') {
            $this->end();
            return;
        }
        if ($this->queue !== '') {
            return;
        }
        Runtime::dispatcher()->watches()->delete($this->stream, Core::WATCH_WRITE);
        if ($this->closes) {
            $this->end();
        } elseif ($this->isFull) {
            $this->isFull = false;
            $this->receiver?->bufferDrain();
        }
    }

    private function write(): void
    {
        error_clear_last();
        $written = \is_resource($this->stream) ? @fwrite($this->stream, $this->queue) : false;
        if ($written === false) {
            $this->error = error_get_last()['message'] ?? 'the stream is closed';
            $this->queue = '';
            return;
        }
        $this->bytesWritten += $written;
        $this->queue = \substr($this->queue, $written);
    }

    private function end(): void
    {
        $receiver = $this->receiver;
        $this->destroy(0);
        $receiver?->ended();
    }
}
