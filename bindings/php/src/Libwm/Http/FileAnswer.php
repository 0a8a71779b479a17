<?php
declare(strict_types=1);

namespace Libwm\Http;

use Libwm\Answers;
use Libwm\Core;
use Workerman\Protocols\Http\Response;

/** Sends a response that has a file, which is never read by PHP. */
final class FileAnswer
{
    /** Result as of Answers::respond(). */
    public static function send(Core $core, int $request, Response $response): int
    {
        ['file' => $path, 'offset' => $offset, 'length' => $length] = $response->file;
        [$status, $headers] = $response->parts();
        if ($response->getHeader('Content-Type') === null) {
            $headers .= self::typeLines($core, $path, $headers);
        }
        if ($offset !== 0 || $length !== 0) {
            return self::sendPart($core, $request, $headers, $path, $offset, $length);
        }
        $result = $status === 200 ? $core->respondFile($request, 200, $headers, $path, 0, -1, true) : Core::WRONG_STATE;
        if ($result === Core::WRONG_STATE) { // it is not the request's own content, or an answer that comes later
            $result = $core->respondFile($request, $status, $headers . self::modifiedLine($path), $path, 0, -1, false);
        }
        return self::explained($core, $request, $result);
    }

    /** Lines that describe the file, for the text of a response. */
    public static function describe(Core $core, Response $response): string
    {
        $path = $response->file['file'];
        $type = $response->getHeader('Content-Type') === null ? self::typeLines($core, $path, $response->parts()[1]) : '';
        return $type . self::modifiedLine($path);
    }

    /** A part that the program has chosen. */
    private static function sendPart(Core $core, int $request, string $headers, string $path, int $offset, int $length): int
    {
        \clearstatcache(true, $path);
        $size = (int) @\filesize($path);
        $headers .= "Accept-Ranges: bytes\r\n";
        if ($offset < 0 || $offset >= $size) {
            return $core->respond($request, 416, "{$headers}Content-Range: bytes */$size\r\n", '');
        }
        $length = $length > 0 ? \min($length, $size - $offset) : $size - $offset;
        $last = $offset + $length - 1;
        $headers .= self::modifiedLine($path) . "Content-Range: bytes $offset-$last/$size\r\n";
        return self::explained($core, $request, $core->respondFile($request, 206, $headers, $path, $offset, $length, false));
    }

    /** Answers by the reason for which a file was not sent. */
    private static function explained(Core $core, int $request, int $result): int
    {
        $plain = "Content-Type: text/html;charset=utf-8\r\n";
        return match ($result) {
            Answers::MISSING => $core->respond($request, 404, $plain, '<h3>404 Not Found</h3>'),
            Answers::FORBIDDEN, Answers::INVALID => $core->respond($request, 403, $plain, '403 Forbidden'),
            Answers::TOO_MANY_FILES, Core::FULL => $core->respond($request, 503, $plain, '503 Service Unavailable'),
            default => $result,
        };
    }

    /** A type by the name; what has none is to be saved, not shown. */
    private static function typeLines(Core $core, string $path, string $headers): string
    {
        $type = $core->mediaType($path);
        $lines = "Content-Type: $type\r\n";
        if ($type !== 'application/octet-stream' || \stripos("\r\n$headers", "\r\nContent-Disposition:") !== false) {
            return $lines;
        }
        $name = preg_replace('/["\\\\\x00-\x1F\x7F]/', '', \basename($path));
        return "{$lines}Content-Disposition: attachment; filename=\"$name\"\r\n";
    }

    private static function modifiedLine(string $path): string
    {
        $time = @\filemtime($path);
        return $time === false ? '' : 'Last-Modified: ' . gmdate('D, d M Y H:i:s', $time) . " GMT\r\n";
    }
}
