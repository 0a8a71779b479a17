<?php
declare(strict_types=1);

namespace Workerman\Protocols\Http\Session;

/** Where sessions are stored: see Session::handlerClass(). As PHP's own interface has it, with updateTimestamp(). */
interface SessionHandlerInterface
{
    // No return types: those of handlers for Workerman 4 have none.

    /** @return bool */
    public function close();
    /** @return bool */
    public function destroy(string $sessionId);
    /**
     * Removes sessions that were not used for $maxLifetime seconds.
     *
     * @return bool
     */
    public function gc(int $maxLifetime);
    /** @return bool */
    public function open(string $savePath, string $name);
    /** @return string|false what write() has stored; false or '': nothing, or it is too old */
    public function read(string $sessionId);
    /** @return bool */
    public function write(string $sessionId, string $sessionData);
    /**
     * Begins the lifetime anew.
     *
     * @return bool
     */
    public function updateTimestamp(string $sessionId, string $data = '');
}
