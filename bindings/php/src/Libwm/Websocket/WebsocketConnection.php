<?php
declare(strict_types=1);

namespace Libwm\Websocket;

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
    /** @var array<string, true> callbacks that are not called, and that the log has named */
    private static array $wmSaid = [];

    /** The handshake, while it is unanswered. */
    private int $wmRequest = 0;

    /** Programs set what they like; what has no effect here is said. */
    public function __set(string $name, mixed $value): void
    {
        $this->$name = $value;
        if (\in_array($name, WebsocketFrames::CALLBACKS, true) && !isset(self::$wmSaid[$name])) {
            self::$wmSaid[$name] = true;
            Worker::log("\$connection->$name is not called: set it on the worker, whose websockets are a protocol in PHP then");
        }
    }

    public function handshake(int $request, string $head): void
    {
        $this->wmRequest = $request;
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

    /** Closes inside onWebSocketConnect: the data of a raw close are an HTTP response. */
    private function reject(mixed $data, bool $raw): void
    {
        $response = $raw ? Response::parse($this->text($data)) : new Response(403, [], $this->text($data ?? ''));
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

    private function closeWith(int $code, string $reason): void
    {
        $this->status = self::STATUS_CLOSING;
        $this->wmCore->close($this->wmHandle, $code, $reason);
        $this->closed();
    }
}
