<?php
declare(strict_types=1);

namespace Workerman\Protocols;

use Libwm\NotYet;
use Workerman\Protocols\Http\Request;

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
}
