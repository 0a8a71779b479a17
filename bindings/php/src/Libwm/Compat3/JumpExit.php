<?php
declare(strict_types=1);

namespace Libwm\Compat3;

/** Http::end(): leaves the callback, or the script of a WebServer. Programs know it by its message. */
final class JumpExit extends \Exception
{
    /** @param string $output what is sent beside the output of the script */
    public function __construct(public readonly string $output)
    {
        parent::__construct('jump_exit');
    }
}
