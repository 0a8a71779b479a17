<?php
// An echo on $BENCH_PORT over a protocol of its own: each message is behind its length, 4 bytes that count themselves too.
use Workerman\Connection\TcpConnection;
use Workerman\Worker;

require getenv('BENCH_AUTOLOAD');

class Packet
{
    public static function input(string $buffer, TcpConnection $connection): int
    {
        return strlen($buffer) < 4 ? 0 : unpack('N', $buffer)[1];
    }

    public static function decode(string $buffer, TcpConnection $connection): string
    {
        return substr($buffer, 4);
    }

    public static function encode(string $data, TcpConnection $connection): string
    {
        return pack('N', strlen($data) + 4) . $data;
    }
}

Worker::$pidFile = getenv('BENCH_DIRECTORY') . '/pid';
Worker::$logFile = getenv('BENCH_DIRECTORY') . '/log';

$worker = new Worker('tcp://127.0.0.1:' . getenv('BENCH_PORT'));
$worker->protocol = Packet::class;
$worker->onMessage = function (TcpConnection $connection, $data) {
    $connection->send($data);
};

Worker::runAll();
