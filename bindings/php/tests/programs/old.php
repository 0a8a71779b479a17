<?php
// A program of Workerman 3: an http worker that reads $_GET, one that reads an array, and a subclass of Worker with a protocol.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\TcpConnection;
use Workerman\Protocols\Http;
use Workerman\Protocols\Http\Request;
use Workerman\Worker;

class Pages
{
    private ?TcpConnection $waiting = null;

    public function onMessage($connection, $data)
    {
        $answer = $this->{$_GET['page']}($connection);
        if ($answer !== null) {
            $connection->send($answer);
        }
    }

    /** Logs a client in, and answers with the next login. */
    private function later(TcpConnection $connection)
    {
        Http::sessionStart();
        $_SESSION['name'] = $_GET['name'];
        $this->waiting = $connection;
        trace('later');
    }

    private function login(): string
    {
        Http::sessionStart();
        $_SESSION['name'] = $_GET['name'];
        $this->waiting->send('late');
        return $_SESSION['name'];
    }

    private function impossible(): string
    {
        Http::header('HTTP/1.1 100 Continue');
        Http::end('no answer');
    }

    private function globals(): string
    {
        $keys = ['REQUEST_METHOD', 'REQUEST_URI', 'QUERY_STRING', 'SERVER_PROTOCOL', 'SERVER_NAME', 'SERVER_PORT', 'HTTP_HOST', 'HTTP_X_ONE',
            'CONTENT_TYPE', 'CONTENT_LENGTH', 'REMOTE_ADDR', 'HTTP_USER_AGENT', 'HTTP_PROXY', 'HTTP_X_SECRET'];
        return json_encode([$_GET, $_POST, $_REQUEST, $_COOKIE, $_FILES, $GLOBALS['HTTP_RAW_POST_DATA'],
            array_intersect_key($_SERVER, array_flip($keys)), isset($_SERVER['argv'])], JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES);
    }

    private function code(): string
    {
        return json_encode([Http::responseCode(1), Http::responseCode(404)]);
    }

    private function regenerate(): string
    {
        Http::sessionStart();
        $_SESSION['name'] = 'carol';
        return json_encode([Http::sessionId(), Http::sessionRegenerateId(true), Http::sessionId(), $_SESSION['name']]);
    }

    private function headers(): string
    {
        Http::header('HTTP/1.1 404 Not Found');
        Http::header('X-One: 1');
        Http::header('x-one: 2', true, null);
        Http::header('X-Gone: 1');
        Http::headerRemove('X-Gone');
        Http::header('X-Two: 1');
        Http::header('X-Two: 2', false);
        Http::setcookie('name', 'a value;', 60, '/', '', false, true);
        Http::setCookie('other', 'x');
        $cache = Workerman\Protocols\HttpCache::$header;
        return json_encode([Http::header('no header'), $cache['Http-Code'], $cache['x-one'], count($cache['Set-Cookie']), isset($cache['X-Gone'])]);
    }

    private function away(): string
    {
        Http::header('Location: /elsewhere');
        return '';
    }

    private function moved(): string
    {
        Http::header('Location: /elsewhere', true, 301);
        return '';
    }

    private function end(): string
    {
        Http::header('X-One: kept');
        Http::end('the end');
    }

    private function fails(): string
    {
        Http::header('X-One: lost');
        throw new RuntimeException('on purpose');
    }

    private function close(TcpConnection $connection): string
    {
        Http::header('HTTP/1.1 403 Forbidden');
        $connection->close('closed');
        return '';
    }

    private function visit(): string
    {
        $before = [Http::sessionStarted(), $_SESSION];
        Http::sessionStart();
        Http::setcookie('seen', '1');
        $_SESSION['visits'] = ($_SESSION['visits'] ?? 0) + 1;
        if (isset($_GET['forget'])) {
            unset($_SESSION['visits'], $_SESSION['name']);
        }
        return json_encode([$before, $_SESSION, Http::sessionId() !== '', Http::sessionStarted(), Http::sessionStart()]);
    }

    private function nothing(): string
    {
        return json_encode(array_keys($_POST + $_FILES + $_SESSION));
    }
}

/** As Workerman 3 and 4 let programs write it. */
class OldProtocol implements Workerman\Protocols\ProtocolInterface
{
    public static function input($buffer, Workerman\Connection\ConnectionInterface $connection)
    {
        return strlen($buffer);
    }

    public static function decode($buffer, Workerman\Connection\ConnectionInterface $connection)
    {
        return strrev($buffer);
    }

    public static function encode($data, Workerman\Connection\ConnectionInterface $connection)
    {
        return "<$data>";
    }
}

class OldWorker extends Worker
{
    public $name = 'OldWorker';
    public $count = '1';
    public $reloadable = false;

    public function __construct($socket_name = '', $context_option = array())
    {
        parent::__construct($socket_name, $context_option);
    }

    public function run()
    {
        $this->onMessage = array($this, 'onMessage');
        parent::run();
    }

    public function listen()
    {
        parent::listen();
    }

    public function stop()
    {
        parent::stop();
    }

    public static function log($msg)
    {
        parent::log("old $msg");
    }

    public static function runAll()
    {
        trace('runAll');
        parent::runAll();
    }

    public function onMessage($connection, $data)
    {
        self::log($data);
        $connection->id = (int) $connection->getSocket();
        $connection->send($data . $connection->id);
    }
}

$words = new OldWorker(address('tcp', 3));
$words->protocol = 'OldProtocol';
Http::sessionSavePath(__DIR__);
Http::sessionName('OLDSESSION');
$pages = new Worker(address('http'));
$pages->onMessage = [new Pages(), 'onMessage'];

$arrays = new Worker(address('http', 2));
$arrays->onMessage = function ($connection, $data) {
    $parts = [];
    foreach ($data as $name => $part) {
        $parts[] = $name;
    }
    $connection->send(json_encode([$data['get'], $data['post']['a'] ?? null, $data['server']['REQUEST_METHOD'], isset($data['server']['argv']),
        isset($data['none']), empty($data['get']['none']), $parts, count($data), $data instanceof Request && $data->path() === '/arrays']));
};

// In the process of $pages, a websocket port too.
$pages->onWorkerStart = function (): void {
    $inner = new Worker(address('websocket', 4));
    $inner->onWebSocketConnect = fn ($connection) => trace('handshake', $_SERVER['HTTP_X_SECRET'] ?? null, $_SERVER['REMOTE_ADDR'] ?? null);
    $inner->listen();
    ready();
};
foreach ([$arrays, $words] as $worker) {
    $worker->onWorkerStart = fn () => ready();
}
OldWorker::runAll();
