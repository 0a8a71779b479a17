<?php
declare(strict_types=1);

namespace Libwm;

/**
 * The part of Core for HTTP: answers to requests and websocket handshakes, forms, trailers.
 *
 * $headers are lines, each with CRLF. What returns an integer does not throw: results below 0 are those of Core, and leave the request
 * unanswered.
 */
interface Answers
{
    /** Results of respondFile() that say why a file was not sent. */
    public const INVALID = -1;
    public const FORBIDDEN = -12;
    public const TOO_MANY_FILES = -13;
    public const MISSING = -24;

    public function respond(int $request, int $status, string $headers, string $body): int;
    /**
     * Answers with a file, which libwm reads and sends as the peer takes it.
     *
     * @param int $length bytes from $offset on; below 0: to the end
     * @param bool $conditional whether libwm evaluates Range and the conditions of the request: $status is 200 then, and all of the
     *        file meant. Core::WRONG_STATE when the request is of an earlier poll
     */
    public function respondFile(int $request, int $status, string $headers, string $path, int $offset, int $length, bool $conditional): int;

    /** Begins an answer that is written in parts; $length: bytes of its content, below 0: not known. */
    public function beginAnswer(int $request, int $status, string $headers, int $length): int;
    /** Sends a part of it: as Core::send(). */
    public function writeAnswer(int $request, string $data): int;
    /** Ends it, and with it the request; the connection is reset when bytes of an announced length are missing. */
    public function endAnswer(int $request): int;
    /** The media type of a file, by its name. */
    public function mediaType(string $path): string;
    /**
     * The parts of a body of multipart/form-data; none for what breaks its rules.
     *
     * @param string $type the Content-Type
     * @param string $buffer the body is what it has from $at on
     * @param int $most parts, above which there are none
     * @return list<array{string, string|null, string, int, int}> name, filename (null: it is no file), type, where it begins, length
     */
    public function formParts(string $type, string $buffer, int $at, int $most): array;
    /** @return array<string, string> the trailers of a request of this poll, by their names in lower case */
    public function trailers(int $request): array;
    /** Whether it is a HEAD request of this poll. */
    public function isHead(int $request): bool;

    /** Accepts a websocket handshake. Returns 0 or an error. */
    public function accept(int $request, string $headers): int;
    /** Rejects a websocket handshake with an HTTP status. Returns 0 or an error. */
    public function reject(int $request, int $status, string $headers, string $body): int;
}
