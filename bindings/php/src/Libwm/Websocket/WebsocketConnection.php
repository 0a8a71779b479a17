<?php
declare(strict_types=1);

namespace Libwm\Websocket;

use Libwm\Core;
use Libwm\Error;
use Libwm\Http\ServerVariables;
use Libwm\TextOrJson;
use Workerman\Connection\TcpConnection;
use Workerman\Protocols\Http;
use Workerman\Protocols\Http\Request;
use Workerman\Protocols\Http\Response;
use Workerman\Worker;

/** A connection of a websocket worker. */
final class WebsocketConnection extends TcpConnection
{
    /** Whether the log has said that onWebSocketClose is not called. */
    private static bool $wmSaid = false;

    /** The handshake, while it is unanswered. */
    private int $wmRequest = 0;
    /** Whether pings are answered here: libwm does it until a callback for them is set. */
    private bool $wmAnswersPings = false;

    /** Programs set what they like: callbacks of pings and pongs at any time, and what has no effect here is said. */
    public function __set(string $name, mixed $value): void
    {
        $this->$name = $value;
        if ($name === 'onWebSocketPing' || $name === 'onWebSocketPong') {
            $this->hearPings($name === 'onWebSocketPing');
        } elseif ($name === 'onWebSocketClose' && !self::$wmSaid) {
            self::$wmSaid = true;
            Worker::log("\$connection->$name is not called: set it on the worker, whose websockets are a protocol in PHP then");
        }
    }

    /** Pings and pongs are events from now on; $answers: libwm answers pings of this connection no more. */
    private function hearPings(bool $answers): void
    {
        $this->worker?->wmHearPings();
        if ($answers && !$this->wmAnswersPings) {
            $this->wmAnswersPings = true;
            $this->wmCore->setConnection($this->wmHandle, 'auto_pong', 0);
        }
    }

    public function controlFrame(int $opcode, string $payload): void
    {
        if ($this->status !== self::STATUS_ESTABLISHED) {
            return;
        }
        $callback = WebsocketFrames::callback($this, $opcode);
        if ($callback !== null) {
            $this->call(static fn (self $connection) => WebsocketFrames::tell($callback, $connection, $payload));
        } elseif ($opcode === WebsocketFrames::PING && $this->wmAnswersPings) { // the callback was set to null again
            $this->wmCore->send($this->wmHandle, WebsocketFrames::frame(WebsocketFrames::PONG, $payload, false), Core::SEND_RAW);
        }
    }

    public function handshake(int $request, string $head): void
    {
        $this->wmRequest = $request;
        $this->getRemoteAddress(); // of the handshake, for onClose too
        $callback = $this->onWebSocketConnect ?? $this->worker?->onWebSocketConnect;
        try {
            $http = $this->request($head);
            if ($callback !== null) {
                self::fillSuperglobals($http);
            }
        } catch (\Throwable $e) { // of a request class or an error handler of the program's own
            $this->fail($e);
            if ($this->wmRequest !== 0) { // which errorHandler has taken
                $this->abort();
            }
            return;
        }
        if ($callback !== null) {
            $this->call($callback, $http);
        }
        if ($this->status !== self::STATUS_ESTABLISHED) {
            return;
        }
        $this->wmRequest = 0;
        if (isset($this->worker->onWebSocketPing) || isset($this->worker->onWebSocketPong)) {
            $this->hearPings(isset($this->worker->onWebSocketPing));
        }
        $lines = WebsocketFrames::lines($this->headers);
        $this->headers = [];
        $result = $this->wmCore->accept($request, $lines);
        if ($result < 0) {
            $this->fail(new Error("headers of a websocket handshake: {$this->wmCore->lastError()}", $result));
            return;
        }
        $connected = $this->onWebSocketConnected ?? $this->worker?->onWebSocketConnected;
        if ($connected !== null) {
            $this->call($connected, $http);
        }
    }

    private function request(string $head): Request
    {
        $class = Http::requestClass();
        $request = new $class($head);
        $request->connection = $this;
        return $request;
    }

    /** Programs written for Workerman 3 and 4 read these in onWebSocketConnect. */
    private static function fillSuperglobals(Request $request): void
    {
        $_GET = $request->get();
        $_COOKIE = $request->cookie();
        ServerVariables::put(ServerVariables::of($request));
    }

    /** Arrays and objects are sent as JSON. */
    protected function text(mixed $data): string
    {
        return TextOrJson::of($data);
    }

    public function close(mixed $data = null, bool $raw = false): void
    {
        if ($this->status !== self::STATUS_ESTABLISHED) {
            return;
        }
        if ($this->wmRequest !== 0) {
            $this->reject($data, $raw);
            return;
        }
        $frame = $raw ? $this->text($data) : '';
        if ($frame !== '' && $frame[0] === "\x88") { // a close frame that the program has made
            $code = \strlen($frame) >= 4 ? (\ord($frame[2]) << 8) + \ord($frame[3]) : 1000;
            $this->closeWith($code, (string) \substr($frame, 4, 123));
            return;
        }
        parent::close($data, $raw);
    }

    /** Closes inside onWebSocketConnect: a Response, and the data of a raw close, are the HTTP response. */
    private function reject(mixed $data, bool $raw): void
    {
        $response = $data instanceof Response ? $data : ($raw ? Response::parse($this->text($data)) : new Response(403, [], $this->text($data ?? '')));
        $request = $this->wmRequest;
        $this->wmRequest = 0;
        try {
            [$status, $headers, $body] = $response->parts();
            if ($this->wmCore->reject($request, $status >= 300 ? $status : 403, $headers, $body) < 0) {
                throw new Error($this->wmCore->lastError());
            }
        } catch (\Throwable $e) { // of what the program has written
            Worker::log("refusal of a websocket handshake: {$e->getMessage()}");
            $this->wmCore->reject($request, 403, '', "refused\n");
        }
        $this->closed();
    }

    protected function abort(): void
    {
        if ($this->wmRequest !== 0) {
            $this->reject("HTTP/1.1 500 Internal Server Error\r\n\r\n500 Internal Server Error\n", true);
        } else {
            $this->closeWith(1011, ''); // RFC 6455 §7.4.1: an unexpected condition
        }
    }

    protected function release(): void
    {
        parent::release();
        unset($this->onWebSocketPing, $this->onWebSocketPong);
    }

    private function closeWith(int $code, string $reason): void
    {
        $this->status = self::STATUS_CLOSING;
        $this->wmCore->close($this->wmHandle, $code, $reason);
        $this->closed();
    }
}
