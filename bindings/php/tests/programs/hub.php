<?php
// Processes that do with Workerman\Hub what lines of JSON say: [method, arguments...]; `me` stands for the connection. Each answers the result.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\TcpConnection;
use Workerman\Hub;
use Workerman\Worker;

$worker = new Worker(address('text'));
$worker->count = (int) (getenv('WM_TEST_COUNT') ?: 1);
$worker->reusePort = true;
$worker->onWorkerStart = fn () => ready();
$worker->onMessage = function (TcpConnection $connection, string $line): void {
    [$method, $arguments] = [json_decode($line)[0], array_slice(json_decode($line), 1)];
    $answer = fn (mixed ...$values) => $connection->send(json_encode($values));
    $arguments = array_map(fn ($each) => $each === 'me' ? $connection : $each, $arguments);
    try {
        match ($method) {
            'pid' => $answer(posix_getpid()),
            'bind', 'unbind', 'join', 'leave' => $answer(Hub::$method(...$arguments)),
            'send', 'broadcast', 'sendToGroup', 'joinUid', 'leaveUid', 'publish', 'kick', 'online' => Hub::$method(...[...$arguments, 'done' => $answer]),
            'except' => Hub::broadcast($arguments[0], $answer, except: $arguments[1]),
            'group except' => Hub::sendToGroup($arguments[0], $arguments[1], $answer, except: $arguments[2]),
            'ready' => $answer(Hub::ready($why), $why),
            'key' => Hub::send($arguments[0], $arguments[1], $answer, key: $arguments[2]),
            'newest' => (function () use ($answer, $arguments): void {
                [$kind, $to, $times] = $arguments;
                $text = str_repeat('x', 65536);
                for ($i = 1; $i <= $times; $i++) {
                    $done = $i === $times ? $answer : null;
                    match ($kind) {
                        'uid' => Hub::send($to, "$text$i", $done, key: 'state'),
                        'all' => Hub::broadcast("$text$i", $done, key: 'state'),
                        'group' => Hub::sendToGroup($to, "$text$i", $done, key: 'state'),
                    };
                }
            })(),
            'kick with' => Hub::kick($arguments[0], $answer, 4001, $arguments[1]),
            'subscribe' => $answer(Hub::onMessage($arguments[0], function (string $data, string $topic) use ($connection): void {
                $connection->send("$topic: $data");
                if ($data === 'throw') {
                    throw new RuntimeException('of a topic');
                }
            })),
            'unsubscribe' => $answer(Hub::onMessage($arguments[0], null)),
            'throw' => Hub::online('nobody', fn () => throw new RuntimeException('of a result')),
            'silent' => Hub::send($arguments[0], $arguments[1]),
            'bind closed' => (function () use ($connection): void {
                $connection->close();
                trace('closed', Hub::bind($connection, 'gone'), Hub::join($connection, 'gone'), Hub::unbind($connection), Hub::leave($connection, 'gone'));
            })(),
            'many' => (function () use ($connection, $arguments): void {
                for ($i = 0, $left = $arguments[1]; $i < $arguments[1]; $i++) {
                    Hub::send($arguments[0], "$i", function (int $count) use (&$left, $connection): void {
                        if (--$left === 0) {
                            $connection->send("sent $count");
                        }
                    });
                }
            })(),
        };
    } catch (InvalidArgumentException | Libwm\Error $e) {
        $answer(get_class($e), $e->getMessage());
    }
};

Hub::onMessage('news', fn (string $data, string $topic) => trace('news', $topic, $data));
try {
    Hub::send('anybody', 'too early');
} catch (LogicException $e) {
    trace('early', $e->getMessage());
}
Worker::runAll();
