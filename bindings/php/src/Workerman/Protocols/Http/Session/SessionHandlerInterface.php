<?php
declare(strict_types=1);

namespace Workerman\Protocols\Http\Session;

/** Where sessions are stored: see Session::handlerClass(). As PHP's own interface has it, with updateTimestamp(). */
interface SessionHandlerInterface
{
    public function close(): bool;
    public function destroy(string $sessionId): bool;
    /** Removes sessions that were not used for $maxLifetime seconds. */
    public function gc(int $maxLifetime): bool;
    public function open(string $savePath, string $name): bool;
    /** What write() has stored; false or '': nothing, or it is too old. */
    public function read(string $sessionId): string|false;
    public function write(string $sessionId, string $sessionData): bool;
    /** Begins the lifetime anew. */
    public function updateTimestamp(string $sessionId, string $data = ''): bool;
}
