<?php
// Names of other versions of Workerman, and of parts that are not there yet.
declare(strict_types=1);

namespace Workerman\Connection {
    class AsyncTcpConnection extends \Libwm\NotYet {}
    class AsyncUdpConnection extends \Libwm\NotYet {}
    class UdpConnection extends \Libwm\NotYet {}
}

namespace Workerman\Protocols {
    class Frame extends \Libwm\NotYet {}
    class Ws extends \Libwm\NotYet {}
}

namespace Workerman\Protocols\Http {
    class Session extends \Libwm\NotYet {}
}

namespace {
    \Libwm\Launcher::begin();
    \class_alias(\Workerman\Timer::class, 'Workerman\Lib\Timer');
}
