<?php
declare(strict_types=1);

namespace Workerman\Protocols\Http;

use Libwm\NotYet;

/** An HTTP response. libwm writes Content-Length, Date and Connection. */
#[\AllowDynamicProperties]
class Response
{
    private const PHRASES = [
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

    private ?string $reason = null;
    /** Whether a Content-Type is added where there is none. */
    private bool $typed = true;
    private string $version = '1.1';

    /** @param array<string, string|array<string>> $headers */
    public function __construct(private int $status = 200, private array $headers = [], private string $body = '')
    {
    }

    /** Sets a header. */
    public function header(string $name, mixed $value): static
    {
        $this->headers[$name] = $value;
        return $this;
    }

    /** Sets a header. */
    public function withHeader(string $name, mixed $value): static
    {
        return $this->header($name, $value);
    }

    /**
     * Adds headers; a name that is there already gets a second line.
     *
     * @param array<string, string|array<string>> $headers
     */
    public function withHeaders(array $headers): static
    {
        $this->headers = array_merge_recursive($this->headers, $headers);
        return $this;
    }

    public function withoutHeader(string $name): static
    {
        unset($this->headers[$name]);
        return $this;
    }

    public function getHeader(string $name): mixed
    {
        return $this->headers[$name] ?? null;
    }

    /** @return array<string, string|array<string>> */
    public function getHeaders(): array
    {
        return $this->headers;
    }

    public function withStatus(int $code, ?string $reasonPhrase = null): static
    {
        $this->status = $code;
        $this->reason = $reasonPhrase === null ? null : str_replace(["\r", "\n"], '', $reasonPhrase);
        return $this;
    }

    public function getStatusCode(): int
    {
        return $this->status;
    }

    /** The phrase that was set; null: the status's own. */
    public function getReasonPhrase(): ?string
    {
        return $this->reason;
    }

    public function withProtocolVersion(string $version): static
    {
        $this->version = $version;
        return $this;
    }

    public function withBody(string $body): static
    {
        $this->body = $body;
        return $this;
    }

    public function rawBody(): string
    {
        return $this->body;
    }

    public function withFile(string $file, int $offset = 0, int $length = 0): static
    {
        throw NotYet::error('Response::withFile()');
    }

    /** Adds a Set-Cookie header (RFC 6265 §4.1). */
    public function cookie(
        string $name,
        string $value = '',
        ?int $maxAge = null,
        string $path = '',
        string $domain = '',
        bool $secure = false,
        bool $httpOnly = false,
        string $sameSite = ''
    ): static {
        $cookie = $name . '=' . rawurlencode($value)
            . ($domain === '' ? '' : "; Domain=$domain")
            . ($maxAge === null ? '' : "; Max-Age=$maxAge")
            . ($path === '' ? '' : "; Path=$path")
            . ($secure ? '; Secure' : '')
            . ($httpOnly ? '; HttpOnly' : '')
            . ($sameSite === '' ? '' : "; SameSite=$sameSite");
        $this->headers['Set-Cookie'] = [...(array) ($this->headers['Set-Cookie'] ?? []), $cookie];
        return $this;
    }

    /** The bytes of the response. */
    public function __toString(): string
    {
        $reason = $this->reason ?? self::PHRASES[$this->status] ?? '';
        $lines = $this->lines(true);
        if ($this->find('connection') === null) {
            $lines .= "Connection: keep-alive\r\n";
        }
        $lines .= $this->typeLine();
        if ($this->hasBody()) {
            $lines .= 'Content-Length: ' . \strlen($this->body) . "\r\n";
        }
        return "HTTP/$this->version $this->status $reason\r\n$lines\r\n" . ($this->hasBody() ? $this->body : '');
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
        if ($this->find('transfer-encoding') !== null) {
            throw NotYet::error('a response with Transfer-Encoding');
        }
        if (strncasecmp((string) $this->find('content-type'), 'text/event-stream', 17) === 0) {
            throw NotYet::error('a response with Content-Type: text/event-stream');
        }
        return [$this->status, $this->headers === [] ? $this->typeLine() : $this->lines(false) . $this->typeLine(), $this->body];
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

    /** The header lines but for those that libwm writes; $all: Connection and Date, too. Drops what would split a line. */
    private function lines(bool $all): string
    {
        $lines = '';
        $closes = false;
        foreach ($this->headers as $name => $values) {
            $name = (string) $name;
            if (!preg_match('/^[!#$%&\'*+.^_`|~0-9A-Za-z-]+$/D', $name)) { // RFC 9110 §5.6.2: a token
                continue;
            }
            $lower = \strtolower($name);
            foreach ((array) $values as $value) {
                $value = \trim((string) $value);
                if ($lower === 'content-length' || (!$all && $lower === 'date')) {
                    continue;
                }
                if ($lower === 'connection' && !$all) {
                    $closes = $closes || strcasecmp($value, 'close') === 0;
                    continue;
                }
                if (!preg_match('/[\x00-\x08\x0A-\x1F\x7F]/', $value)) { // RFC 9110 §5.5
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
