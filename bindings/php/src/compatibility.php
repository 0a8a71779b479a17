<?php
// Names of other versions of Workerman, and of parts that are not there yet.
declare(strict_types=1);

namespace Workerman\Protocols\Http\Session {
    class RedisSessionHandler extends \Libwm\NotYet {}
    class RedisClusterSessionHandler extends \Libwm\NotYet {}
}

namespace {
    foreach (['WORKERMAN_CONNECT_FAIL' => 1, 'WORKERMAN_SEND_FAIL' => 2, 'OS_TYPE_LINUX' => 'linux', 'OS_TYPE_WINDOWS' => 'windows'] as $name => $value) {
        \defined($name) || \define($name, $value); // of Workerman 3 and 4
    }
    unset($name, $value);
    \Libwm\Launcher::begin();
    \Libwm\Http\SessionIds::begin();
    \class_alias(\Workerman\Timer::class, 'Workerman\Lib\Timer');
}
