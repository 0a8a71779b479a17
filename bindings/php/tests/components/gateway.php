<?php
// GatewayWorker in one script: Register, Gateways for websockets and for text, and two BusinessWorkers.
require getenv('WM_TEST_PRELUDE');

use GatewayWorker\BusinessWorker;
use GatewayWorker\Gateway;
use GatewayWorker\Lib\Gateway as Clients;
use GatewayWorker\Register;
use Workerman\Worker;

class Events
{
    public static function onWorkerStart(BusinessWorker $worker): void
    {
        ready($worker->id);
    }

    public static function onConnect(string $client): void
    {
        trace('connect');
    }

    public static function onWebSocketConnect(string $client, array $data): void
    {
        trace('handshake', $data['get']);
    }

    public static function onMessage(string $client, string $message): void
    {
        $words = explode(' ', $message);
        match ($words[0]) {
            'bind' => Clients::bindUid($client, $words[1]) ?? Clients::joinGroup($client, $words[2]) ?? Clients::sendToClient($client, 'bound'),
            'name' => ($_SESSION['name'] = $words[1]) && Clients::sendToClient($client, 'named'),
            'who' => Clients::sendToClient($client, ($_SESSION['name'] ?? '?') . " $_SERVER[REMOTE_ADDR]"),
            'echo' => Clients::sendToClient($client, $words[1]),
            'all' => Clients::sendToAll("all $words[1]"),
        };
    }

    public static function onClose(string $client): void
    {
        trace('close');
    }
}

$host = '127.0.0.1:' . getenv('WM_TEST_PORT');
$register = new Register("text://$host");
foreach (['websocket' => 2, 'text' => 4] as $scheme => $number) {
    $gateway = new Gateway(address($scheme, $number));
    $gateway->name = "Gateway $scheme";
    $gateway->lanIp = '127.0.0.1';
    $gateway->startPort = (int) getenv('WM_TEST_PORT_' . ($number + 1));
    $gateway->registerAddress = $host;
    $gateway->pingInterval = 30;
    $gateway->pingData = '{"type":"ping"}';
}
$business = new BusinessWorker();
$business->name = 'Business';
$business->count = 2;
$business->registerAddress = $host;
$business->eventHandler = Events::class;
Worker::runAll();
