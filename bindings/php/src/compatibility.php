<?php
// Names of other versions of Workerman, and of parts that are not there yet.
declare(strict_types=1);

namespace Workerman\Connection {
    class AsyncUdpConnection extends \Libwm\NotYet {}
    class UdpConnection extends \Libwm\NotYet {}
}

namespace Workerman\Protocols\Http\Session {
    class RedisSessionHandler extends \Libwm\NotYet {}
    class RedisClusterSessionHandler extends \Libwm\NotYet {}
}

namespace {
    \Libwm\Launcher::begin();
    \Libwm\Http\SessionIds::begin();
    \class_alias(\Workerman\Timer::class, 'Workerman\Lib\Timer');
}
