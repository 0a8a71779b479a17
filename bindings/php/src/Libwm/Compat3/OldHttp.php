<?php
declare(strict_types=1);

namespace Libwm\Compat3;

use Libwm\Http\Cookie;
use Workerman\Protocols\Http\Request;
use Workerman\Protocols\Http\Response;
use Workerman\Protocols\Http\Session\FileSessionHandler;

/** The functions of Workerman 3's Http. They act on the next answer of the connection whose request was the last one. */
final class OldHttp
{
    /** The names of version 3 that Workerman\Protocols\Http hands on. */
    public const FUNCTIONS = ['header', 'headerRemove', 'responseCode', 'setcookie', 'end', 'sessionCreateId', 'sessionId',
        'sessionRegenerateId', 'sessionSavePath', 'sessionStart', 'sessionStarted', 'sessionWriteClose', 'tryGcSessions'];

    public static ?OldHttpConnection $connection = null;
    public static ?Request $request = null;

    /** As header() of PHP: a status line, or "Name: value". Returns whether it was one. */
    public static function header(string $content, bool|int|null $replace = true, int|string|null $http_response_code = null): bool
    {
        $answer = self::answer();
        $status = (int) $http_response_code;
        $hasStatus = $status >= 100 && $status <= 599;
        if ($hasStatus) {
            $answer->setStatus($status);
        }
        if (preg_match('~^HTTP/\d(?:\.\d)?\s+([1-5]\d\d)~i', $content, $found)) {
            $hasStatus || $answer->setStatus((int) $found[1]);
            return true;
        }
        [$name, $value] = explode(':', $content, 2) + [1 => null];
        if ($value === null || $name === '') {
            return false;
        }
        if (strcasecmp($name, 'location') === 0 && !$hasStatus) {
            $answer->setStatus(302);
        }
        $answer->set($name, trim($value), (bool) $replace);
        return true;
    }

    public static function headerRemove(string $name): void
    {
        self::answer()->remove($name);
    }

    /** Sets the status; false: $code is none that there is a phrase for. */
    public static function responseCode(int $code): int|false
    {
        if (!isset(Response::PHRASES[$code])) {
            return false;
        }
        self::answer()->setStatus($code);
        return $code;
    }

    /** @param int $maxage seconds; 0: as long as the browser runs */
    public static function setcookie(
        string $name,
        string|int|float $value = '',
        int|string|null $maxage = 0,
        ?string $path = '',
        ?string $domain = '',
        bool|int|string|null $secure = false,
        bool|int|string|null $HTTPOnly = false,
    ): bool {
        $encoded = rawurlencode((string) $value);
        $cookie = Cookie::of($name, $encoded, (int) $maxage ?: null, (string) $path, (string) $domain, (bool) $secure, (bool) $HTTPOnly);
        return self::header("Set-Cookie: $cookie", false);
    }

    /** Leaves the callback, or the script of a WebServer; the answer is what the script has written, and $msg. */
    public static function end(string|int|float|bool|null $msg = ''): never
    {
        if (ob_get_level() > 0) {
            echo $msg;
            throw new JumpExit('');
        }
        throw new JumpExit((string) $msg);
    }

    // ---- sessions

    /** Fills $_SESSION, which the next answer saves. */
    public static function sessionStart(): bool
    {
        $answer = self::answer();
        if ($answer->session === null) {
            $answer->session = self::request()->session();
            $_SESSION = $answer->session->all();
        }
        return true;
    }

    public static function sessionStarted(): bool
    {
        return self::$connection?->wmAnswer?->session !== null;
    }

    public static function sessionWriteClose(): bool
    {
        self::$connection?->wmAnswer?->saveSession();
        return true;
    }

    /** Gives the session a new id, which the next answer sets. */
    public static function sessionRegenerateId(bool $delete_old_session = false): bool
    {
        self::sessionStart();
        self::answer()->saveSession();
        self::request()->sessionRegenerateId($delete_old_session);
        self::answer()->session = self::request()->session();
        return true;
    }

    public static function sessionCreateId(): string
    {
        return bin2hex(random_bytes(16));
    }

    /** '' before sessionStart(). */
    public static function sessionId(?string $id = null): string
    {
        return self::sessionStarted() ? (string) self::request()->sessionId() : '';
    }

    public static function sessionSavePath(?string $path = null): string
    {
        return FileSessionHandler::sessionSavePath((string) $path);
    }

    /** Without effect: sessions that are too old go by themselves. */
    public static function tryGcSessions(): void
    {
    }

    /** Lets go of the last request, and of what the program has put into it. */
    public static function forget(): void
    {
        $last = [self::$connection, self::$request, $_SESSION ?? null]; // goes when the others are gone
        self::$connection = self::$request = null;
        $_SESSION = [];
    }

    private static function answer(): OldAnswer
    {
        self::request();
        return self::$connection->wmAnswer ??= new OldAnswer();
    }

    private static function request(): Request
    {
        return self::$request ?? throw new \LogicException('the functions of Workerman 3 act on an http request, and there is none: is '
            . 'this a program of Workerman 3? Then call Libwm\Compat3::enable() before it makes its workers');
    }
}
