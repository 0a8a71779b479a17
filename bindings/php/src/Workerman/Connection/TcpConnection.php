<?php
declare(strict_types=1);

namespace Workerman\Connection;

use Libwm\Connection\Addresses;
use Libwm\Connection\ConnectionEvents;
use Libwm\Core;
use Libwm\Loop\StreamTransport;
use Libwm\NotYet;
use Libwm\Receiver;
use Libwm\Runtime;
use Libwm\Transport;
use Libwm\Websocket\WebsocketFrames;
use Workerman\Events\EventInterface;
use Workerman\Protocols\Websocket;
use Workerman\Protocols\Ws;
use Workerman\Worker;

/** An accepted connection. Programs may set properties of their own on it. */
class TcpConnection extends ConnectionInterface implements \JsonSerializable, Receiver
{
    // What subclasses of Workerman 3 and 4 override has no return type, which they do not have either.

    use Addresses;
    use ConnectionEvents;

    public const READ_BUFFER_SIZE = 87380;

    public const STATUS_INITIAL = 0;
    public const STATUS_CONNECTING = 1;
    public const STATUS_ESTABLISHED = 2;
    public const STATUS_ENDING = 4;
    public const STATUS_CLOSING = 8;
    public const STATUS_CLOSED = 16;

    public const STATUS_TO_STRING = [0 => 'INITIAL', 1 => 'CONNECTING', 2 => 'ESTABLISHED', 8 => 'CLOSING', 4 => 'ENDING', 16 => 'CLOSED'];

    /** Bytes that libwm collects for one write: more are queued only when the kernel has refused some. */
    private const UNWRITTEN_MAX = 16384;

    private const LIMIT_MAX = 0x80000000;

    /** Bytes queued above which a connection takes no more; of new connections. */
    public static int $defaultMaxSendBufferSize = 1048576;
    /** Bytes of the longest message that a peer may send (tcp has no messages); of new connections. */
    public static int $defaultMaxPackageSize = 10485760;
    /** Seconds that end() waits for the peer's end; of new connections. */
    public static float $defaultLingerTimeout = 1.0;
    /** @var array<int, TcpConnection> all connections of this process */
    public static array $connections = [];

    protected static int $lastId = 0;

    public int $id;
    public ?Worker $worker;
    public string $transport;
    public ?string $protocol;
    public int $maxSendBufferSize;
    public int $maxPackageSize;
    public float $lingerTimeout;
    /** Brought up to date by getSendBufferQueueSize(), and before onClose. */
    public int $bytesRead = 0;
    public int $bytesWritten = 0;
    public object $context;
    /** @var array<mixed> http: headers of the next response; websocket: header lines of the handshake's answer */
    public array $headers = [];
    /** First byte of websocket frames: Websocket::BINARY_TYPE_BLOB (text, \x81) or BINARY_TYPE_ARRAYBUFFER (\x82); with DEFLATE \xc1, \xc2. */
    public string $websocketType = "\x81";

    /** @var callable|null (connection) */
    public $onBufferFull = null;
    /** @var callable|null (connection) */
    public $onBufferDrain = null;
    /** @var callable|null (connection, request), in a websocket handshake */
    public $onWebSocketConnect = null;
    /** @var callable|null (connection, request), after it */
    public $onWebSocketConnected = null;

    protected int $status = self::STATUS_ESTABLISHED;
    protected int $wmAppliedSendBuffer;
    protected int $wmAppliedPackageSize;
    protected int $wmRegisteredId;
    protected Transport $wmCore;
    protected int $wmHandle;
    /** The timer of end(). */
    private int $wmLinger = 0;
    /** Lets the connection that is piped to this one go on. */
    private ?\Closure $wmPiped = null;

    /**
     * A connection over a stream of the program's, of bytes, which it closes: new TcpConnection($stream, $remoteAddress), or with the loop
     * before them. In a process that serves.
     *
     * @param mixed $eventLoop the loop, or as $socket
     * @param mixed $socket a pipe of popen() or proc_open(), or a socket as stream_socket_client() returns it
     * @param mixed $remoteAddress what getRemoteAddress() says
     */
    public function __construct(mixed $eventLoop, mixed $socket = '', mixed $remoteAddress = '')
    {
        $this->id = $this->wmRegisteredId = ++self::$lastId;
        $this->context = new \stdClass();
        $this->maxSendBufferSize = self::$defaultMaxSendBufferSize;
        $this->maxPackageSize = self::$defaultMaxPackageSize;
        $this->lingerTimeout = self::$defaultLingerTimeout;
        if ($eventLoop instanceof Core) {
            $this->wmAccept($eventLoop, $socket, $remoteAddress);
        } else {
            $this->wrap(...($eventLoop instanceof EventInterface ? [$socket, $remoteAddress] : [$eventLoop, $socket]));
        }
        self::$connections[$this->id] = $this;
        self::$statistics['connection_count']++;
    }

    /** A connection that libwm has accepted. */
    private function wmAccept(Core $core, int $handle, Worker $worker): void
    {
        $this->wmCore = $core;
        $this->wmHandle = $handle;
        $this->worker = $worker;
        $this->transport = $worker->transport;
        $this->protocol = $this->wmNative = $worker->protocol;
        [$this->wmAppliedSendBuffer, $this->wmAppliedPackageSize] = $worker->wmAppliedLimits();
        $this->applyLimits();
        $this->onMessage = $worker->onMessage;
        $this->onClose = $worker->onClose;
        $this->onError = $worker->onError;
        $this->onBufferFull = $worker->onBufferFull;
        $this->onBufferDrain = $worker->onBufferDrain;
        $this->remoteAddress = $core->remoteAddress($handle);
        $this->wmIsProxied = $worker->wmTrustsProxies();
        $worker->connections[$this->id] = $this;
    }

    private function wrap(mixed $stream, ?string $address): void
    {
        if (!Runtime::isServing()) {
            throw new \LogicException('new TcpConnection() outside of a process that serves: make it in onWorkerStart, or later');
        }
        $this->wmCore = new StreamTransport($stream, $this);
        $this->wmHandle = 0;
        $this->worker = $this->protocol = null;
        $this->transport = 'tcp';
        $this->remoteAddress = (string) $address;
        $this->wmAppliedSendBuffer = $this->maxSendBufferSize;
        $this->wmAppliedPackageSize = $this->maxPackageSize;
    }

    /**
     * Sends one message. It leaves when the callback returns, or at the latest with the loop's turn.
     *
     * @return bool|null true: taken; null: taken, and maxSendBufferSize is reached; false: not taken
     */
    public function send(mixed $sendBuffer, bool $raw = false)
    {
        if ($raw) {
            $flags = Core::SEND_RAW;
        } elseif ($this->websocketType === "\x81") {
            $flags = 0;
        } elseif ($this->websocketType === "\x82") {
            $flags = Core::SEND_BINARY;
        } else {
            [$sendBuffer, $flags] = $this->typed($sendBuffer);
        }
        if ($this->status !== self::STATUS_ESTABLISHED) {
            return $this->sendEarly($sendBuffer, $flags);
        }
        if ($this->maxSendBufferSize !== $this->wmAppliedSendBuffer) {
            $this->applyLimits();
        }
        $data = \is_string($sendBuffer) ? $sendBuffer : $this->text($sendBuffer);
        $result = $this->wmCore->send($this->wmHandle, $data, $flags);
        return $result === 0 ? true : $this->sent($result);
    }

    /**
     * What is sent for a websocketType that is neither of text nor of binary messages, and its flags: with those of control frames, as "\x89" of a
     * ping, a frame.
     *
     * @return array{mixed, int}
     */
    private function typed(mixed $data): array
    {
        $opcode = \ord($this->websocketType) & 15;
        $masks = $this->wmNative === Ws::class;
        if ($opcode >= WebsocketFrames::CLOSE && ($masks || $this->wmNative === Websocket::class)) {
            return [WebsocketFrames::controlFrame($opcode, $this->text($data), $masks), Core::SEND_RAW];
        }
        return [$data, $opcode === WebsocketFrames::TEXT ? 0 : Core::SEND_BINARY];
    }

    /** What send() returns of a message that was not simply taken: Core::send() has returned $result, which is not 0. */
    protected function sent(int $result): ?bool
    {
        if ($result > 0) {
            $this->wmIsFull = true;
            return null;
        }
        return $this->notTaken($result);
    }

    /** A message of a connection that is not open. @param int $flags as of Core::send() */
    protected function sendEarly(mixed $sendBuffer, int $flags): ?bool
    {
        return false;
    }

    /** Whether send() takes anything in this state. */
    protected function takesSends(): bool
    {
        return $this->status === self::STATUS_ESTABLISHED;
    }

    /** Sends $data unless it is null, then closes once everything has left. onClose runs at once unless much is queued. */
    public function close(mixed $data = null, bool $raw = false)
    {
        if ($this->status !== self::STATUS_ESTABLISHED) {
            return;
        }
        if ($data !== null) {
            $this->send($data, $raw);
            if ($this->status !== self::STATUS_ESTABLISHED) {
                return; // onError has closed it
            }
        }
        $this->status = self::STATUS_CLOSING;
        $queued = $this->wmCore->counters($this->wmHandle)[2];
        $this->wmCore->close($this->wmHandle, 0, '');
        if ($queued <= self::UNWRITTEN_MAX) {
            $this->closed();
        }
    }

    /** Closes at once and drops what the kernel does not take. */
    public function destroy()
    {
        if ($this->status === self::STATUS_CLOSED) {
            return;
        }
        if ($this->wmCore->counters($this->wmHandle)[2] > 0) {
            $this->wmCore->flush(); // what was sent before in this callback
        }
        $this->wmCore->destroy($this->wmHandle);
        $this->closed();
    }

    /**
     * Sends $data unless it is null, and ends this side: what the peer still sends is read and dropped for $lingerTimeout seconds, so that
     * it can read the last message, which a close in the middle of its sending would reset. http and websocket close, as they do that anyway.
     */
    public function end(mixed $data = null, bool $raw = false)
    {
        if ($this->status !== self::STATUS_ESTABLISHED) {
            $this->close();
            return;
        }
        if ($data !== null) {
            $this->send($data, $raw);
            if ($this->status !== self::STATUS_ESTABLISHED) {
                return;
            }
        }
        if ($this->lingerTimeout <= 0 || !$this->wmCore->shutdown($this->wmHandle)) {
            $this->close();
            return;
        }
        $this->status = self::STATUS_ENDING;
        $this->wmHeld = null;
        $this->wmPaused = false;
        $this->updateReading();
        $this->wmLinger = Runtime::dispatcher()->addTimer($this->lingerTimeout, function (): void {
            $this->wmCore->close($this->wmHandle, 0, ''); // what is still queued leaves, unless the peer takes none of it
            $this->closed();
        }, [], false);
    }

    /**
     * Sends on to $dest what this connection receives, and closes it with this one. Not more than $dest's maxSendBufferSize waits for it:
     * then this one is paused.
     *
     * @param bool $raw past the protocol of $dest, as of send()
     * @return void
     */
    public function pipe(self $dest)
    {
        $raw = (bool) (func_get_args()[1] ?? false);
        $this->onMessage = static function (self $source, mixed $data) use ($dest, $raw): void {
            if ($dest->wmIsFull && $dest->takesSends() && $source->protocol === $source->wmNative && \is_string($data)) {
                $source->pauseRecv(); // the program itself has filled it
                $source->hold($data, 0);
                return;
            }
            $dest->send($data, $raw);
            if ($dest->wmIsFull) {
                $source->pauseRecv(); // at once, as more of the same poll would be refused
            }
        };
        $this->onClose = static fn () => $dest->close();
        $dest->onBufferFull = fn () => $this->pauseRecv();
        $dest->onBufferDrain = $dest->wmPiped = fn () => $this->resumeRecv();
    }

    public function consumeRecvBuffer(int $length)
    {
        throw NotYet::error('TcpConnection::consumeRecvBuffer()');
    }

    /**
     * The stream that the connection was made of; else a number of its own, as libwm's sockets are not streams of PHP: programs of Workerman 3
     * write (int) $connection->getSocket() for an id.
     * @return mixed
     */
    public function getSocket()
    {
        return $this->wmCore instanceof StreamTransport ? $this->wmCore->stream : $this->wmRegisteredId;
    }

    public function pauseRecv()
    {
        if ($this->wmPaused || $this->status === self::STATUS_CLOSED) {
            return;
        }
        $this->wmPaused = true;
        $this->wmHeld ??= [];
        $this->updateReading();
    }

    public function resumeRecv()
    {
        if (!$this->wmPaused || $this->status === self::STATUS_CLOSED) {
            return;
        }
        $this->wmPaused = false;
        $this->updateReading();
        Runtime::dispatcher()->resume($this);
    }

    /** @internal what libwm knows it by */
    public function wmHandle(): int
    {
        return $this->wmHandle;
    }

    /** @return int|string */
    public function getStatus(bool $rawOutput = true)
    {
        return $rawOutput ? $this->status : self::STATUS_TO_STRING[$this->status];
    }

    public function getId(): int
    {
        return $this->id;
    }

    /**
     * Bytes sent that the kernel has not taken yet.
     *
     * @return int
     */
    public function getSendBufferQueueSize()
    {
        return $this->updateCounters();
    }

    /**
     * Messages that wait for resumeRecv(), in bytes; libwm's own buffers are not counted.
     *
     * @return int
     */
    public function getRecvBufferQueueSize()
    {
        $size = 0;
        foreach ($this->wmHeld ?? [] as [$data]) {
            $size += \strlen($data);
        }
        return $size;
    }

    /** @return bool */
    public function bufferIsEmpty()
    {
        return $this->getSendBufferQueueSize() === 0;
    }

    /** @return array<string, mixed> */
    public function jsonSerialize(): array
    {
        return ['id' => $this->id, 'status' => $this->getStatus(), 'transport' => $this->transport] + $this->addressesForJson();
    }

    /**
     * For var_dump() and print_r(): without what is libwm's.
     *
     * @return array<string, mixed>
     */
    public function __debugInfo(): array
    {
        return array_filter(get_object_vars($this), static fn ($name) => \strncmp((string) $name, 'wm', 2) !== 0, ARRAY_FILTER_USE_KEY);
    }

    /** Hands changed limits to libwm. */
    protected function applyLimits(): void
    {
        if ($this->maxSendBufferSize !== $this->wmAppliedSendBuffer) {
            $this->wmAppliedSendBuffer = $this->maxSendBufferSize;
            $limit = self::limit($this->maxSendBufferSize);
            $this->wmCore->setConnection($this->wmHandle, 'send_high_water', $limit);
            $this->wmCore->setConnection($this->wmHandle, 'max_send_buffer', $limit);
        }
        if ($this->maxPackageSize !== $this->wmAppliedPackageSize) {
            $this->wmAppliedPackageSize = $this->maxPackageSize;
            $this->wmCore->setConnection($this->wmHandle, 'max_message', self::limit($this->maxPackageSize));
        }
    }

    /**
     * @internal
     * @return int a size in the range that libwm takes: programs write PHP_INT_MAX for no limit
     */
    public static function limit(int $size): int
    {
        return \min(\max($size, 0), self::LIMIT_MAX);
    }

    /** @internal whether the headers of the connection go out with the answer to the request that is there; of http, the rest cannot know */
    public function wmAwaitsAnswer(): bool
    {
        return true;
    }

    /** A message that libwm has not taken. */
    protected function notTaken(int $result, ?string $text = null): bool
    {
        self::$statistics['send_fail']++;
        if ($result !== Core::CLOSED && $this->onError !== null) {
            $text ??= $result === Core::FULL ? 'send buffer full and drop package' : $this->wmCore->lastError();
            $this->call($this->onError, self::SEND_FAIL, $text);
        }
        return false;
    }

    /** What is sent, as bytes. */
    protected function text(mixed $data): string
    {
        if (\is_string($data)) {
            return $data;
        }
        if ($data === null || \is_scalar($data) || $data instanceof \Stringable) {
            return (string) $data;
        }
        throw new \InvalidArgumentException('a connection sends strings, not ' . get_debug_type($data));
    }

    /** Returns the bytes queued. */
    private function updateCounters(): int
    {
        if ($this->status === self::STATUS_CLOSED) {
            return 0;
        }
        [$read, $written, $queued] = $this->wmCore->counters($this->wmHandle);
        $this->bytesRead = max($this->bytesRead, $read);
        $this->bytesWritten = max($this->bytesWritten, $written);
        return $queued;
    }
}
