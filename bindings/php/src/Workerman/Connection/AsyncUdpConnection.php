<?php
declare(strict_types=1);

namespace Workerman\Connection;

use Libwm\Connection\Address;
use Libwm\Connection\ClientOptions;
use Libwm\Connection\DatagramEvents;
use Libwm\Core;
use Libwm\Error;
use Libwm\LibraryOptions;
use Libwm\Receiver;
use Libwm\Runtime;
use Workerman\Worker;

/** A socket of datagrams that the program makes, for one peer. It lives until close(), also when the program has dropped the object. */
class AsyncUdpConnection extends UdpConnection implements Receiver
{
    use DatagramEvents;

    /** @var callable|null (connection): called by connect() */
    public $onConnect = null;

    protected bool $connected = false;
    private Core $wmCore;
    private int $wmHandle = 0;
    private bool $wmIsOpen = false;

    /**
     * @param string $remoteAddress udp://HOST:PORT, or with text, frame or the name of a protocol's class for udp
     * @param array<string, array<string, mixed>> $contextOption of stream_context_create(): of socket bindto, and wm: options of libwm
     */
    public function __construct($remoteAddress, protected array $contextOption = [])
    {
        [$scheme, $address] = explode('://', $remoteAddress, 2) + ['', ''];
        if (preg_match('/^[^\/?#@]+:\d+\/?$/', $address) !== 1) {
            throw new \RuntimeException("Bad remoteAddress '$remoteAddress': the right form is udp://HOST:PORT");
        }
        $this->wmCore = Runtime::core();
        $this->socket = null;
        $this->remoteAddress = rtrim($address, '/');
        $this->protocol = strtolower($scheme) === 'udp' ? null : Address::ofDatagrams(Address::ofScheme($scheme, 'udp'), $remoteAddress);
    }

    /** Makes the socket, and calls onConnect. A host name is resolved meanwhile: what is sent waits for it. */
    public function connect(): void
    {
        if ($this->connected) {
            return;
        }
        if (!Runtime::isServing()) {
            throw new \LogicException("connect() to $this->remoteAddress outside of a process that serves: call it in onWorkerStart, or later");
        }
        $this->wmIsOpen = false;
        try {
            $options = LibraryOptions::with($this->contextOption, ClientOptions::source($this->contextOption));
            $this->wmHandle = $this->wmCore->connectTo("udp://$this->remoteAddress", $options, $this);
        } catch (Error $e) {
            if ($e->getCode() !== Core::STOPPED) {
                Worker::log($e->getMessage());
            }
            return;
        }
        $this->connected = true;
        if ($this->onConnect !== null) {
            $this->call($this->onConnect);
        }
    }

    /** Connects if it has to. As that of AsyncTcpConnection, what is sent leaves at once. */
    protected function sendBytes(string $bytes): bool
    {
        $this->connect();
        $isTaken = $this->connected && $this->isTaken($this->wmCore->send($this->wmHandle, $bytes, 0));
        if ($isTaken) {
            $this->wmCore->flush();
        }
        return $isTaken;
    }

    /** Sends $data unless it is null, closes the socket and calls onClose. The callbacks are gone after it. */
    public function close(mixed $data = null, bool $raw = false): void
    {
        if ($data !== null) {
            $this->send($data, $raw);
        }
        $this->disconnect();
        if ($this->onClose !== null) {
            $this->call($this->onClose);
        }
        $this->onConnect = $this->onMessage = $this->onClose = $this->errorHandler = null;
    }

    public function getLocalAddress(): string
    {
        return $this->connected ? $this->wmCore->localAddress($this->wmHandle) : '';
    }

    private function disconnect(): void
    {
        if ($this->connected) {
            $this->connected = false;
            $this->wmCore->forget($this->wmHandle);
            $this->wmCore->close($this->wmHandle, 0, '');
        }
    }

    private function call(callable $callback): void
    {
        try {
            $callback($this);
        } catch (\Throwable $e) {
            $this->fail($e);
        }
    }

    // ---- events

    /** @internal */
    public function opened(): void
    {
        $this->wmIsOpen = true;
    }

    /** @internal */
    public function error(int $code, string $text): void
    {
        if (!$this->wmIsOpen) {
            Worker::log($text);
        }
    }

    /** @internal Its host name was not found, or the process stops. */
    public function ended(): void
    {
        $this->connected = false;
    }

    /** @internal */
    public function receive(string $data, int $request): void
    {
        if ($this->onMessage === null) {
            return;
        }
        self::$statistics['total_request']++;
        try {
            ($this->onMessage)($this, $this->protocol === null ? $data : $this->protocol::decode($data, $this));
        } catch (\Throwable $e) {
            $this->fail($e);
        }
    }
}
