<?php
declare(strict_types=1);

namespace Libwm;

/** What Core::poll() calls for each event. The methods must not throw. */
interface Events
{
    public function connect(int $connection, int $worker): void;
    /** A websocket handshake, to accept or reject; $head: the request from its request line to its blank line. */
    public function handshake(int $connection, int $request, string $head): void;
    /** $request: 0, or the http request, whose head and body $data holds. */
    public function message(int $connection, string $data, int $request): void;
    public function bufferFull(int $connection): void;
    public function bufferDrain(int $connection): void;
    public function error(int $connection, int $code, string $text): void;
    public function close(int $connection): void;
    public function timer(int $timer): void;
    /** The worker stops: its connections are closed when the receiver returns. */
    public function stop(int $worker): void;
    public function reload(int $worker): void;
}
