<?php
declare(strict_types=1);

namespace Workerman\Events;

/** A name of Workerman's for a loop: that of libwm. */
final class Event extends \Libwm\Loop\EventLoop
{
}
