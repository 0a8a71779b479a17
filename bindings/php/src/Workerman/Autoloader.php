<?php
// Programs of Workerman 3 require this file in place of composer's: it loads libwm's classes, and those of the program by their names.
declare(strict_types=1);

namespace Workerman;

require_once dirname(__DIR__, 2) . '/autoload.php';

/** Finds classes by their namespaces: below the root path, and beside the directory Workerman. */
class Autoloader
{
    /** The directory that holds the one of this file, as the program sees it: that may be a link. */
    private static string $parent = '';
    private static string $root = '';

    /** Directory in which Name\Space\Class is Name/Space/Class.php. */
    public static function setRootPath(string $root_path): void
    {
        self::$root = $root_path;
    }

    /** Returns whether the class was found. */
    public static function loadByNamespace(string $name): bool
    {
        $path = strtr($name, '\\', '/') . '.php';
        foreach ([self::$root, self::$parent] as $directory) {
            if ($directory !== '' && is_file("$directory/$path")) {
                require_once "$directory/$path";
                if (class_exists($name, false) || interface_exists($name, false) || trait_exists($name, false)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** @internal $files: what requires this file, and the program's script. */
    public static function wmBegin(string ...$files): void
    {
        self::$parent = dirname(__DIR__);
        foreach ($files as $file) {
            for ($directory = dirname($file); $directory !== dirname($directory); $directory = dirname($directory)) {
                if (self::holdsThis($directory)) {
                    self::$parent = $directory;
                    return;
                }
            }
        }
    }

    /** @internal Directory of the file that makes a worker, whose constructor, and those of its subclasses, run. */
    public static function wmMakerOf(): string
    {
        $file = '';
        foreach (array_slice(debug_backtrace(DEBUG_BACKTRACE_IGNORE_ARGS), 1) as $frame) {
            if ($frame['function'] !== '__construct' || !is_a($frame['class'] ?? '', Worker::class, true)) {
                break;
            }
            $file = $frame['file'] ?? '';
        }
        return dirname($file);
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
spl_autoload_register([Autoloader::class, 'loadByNamespace']);
