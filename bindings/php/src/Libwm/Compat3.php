<?php
declare(strict_types=1);

namespace Libwm;

use Libwm\Compat3\OldHttpConnection;
use Libwm\Compat3\OldRequest;
use Libwm\Http\HttpConnection;
use Workerman\Connection\TcpConnection;
use Workerman\Protocols\Http;
use Workerman\Protocols\Http\Request;
use Workerman\Worker;

/**
 * Programs of Workerman 3: for their http workers $_GET and its like are filled, onMessage gets an object that is also the array of
 * version 3, and Http::header() and its like act on the next answer. Other programs do not pay for it.
 */
final class Compat3
{
    /** What a program of version 3 reads; of $_SERVER only what a request puts there. */
    private const READS = '/\$_(?:GET|POST|REQUEST|COOKIE|FILES|SESSION)\b|\bHTTP_RAW_POST_DATA\b'
        . '|\$_SERVER\s*\[\s*[\'"](?:HTTP_|REQUEST_|QUERY_|SERVER_|REMOTE_|CONTENT_)'
        . '|\bHttp::(?:header|headerRemove|end|setcookie|session\w+)\s*\(/i';

    private static bool $isEnabled = false;

    /** Takes all http workers that are made from now on for those of a program of Workerman 3. Call it before runAll(). */
    public static function enable(): void
    {
        self::$isEnabled = true;
        Http::$requestClass ??= OldRequest::class;
    }

    public static function isEnabled(): bool
    {
        return self::$isEnabled;
    }

    /**
     * The class of the connections of an http worker.
     *
     * @return class-string<TcpConnection>
     */
    public static function connectionClass(Worker $worker): string
    {
        if (!self::$isEnabled && (self::recognises($worker->onMessage) || self::isOldClass($worker) || self::isRequired())) {
            self::enable();
        }
        return self::$isEnabled ? OldHttpConnection::class : HttpConnection::class;
    }

    /** Whether the code of an onMessage, or of its class, is of version 3. */
    private static function recognises(mixed $onMessage): bool
    {
        if (!is_callable($onMessage)) {
            return false;
        }
        try {
            $function = new \ReflectionFunction(\Closure::fromCallable($onMessage));
        } catch (\Throwable) { // a method that is not public
            return false;
        }
        $parameter = $function->getParameters()[1] ?? null;
        $type = $parameter?->getType();
        if ($type instanceof \ReflectionNamedType && is_a($type->getName(), Request::class, true)) {
            return false;
        }
        $class = str_contains($function->getName(), '{closure') ? null : $function->getClosureScopeClass();
        $code = self::lines($class ?? $function);
        $data = $parameter === null ? '(?!)' : '\$' . preg_quote($parameter->getName(), '/');
        if (preg_match("/$data\\s*->/", $code)) { // a Request
            return false;
        }
        return preg_match(self::READS, $code) === 1 || preg_match("/$data\\s*\\[\\s*['\"](?:get|post|cookie|server|files)['\"]/", $code) === 1;
    }

    /** Whether the program's composer.json, in the directory of its script or above, asks for Workerman 3 and no later one. */
    private static function isRequired(): bool
    {
        $directory = dirname((string) realpath($_SERVER['SCRIPT_FILENAME'] ?? ''));
        while (!is_file("$directory/composer.json")) {
            if ($directory === dirname($directory)) {
                return false;
            }
            $directory = dirname($directory);
        }
        $content = json_decode((string) file_get_contents("$directory/composer.json"), true);
        $version = $content['require']['workerman/workerman'] ?? '';
        return is_string($version) && preg_match('/^[\^~=v\s]*3(?:\.[^|]*)?$/', $version) === 1;
    }

    /** Whether a subclass of Worker, which may set its onMessage later, is of version 3. */
    private static function isOldClass(Worker $worker): bool
    {
        $class = $worker::class;
        return $worker->onMessage === null && $class !== Worker::class && preg_match(self::READS, self::lines(new \ReflectionClass($class))) === 1;
    }

    /** @param \ReflectionFunction|\ReflectionClass<object> $of */
    private static function lines(\ReflectionFunction|\ReflectionClass $of): string
    {
        $file = (string) $of->getFileName();
        if (!is_file($file)) {
            return '';
        }
        return implode('', array_slice(file($file) ?: [], $of->getStartLine() - 1, $of->getEndLine() - $of->getStartLine() + 1));
    }
}
