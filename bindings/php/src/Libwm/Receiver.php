<?php
declare(strict_types=1);

namespace Libwm;

/** Gets the events of one connection, until its end or Core::forget(). No callback's exception may leave the methods. */
interface Receiver
{
    /** Of Core::connectTo(): the socket is connected. */
    public function connected(): void;
    /** Likewise: all handshakes are through. */
    public function opened(): void;
    /** A websocket handshake, to accept or reject; $head: the request from its request line to its blank line. */
    public function handshake(int $request, string $head): void;
    /** $request: 0, or the http request, whose head and body $data holds. */
    public function receive(string $data, int $request): void;
    /** A ping (opcode 9) or a pong (10) of a websocket; of workers with option ping_events. libwm has answered a ping if auto_pong is 1. */
    public function controlFrame(int $opcode, string $payload): void;
    public function bufferFull(): void;
    public function bufferDrain(): void;
    /** $code: WM_E... of wm/error.h */
    public function error(int $code, string $text): void;
    public function ended(): void;
    /** libwm has not taken a message, of which send() had said that it was; $result as of Core::send(). */
    public function refused(int $result): void;
}
