<?php
// Callbacks that use processes, sockets, files and code of their own.
require getenv('WM_TEST_PRELUDE');

use Workerman\Connection\TcpConnection;
use Workerman\Protocols\Http\Request;
use Workerman\Worker;

$worker = new Worker(address('text'));
$worker->onWorkerStart = function (Worker $worker): void {
    $worker->word = require __DIR__ . '/code.php';
    ready();
};
$worker->onMessage = function (TcpConnection $connection, string $data) use ($worker): void {
    switch ($data) {
        case 'code':
            $connection->send($worker->word);
            return;
        case 'shell':
            exec('exit 7', $output, $code);
            $connection->send(trim((string) shell_exec('echo from the shell')) . ", code $code");
            return;
        case 'process':
            $process = proc_open(['cat'], [['pipe', 'r'], ['pipe', 'w']], $pipes);
            fwrite($pipes[0], 'through a pipe');
            fclose($pipes[0]);
            $connection->send(stream_get_contents($pipes[1]) . ', code ' . proc_close($process));
            return;
        case 'fork':
            $connection->send('before');
            $pid = pcntl_fork();
            if ($pid === 0) {
                exit(5);
            }
            pcntl_waitpid($pid, $status);
            $connection->send('code ' . pcntl_wexitstatus($status));
            return;
        case 'fork and wait':
            $pid = pcntl_fork();
            if ($pid === 0) {
                $parent = posix_getppid();
                register_shutdown_function(fn () => trace('shutdown', $parent));
                exit(0);
            }
            pcntl_waitpid($pid, $status);
            $connection->send('waited');
            return;
        case 'http':
            $connection->send(file_get_contents(address('http', 2) . '/path', false, stream_context_create(['http' => ['header' => 'Connection: close']])));
            return;
        case 'text':
            $socket = stream_socket_client(address('tcp', 3), $code, $text, 5);
            fwrite($socket, "hello\n");
            $connection->send(trim((string) fgets($socket)));
            return;
        case 'file':
            file_put_contents('a file', 'of the program');
            $connection->send(file_get_contents('a file') . (is_file(getcwd() . '/a file') ? ' here' : ''));
            return;
        case 'signal':
            pcntl_signal(SIGALRM, function () use ($connection): void {
                $connection->send('the signal');
            });
            pcntl_alarm(1);
            return;
        case 'random':
            $connection->send(mt_rand() . ' ' . bin2hex(random_bytes(8)));
            return;
    }
};
$http = new Worker(address('http', 2));
$http->onWorkerStart = fn () => ready();
$http->onMessage = fn (TcpConnection $connection, Request $request) => $connection->send('answer to ' . $request->path());
$inner = new Worker(address('text', 3));
$inner->onWorkerStart = fn () => ready();
$inner->onMessage = fn (TcpConnection $connection, string $data) => $connection->send("inner $data");
Worker::runAll();
