<?php
// An HTTP server that tells what it has got: forms with files, trailers, bodies of up to a limit.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\TcpConnection;
use Workerman\Protocols\Http;
use Workerman\Protocols\Http\Request;
use Workerman\Protocols\Http\Session\FileSessionHandler;
use Workerman\Timer;
use Workerman\Worker;

TcpConnection::$defaultMaxPackageSize = 12 << 20;
Http::uploadTmpDir(__DIR__ . '/uploads');
@mkdir(__DIR__ . '/uploads');
FileSessionHandler::sessionSavePath(__DIR__ . '/sessions');

/** Files with the hash of what they contain. */
function hashed(array $files): array
{
    array_walk($files, function (mixed &$file): void {
        $file = isset($file['tmp_name']) ? $file + ['md5' => is_file($file['tmp_name']) ? md5_file($file['tmp_name']) : null] : hashed($file);
    });
    return $files;
}

function left(): array
{
    return array_values(array_diff(scandir(__DIR__ . '/uploads'), ['.', '..']));
}

$worker = new Worker(address('http'));
$worker->onWorkerStart = fn () => ready();
$worker->onMessage = function (TcpConnection $connection, Request $request): void {
    $json = fn (mixed $value) => $connection->send(json_encode($value, JSON_THROW_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE));
    switch ($request->path()) {
        case '/form':
            $json(['post' => $request->post(), 'files' => hashed($request->file()), 'left' => count(left())]);
            return;
        case '/one':
            $json([$request->file('a'), $request->file('none')]);
            return;
        case '/keep':
            rename($request->file('a')['tmp_name'], __DIR__ . '/kept');
            $json('kept');
            return;
        case '/later':
            $request->file();
            Timer::add(0.01, fn () => $json(hashed($request->file())), [], false);
            return;
        case '/fork':
            $request->file();
            $child = pcntl_fork();
            if ($child === 0) {
                exit(0);
            }
            pcntl_waitpid($child, $status);
            $json(hashed($request->file()));
            return;
        case '/few':
            Request::$maxFileUploads = 2;
            $json([$request->post(), $request->file()]);
            Request::$maxFileUploads = 1024;
            return;
        case '/no-directory':
            $before = Http::uploadTmpDir();
            Http::uploadTmpDir('/nowhere');
            $json($request->file('a'));
            Http::uploadTmpDir($before);
            return;
        case '/left':
            $json(left());
            return;
        case '/trailers':
            $json([$request->trailer(), $request->trailer('X-Sum', 'none'), $request->trailer('none', 'default'), $request->rawBody(),
                $request->header('transfer-encoding'), $request->header('content-length')]);
            return;
        case '/session':
            $request->session()->set('n', $request->get('n'));
            $json(count($request->file()));
            return;
        case '/memory':
            $json([memory_get_usage(), memory_get_peak_usage()]);
            return;
    }
    $json(strlen($request->rawBody()));
};

Worker::runAll();
