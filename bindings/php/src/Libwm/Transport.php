<?php
declare(strict_types=1);

namespace Libwm;

/** What a connection needs of that which carries its bytes: libwm, or a stream of PHP. Connections are integers. */
interface Transport
{
    /** Flags of send(). */
    public const SEND_BINARY = 1;
    public const SEND_RAW = 2;

    /** Results of send() and respond(): above 0 taken, below 0 not taken. */
    public const BACKPRESSURE = 1;
    public const CLOSED = -3;
    public const FULL = -4;
    public const WRONG_STATE = -6;

    /** Sends one message; on http it answers the oldest unanswered request. Does not throw. */
    public function send(int $connection, string $data, int $flags): int;
    /** Hands what was sent since the poll to the kernel. */
    public function flush(): void;
    /** Its object gets no more events. */
    public function forget(int $connection): void;
    public function close(int $connection, int $code, string $reason): void;
    public function destroy(int $connection): void;
    /** Ends the sending side once all has left; false: not with this protocol, or it has ended. */
    public function shutdown(int $connection): bool;
    public function pause(int $connection): void;
    public function resume(int $connection): void;
    public function setConnection(int $connection, string $option, int $value): void;
    /** "IP:PORT"; '' once it is not known. */
    public function remoteAddress(int $connection): string;
    public function localAddress(int $connection): string;
    /** Bytes read, written and queued; zeros for a closed connection.
     *
     * @return array{int, int, int}
     */
    public function counters(int $connection): array;

    /** The text of the last error. */
    public function lastError(): string;
}
