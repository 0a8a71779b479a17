<?php
declare(strict_types=1);

namespace Libwm\Http;

use Libwm\Core;
use Libwm\Error;
use Libwm\Runtime;
use Workerman\Connection\TcpConnection;
use Workerman\Protocols\Http;
use Workerman\Protocols\Http\Request;
use Workerman\Protocols\Http\Response;

/** A connection of an http worker: each send() answers the oldest unanswered request. */
class HttpConnection extends TcpConnection
{
    /** @var list<int> requests whose onMessage has returned without an answer */
    private array $wmUnanswered = [];
    /** The response that has begun and not ended; requests behind it wait. */
    private ?HttpStream $wmStream = null;

    protected function begin(string $data, int $request): Request
    {
        $this->wmCurrent = $request;
        $object = Http::$requestClass === null ? new Request($data) : new Http::$requestClass($data);
        $object->connection = $this;
        if ($data[0] !== 'G') { // a GET has no body, and so no trailers
            $this->takeTrailers($object, $data, $request);
        }
        return $object;
    }

    private function takeTrailers(Request $object, string $data, int $request): void
    {
        $head = \substr($data, 0, (int) \strpos($data, "\r\n\r\n"));
        if (\stripos($head, "\r\nTransfer-Encoding:") !== false) {
            $object->setChunkTrailers($this->wmCore->trailers($request));
        }
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
            return $this->wmStream !== null ? $this->sendPart($sendBuffer, $raw)
                : $this->notTaken(Core::WRONG_STATE, 'send on an http connection of which no request waits for an answer');
        }
        if (\is_string($sendBuffer) && !$raw && $this->headers === []) {
            $result = $this->wmCore->send($this->wmHandle, $sendBuffer, 0);
        } else {
            try {
                $result = $this->answer($request, $this->response($sendBuffer, $raw));
            } catch (\Throwable $e) {
                if ($this->wmStream === null) {
                    $this->await($request);
                }
                throw $e;
            }
            if ($this->wmStream !== null) {
                return $this->partSent($result);
            }
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

    private function answer(int $request, Response $response): int
    {
        $framing = $response->framing();
        if ($framing === Response::FILE) {
            return FileAnswer::send($this->wmCore, $request, $response);
        }
        [$status, $headers, $body] = $response->parts();
        if ($framing === Response::WHOLE) {
            return $this->wmCore->respond($request, $status, $headers, $body);
        }
        $length = $framing === Response::ANNOUNCED ? $response->announced() : -1;
        $isHead = $framing === Response::ANNOUNCED && $this->wmCore->isHead($request);
        $result = $this->wmCore->beginAnswer($request, $status, $headers, $length);
        if ($result < 0 || $isHead) {
            return $result < 0 ? $result : $this->wmCore->endAnswer($request);
        }
        $this->wmStream = new HttpStream($this->wmCore, $request, $framing, $length);
        $this->wmHeld ??= [];
        return $body === '' ? $result : $this->wmStream->begin($body, $response->isRaw());
    }

    /** Sends a part of the response that has begun. */
    private function sendPart(mixed $part, bool $raw): ?bool
    {
        $result = $this->wmStream->send($part, $raw);
        if ($result !== null) {
            return $this->partSent($result);
        }
        return $this->notTaken(Core::WRONG_STATE, 'a response has begun, with Transfer-Encoding: chunked or Content-Type: text/event-stream,'
            . ' and has not ended: send Chunk or ServerSentEvents objects, or raw bytes, not ' . get_debug_type($part));
    }

    private function partSent(int $result): ?bool
    {
        if ($this->wmStream->isDone) {
            $this->wmStream = null;
            Runtime::dispatcher()->resume($this);
        }
        if ($result < 0) {
            $isCut = $this->wmStream?->isCut;
            $this->notTaken($result);
            if ($isCut) {
                $this->destroy(); // else the client would wait for the end for ever
            }
            return false;
        }
        return $result === 0 ? true : null;
    }

    /** The next request waits until this one is answered, as send() does not say whose answer it is. */
    private function await(int $request): void
    {
        \array_unshift($this->wmUnanswered, $request);
        $this->wmHeld ??= [];
    }

    public function wmAwaitsAnswer(): bool
    {
        return $this->wmCurrent !== 0 || $this->wmUnanswered !== [];
    }

    /** Nobody waits for the answers. */
    protected function outlives(): bool
    {
        return $this->wmUnanswered === [] && !$this->wmIsFull && $this->wmStream === null;
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
        return $this->wmUnanswered !== [] || $this->wmIsFull || $this->wmStream !== null || parent::holds();
    }

    /** What is sent, as a response; uses up the connection's extra headers. */
    private function response(mixed $data, bool $raw): Response
    {
        $extra = $this->headers;
        $this->headers = []; // also when they are not sent: the next response may be another client's, behind a proxy
        if ($raw) {
            return Response::parse($this->text($data));
        }
        if ($data instanceof Response) {
            return $extra === [] ? $data : (clone $data)->extend($extra);
        }
        return (new Response(200, [], $this->text($data)))->extend($extra);
    }

    public function close(mixed $data = null, bool $raw = false): void
    {
        if ($this->status !== self::STATUS_ESTABLISHED) {
            return;
        }
        if ($data !== null) {
            $isPart = $this->wmStream !== null;
            $this->headers['Connection'] = 'close'; // libwm closes once the answer has left
            $this->send($raw && !$isPart ? Response::parse($this->text($data)) : $data, $raw && $isPart);
        }
        $this->wmStream?->close();
        parent::close();
    }

    protected function abort(): void
    {
        $this->headers = [];
        if ($this->wmStream !== null) {
            $this->destroy(); // so that the response does not look whole
        } elseif ($this->wmCurrent !== 0 || $this->wmUnanswered !== []) {
            $this->close(new Response(500, ['Content-Type' => 'text/plain;charset=utf-8'], "500 Internal Server Error\n"));
        } else {
            $this->close();
        }
    }
}
