<?php
declare(strict_types=1);

namespace Libwm;

use Workerman\Connection\TcpConnection;
use Workerman\Protocols\Http;
use Workerman\Protocols\Http\Response;

/** A connection of an http worker: each send() answers the oldest unanswered request. */
final class HttpConnection extends TcpConnection
{
    /** The request of the running onMessage, while it is unanswered. */
    private int $current = 0;
    /** @var list<int> requests whose onMessage has returned without an answer */
    private array $unanswered = [];

    public function receive(string $data, int $request): void
    {
        if ($this->status !== self::STATUS_ESTABLISHED) {
            return;
        }
        if ($this->held !== null) {
            $this->held[] = [$data, $request];
            return;
        }
        $class = Http::requestClass();
        $object = new $class($data);
        $object->connection = $this;
        $this->current = $request;
        try {
            if ($this->onMessage !== null) {
                ($this->onMessage)($this, $object);
            }
        } catch (\Throwable $e) {
            $this->fail($e);
        }
        if ($this->current !== 0) {
            $this->await($this->current);
            $this->current = 0;
        }
        if ($this->maxPackageSize !== $this->appliedPackageSize) {
            $this->applyLimits();
        }
    }

    public function send(mixed $sendBuffer, bool $raw = false): ?bool
    {
        if ($this->status !== self::STATUS_ESTABLISHED) {
            return false;
        }
        if ($this->maxSendBufferSize !== $this->appliedSendBuffer) {
            $this->applyLimits();
        }
        if ($this->unanswered === []) {
            $request = $this->current;
            $this->current = 0;
        } else {
            $request = array_shift($this->unanswered);
        }
        if ($request === 0) {
            return $this->notTaken(Core::WRONG_STATE, 'send on an http connection of which no request waits for an answer');
        }
        if (is_string($sendBuffer) && !$raw && $this->headers === []) {
            $result = $this->core->send($this->handle, $sendBuffer, 0);
        } else {
            try {
                [$status, $headers, $body] = $this->response($sendBuffer, $raw)->parts();
            } catch (\Throwable $e) {
                $this->await($request);
                throw $e;
            }
            $result = $this->core->respond($request, $status, $headers, $body);
        }
        if ($result < 0) {
            $this->await($request);
            return $this->notTaken($result);
        }
        if ($this->held !== null && $this->unanswered === []) {
            Runtime::dispatcher()->resume($this);
        }
        return $result === 0 ? true : null;
    }

    /** The next request waits until this one is answered, as send() does not say whose answer it is. */
    private function await(int $request): void
    {
        array_unshift($this->unanswered, $request);
        $this->held ??= [];
    }

    protected function holds(): bool
    {
        return $this->unanswered !== [] || parent::holds();
    }

    /** What is sent, as a response; uses up the connection's extra headers. */
    private function response(mixed $data, bool $raw): Response
    {
        if ($raw) {
            return Response::parse(self::text($data));
        }
        $extra = $this->headers;
        $this->headers = [];
        if ($data instanceof Response) {
            if ($extra === []) {
                return $data;
            }
            $response = clone $data;
        } else {
            $response = new Response(200, [], self::text($data));
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
            $this->send($raw ? Response::parse(self::text($data)) : $data);
        }
        parent::close();
    }

    protected function abort(): void
    {
        if ($this->current !== 0 || $this->unanswered !== []) {
            $this->close(new Response(500, ['Content-Type' => 'text/plain;charset=utf-8'], "500 Internal Server Error\n"));
        } else {
            $this->close();
        }
    }
}
