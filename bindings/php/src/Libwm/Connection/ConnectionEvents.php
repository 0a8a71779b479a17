<?php
declare(strict_types=1);

namespace Libwm\Connection;

use Libwm\Core;
use Libwm\Dispatcher;
use Libwm\NotYet;
use Libwm\Runtime;
use Workerman\Worker;

/** The part of TcpConnection that libwm calls: its events, messages that wait, and the end of the connection. */
trait ConnectionEvents
{
    /** @var list<array{string, int}>|null messages that wait; null: the next one is delivered at once */
    protected ?array $wmHeld = null;
    /** http: the request of the running onMessage, while it is unanswered. */
    protected int $wmCurrent = 0;
    /** The protocol whose messages libwm makes of the bytes; null: it hands on bytes. */
    protected ?string $wmNative = null;
    protected bool $wmPaused = false;
    /** Whether the last send() has reached maxSendBufferSize, and the queue has not drained since. */
    protected bool $wmIsFull = false;
    private bool $wmReads = true;
    /** Whether libwm has ended it, while messages wait for resumeRecv(). */
    private bool $wmEnded = false;

    /** @internal of connections that the program makes: the socket is connected */
    public function connected(): void
    {
    }

    /** @internal of connections that the program makes: ready for messages */
    public function opened(): void
    {
    }

    /** @internal */
    public function receive(string $data, int $request): void
    {
        if ($this->status !== self::STATUS_ESTABLISHED) {
            return;
        }
        if ($this->wmHeld !== null) {
            $this->hold($data, $request);
            return;
        }
        $onMessage = $this->onMessage;
        try {
            // No variable holds a request: its destructor, and those of what it has, would run outside of the try.
            if ($onMessage !== null) {
                $onMessage($this, $request === 0 ? $data : $this->begin($data, $request));
            } elseif ($request !== 0) {
                $this->begin($data, $request);
            }
        } catch (\Throwable $e) {
            $this->fail($e);
        }
        if ($this->wmCurrent !== 0) {
            $this->leaveUnanswered();
        }
        if ($this->maxPackageSize !== $this->wmAppliedPackageSize) {
            $this->applyLimits();
        }
    }

    /** What onMessage gets for an http request. */
    protected function begin(string $data, int $request): mixed
    {
        return $data;
    }

    /** onMessage has returned without an answer. */
    protected function leaveUnanswered(): void
    {
    }

    /** @internal */
    public function handshake(int $request, string $head): void
    {
    }

    /** @internal */
    public function controlFrame(int $opcode, string $payload): void
    {
    }

    /** @internal */
    public function bufferFull(): void
    {
        if ($this->onBufferFull !== null) {
            $this->call($this->onBufferFull);
        }
    }

    /** @internal */
    public function bufferDrain(): void
    {
        $this->wmIsFull = false;
        if ($this->onBufferDrain !== null) {
            $this->call($this->onBufferDrain);
        }
    }

    /** @internal */
    public function error(int $code, string $text): void
    {
        // Workerman tells of a peer's errors by onClose alone.
        if ($code === Core::FULL && $this->onError !== null) {
            $this->call($this->onError, self::SEND_FAIL, $text);
        }
    }

    /** @internal */
    public function refused(int $result): void
    {
        $this->notTaken($result);
    }

    /** @internal Delivers what arrived while the connection was paused. */
    public function deliverHeld(): void
    {
        $held = $this->wmHeld ?? [];
        $this->wmHeld = null;
        while ($held !== [] && !$this->holds() && $this->status === self::STATUS_ESTABLISHED) {
            $this->receive(...\array_shift($held));
        }
        if ($this->holds()) {
            $this->wmHeld = [...$this->wmHeld ?? [], ...$held]; // what the last one has left, then the others
        }
        if ($this->wmEnded && (($this->wmHeld ?? []) === [] || !$this->outlives())) {
            $this->closed();
        } elseif ($this->status === self::STATUS_ESTABLISHED) {
            $this->updateReading();
        }
    }

    /** Keeps a message for later. libwm reads no more of this connection meanwhile, so that only a batch can wait. */
    protected function hold(string $data, int $request): void
    {
        $this->wmHeld[] = [$data, $request];
        if ($this->wmReads) {
            $this->updateReading();
        }
    }

    /** libwm reads while the connection is not paused and no message waits. */
    protected function updateReading(): void
    {
        $reads = !$this->wmPaused && ($this->wmHeld ?? []) === [];
        if ($reads !== $this->wmReads) {
            $this->wmReads = $reads;
            $reads ? $this->wmCore->resume($this->wmHandle) : $this->wmCore->pause($this->wmHandle);
        }
    }

    /** Whether messages have to wait. */
    protected function holds(): bool
    {
        return $this->wmPaused;
    }

    /** @internal The peer or libwm has ended the connection. Messages that wait for resumeRecv() are delivered before onClose. */
    public function ended(): void
    {
        $this->wmEnded = true;
        if (($this->wmHeld ?? []) === [] || $this->status !== self::STATUS_ESTABLISHED || !$this->outlives()) {
            $this->closed();
        }
    }

    /** Whether messages that wait are worth something once the peer has gone. */
    protected function outlives(): bool
    {
        return true;
    }

    /** @internal The end of the connection for the program. */
    public function closed(): void
    {
        if ($this->status === self::STATUS_CLOSED) {
            return;
        }
        $queued = $this->updateCounters(); // may call onError
        if ($this->status === self::STATUS_CLOSED) {
            return;
        }
        if ($this->status === self::STATUS_CLOSING) {
            $this->bytesWritten += $queued; // it leaves before the connection ends
        }
        $this->status = self::STATUS_CLOSED;
        $this->wmCore->forget($this->wmHandle);
        $this->wmHeld = null;
        if ($this->onClose !== null) {
            $this->call($this->onClose);
        }
        $this->leaveProtocol();
        if ($this->status === self::STATUS_CLOSED) { // else onClose connects it again
            $this->release();
        }
    }

    /** onClose has run. */
    protected function leaveProtocol(): void
    {
    }

    /** Nothing of the program's may be held by a connection that is over. */
    protected function release(): void
    {
        $this->unregister();
        $this->worker = null;
        if ($this->wmLinger !== 0) {
            Runtime::dispatcher()->deleteTimer($this->wmLinger);
            $this->wmLinger = 0;
        }
        if ($this->wmPiped !== null) {
            [$resume, $this->wmPiped] = [$this->wmPiped, null];
            $resume();
        }
        // Last, as a destructor of what they hold may throw.
        $this->onMessage = $this->onClose = $this->onError = $this->onBufferFull = $this->onBufferDrain = null;
        $this->onWebSocketConnect = $this->onWebSocketConnected = $this->errorHandler = null;
    }

    protected function unregister(): void
    {
        unset($this->worker->connections[$this->wmRegisteredId], self::$connections[$this->wmRegisteredId]);
        self::$statistics['connection_count']--;
    }

    /** For another attempt of a connection that the program makes. */
    protected function startAgain(): void
    {
        $this->wmHeld = null;
        $this->wmPaused = $this->wmEnded = $this->wmIsFull = false;
        $this->wmReads = true;
    }

    /** @internal Calls a callback of this connection. */
    public function call(mixed $callback, mixed ...$arguments): void
    {
        try {
            $callback($this, ...$arguments);
        } catch (\Throwable $e) {
            $this->fail($e);
        }
        if ($this->status === self::STATUS_ESTABLISHED) {
            $this->applyLimits();
            $this->checkProtocol();
        }
    }

    /** @internal Refuses another protocol than the one that it was made with. */
    public function checkProtocol(): void
    {
        if ($this->protocol !== $this->wmNative) {
            $this->protocolChanged();
        }
    }

    /** A callback has set another protocol. */
    protected function protocolChanged(): void
    {
        $set = $this->protocol ?? 'null';
        $this->protocol = $this->wmNative;
        $of = $this->wmNative ?? 'a stream of PHP';
        $this->fail(NotYet::error("\$connection->protocol = $set on a connection of $of (on one of tcp, unix or ssl it may change)"));
    }

    /** An exception of a callback ends the connection, not the process. */
    protected function fail(\Throwable $e): void
    {
        self::$statistics['throw_exception']++;
        if ($this->errorHandler !== null) {
            try {
                ($this->errorHandler)($e);
            } catch (\Throwable $second) {
                Worker::stopAll(250, $second);
            }
            return;
        }
        Dispatcher::failed($e);
        if ($this->status === self::STATUS_ESTABLISHED) {
            $this->abort();
        }
    }

    /** Ends the connection after an exception. */
    protected function abort(): void
    {
        $this->close();
    }
}
