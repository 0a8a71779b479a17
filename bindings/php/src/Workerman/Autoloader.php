<?php
// Programs of Workerman 3 require this file in place of composer's: it loads libwm's classes, and those of the program by their names.
declare(strict_types=1);

namespace Workerman;

use Libwm\ProgramClasses;

require_once dirname(__DIR__, 2) . '/autoload.php';

/** Finds classes by their namespaces: below the root path, and beside the directory Workerman. */
class Autoloader
{
    /** Directory in which Name\Space\Class is Name/Space/Class.php. */
    public static function setRootPath(string $root_path): void
    {
        ProgramClasses::setRoot($root_path);
    }

    /** Returns whether the class was found. */
    public static function loadByNamespace(string $name): bool
    {
        return ProgramClasses::load($name);
    }

    /** @internal $files: what requires this file, and the program's script. The directory Workerman may be a link. */
    public static function wmBegin(string ...$files): void
    {
        ProgramClasses::setRoot('');
        ProgramClasses::setParent(dirname(__DIR__));
        foreach ($files as $file) {
            for ($directory = dirname($file); $directory !== dirname($directory); $directory = dirname($directory)) {
                if (self::holdsThis($directory)) {
                    ProgramClasses::setParent($directory);
                    return;
                }
            }
        }
    }

    private static function holdsThis(string $directory): bool
    {
        foreach (glob("$directory/[Ww]orker[Mm]an*", GLOB_ONLYDIR) ?: [] as $candidate) {
            if (realpath($candidate) === __DIR__) {
                return true;
            }
        }
        return false;
    }
}

Autoloader::wmBegin(debug_backtrace(DEBUG_BACKTRACE_IGNORE_ARGS, 1)[0]['file'] ?? __FILE__, (string) realpath($_SERVER['SCRIPT_FILENAME'] ?? ''));
\Libwm\Compat3::enable();
