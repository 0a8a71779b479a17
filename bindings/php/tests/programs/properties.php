<?php
// Connections, requests and workers with properties of the program's own, by names that programs like.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\TcpConnection;
use Workerman\Protocols\Http\Request;
use Workerman\Worker;

const NAMES = ['uid', 'userId', 'user', 'name', 'nickname', 'room', 'group', 'token', 'auth', 'authenticated', 'session', 'sessionId', 'request',
    'response', 'req', 'data', 'info', 'state', 'step', 'buffer', 'queue', 'pending', 'messages', 'current', 'last', 'lastMessageTime', 'time', 'timer',
    'timerId', 'authTimerId', 'heartbeat', 'pings', 'ip', 'realIp', 'port', 'client', 'server', 'remote', 'peer', 'handle', 'core', 'key',
    'type', 'path', 'query', 'params', 'options', 'config', 'closed', 'paused', 'open', 'opened', 'ready', 'held', 'waiting', 'unanswered',
    'handshake', 'accepted', 'limits', 'counters', 'stats', 'count', 'index', 'version', 'method', 'uri', 'host', 'cookies', 'attributes', 'extra',
    'parent', 'self', 'owner', 'manager', 'logger', 'db', 'redis', 'process', 'task', 'job', 'isClosed', 'isLogin', 'login', 'events'];

/** Sets all names, reads them back, and removes them; the names that did not work. */
function tried(object $object, array $without = []): array
{
    $failed = [];
    foreach (array_diff(NAMES, $without) as $name) {
        try {
            $fresh = !isset($object->$name);
            $object->$name = ["value of $name"];
            $kept = isset($object->$name) && $object->$name === ["value of $name"];
            unset($object->$name);
            if (!$fresh || !$kept || isset($object->$name)) {
                $failed[] = $name;
            }
        } catch (Throwable $error) {
            $failed[] = "$name: " . $error->getMessage();
        }
    }
    return $failed;
}

$text = new Worker(address('text'));
$text->onMessage = fn (TcpConnection $connection) => $connection->send(json_encode([tried($connection), tried($connection->worker, ['name', 'count', 'user', 'group'])]));
$http = new Worker(address('http', 2));
$http->onMessage = fn (TcpConnection $connection, Request $request) => $connection->send(json_encode([tried($connection), tried($request)]));
$page = new Worker(address('websocket', 3));
$page->onWebSocketConnect = function (TcpConnection $connection, Request $request): void {
    trace('handshake', [tried($connection), tried($request)]);
};
$page->onMessage = fn (TcpConnection $connection) => $connection->send(json_encode([tried($connection)]));
foreach ([$text, $http, $page] as $each) {
    $each->onWorkerStart = fn () => ready();
}
Worker::runAll();
