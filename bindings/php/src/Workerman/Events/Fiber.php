<?php
declare(strict_types=1);

namespace Workerman\Events;

/** A name of Workerman's for a loop with coroutines, which libwm's does not have: the log says so, and Event is taken. */
final class Fiber extends \Libwm\Loop\EventLoop
{
}
