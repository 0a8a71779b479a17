<?php
declare(strict_types=1);

namespace Libwm\Compat3;

use Libwm\Dispatcher;
use Libwm\Http\HttpConnection;
use Workerman\Protocols\Http\Request;
use Workerman\Protocols\Http\Response;
use Workerman\Protocols\HttpCache;

/** A connection of an http worker of a program of Workerman 3. */
final class OldHttpConnection extends HttpConnection
{
    /** What Http::header() and its like have set for the next answer; null: nothing. */
    public ?OldAnswer $wmAnswer = null;

    protected function begin(string $data, int $request): Request
    {
        OldHttp::$connection?->wmAnswer?->takeSession(); // before $_SESSION is this request's: that one may be another client's
        Dispatcher::guard(OldHttp::forget(...)); // a destructor that throws is not this request's
        $object = parent::begin($data, $request);
        $this->wmAnswer = null;
        HttpCache::$header = [];
        Superglobals::fill($object, $this);
        OldHttp::$connection = $this;
        OldHttp::$request = $object;
        return $object;
    }

    public function send(mixed $sendBuffer, bool $raw = false): ?bool
    {
        if ($this->wmAnswer === null || $raw || $sendBuffer instanceof Response || $this->status !== self::STATUS_ESTABLISHED) {
            return parent::send($sendBuffer, $raw);
        }
        $answer = $this->wmAnswer;
        $this->wmAnswer = null;
        return parent::send($answer->response($this->text($sendBuffer)));
    }

    /** Http::end() is no error: what it was given is the answer, unless there is one. */
    protected function fail(\Throwable $e): void
    {
        if (!$e instanceof JumpExit) {
            $this->wmAnswer = null;
            parent::fail($e);
        } elseif ($this->wmCurrent !== 0) {
            try {
                $this->send($e->output);
            } catch (\Throwable $second) { // of headers that are no answer's
                parent::fail($second);
            }
        }
    }
}
