<?php
declare(strict_types=1);

namespace Libwm\Compat3;

use Libwm\Dispatcher;
use Workerman\Protocols\Http\Response;
use Workerman\Protocols\Http\Session;
use Workerman\Protocols\HttpCache;

/** Status, headers and session of an answer, as Http::header() and its like have set them. */
final class OldAnswer
{
    public ?Session $session = null;
    private int $status = 200;
    /** @var array<string, list<array{string, string}>> names and values, by name in lower case */
    private array $headers = [];

    public function setStatus(int $status): void
    {
        $this->status = $status;
        HttpCache::$header['Http-Code'] = "HTTP/1.1 $status " . (HttpCache::$codes[$status] ?? '');
    }

    public function set(string $name, string $value, bool $replace): void
    {
        $key = strtolower($name);
        if ($replace && $key !== 'set-cookie') {
            $this->headers[$key] = [];
        }
        $this->headers[$key][] = [$name, $value];
        if ($key === 'set-cookie') {
            HttpCache::$header['Set-Cookie'][] = "$name: $value";
        } else {
            HttpCache::$header[$name] = "$name: $value";
        }
    }

    public function remove(string $name): void
    {
        unset($this->headers[strtolower($name)], HttpCache::$header[$name]);
    }

    /** Saves $_SESSION, if sessionStart() was called. */
    public function saveSession(): void
    {
        if ($this->session !== null) {
            $this->session->flush();
            $this->session->put($_SESSION ?? []);
            $this->session->save();
        }
    }

    /** Saves it as it is now, as the next request is about to begin: an answer that comes later has no part in the next one's $_SESSION. */
    public function takeSession(): void
    {
        Dispatcher::guard($this->saveSession(...));
        $this->session = null;
    }

    /** The answer with a body. */
    public function response(string $body): Response
    {
        $this->saveSession();
        $response = new Response($this->status, [], $body);
        foreach ($this->headers as $lines) {
            $values = array_column($lines, 1);
            $response->header($lines[0][0], \count($values) === 1 ? $values[0] : $values);
        }
        return $response;
    }
}
