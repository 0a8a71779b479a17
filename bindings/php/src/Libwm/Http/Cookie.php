<?php
declare(strict_types=1);

namespace Libwm\Http;

/** A cookie as the value of Set-Cookie (RFC 6265 §4.1). */
final class Cookie
{
    /**
     * @param string $value as it is sent: callers encode what may be no value of a cookie
     * @param int|null $maxAge seconds; null: as long as the browser runs
     */
    public static function of(
        string $name,
        string $value,
        ?int $maxAge,
        string $path,
        string $domain,
        bool $secure,
        bool $httpOnly,
        string $sameSite = ''
    ): string {
        return "$name=$value"
            . ($domain === '' ? '' : "; Domain=$domain")
            . ($maxAge === null ? '' : "; Max-Age=$maxAge")
            . ($path === '' ? '' : "; Path=$path")
            . ($secure ? '; Secure' : '')
            . ($httpOnly ? '; HttpOnly' : '')
            . ($sameSite === '' ? '' : "; SameSite=$sameSite");
    }
}
