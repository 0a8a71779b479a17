<?php
declare(strict_types=1);

namespace Workerman\Protocols\Http\Session;

use Libwm\Http\SessionIds;
use Workerman\Protocols\Http\Session;

/**
 * Stores a session in a file of its own: DIRECTORY/session_ID, mode 0600, written beside it and renamed, so that a reader gets the
 * old one or the new one. Nothing is locked: of two requests at the same time the later one's data stay.
 */
class FileSessionHandler implements SessionHandlerInterface
{
    // What subclasses of Workerman 3 and 4 override has no return type, which they do not have either.

    /** With a slash at its end; '': session.save_path of php.ini, or the system's directory for temporary files. */
    protected static string $sessionSavePath = '';
    protected static string $sessionFilePrefix = 'session_';

    /** @param array<string, mixed> $config save_path: the directory */
    public function __construct(array $config = [])
    {
        if (isset($config['save_path'])) {
            static::sessionSavePath((string) $config['save_path']);
        }
    }

    /** @return bool */
    public function open(string $savePath, string $name)
    {
        return true;
    }

    /** @return bool */
    public function close()
    {
        return true;
    }

    /** @return string|false */
    public function read(string $sessionId)
    {
        $path = static::sessionFile($sessionId);
        $file = \is_file($path) ? @\fopen($path, 'r') : false; // no error of what is not there: a program's error handler may throw
        if ($file === false) {
            return false;
        }
        $facts = \fstat($file) ?: ['uid' => -1, 'mtime' => 0];
        $isOurs = $facts['uid'] === 0 || $facts['uid'] === \posix_geteuid(); // anybody can make a file in /tmp
        $isFresh = \time() - $facts['mtime'] <= Session::$lifetime;
        $data = $isOurs && $isFresh ? \stream_get_contents($file) : false;
        \fclose($file);
        return $data === '' ? false : $data;
    }

    /** @return bool */
    public function write(string $sessionId, string $sessionData)
    {
        $path = static::sessionFile($sessionId);
        $beside = $path . '.' . bin2hex(\random_bytes(8));
        $mask = \umask(0077);
        $isWritten = @\file_put_contents($beside, $sessionData) === \strlen($sessionData) && @\rename($beside, $path);
        \umask($mask);
        if (!$isWritten) {
            $reason = error_get_last()['message'] ?? 'the disk is full';
            @\unlink($beside);
            throw new \RuntimeException("a session cannot be stored in $path: $reason");
        }
        return true;
    }

    /** @return bool */
    public function updateTimestamp(string $sessionId, string $data = '')
    {
        $path = static::sessionFile($sessionId);
        \clearstatcache(true, $path);
        return \is_file($path) && @\touch($path);
    }

    /** @return bool */
    public function destroy(string $sessionId)
    {
        $path = static::sessionFile($sessionId);
        \is_file($path) && @\unlink($path);
        return true;
    }

    /** @return bool */
    public function gc(int $maxLifetime)
    {
        $directory = static::directory();
        $entries = @\opendir($directory);
        if ($entries === false) {
            return false;
        }
        $oldest = \time() - $maxLifetime;
        while (($name = \readdir($entries)) !== false) {
            if (str_starts_with($name, static::$sessionFilePrefix) && (int) @\filemtime($directory . $name) < $oldest) {
                @\unlink($directory . $name); // another process may have done it
            }
        }
        \closedir($entries);
        return true;
    }

    /**
     * Sets the directory, which is made unless it is there; returns it with a slash at its end.
     *
     * @return string
     */
    public static function sessionSavePath(string $path)
    {
        if ($path !== '') {
            static::$sessionSavePath = rtrim($path, '/') . '/';
            if (!\is_dir($path) && !@\mkdir($path, 0700, true) && !\is_dir($path)) {
                throw new \RuntimeException("the directory of sessions cannot be made: $path");
            }
        }
        return static::$sessionSavePath;
    }

    /** @return string */
    protected static function sessionFile(string $sessionId)
    {
        return static::directory() . static::$sessionFilePrefix . SessionIds::check($sessionId);
    }

    private static function directory(): string
    {
        if (static::$sessionSavePath === '') {
            $configured = \explode(';', (string) \ini_get('session.save_path')); // "DEPTH;MODE;PATH"
            $path = \end($configured);
            static::$sessionSavePath = rtrim($path !== '' && \is_dir($path) ? $path : sys_get_temp_dir(), '/') . '/';
        }
        return static::$sessionSavePath;
    }
}
