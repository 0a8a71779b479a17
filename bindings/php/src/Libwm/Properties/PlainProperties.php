<?php
declare(strict_types=1);

namespace Libwm\Properties;

/** TypedProperties for subclasses of Worker that are written for Workerman 3 and 4, which declare them again without types. */
trait PlainProperties
{
    /** @var int */
    public $id = 0;
    /** @var string */
    public $name = 'none';
    /** @var int */
    public $count = 1;
    /** @var string */
    public $user = '';
    /** @var string */
    public $group = '';
    /** @var bool */
    public $reloadable = true;
    /** @var bool */
    public $reusePort = false;
    /** @var string */
    public $transport = 'tcp';
    /** @var string|null */
    public $protocol = null;
}
