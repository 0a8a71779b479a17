<?php
declare(strict_types=1);

namespace Libwm;

use Libwm\Ffi\FfiCore;

/** The one core and dispatcher of this process. */
final class Runtime
{
    private static ?Core $core = null;
    private static ?Dispatcher $dispatcher = null;
    /** Whether this process serves: between the start of its worker and its end. */
    private static bool $serving = false;

    public static function core(): Core
    {
        return self::$core ??= new FfiCore();
    }

    public static function dispatcher(): Dispatcher
    {
        return self::$dispatcher ??= new Dispatcher(self::core());
    }

    public static function serve(): void
    {
        self::$serving = true;
    }

    public static function isServing(): bool
    {
        return self::$serving;
    }
}
