<?php
declare(strict_types=1);

namespace Libwm\Properties;

/** The properties of Worker that subclasses declare again, as those of Workerman 5 do: with their types. */
trait TypedProperties
{
    /** Index of this process among those of the worker, from 0. */
    public int $id = 0;
    public string $name = 'none';
    /** Number of processes. */
    public int $count = 1;
    public string $user = '';
    public string $group = '';
    public bool $reloadable = true;
    public bool $reusePort = false;
    public string $transport = 'tcp';
    /** Class of the protocol; null: as the address says. */
    public ?string $protocol = null;
}
