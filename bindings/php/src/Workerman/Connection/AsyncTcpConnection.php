<?php
declare(strict_types=1);

namespace Workerman\Connection;

use Libwm\Connection\Address;
use Libwm\Connection\ClientOptions;
use Libwm\Core;
use Libwm\Error;
use Libwm\Connection\Framing;
use Libwm\Connection\RemoteAddress;
use Libwm\Runtime;
use Libwm\TextOrJson;
use Libwm\Websocket\WebsocketFrames;
use Workerman\Protocols\Ws;

/** A connection that the program makes. It can connect again after its end, as the same object. */
class AsyncTcpConnection extends TcpConnection
{
    // What subclasses of Workerman 3 and 4 override has no return type, which they do not have either.

    use Framing {
        send as private sendFramed;
    }

    /** @var callable|null (connection): the socket is connected; TLS and a websocket's handshake come after it */
    public $onConnect = null;
    /** Origin of a websocket's handshake. */
    public ?string $websocketOrigin = null;
    /** Subprotocols of a websocket's handshake, with commas. */
    public ?string $websocketClientProtocol = null;
    /** Seconds between pings of a websocket; null or 0: none. */
    public int|float|null $websocketPingInterval = null;
    /** HOST:PORT of a proxy through which it connects. */
    public string $proxySocks5 = '';
    public string $proxySocks5Username = '';
    public string $proxySocks5Password = '';
    public string $proxyHttp = '';
    /** Value of the header Proxy-Authorization. */
    public string $proxyAuthorization = '';

    private RemoteAddress $wmRemote;
    private bool $wmIsOpen = false;
    /** @var list<array{string, int}> what was sent before connect() */
    private array $wmEarly = [];
    private int $wmReconnect = 0;

    /**
     * @param string $remoteAddress tcp://HOST:PORT, ssl://, text://, frame://, ws://HOST:PORT/PATH, wss://, unix:///PATH, or the name of a
     *        protocol's class
     * @param array<string, array<string, mixed>> $socketContext of stream_context_create(): ssl, and of socket bindto
     */
    public function __construct(string $remoteAddress, protected array $socketContext = [])
    {
        $this->wmCore = Runtime::core();
        $this->wmHandle = 0;
        $this->wmRemote = new RemoteAddress($remoteAddress);
        $this->protocol = $this->wmRemote->protocol;
        $this->transport = $this->wmRemote->transport;
        $this->remoteAddress = $this->wmRemote->address();
        $this->id = $this->wmRegisteredId = ++self::$lastId;
        $this->worker = null;
        $this->context = new \stdClass();
        $this->maxSendBufferSize = $this->wmAppliedSendBuffer = self::$defaultMaxSendBufferSize;
        $this->maxPackageSize = $this->wmAppliedPackageSize = self::$defaultMaxPackageSize;
        $this->lingerTimeout = self::$defaultLingerTimeout;
        $this->status = self::STATUS_INITIAL;
    }

    /** Connects, and returns at once. How it went is told by onConnect, or by onError and onClose. */
    public function connect()
    {
        if (!\in_array($this->status, [self::STATUS_INITIAL, self::STATUS_CLOSING, self::STATUS_CLOSED], true)) {
            return;
        }
        if (!Runtime::isServing()) {
            throw new \LogicException("connect() to $this->remoteAddress outside of a process that serves: call it in onWorkerStart, or later");
        }
        $this->cancelReconnect();
        $this->abandon();
        $this->startAgain();
        $this->wmInput = '';
        $this->wmNeeded = 0;
        $this->wmIsOpen = false;
        $this->wmAppliedSendBuffer = $this->maxSendBufferSize;
        $this->wmAppliedPackageSize = $this->maxPackageSize;
        $this->transport = Address::transport($this->transport);
        if ($this->transport === 'udp') {
            throw new \LogicException("transport 'udp' of an AsyncTcpConnection: AsyncUdpConnection is the class for datagrams");
        }
        $scheme = Address::nativeScheme($this->protocol);
        $scheme = \in_array($scheme, ['text', 'frame', 'ws'], true) ? $scheme : null; // Http and Websocket are for servers, and in PHP here
        if ($scheme === 'ws' && (isset($this->onWebSocketPing) || isset($this->onWebSocketPong) || isset($this->onWebSocketClose))) {
            $scheme = null;
        }
        $this->wmNative = $scheme === null ? null : $this->protocol;
        try {
            $options = ClientOptions::of($this, $this->socketContext, $scheme === 'ws');
            $address = $this->wmRemote->forLibwm($scheme, $this->transport);
            $this->wmHandle = Runtime::core()->connectTo($address, $options, $this);
        } catch (Error $e) {
            $this->status = self::STATUS_CLOSED;
            if ($e->getCode() === Core::STOPPED) {
                return;
            }
            throw $e;
        }
        $this->status = self::STATUS_CONNECTING;
        self::$connections[$this->wmRegisteredId] = $this;
        self::$statistics['connection_count']++;
        [$early, $this->wmEarly] = [$this->wmEarly, []];
        foreach ($early as [$data, $flags]) {
            $this->wmIsFull = $this->wmCore->send($this->wmHandle, $data, $flags) > 0 || $this->wmIsFull;
        }
    }

    /** Connects again, after so many seconds; most useful in onClose. A connection that is there is dropped. */
    public function reconnect(int|float $after = 0)
    {
        $this->cancelReconnect();
        $this->abandon();
        $this->status = self::STATUS_INITIAL;
        if ($after > 0) {
            $this->wmReconnect = Runtime::dispatcher()->addTimer((float) $after, $this->connect(...), [], false);
        } else {
            $this->connect();
        }
    }

    public function cancelReconnect()
    {
        if ($this->wmReconnect !== 0) {
            Runtime::dispatcher()->deleteTimer($this->wmReconnect);
            $this->wmReconnect = 0;
        }
    }

    /**
     * The host as it was given; '' for unix.
     *
     * @return string
     */
    public function getRemoteHost()
    {
        return $this->wmRemote->host;
    }

    /**
     * The path and query of the address.
     *
     * @return string
     */
    public function getRemoteURI()
    {
        return $this->wmRemote->uri;
    }

    /**
     * As TcpConnection::send(), but it leaves at once: clients of services send by it, and then ask the same service by a blocking socket,
     * as GatewayWorker does.
     * @return bool|null
     */
    public function send(mixed $sendBuffer, bool $raw = false)
    {
        $result = $this->sendFramed($sendBuffer, $raw);
        if ($result !== false && $this->status === self::STATUS_ESTABLISHED) {
            $this->wmCore->flush();
        }
        return $result;
    }

    public function close(mixed $data = null, bool $raw = false)
    {
        if ($this->status === self::STATUS_INITIAL || $this->status === self::STATUS_CONNECTING) {
            $this->destroy();
        } else {
            parent::close($data, $raw);
        }
    }

    public function destroy()
    {
        $this->cancelReconnect();
        $this->wmEarly = [];
        parent::destroy();
    }

    /** Before the connection is there, messages wait, within maxSendBufferSize. */
    protected function sendEarly(mixed $sendBuffer, int $flags): ?bool
    {
        if (!$this->takesSends()) {
            return false;
        }
        $data = $this->text($sendBuffer);
        if ($this->status === self::STATUS_INITIAL) {
            $waiting = array_sum(array_map(static fn (array $early): int => \strlen($early[0]), $this->wmEarly));
            if ($waiting >= $this->maxSendBufferSize) {
                return $this->notTaken(Core::FULL);
            }
            $this->wmEarly[] = [$data, $flags];
            $this->wmIsFull = $waiting + \strlen($data) >= $this->maxSendBufferSize;
            return null;
        }
        $result = $this->wmCore->send($this->wmHandle, $data, $flags);
        $this->wmIsFull = $this->wmIsFull || $result > 0;
        return $result < 0 ? $this->notTaken($result) : null;
    }

    protected function takesSends(): bool
    {
        return \in_array($this->status, [self::STATUS_INITIAL, self::STATUS_CONNECTING, self::STATUS_ESTABLISHED], true);
    }

    protected function text(mixed $data): string
    {
        return $this->protocol === Ws::class ? TextOrJson::of($data) : parent::text($data);
    }

    /** Forgets the connection that is there, without onClose. */
    private function abandon(): void
    {
        if ($this->status !== self::STATUS_CLOSED && $this->wmHandle !== 0) {
            $this->wmCore->forget($this->wmHandle);
            $this->wmCore->destroy($this->wmHandle);
            $this->leaveProtocol();
        }
        $this->unregister();
    }

    protected function unregister(): void
    {
        if ($this->wmHandle !== 0) {
            parent::unregister();
            $this->wmHandle = 0;
        }
    }

    // ---- events

    /** @internal */
    public function connected(): void
    {
        if ($this->status !== self::STATUS_CONNECTING) {
            return;
        }
        $this->status = self::STATUS_ESTABLISHED;
        if ($this->proxySocks5 === '' && $this->proxyHttp === '' && $this->transport !== 'unix') {
            $this->remoteAddress = $this->wmCore->remoteAddress($this->wmHandle) ?: $this->remoteAddress;
        }
        if ($this->onConnect !== null) {
            $this->call($this->onConnect);
        }
        $protocol = $this->protocol;
        $isInPhp = $protocol !== null && $protocol !== $this->wmNative;
        if ($isInPhp && $this->status === self::STATUS_ESTABLISHED && method_exists($protocol, 'onConnect')) {
            $this->call(static fn (self $connection) => $protocol::onConnect($connection));
        }
    }

    /** @internal */
    public function opened(): void
    {
        $this->wmIsOpen = true;
        $isWebsocket = $this->wmNative !== null && Address::nativeScheme($this->wmNative) === 'ws';
        if ($this->status !== self::STATUS_ESTABLISHED || !$isWebsocket) {
            return;
        }
        foreach ([$this->onWebSocketConnect, $this->onWebSocketConnected] as $callback) {
            if ($callback !== null && $this->status === self::STATUS_ESTABLISHED) {
                $this->call($callback, WebsocketFrames::response(Runtime::core()->handshakeFields($this->wmHandle)));
            }
        }
    }

    /** @internal */
    public function error(int $code, string $text): void
    {
        if ($this->wmIsOpen || $code === Core::FULL) {
            parent::error($code, $text);
            return;
        }
        $this->status = self::STATUS_CLOSING; // ended() follows, unless onError connects again
        if ($this->onError !== null) {
            $this->call($this->onError, self::CONNECT_FAIL, $text);
        }
    }

    protected function release(): void
    {
        parent::release();
        $this->onConnect = null;
    }
}
