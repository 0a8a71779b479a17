<?php
declare(strict_types=1);

namespace Workerman\Protocols\Http;

use Libwm\Http\Cookie;
use Libwm\Http\FileAnswer;
use Libwm\Runtime;

/** An HTTP response. libwm writes Content-Length, Date and Connection. */
#[\AllowDynamicProperties]
class Response
{
    // What subclasses of Workerman 3 and 4 override has no return type, which they do not have either.

    /** @internal */
    public const PHRASES = [
        200 => 'OK', 201 => 'Created', 202 => 'Accepted', 203 => 'Non-Authoritative Information', 204 => 'No Content', 205 => 'Reset Content',
        206 => 'Partial Content', 207 => 'Multi-Status', 208 => 'Already Reported', 226 => 'IM Used', 300 => 'Multiple Choices',
        301 => 'Moved Permanently', 302 => 'Found', 303 => 'See Other', 304 => 'Not Modified', 305 => 'Use Proxy', 307 => 'Temporary Redirect',
        308 => 'Permanent Redirect', 400 => 'Bad Request', 401 => 'Unauthorized', 402 => 'Payment Required', 403 => 'Forbidden',
        404 => 'Not Found', 405 => 'Method Not Allowed', 406 => 'Not Acceptable', 407 => 'Proxy Authentication Required',
        408 => 'Request Timeout', 409 => 'Conflict', 410 => 'Gone', 411 => 'Length Required', 412 => 'Precondition Failed',
        413 => 'Content Too Large', 414 => 'URI Too Long', 415 => 'Unsupported Media Type', 416 => 'Range Not Satisfiable',
        417 => 'Expectation Failed', 421 => 'Misdirected Request', 422 => 'Unprocessable Content', 423 => 'Locked',
        424 => 'Failed Dependency', 425 => 'Too Early', 426 => 'Upgrade Required', 428 => 'Precondition Required', 429 => 'Too Many Requests',
        431 => 'Request Header Fields Too Large', 451 => 'Unavailable For Legal Reasons', 500 => 'Internal Server Error',
        501 => 'Not Implemented', 502 => 'Bad Gateway', 503 => 'Service Unavailable', 504 => 'Gateway Timeout',
        505 => 'HTTP Version Not Supported', 506 => 'Variant Also Negotiates', 507 => 'Insufficient Storage', 508 => 'Loop Detected',
        511 => 'Network Authentication Required',
    ];

    private const TYPE = 'text/html;charset=utf-8';

    /** Header fields that libwm writes, and those that it writes for a file. */
    private const OF_LIBWM = ['content-length' => true, 'transfer-encoding' => true, 'date' => true, 'connection' => true];
    private const OF_FILES = self::OF_LIBWM + ['last-modified' => true, 'accept-ranges' => true, 'content-range' => true];

    /** @internal Results of framing(): sent whole; a file; in chunks of the program's; until the connection closes; with an announced length. */
    public const WHOLE = 0;
    public const FILE = 1;
    public const CHUNKS = 2;
    public const UNTIL_CLOSE = 3;
    public const ANNOUNCED = 4;

    /** @var array{file: string, offset: int, length: int}|null the file that is the body */
    public ?array $file = null;

    private ?string $reason = null;
    /** Whether a Content-Type is added where there is none. */
    private bool $typed = true;
    private string $version = '1.1';

    /** @param array<string, string|array<string>> $headers */
    public function __construct(private int $status = 200, private array $headers = [], private string $body = '')
    {
    }

    /**
     * Sets a header.
     *
     * @return static
     */
    public function header(string $name, mixed $value)
    {
        $this->headers[$name] = $value;
        return $this;
    }

    /**
     * Sets a header.
     *
     * @return static
     */
    public function withHeader(string $name, mixed $value)
    {
        return $this->header($name, $value);
    }

    /**
     * Adds headers; a name that is there already gets a second line.
     *
     * @param array<string, string|array<string>> $headers
     * @return static
     */
    public function withHeaders(array $headers)
    {
        $this->headers = array_merge_recursive($this->headers, $headers);
        return $this;
    }

    /** @return static */
    public function withoutHeader(string $name)
    {
        unset($this->headers[$name]);
        return $this;
    }

    /** @return mixed */
    public function getHeader(string $name)
    {
        return $this->headers[$name] ?? null;
    }

    /** @return array<string, string|array<string>> */
    public function getHeaders()
    {
        return $this->headers;
    }

    /** @return static */
    public function withStatus(int $code, ?string $reasonPhrase = null)
    {
        $this->status = $code;
        $this->reason = $reasonPhrase === null ? null : str_replace(["\r", "\n"], '', $reasonPhrase);
        return $this;
    }

    /** @return int */
    public function getStatusCode()
    {
        return $this->status;
    }

    /**
     * The phrase that was set; null: the status's own.
     *
     * @return ?string
     */
    public function getReasonPhrase()
    {
        return $this->reason;
    }

    /** @return static */
    public function withProtocolVersion(string $version)
    {
        $this->version = $version;
        return $this;
    }

    /** @return static */
    public function withBody(string $body)
    {
        $this->body = $body;
        return $this;
    }

    /** @return string */
    public function rawBody()
    {
        return $this->body;
    }

    /**
     * Makes a file the body: all of it, for which libwm answers Range and conditions of the request, or $length bytes from $offset on (206).
     * @return static
     */
    public function withFile(string $file, int $offset = 0, int $length = 0)
    {
        if (!is_file($file)) {
            return $this->withStatus(404)->withBody('<h3>404 Not Found</h3>');
        }
        $this->file = ['file' => $file, 'offset' => $offset, 'length' => $length];
        return $this;
    }

    /**
     * Adds a Set-Cookie header (RFC 6265 §4.1).
     *
     * @return static
     */
    public function cookie(
        string $name,
        string $value = '',
        ?int $maxAge = null,
        string $path = '',
        string $domain = '',
        bool $secure = false,
        bool $httpOnly = false,
        string $sameSite = ''
    ) {
        $cookie = Cookie::of($name, rawurlencode($value), $maxAge, $path, $domain, $secure, $httpOnly, $sameSite);
        $this->headers['Set-Cookie'] = [...(array) ($this->headers['Set-Cookie'] ?? []), $cookie];
        return $this;
    }

    /** The bytes of the response; of a file only the head. */
    public function __toString(): string
    {
        $reason = $this->reason ?? self::PHRASES[$this->status] ?? '';
        $lines = $this->lines(['content-length' => true]);
        if ($this->find('connection') === null) {
            $lines .= "Connection: keep-alive\r\n";
        }
        $framing = $this->framing();
        if ($framing === self::FILE) {
            return "HTTP/$this->version $this->status $reason\r\n$lines" . FileAnswer::describe(Runtime::core(), $this) . "\r\n";
        }
        $lines .= $this->typeLine();
        $body = $this->hasBody() ? $this->body : '';
        if ($framing === self::CHUNKS) {
            $body = $body === '' ? '' : (string) new Chunk($body);
        } elseif ($framing === self::WHOLE && $this->hasBody()) {
            $lines .= 'Content-Length: ' . \strlen($body) . "\r\n";
        }
        return "HTTP/$this->version $this->status $reason\r\n$lines\r\n$body";
    }

    /**
     * @internal
     * @return array{int, string, string} status, header lines and body, for libwm
     */
    public function parts(): array
    {
        if ($this->status < 200 || $this->status > 599) {
            throw new \InvalidArgumentException("the status of a response is from 200 to 599, not $this->status");
        }
        if ($this->file !== null) {
            return [$this->status, $this->lines(self::OF_FILES), ''];
        }
        return [$this->status, $this->headers === [] ? $this->typeLine() : $this->lines(self::OF_LIBWM) . $this->typeLine(), $this->body];
    }

    /** @internal whether the program has written the head itself */
    public function isRaw(): bool
    {
        return !$this->typed;
    }

    /** @internal how the body is sent, and its length told */
    public function framing(): int
    {
        if ($this->file !== null) {
            return self::FILE;
        }
        if ($this->headers === [] && $this->typed || !$this->hasBody()) {
            return self::WHOLE;
        }
        if ($this->find('transfer-encoding') !== null) {
            return self::CHUNKS;
        }
        $type = (string) $this->find('content-type');
        if (strncasecmp($type, 'text/event-stream', 17) === 0) {
            return self::UNTIL_CLOSE;
        }
        if ($this->typed) {
            return self::WHOLE;
        }
        $announced = $this->announced(); // the rest is for heads that the program has written itself
        if ($announced >= 0) {
            return $announced > \strlen($this->body) ? self::ANNOUNCED : self::WHOLE;
        }
        $streams = strncasecmp($type, 'multipart/x-mixed-replace', 25) === 0 || $this->body === '' && $this->status === 200;
        return $streams ? self::UNTIL_CLOSE : self::WHOLE;
    }

    /** @internal the Content-Length that was set; -1: none */
    public function announced(): int
    {
        $length = $this->find('content-length');
        return \is_scalar($length) && preg_match('/^\d{1,18}$/D', (string) $length) ? (int) $length : -1;
    }

    /** @internal Adds header fields; they replace those of the same name, but for Set-Cookie. @param array<mixed> $headers */
    public function extend(array $headers): self
    {
        foreach ($headers as $name => $value) {
            if (strcasecmp((string) $name, 'Set-Cookie') === 0) {
                $value = [...(array) ($this->headers['Set-Cookie'] ?? []), ...(array) $value];
                $name = 'Set-Cookie';
            }
            $this->headers[$name] = $value;
        }
        return $this;
    }

    /** @internal Reads the bytes of a response; what is none becomes the body of one with status 200. */
    public static function parse(string $text): self
    {
        if (!preg_match('~^HTTP/1\.[01] ([2-5]\d\d)\b[^\r\n]*\r?\n~', $text, $found)) {
            return new self(200, [], $text);
        }
        [$head, $body] = preg_split('/\r?\n\r?\n/', $text, 2) + [1 => ''];
        $response = new self((int) $found[1], [], $body);
        $response->typed = false;
        foreach (array_slice(preg_split('/\r?\n/', $head) ?: [], 1) as $line) {
            [$name, $value] = \explode(':', $line, 2) + [1 => ''];
            $response->withHeaders([$name => \trim($value)]);
        }
        return $response;
    }

    private function hasBody(): bool
    {
        return $this->status !== 204 && $this->status !== 304; // RFC 9110 §6.4.1
    }

    private function find(string $name): mixed
    {
        foreach ($this->headers as $key => $value) {
            if (strcasecmp((string) $key, $name) === 0) {
                return \is_array($value) ? implode(', ', $value) : $value;
            }
        }
        return null;
    }

    /**
     * The header lines. Drops what would split a line.
     *
     * @param array<string, true> $without names in lower case. Without Connection: that to close stays
     */
    private function lines(array $without): string
    {
        $lines = '';
        $closes = false;
        foreach ($this->headers as $name => $values) {
            $name = (string) $name;
            if (!preg_match('/^[!#$%&\'*+.^_`|~0-9A-Za-z-]+$/D', $name)) { // RFC 9110 §5.6.2: a token
                continue;
            }
            $lower = \strtolower($name);
            $isLeftOut = isset($without[$lower]);
            foreach ((array) $values as $value) {
                $value = \trim((string) $value);
                if ($isLeftOut) {
                    $closes = $closes || $lower === 'connection' && strcasecmp($value, 'close') === 0;
                } elseif (!preg_match('/[\x00-\x08\x0A-\x1F\x7F]/', $value)) { // RFC 9110 §5.5
                    $lines .= "$name: $value\r\n";
                }
            }
        }
        return $closes ? "{$lines}Connection: close\r\n" : $lines;
    }

    private function typeLine(): string
    {
        $needed = $this->typed && $this->hasBody() && $this->find('content-type') === null;
        return $needed ? 'Content-Type: ' . self::TYPE . "\r\n" : '';
    }
}
