<?php
declare(strict_types=1);

namespace Libwm\Http;

use Workerman\Connection\ConnectionInterface;

/**
 * Requests of HTTP/1.x in bytes, for protocols in PHP that build on Workerman\Protocols\Http; libwm's own parser serves http://.
 *
 * What is no request is answered with its status, and the connection ends.
 */
final class HttpFraming
{
    private const MAX_HEAD = 16384;
    private const MAX_CHUNK_LINE = 4096;
    private const STATUSES = [400 => 'Bad Request', 413 => 'Content Too Large', 431 => 'Request Header Fields Too Large'];

    /** Fields that are no trailers (RFC 9110 §6.5.1), as in libwm. */
    private const NO_TRAILERS = '/^(?:transfer-encoding|content-(?:length|encoding|type|range|language|location|disposition)|trailer|connection'
        . '|keep-alive|proxy-(?:connection|authorization)|te|upgrade|host|via|forwarded|x-forwarded-(?:for|host|proto)|x-real-ip|cache-control'
        . '|expect|max-forwards|pragma|range|if-(?:match|none-match|modified-since|unmodified-since|range)|origin|authorization|cookie)$/D';

    private const CHUNK_LINE = '/^0*+([0-9a-f]{0,15})(?<=[0-9a-f])[ \t]*(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?\r$/Di';
    private const REQUEST_LINE = '~^(?:GET|POST|OPTIONS|HEAD|DELETE|PUT|PATCH) /[^\x00-\x20\x7f]* HTTP/1\.(\d)$~D';
    /** RFC 9110 §5.6.2 and §5.5: a token, and a value without control characters. */
    private const FIELDS = '~^(?:[!#$%&\'*+.^_`|\~0-9A-Za-z-]++:[^\x00-\x08\x0a-\x1f\x7f]*+\r\n)*+$~D';
    private const HOST = '~^(?:\[[0-9A-Fa-f:.]+\]|[^\s:,@/\[\]]+)(?::\d+)?$~D';

    /** @var \WeakMap<ConnectionInterface, array{string, int}>|null heads of requests in chunks, and where the chunk begins that is not whole yet */
    private static ?\WeakMap $begun = null;

    /** Length of the first request in $buffer; 0: it is not complete, or the connection has ended. */
    public static function input(string $buffer, ConnectionInterface $connection): int
    {
        $end = \strpos($buffer, "\r\n\r\n");
        if ($end === false && \strlen($buffer) < self::MAX_HEAD) {
            return 0;
        }
        if ($end === false || $end >= self::MAX_HEAD) {
            return self::refuse($connection, 431);
        }
        $line = \strpos($buffer, "\r\n");
        $fields = $line === $end ? '' : \substr($buffer, $line + 2, $end - $line);
        if (!preg_match(self::REQUEST_LINE, \substr($buffer, 0, $line), $found) || !preg_match(self::FIELDS, $fields)) {
            return self::refuse($connection, 400);
        }
        $hosts = self::values($fields, 'Host');
        $codings = self::values($fields, 'Transfer-Encoding');
        $lengths = self::values($fields, 'Content-Length');
        $isWrong = \count($hosts) > 1 || $hosts === [] && $found[1] !== '0' || $hosts !== [] && !preg_match(self::HOST, $hosts[0])
            || $codings !== [] && (\count($codings) > 1 || strcasecmp($codings[0], 'chunked') !== 0 || $lengths !== [])
            || $lengths !== [] && (\count($lengths) > 1 || !ctype_digit($lengths[0]));
        if ($isWrong) {
            return self::refuse($connection, 400);
        }
        $body = $end + 4;
        if ($codings !== []) {
            $length = self::inChunks($buffer, $body, $connection);
        } else {
            $digits = \ltrim($lengths[0] ?? '', '0');
            $length = \strlen($digits) > 15 ? -413 : $body + (int) $digits;
        }
        if ($length > $connection->maxPackageSize) {
            $length = -413;
        }
        return $length >= 0 ? $length : self::refuse($connection, -$length);
    }

    /**
     * A request whose body is in chunks, as one with its length and the chunks joined.
     *
     * @param array<string, string>|null $trailers the fields behind the chunks; null: the request has no chunks
     */
    public static function joinChunks(string $buffer, ?array &$trailers = null): string
    {
        $end = (int) \strpos($buffer, "\r\n\r\n");
        $head = \substr($buffer, 0, $end + 2);
        $joined = preg_replace('/^Transfer-Encoding:[^\r\n]*\r\n/mi', '', $head, -1, $count);
        if ($count === 0) {
            return $buffer;
        }
        $body = '';
        for ($at = $end + 4; [$size, $at] = self::chunkAt($buffer, $at), $size > 0; $at += $size + 2) {
            $body .= \substr($buffer, $at, $size);
        }
        $trailers = self::trailerFields(\substr($buffer, $at, -2));
        return "{$joined}Content-Length: " . \strlen($body) . "\r\n\r\n$body";
    }

    /** As chunks(), which goes on where it was: to read all of them again with each piece would cost the square of their number. */
    private static function inChunks(string $buffer, int $body, ConnectionInterface $connection): int
    {
        self::$begun ??= new \WeakMap();
        $head = \substr($buffer, 0, $body);
        [$known, $at] = self::$begun[$connection] ?? ['', 0];
        if ($known !== $head || $at > \strlen($buffer)) {
            $at = $body;
        }
        $length = self::chunks($buffer, $at, $connection->maxPackageSize);
        if ($length === 0) {
            self::$begun[$connection] = [$head, $at];
        } else {
            unset(self::$begun[$connection]);
        }
        return $length;
    }

    /** Where chunks that begin at $at end; 0: not yet there, below 0: the status that refuses them. $at becomes that of the last one. */
    private static function chunks(string $buffer, int &$at, int $limit): int
    {
        for (;;) {
            [$size, $data] = self::chunkAt($buffer, $at);
            if ($size < 0) {
                return \strlen($buffer) - $at > self::MAX_CHUNK_LINE || $size === -400 ? -400 : 0;
            }
            if ($size > $limit || $data + $size > $limit) {
                return -413;
            }
            if ($size === 0) {
                return self::trailers($buffer, $data);
            }
            $end = $data + $size + 2;
            if (\strlen($buffer) < $end) {
                return 0;
            }
            if (\substr($buffer, $end - 2, 2) !== "\r\n") {
                return -400;
            }
            $at = $end;
        }
    }

    /** @return array{int, int} the size of the chunk whose line begins at $at, and where its data do; -1: not there yet, -400: malformed */
    private static function chunkAt(string $buffer, int $at): array
    {
        $end = $at < \strlen($buffer) ? \strpos($buffer, "\n", $at) : false;
        if ($end === false) {
            return [-1, $at];
        }
        if ($end - $at > self::MAX_CHUNK_LINE || !preg_match(self::CHUNK_LINE, \substr($buffer, $at, $end - $at), $found)) {
            return [-400, $at];
        }
        return [(int) hexdec($found[1]), $end + 1];
    }

    /** Where the lines behind the last chunk end, as chunks(). */
    private static function trailers(string $buffer, int $at): int
    {
        if (\substr($buffer, $at, 2) === "\r\n") {
            return $at + 2;
        }
        $end = \strlen($buffer) > $at ? \strpos($buffer, "\r\n\r\n", $at) : false;
        if (($end === false ? \strlen($buffer) : $end) - $at > self::MAX_HEAD) {
            return -431;
        }
        if ($end === false) {
            return 0;
        }
        return preg_match(self::FIELDS, \substr($buffer, $at, $end + 2 - $at)) ? $end + 4 : -400;
    }

    /** @return array<string, string> by name in lower case */
    private static function trailerFields(string $lines): array
    {
        $fields = [];
        foreach (\explode("\r\n", $lines, -1) as $line) {
            [$name, $value] = \explode(':', $line, 2);
            $name = \strtolower($name);
            $value = \trim($value, " \t");
            if (!preg_match(self::NO_TRAILERS, $name)) {
                $fields[$name] = isset($fields[$name]) ? "$fields[$name],$value" : $value;
            }
        }
        return $fields;
    }

    /** @return list<string> */
    private static function values(string $fields, string $name): array
    {
        preg_match_all("/^$name:[ \t]*([^\r\n]*?)[ \t]*\r$/mi", $fields, $found);
        return $found[1];
    }

    private static function refuse(ConnectionInterface $connection, int $status): int
    {
        $answer = "HTTP/1.1 $status " . self::STATUSES[$status] . "\r\nConnection: close\r\n\r\n";
        method_exists($connection, 'end') ? $connection->end($answer, true) : $connection->close($answer, true);
        return 0;
    }
}
