<?php
// A sender and receivers over the hub: `start N` sends N numbered messages to the uid, WINDOW of them without a result at most; `report` tells of memory.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\TcpConnection;
use Workerman\Hub;
use Workerman\Worker;

const WINDOW = 256;

/** Sends the rest of the messages as their results come. */
final class Sending
{
    private int $sent = 0;
    private int $pending = 0;
    private int $taken = 0;

    public function __construct(private TcpConnection $connection, private string $uid, private int $total)
    {
    }

    public function more(): void
    {
        while ($this->pending < WINDOW && $this->sent < $this->total) {
            $this->pending++;
            Hub::send($this->uid, sprintf('message %07d', $this->sent++ % 2000), function (int $connections): void {
                $this->taken += $connections;
                if (--$this->pending < WINDOW / 2) {
                    $this->more();
                }
                if ($this->taken === $this->total) {
                    $this->taken = 0;
                    $this->connection->send('all taken');
                }
            });
        }
    }
}

$worker = new Worker(address('text'));
$worker->count = 2;
$worker->reusePort = true;
$worker->onWorkerStart = fn () => ready();
$worker->onMessage = function (TcpConnection $connection, string $line): void {
    [$verb, $uid, $count] = [...explode(' ', $line), '', ''];
    match ($verb) {
        'pid' => $connection->send((string) posix_getpid()),
        'bind' => $connection->send(Hub::bind($connection, $uid) ? 'bound' : 'closed'),
        'online' => Hub::online($uid, fn (int $connections, string $result) => $connection->send("$result $connections")),
        'start' => (new Sending($connection, $uid, (int) $count))->more(),
        'report' => $connection->send(json_encode(['cycles' => gc_collect_cycles(), 'bytes' => memory_get_usage()])),
    };
};
Worker::runAll();
