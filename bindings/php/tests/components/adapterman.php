<?php
// AdapterMan: an application that is written for php-fpm, with its functions of the same names.
require getenv('WM_TEST_PRELUDE');

use Adapterman\Adapterman;
use Workerman\Worker;

Adapterman::init();
$worker = new Worker(address('http'));
$worker->onMessage = function ($connection): void {
    session_start();
    $_SESSION['visits'] = ($_SESSION['visits'] ?? 0) + 1;
    header('X-One: 1');
    setcookie('seen', 'yes');
    http_response_code(201);
    $connection->send(json_encode([$_GET, $_POST, $_SERVER['REQUEST_METHOD'], $_SESSION['visits']]));
};
$worker->onWorkerStart = fn () => ready();
Worker::runAll();
