<?php
// What programs do at the edges of the classes, and peers at those of their patience.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\TcpConnection;
use Workerman\Protocols\Http\Request;
use Workerman\Protocols\Http\Response;
use Workerman\Timer;
use Workerman\Worker;

/** A request class of a program's own, which may throw. */
class StrictRequest extends Request
{
    public function __construct(string $buffer)
    {
        parent::__construct($buffer);
        if ($this->path() === '/strict') {
            throw new Exception('not a request for this class');
        }
    }
}
Workerman\Protocols\Http::requestClass(StrictRequest::class);

$text = new Worker(address('text'));
$text->onWorkerStart = fn () => ready();
$text->onConnect = function (TcpConnection $connection): void {
    $connection->maxPackageSize = PHP_INT_MAX; // no limit
};
$text->onMessage = function (TcpConnection $connection, string $data) use ($text): void {
    [$word, $number] = explode(' ', $data) + [1 => '0'];
    switch ($word) {
        case 'order': // short and long ones, and calls in between that must not overtake them
            $connection->send($number);
            if ($number % 7 === 0) {
                $connection->send(str_repeat('x', 5000));
            }
            if ($number % 50 === 0) {
                $connection->getSendBufferQueueSize();
            }
            if ($number % 11 === 0) {
                foreach ($text->connections as $each) {
                    $each->send("to all $number");
                }
            }
            return;
        case 'last':
            $connection->close('bye');
            return;
        case 'typo': // callbacks that cannot be called
            $connection->onClose = 'no such function';
            $connection->onError = [$connection, 'no such method'];
            $connection->close('bye');
            trace('after', isset($text->connections[$connection->id]));
            return;
        case 'flood':
            $text->counts ??= ['taken' => 0, 'refused' => 0, 'errors' => 0];
            $connection->onError ??= function () use ($text): void {
                $text->counts['errors']++;
            };
            $text->counts[$connection->send(str_pad($number, 99)) === false ? 'refused' : 'taken']++;
            return;
        case 'counted': // by the peer's close, and by this side's
            $connection->onClose = fn () => trace('counted', $connection->bytesRead, $connection->bytesWritten);
            $connection->send($number);
            if ($number === 'close') {
                $connection->close();
            }
            return;
        case 'unlimited':
            $connection->maxSendBufferSize = PHP_INT_MAX;
            $connection->send('unlimited');
            return;
        case 'counts':
            $connection->send(json_encode($text->counts));
            return;
    }
    $connection->send("echo $data");
};

$http = new Worker(address('http', 2));
$http->onWorkerStart = fn () => ready();
$http->onMessage = function (TcpConnection $connection, Request $request): void {
    switch ($request->path()) {
        case '/date':
            $connection->send(new Response(200, ['date' => 'Thu, 01 Jan 1970 00:00:00 GMT', 'Connection' => ['close', 'Close']], 'dated'));
            return;
        case '/status':
            $connection->send(new Response(999, [], 'odd'));
            return;
        case '/stream':
            $connection->headers = ['Content-Type' => 'text/event-stream', 'Transfer-Encoding' => 'chunked'];
            throw new Exception('before the stream');
        case '/large':
            $connection->send(str_repeat('x', 2_000_000));
            return;
        case '/count':
            $connection->send((string) count($connection->worker->connections));
            return;
        case '/form':
            $connection->send(json_encode($request->post()));
            return;
        case '/busy': // until the driver says so: what arrives meanwhile is handed over together
            trace('busy');
            while (!is_file(__DIR__ . '/go')) {
                usleep(1000);
            }
            break;
        case '/pause':
            $connection->pauseRecv();
            $connection->send('paused');
            Timer::add(0.01, fn () => $connection->resumeRecv(), [], false);
            return;
        case '/silent':
            return;
    }
    $connection->send('fine');
};

$websocket = new Worker(address('websocket', 3));
$websocket->onWorkerStart = fn () => ready();
$websocket->onWebSocketConnect = function (TcpConnection $connection, Request $request): void {
    if ($request->path() === '/server') {
        trace('server', array_filter($_SERVER, fn ($name) => str_starts_with($name, 'HTTP_'), ARRAY_FILTER_USE_KEY), $_GET, $_COOKIE);
    }
    if ($request->path() === '/refused') {
        $connection->close("HTTP/1.1 401 Unauthorized\r\nDate: long ago\r\nWWW-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nno", true);
    }
};
$websocket->onMessage = function (TcpConnection $connection, string $data): void {
    trace('message', $data);
    $connection->onClose = fn () => trace('close');
    if ($data === 'pause') {
        $connection->pauseRecv();
        Timer::add(0.1, fn () => $connection->resumeRecv(), [], false);
    }
};

Worker::runAll();
