<?php
declare(strict_types=1);

namespace Libwm\Http;

use Workerman\Protocols\Http\Request;

/** What a request puts into $_SERVER, as programs written for Workerman 3 and 4 read it. */
final class ServerVariables
{
    /** @var list<string> names that the request of before has put there */
    private static array $filled = [];

    /**
     * Puts the variables of a request into $_SERVER, and takes those of the request of before out: it may be another client's.
     *
     * @param array<string, mixed> $variables
     */
    public static function put(array $variables): void
    {
        foreach (self::$filled as $name) {
            unset($_SERVER[$name]);
        }
        self::$filled = array_keys($variables);
        $_SERVER = $variables + $_SERVER;
    }

    /** @return array<string, string> */
    public static function of(Request $request): array
    {
        $variables = [
            'QUERY_STRING' => $request->queryString(),
            'REQUEST_METHOD' => $request->method(),
            'REQUEST_URI' => $request->uri(),
            'SERVER_PROTOCOL' => 'HTTP/' . $request->protocolVersion(),
        ];
        foreach ($request->header() as $name => $value) {
            // HTTP_PROXY is a variable of the environment that HTTP clients obey (CVE-2016-5385); X_Real_IP must not pass for X-Real-IP.
            if ($name !== 'proxy' && !str_contains((string) $name, '_')) {
                $variables['HTTP_' . strtoupper(strtr((string) $name, '-', '_'))] = $value;
            }
        }
        return $variables;
    }
}
