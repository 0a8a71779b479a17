<?php
declare(strict_types=1);

namespace Workerman\Protocols\Http;

use Libwm\Http\Cookie;
use Libwm\Http\MultipartForm;
use Libwm\Http\SessionIds;
use Workerman\Connection\TcpConnection;
use Workerman\Protocols\Http;

/** An HTTP request. Parses its parts when they are first read. */
class Request
{
    // What subclasses of Workerman 3 and 4 override has no return type, which they do not have either.

    /** Parts that a multipart form may have, files and fields; one that has more is not read. */
    public static int $maxFileUploads = 1024;

    public ?TcpConnection $connection = null;
    /** @var array<mixed> the program's own, also as $request->name */
    public array $properties = [];
    /** @var array<mixed> free for the program */
    public array $context = [];

    /** @var array{string, string, string}|null method, target, version */
    private ?array $wmLine = null;
    /** @var array<string, string>|null by name in lower case */
    private ?array $wmHeaders = null;
    /** @var array<mixed>|null */
    private ?array $wmQuery = null;
    /** @var array<mixed>|null */
    private ?array $wmForm = null;
    /** Has the files, which go with it. */
    private ?MultipartForm $wmMultipart = null;
    /** @var array<string, string>|null */
    private ?array $wmTrailers = null;
    /** @var array<string, string>|null */
    private ?array $wmCookies = null;

    /** @param string $buffer the request line, the header lines, a blank line, the body */
    public function __construct(protected string $buffer)
    {
    }

    /**
     * A parameter of the query; all of them without a name. Names nest as PHP's do: a[]=1, a[b]=2.
     * @return mixed
     */
    public function get(?string $name = null, mixed $default = null)
    {
        $this->wmQuery ??= self::parse($this->queryString());
        return $name === null ? $this->wmQuery : $this->wmQuery[$name] ?? $default;
    }

    /**
     * A parameter of the body: JSON, a field of multipart/form-data, or urlencoded.
     *
     * @return mixed
     */
    public function post(?string $name = null, mixed $default = null)
    {
        $this->wmForm ??= $this->parseBody();
        return $name === null ? $this->wmForm : $this->wmForm[$name] ?? $default;
    }

    /**
     * A header; all of them, by name in lower case, without a name. Lines of one name are joined by ",".
     *
     * @return mixed
     */
    public function header(?string $name = null, mixed $default = null)
    {
        $this->wmHeaders ??= $this->parseHeaders();
        return $name === null ? $this->wmHeaders : $this->wmHeaders[\strtolower($name)] ?? $default;
    }

    /**
     * A cookie, as it was sent; all of them without a name.
     *
     * @return mixed
     */
    public function cookie(?string $name = null, mixed $default = null)
    {
        $this->wmCookies ??= $this->parseCookies();
        return $name === null ? $this->wmCookies : $this->wmCookies[$name] ?? $default;
    }

    /** @return string */
    public function method()
    {
        return $this->line()[0];
    }

    /**
     * "1.1", also for higher minor versions, or "1.0"
     *
     * @return string
     */
    public function protocolVersion()
    {
        return $this->line()[2];
    }

    /**
     * Host of the request: of an absolute target, whatever the header Host says (RFC 9112 §3.2.2), else that header.
     *
     * @return ?string
     */
    public function host(bool $withoutPort = false)
    {
        $host = $this->header('host');
        return $host !== null && $withoutPort ? preg_replace('/:\d{1,5}$/', '', $host) : $host;
    }

    /**
     * The target, as it was sent.
     *
     * @return string
     */
    public function uri()
    {
        return $this->line()[1];
    }

    /**
     * The path of the target, not decoded.
     *
     * @return string
     */
    public function path()
    {
        $target = $this->line()[1];
        $end = \strcspn($target, '?#');
        $path = \substr($target, 0, $end);
        if ($path !== '' && $path[0] !== '/' && ($scheme = \strpos($path, '://')) !== false) { // absolute form
            $slash = \strpos($path, '/', $scheme + 3);
            $path = $slash === false ? '' : \substr($path, $slash);
        }
        return $path === '' ? '/' : $path;
    }

    /** @return string */
    public function queryString()
    {
        $target = $this->line()[1];
        $mark = \strpos($target, '?');
        return $mark === false ? '' : \explode('#', \substr($target, $mark + 1), 2)[0];
    }

    /**
     * The request line and the header lines, without the blank line.
     *
     * @return string
     */
    public function rawHead()
    {
        $end = \strpos($this->buffer, "\r\n\r\n");
        return $end === false ? $this->buffer : \substr($this->buffer, 0, $end);
    }

    /**
     * The body, chunks joined.
     *
     * @return string
     */
    public function rawBody()
    {
        $end = \strpos($this->buffer, "\r\n\r\n");
        return $end === false ? '' : \substr($this->buffer, $end + 4);
    }

    /** @return string */
    public function rawBuffer()
    {
        return $this->buffer;
    }

    /**
     * A field behind the chunks of the body (RFC 9110 §6.5); all of them, by name in lower case, without a name.
     *
     * @return mixed
     */
    public function trailer(?string $name = null, mixed $default = null)
    {
        return $name === null ? $this->wmTrailers ?? [] : $this->wmTrailers[\strtolower($name)] ?? $default;
    }

    /** Sets the trailers, once. @param array<string, string> $trailers by their names in lower case */
    public function setChunkTrailers(array $trailers)
    {
        $this->wmTrailers ??= $trailers;
    }

    /**
     * A file of the form, or an array of files for a name such as a[]; all of them without a name.
     *
     * A file is an array of name, full_path (the name with its directories, as sent), type, size, tmp_name and error (UPLOAD_ERR_...).
     * What is in tmp_name goes with the request: rename() it to keep it. All that a client says of it may be untrue.
     *
     * @return array<mixed>|null null: there is none of this name
     */
    public function file(?string $name = null)
    {
        $this->wmForm ??= $this->parseBody();
        $files = $this->wmMultipart?->files ?? [];
        return $name === null ? $files : $files[$name] ?? null;
    }

    /**
     * The session of the client; a new one has its cookie sent with the response.
     *
     * @return Session
     */
    public function session()
    {
        if (!isset($this->context['session'])) {
            $id = $this->sessionId();
            $this->context['session'] ??= new Session($id);
        }
        return $this->context['session'];
    }

    /**
     * The id of the session; $sessionId changes to another one, whose data it has then.
     *
     * @return string
     */
    public function sessionId(?string $sessionId = null)
    {
        if ($sessionId !== null && $sessionId !== '') {
            $this->setSession(SessionIds::check($sessionId));
        } elseif (!isset($this->context['sid'])) {
            $given = \trim((string) $this->cookie(Session::$name, ''), '"');
            $session = SessionIds::isValid($given) ? Session::wmFind($given) : null; // no id is begun because a client says so
            if ($session !== null) {
                $this->context['sid'] = $given;
                $this->context['session'] = $session;
            } else {
                $this->setSession(static::createSessionId());
            }
        }
        return $this->context['sid'];
    }

    /**
     * Gives the session another id, for instance at a login, so that no other peer knows it.
     *
     * @param bool $deleteOldSession else what is stored under the old id stays
     * @return string
     */
    public function sessionRegenerateId(bool $deleteOldSession = false)
    {
        $old = $this->session();
        $data = $old->all();
        if ($deleteOldSession) {
            $old->flush();
        }
        $old->save();
        $id = static::createSessionId();
        $this->setSession($id);
        $this->session()->put($data);
        return $id;
    }

    /** @return bool */
    public function isValidSessionId(mixed $sessionId)
    {
        return SessionIds::isValid($sessionId);
    }

    /** @return string */
    public static function createSessionId()
    {
        return SessionIds::make();
    }

    /** Lets go of what the program has put into the request, and deletes its uploaded files; by itself it does so with its end. */
    public function destroy()
    {
        $this->context = $this->properties = [];
        $this->wmMultipart = null;
    }

    /** Without effect: there is no cache of requests. */
    public static function enableCache(mixed $value)
    {
    }

    private function setSession(string $id): void
    {
        $this->setSidCookie(Session::$name, $id, Session::getCookieParams());
        unset($this->context['session']);
        $this->context['sid'] = $id;
    }

    /** @param array<string, mixed> $cookieParams of Session::getCookieParams() */
    protected function setSidCookie(string $sessionName, string $sid, array $cookieParams): void
    {
        if ($this->connection === null || !$this->connection->wmAwaitsAnswer()) {
            throw new \RuntimeException('the session has a new id, whose cookie cannot be sent: the request has '
                . ($this->connection === null ? 'no connection' : 'been answered; use its session before send()'));
        }
        $cookie = Cookie::of(
            $sessionName,
            $sid,
            (int) $cookieParams['lifetime'] ?: null,
            (string) $cookieParams['path'],
            (string) $cookieParams['domain'],
            (bool) $cookieParams['secure'],
            (bool) $cookieParams['httponly'],
            (string) $cookieParams['samesite'],
        );
        $others = array_filter((array) ($this->connection->headers['Set-Cookie'] ?? []), static fn ($one) => !str_starts_with($one, "$sessionName="));
        $this->connection->headers['Set-Cookie'] = [...array_values($others), $cookie];
    }

    /** Properties of the program's own. */
    public function __set(string $name, mixed $value): void
    {
        $this->properties[$name] = $value;
    }

    public function __get(string $name): mixed
    {
        return $this->properties[$name] ?? null;
    }

    public function __isset(string $name): bool
    {
        return isset($this->properties[$name]);
    }

    public function __unset(string $name): void
    {
        unset($this->properties[$name]);
    }

    public function __toString(): string
    {
        return $this->buffer;
    }

    /** @return array{string, string, string} */
    private function line(): array
    {
        if ($this->wmLine === null) {
            $end = \strpos($this->buffer, "\r\n");
            $parts = \explode(' ', $end === false ? $this->buffer : \substr($this->buffer, 0, $end), 3);
            $version = \substr($parts[2] ?? 'HTTP/1.0', 5);
            $this->wmLine = [$parts[0], $parts[1] ?? '/', $version > '1.1' ? '1.1' : $version];
        }
        return $this->wmLine;
    }

    /** @return array<string, string> */
    private function parseHeaders(): array
    {
        $headers = [];
        $lines = \explode("\r\n", $this->rawHead());
        unset($lines[0]);
        foreach ($lines as $line) {
            [$name, $value] = \explode(':', $line, 2) + [1 => ''];
            $name = \strtolower($name);
            $value = \trim($value, " \t");
            $headers[$name] = isset($headers[$name]) ? "$headers[$name],$value" : $value;
        }
        if (isset($headers['host']) && preg_match('~^https?://([^/?]*)~i', $this->line()[1], $found)) {
            $headers['host'] = $found[1]; // the Host that was sent is ignored
        }
        if (isset($headers['transfer-encoding'])) { // the chunks are joined
            unset($headers['transfer-encoding']);
            $headers['content-length'] = (string) \strlen($this->rawBody());
        }
        return $headers;
    }

    /** @return array<string, string> */
    private function parseCookies(): array
    {
        $cookies = [];
        foreach (\explode(';', (string) $this->header('cookie', '')) as $pair) {
            $mark = \strpos($pair, '=');
            if ($mark !== false && ($name = \trim(\substr($pair, 0, $mark))) !== '') {
                $cookies[$name] = \trim(\substr($pair, $mark + 1));
            }
        }
        return $cookies;
    }

    /** @return array<mixed> */
    private function parseBody(): array
    {
        $type = (string) $this->header('content-type', '');
        if (preg_match('~^multipart/form-data\b~i', $type)) {
            $at = (int) \strpos($this->buffer, "\r\n\r\n") + 4;
            $this->wmMultipart = new MultipartForm($type, $this->buffer, $at, static::$maxFileUploads, Http::uploadTmpDir());
            return $this->wmMultipart->fields;
        }
        $body = $this->rawBody();
        if (preg_match('~\bjson\b~i', $type)) {
            return (array) \json_decode($body, true);
        }
        return self::parse($body);
    }

    /** @return array<mixed> */
    private static function parse(string $pairs): array
    {
        if ($pairs === '') {
            return [];
        }
        @\parse_str($pairs, $values); // warns of more than max_input_vars, which a peer may send
        return $values;
    }
}
