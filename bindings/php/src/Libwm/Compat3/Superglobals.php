<?php
declare(strict_types=1);

namespace Libwm\Compat3;

use Libwm\Http\ServerVariables;
use Workerman\Connection\TcpConnection;
use Workerman\Protocols\Http\Request;
use Workerman\Worker;

/** $_GET and its like, as Workerman 3 fills them for each request. */
final class Superglobals
{
    /** What programs read without a look whether the client has sent it. */
    private const ALWAYS = ['HTTP_HOST' => '', 'HTTP_USER_AGENT' => '', 'HTTP_ACCEPT' => '', 'HTTP_ACCEPT_LANGUAGE' => '',
        'HTTP_ACCEPT_ENCODING' => '', 'HTTP_COOKIE' => '', 'HTTP_CONNECTION' => '', 'CONTENT_TYPE' => ''];

    public static function fill(Request $request, TcpConnection $connection): void
    {
        $server = self::server($request, $connection);
        ServerVariables::put($server);
        $body = $request->rawBody();
        $GLOBALS['HTTP_RAW_POST_DATA'] = $GLOBALS['HTTP_RAW_REQUEST_DATA'] = $body;
        $form = $body === '' ? [] : $request->post();
        $_GET = $request->get();
        $_POST = $server['REQUEST_METHOD'] === 'POST' ? $form : [];
        $_REQUEST = array_merge($_GET, $form);
        $_COOKIE = self::cookies($server['HTTP_COOKIE']);
        $_FILES = $server['CONTENT_TYPE'] === 'multipart/form-data' ? self::files($request->file()) : [];
        $_SESSION = [];
        if ($request instanceof OldRequest) {
            $request->wmFill(['get' => $_GET, 'post' => $_POST, 'cookie' => $_COOKIE, 'server' => $server, 'files' => $_FILES]);
        }
    }

    /** @return array<string, mixed> */
    private static function server(Request $request, TcpConnection $connection): array
    {
        $server = ServerVariables::of($request) + self::ALWAYS;
        $type = $request->header('content-type', '');
        $host = explode(':', $server['HTTP_HOST']);
        return [
            'SERVER_SOFTWARE' => 'workerman/' . Worker::VERSION,
            'SERVER_NAME' => $host[0],
            'SERVER_PORT' => $host[1] ?? (string) $connection->getLocalPort(),
            'CONTENT_TYPE' => trim(explode(';', $type)[0]),
            'REMOTE_ADDR' => $connection->getRemoteIp(),
            'REMOTE_PORT' => $connection->getRemotePort(),
            'REQUEST_TIME' => time(),
            'REQUEST_TIME_FLOAT' => microtime(true),
        ] + (isset($server['HTTP_CONTENT_LENGTH']) ? ['CONTENT_LENGTH' => $server['HTTP_CONTENT_LENGTH']] : []) + $server;
    }

    /** @return array<mixed> */
    private static function cookies(string $header): array
    {
        @parse_str(str_replace('; ', '&', $header), $cookies); // warns of more than max_input_vars, which a peer may send
        return $cookies;
    }

    /**
     * The uploads as Workerman 3 has them: a list, each with its bytes.
     *
     * @param array<mixed> $uploads those of Request::file()
     * @return list<array<string, mixed>>
     */
    private static function files(array $uploads): array
    {
        $files = [];
        foreach ($uploads as $name => $upload) {
            foreach (self::flatten($upload) as $one) {
                $bytes = is_file($one['tmp_name']) ? (string) file_get_contents($one['tmp_name']) : '';
                $files[] = ['name' => (string) $name, 'file_name' => $one['name'], 'file_data' => $bytes, 'file_size' => \strlen($bytes),
                    'file_type' => $one['type']];
            }
        }
        return $files;
    }

    /**
     * The upload of a name, or those of a name with brackets, of which a client may write tmp_name into them.
     *
     * @param array<mixed> $upload
     * @return list<array<string, mixed>>
     */
    private static function flatten(array $upload): array
    {
        return is_string($upload['tmp_name'] ?? null) ? [$upload] : array_merge(...array_map(self::flatten(...), array_values($upload)));
    }
}
