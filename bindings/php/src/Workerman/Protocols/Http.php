<?php
declare(strict_types=1);

namespace Workerman\Protocols;

use Libwm\Compat3\OldHttp;
use Libwm\NotYet;
use Workerman\Protocols\Http\Request;
use Workerman\Protocols\Http\Session;

/** The protocol of http:// workers. */
class Http
{
    /**
     * @internal
     * @var class-string<Request>|null null: Request itself, which new finds faster
     */
    public static ?string $requestClass = null;

    public static function uploadTmpDir(?string $dir = null): string
    {
        throw NotYet::error('Http::uploadTmpDir()');
    }

    /** The name of the session's cookie; $name sets it. */
    public static function sessionName(?string $name = null): string
    {
        if ($name !== null && $name !== '') {
            Session::$name = $name;
        }
        return Session::$name;
    }

    /** The class of the requests that onMessage gets; $class replaces it. */
    public static function requestClass(?string $class = null): string
    {
        if ($class !== null) {
            if (!is_a($class, Request::class, true)) {
                throw new \InvalidArgumentException("$class does not extend " . Request::class);
            }
            self::$requestClass = $class === Request::class ? null : $class;
        }
        return self::$requestClass ?? Request::class;
    }

    /**
     * header(), headerRemove(), setcookie(), end() and the functions of sessions of Workerman 3.
     *
     * @param array<mixed> $arguments
     */
    public static function __callStatic(string $name, array $arguments): mixed
    {
        if (!in_array(strtolower($name), array_map('strtolower', OldHttp::FUNCTIONS), true)) {
            throw new \BadMethodCallException(self::class . "::$name() does not exist");
        }
        return OldHttp::$name(...$arguments);
    }
}
