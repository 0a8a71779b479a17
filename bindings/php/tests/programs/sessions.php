<?php
// An HTTP server that does with its sessions what the path says.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\TcpConnection;
use Workerman\Protocols\Http\Request;
use Workerman\Protocols\Http\Response;
use Workerman\Protocols\Http\Session;
use Workerman\Protocols\Http\Session\FileSessionHandler;
use Workerman\Protocols\Http\Session\SessionHandlerInterface;
use Workerman\Timer;
use Workerman\Worker;

/** Keeps sessions in memory, and counts. */
final class MemoryHandler implements SessionHandlerInterface
{
    public static array $stored = [];
    public static array $calls = [];

    public function __construct(public array $config)
    {
        trace('handler', $config);
    }

    public function open(string $savePath, string $name): bool
    {
        return true;
    }

    public function close(): bool
    {
        return true;
    }

    public function read(string $sessionId): string|false
    {
        return self::$stored[$sessionId] ?? '';
    }

    public function write(string $sessionId, string $sessionData): bool
    {
        self::$stored[$sessionId] = $sessionData;
        return true;
    }

    public function destroy(string $sessionId): bool
    {
        unset(self::$stored[$sessionId]);
        return true;
    }

    public function gc(int $maxLifetime): bool
    {
        trace('gc', $maxLifetime);
        return true;
    }

    public function updateTimestamp(string $sessionId, string $data = ''): bool
    {
        trace('touched', $sessionId);
        return true;
    }
}

switch (getenv('WM_TEST_KIND')) {
    case 'memory':
        Session::handlerClass(MemoryHandler::class, ['some' => 'thing']);
        Session::$autoUpdateTimestamp = true;
        Session::$gcProbability = [1, 1];
        break;
    case 'cookie':
        Session::$name = 'OWN';
        [Session::$cookieLifetime, Session::$cookiePath, Session::$domain] = [7200, '/path', 'example.com'];
        [Session::$secure, Session::$httpOnly, Session::$sameSite] = [true, false, 'Strict'];
        // no break
    default:
        FileSessionHandler::sessionSavePath(__DIR__ . '/sessions');
        Session::$lifetime = 1000;
}

$worker = new Worker(address('http'));
$worker->onWorkerStart = fn () => ready();
$worker->onMessage = function (TcpConnection $connection, Request $request): void {
    $json = fn (mixed $value) => $connection->send(json_encode($value, JSON_THROW_ON_ERROR));
    $name = $request->get('name', 'foo');
    switch ($request->path()) {
        case '/set':
            $request->session()->set($name, $request->get('value', 'bar'));
            $json($request->sessionId());
            return;
        case '/get':
            $json($request->session()->get($name, 'none'));
            return;
        case '/pull':
            $json($request->session()->pull($name));
            return;
        case '/id':
            $json($request->sessionId());
            return;
        case '/switch':
            $request->session()->set('unsaved', 'kept');
            $request->sessionId($request->get('id'));
            $json($request->session()->all());
            return;
        case '/regenerate':
            $before = $request->session();
            $id = $request->sessionRegenerateId((bool) $request->get('delete'));
            $again = $request->get('twice') ? $request->sessionRegenerateId(true) : $id;
            $json([$again, $request->sessionId() === $again, $request->session() !== $before, $request->session()->all()]);
            return;
        case '/response':
            $request->session()->set('foo', 'bar');
            $connection->send((new Response(200, [], 'both'))->cookie('own', '1'));
            return;
        case '/raw':
            $request->session()->set('foo', 'bar');
            $connection->send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nraw", true);
            return;
        case '/later':
            Timer::add(0.01, function () use ($request, $json): void {
                $request->session()->set('foo', 'later');
                $json($request->sessionId());
            }, [], false);
            return;
        case '/too-late':
            $connection->send('sent');
            $request->session();
            return;
        case '/api':
            $session = $request->session();
            $session->put(['a' => 1, 'b' => null, 'c' => [1, 2], 'd' => 4]);
            $session->put('e', 5);
            $session->forget('d');
            $session->forget(['e']);
            $told = [$session->has('a'), $session->has('b'), $session->exists('b'), $session->exists('z'), $session->all(), $session->getId()];
            $session->delete('a');
            $told[] = $session->all();
            $session->save();
            $told[] = $session->refresh();
            $session->flush();
            $told[] = $session->all();
            $session->save();
            $json($told);
            return;
    }
    $connection->send('plain');
};

Worker::runAll();
