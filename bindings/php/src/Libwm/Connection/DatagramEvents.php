<?php
declare(strict_types=1);

namespace Libwm\Connection;

use Libwm\Dispatcher;
use Workerman\Worker;

/** The part of a connection of datagrams that libwm calls: of its events only messages mean something to the program. */
trait DatagramEvents
{
    /** @internal */
    public function connected(): void
    {
    }

    /** @internal */
    public function opened(): void
    {
    }

    /** @internal */
    public function handshake(int $request, string $head): void
    {
    }

    /** @internal */
    public function controlFrame(int $opcode, string $payload): void
    {
    }

    /** @internal */
    public function bufferFull(): void
    {
    }

    /** @internal */
    public function bufferDrain(): void
    {
    }

    /** @internal That nothing has received what was sent, for instance, which Workerman does not tell either. */
    public function error(int $code, string $text): void
    {
    }

    /** @internal */
    public function ended(): void
    {
    }

    /** @internal */
    public function refused(int $result): void
    {
        self::$statistics['send_fail']++;
    }

    /** An exception of a callback or of the protocol ends nothing but the datagram. */
    private function fail(\Throwable $e): void
    {
        self::$statistics['throw_exception']++;
        if ($this->errorHandler === null) {
            Dispatcher::failed($e);
            return;
        }
        try {
            ($this->errorHandler)($e);
        } catch (\Throwable $second) {
            Worker::stopAll(250, $second);
        }
    }

    /** @param int $result as of Core::send() */
    private function isTaken(int $result): bool
    {
        if ($result < 0) {
            self::$statistics['send_fail']++;
        }
        return $result >= 0;
    }
}
