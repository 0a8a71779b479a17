<?php
// Workers over TLS: protocols of libwm and of the program, a passphrase, several names, certificates of clients.

namespace {
    require getenv('WM_TEST_PRELUDE');
}

namespace Protocols {
    /** A message ends with a full stop. */
    class Stop
    {
        public static function input($buffer, $connection)
        {
            $end = strpos($buffer, '.');
            return $end === false ? 0 : $end + 1;
        }

        public static function decode($buffer, $connection)
        {
            return substr($buffer, 0, -1);
        }

        public static function encode($data, $connection)
        {
            return "$data.";
        }
    }
}

namespace {

    use Workerman\Connection\TcpConnection;
    use Workerman\Worker;

    $files = getenv('WM_TEST_FILES');
    $site = ['local_cert' => "$files/site.pem", 'local_pk' => "$files/site.key", 'verify_peer' => false, 'allow_self_signed' => true];
    $contexts = [
        ['Text', 'ssl', $site],
        ['websocket', 'SSL', $site],
        ['http', 'ssl', ['local_cert' => "$files/locked.pem", 'local_pk' => "$files/locked.key", 'passphrase' => 'open sesame']],
        ['Stop', 'ssl', $site + ['SNI_enabled' => true, 'SNI_server_certs' => [
            'a.example' => "$files/both.pem", '*.b.example' => ['local_cert' => "$files/b.pem", 'local_pk' => "$files/b.key"]]]],
        ['ssl', 'tcp', ['verify_peer' => true, 'allow_self_signed' => false, 'cafile' => "$files/client.pem"] + $site],
    ];
    foreach ($contexts as $index => [$scheme, $transport, $ssl]) {
        $worker = new Worker(address($scheme, $index + 1), ['ssl' => $ssl, 'socket' => ['backlog' => 100]]);
        $worker->transport = $transport;
        $worker->onWorkerStart = fn () => ready();
        $worker->onConnect = function (TcpConnection $connection): void {
            if ($connection->protocol !== 'Workerman\\Protocols\\Http') {
                $connection->send('early'); // before the handshakes
            }
        };
        $worker->onMessage = fn (TcpConnection $connection, mixed $data) => $connection->send(
            "$connection->transport " . (is_string($data) ? $data : $data->path()));
        $worker->onClose = fn () => trace('close');
    }
    Worker::runAll();
}
