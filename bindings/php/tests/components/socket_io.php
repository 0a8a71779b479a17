<?php
// phpsocket.io: the events of its chat, and rooms.
require getenv('WM_TEST_PRELUDE');

use PHPSocketIO\SocketIO;
use Workerman\Worker;

$io = new SocketIO((int) getenv('WM_TEST_PORT'), ['host' => '127.0.0.1']);
$users = 0;
$io->on('connection', function ($socket) use ($io, &$users): void {
    $socket->on('new message', fn ($text) => $socket->broadcast->emit('new message', ['username' => $socket->username, 'message' => $text]));
    $socket->on('add user', function ($name) use ($socket, &$users): void {
        $socket->username = $name;
        $socket->emit('login', ['numUsers' => ++$users]);
        $socket->broadcast->emit('user joined', ['username' => $name, 'numUsers' => $users]);
    });
    $socket->on('enter', function ($room) use ($socket): void {
        $socket->join($room);
        $socket->emit('entered', $room);
    });
    $socket->on('tell', fn ($room, $text) => $io->to($room)->emit('told', $room, $text));
    $socket->on('disconnect', fn () => trace('disconnect', $socket->username));
});
$io->on('workerStart', fn () => ready());
Worker::runAll();
