<?php
declare(strict_types=1);

namespace Libwm;

use Workerman\Connection\TcpConnection;
use Workerman\Protocols\Http;
use Workerman\Protocols\Http\Request;
use Workerman\Protocols\Http\Response;

/** A connection of an http worker: each send() answers the oldest unanswered request. */
final class HttpConnection extends TcpConnection
{
    /** Whether the next request waits until the answers before it have left. */
    private bool $wmIsFull = false;
    /** @var list<int> requests whose onMessage has returned without an answer */
    private array $wmUnanswered = [];

    protected function begin(string $data, int $request): Request
    {
        $this->wmCurrent = $request;
        $object = Http::$requestClass === null ? new Request($data) : new Http::$requestClass($data);
        $object->connection = $this;
        return $object;
    }

    protected function leaveUnanswered(): void
    {
        $this->await($this->wmCurrent);
        $this->wmCurrent = 0;
    }

    public function send(mixed $sendBuffer, bool $raw = false): ?bool
    {
        if ($this->status !== self::STATUS_ESTABLISHED) {
            return false;
        }
        if ($this->maxSendBufferSize !== $this->wmAppliedSendBuffer) {
            $this->applyLimits();
        }
        if ($this->wmUnanswered === []) {
            $request = $this->wmCurrent;
            $this->wmCurrent = 0;
        } else {
            $request = \array_shift($this->wmUnanswered);
        }
        if ($request === 0) {
            return $this->notTaken(Core::WRONG_STATE, 'send on an http connection of which no request waits for an answer');
        }
        if (\is_string($sendBuffer) && !$raw && $this->headers === []) {
            $result = $this->wmCore->send($this->wmHandle, $sendBuffer, 0);
        } else {
            try {
                [$status, $headers, $body] = $this->response($sendBuffer, $raw)->parts();
            } catch (\Throwable $e) {
                $this->await($request);
                throw $e;
            }
            $result = $this->wmCore->respond($request, $status, $headers, $body);
        }
        if ($result < 0) {
            $this->await($request);
            if ($result !== Core::FULL && $result !== Core::CLOSED) {
                throw new Error($this->wmCore->lastError(), $result); // else the client would wait for ever
            }
            $this->notTaken($result);
            if ($result === Core::FULL) {
                $this->destroy(); // likewise
            }
            return false;
        }
        if ($result > 0) {
            $this->wmIsFull = true;
            $this->wmHeld ??= [];
        }
        if ($this->wmHeld !== null && $this->wmUnanswered === []) {
            Runtime::dispatcher()->resume($this);
        }
        return $result === 0 ? true : null;
    }

    /** The next request waits until this one is answered, as send() does not say whose answer it is. */
    private function await(int $request): void
    {
        \array_unshift($this->wmUnanswered, $request);
        $this->wmHeld ??= [];
    }

    /** Nobody waits for the answers. */
    protected function outlives(): bool
    {
        return $this->wmUnanswered === [] && !$this->wmIsFull;
    }

    /** A lost answer would give all later ones to the wrong requests. */
    public function refused(int $result): void
    {
        parent::refused($result);
        $this->destroy();
    }

    public function bufferDrain(): void
    {
        if ($this->wmIsFull) {
            $this->wmIsFull = false;
            Runtime::dispatcher()->resume($this);
        }
        parent::bufferDrain();
    }

    protected function holds(): bool
    {
        return $this->wmUnanswered !== [] || $this->wmIsFull || parent::holds();
    }

    /** What is sent, as a response; uses up the connection's extra headers. */
    private function response(mixed $data, bool $raw): Response
    {
        if ($raw) {
            return Response::parse($this->text($data));
        }
        $extra = $this->headers;
        $this->headers = [];
        if ($data instanceof Response) {
            if ($extra === []) {
                return $data;
            }
            $response = clone $data;
        } else {
            $response = new Response(200, [], $this->text($data));
        }
        foreach ($extra as $name => $value) {
            $response->header((string) $name, $value);
        }
        return $response;
    }

    public function close(mixed $data = null, bool $raw = false): void
    {
        if ($this->status !== self::STATUS_ESTABLISHED) {
            return;
        }
        if ($data !== null) {
            $this->headers['Connection'] = 'close'; // libwm closes once the answer has left
            $this->send($raw ? Response::parse($this->text($data)) : $data);
        }
        parent::close();
    }

    protected function abort(): void
    {
        $this->headers = [];
        if ($this->wmCurrent !== 0 || $this->wmUnanswered !== []) {
            $this->close(new Response(500, ['Content-Type' => 'text/plain;charset=utf-8'], "500 Internal Server Error\n"));
        } else {
            $this->close();
        }
    }
}
