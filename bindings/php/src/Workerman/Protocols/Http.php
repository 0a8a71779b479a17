<?php
declare(strict_types=1);

namespace Workerman\Protocols;

use Libwm\Compat3\OldHttp;
use Libwm\Http\HttpFraming;
use Libwm\NotYet;
use Workerman\Connection\ConnectionInterface;
use Workerman\Protocols\Http\Request;
use Workerman\Protocols\Http\Response;
use Workerman\Protocols\Http\Session;

/** The protocol of http:// workers. libwm speaks it itself; input(), decode() and encode() are for protocols in PHP that build on it. */
class Http implements ProtocolInterface
{
    /**
     * @internal
     * @var class-string<Request>|null null: Request itself, which new finds faster
     */
    public static ?string $requestClass = null;

    private static string $uploadTmpDir = '';

    public static function input(string $buffer, ConnectionInterface $connection): int
    {
        return HttpFraming::input($buffer, $connection);
    }

    /** The request of a message that input() has found. */
    public static function decode(string $buffer, ConnectionInterface $connection): mixed
    {
        $class = self::requestClass();
        $request = new $class(HttpFraming::joinChunks($buffer, $trailers));
        $request->connection = $connection;
        if ($trailers !== null) {
            $request->setChunkTrailers($trailers);
        }
        return $request;
    }

    /** The bytes of a response: a Response, or the body of one. Uses up the connection's extra headers. */
    public static function encode(mixed $data, ConnectionInterface $connection): string
    {
        $extra = $connection->headers ?? [];
        $connection->headers = [];
        if ($data instanceof Response) {
            $response = $extra === [] ? $data : (clone $data)->extend($extra);
        } elseif (\is_object($data)) {
            return (string) $data; // of a stream: a piece of it
        } else {
            $response = new Response(200, $extra, (string) $data);
        }
        if ($response->framing() === Response::FILE) {
            throw NotYet::error('withFile() where Http is a protocol in PHP');
        }
        return (string) $response;
    }

    /** The directory that uploaded files are written to; $dir sets it. By default php.ini's upload_tmp_dir, or the system's for temporary files. */
    public static function uploadTmpDir(?string $dir = null): string
    {
        if ($dir !== null) {
            self::$uploadTmpDir = rtrim($dir, '/') === '' ? $dir : rtrim($dir, '/');
        }
        return self::$uploadTmpDir !== '' ? self::$uploadTmpDir : (\ini_get('upload_tmp_dir') ?: sys_get_temp_dir());
    }

    /** The name of the session's cookie; $name sets it. */
    public static function sessionName(?string $name = null): string
    {
        if ($name !== null && $name !== '') {
            Session::$name = $name;
        }
        return Session::$name;
    }

    /** The class of the requests that onMessage gets; $className replaces it. */
    public static function requestClass(?string $className = null): string
    {
        if ($className !== null) {
            if (!is_a($className, Request::class, true)) {
                throw new \InvalidArgumentException("$className does not extend " . Request::class);
            }
            self::$requestClass = $className === Request::class ? null : $className;
        }
        return self::$requestClass ?? Request::class;
    }

    /** Without effect: there is no cache of requests. */
    public static function enableCache(mixed $value): void
    {
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
