<?php
declare(strict_types=1);

namespace Libwm;

use Workerman\Worker;

/**
 * Finds the program's classes as Workerman 3 and 4 do, beside composer: Name\Space\Class is Name/Space/Class.php in the directory of the
 * file that has made the worker, or in the one that holds the directory Workerman.
 */
final class ProgramClasses
{
    private static string $root = '';
    private static string $parent = '';
    private static bool $isRegistered = false;

    public static function setRoot(string $directory): void
    {
        self::$root = $directory;
        if (!self::$isRegistered) {
            self::$isRegistered = true;
            spl_autoload_register(self::load(...));
        }
    }

    /** The directory that holds the directory Workerman. */
    public static function setParent(string $directory): void
    {
        self::$parent = $directory;
    }

    /** Returns whether the class was found. */
    public static function load(string $name): bool
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

    /** Directory of the file that makes a worker, whose constructor, and those of its subclasses, run. */
    public static function directoryOfMaker(): string
    {
        $file = '';
        foreach (array_slice(debug_backtrace(DEBUG_BACKTRACE_IGNORE_ARGS), 1) as $frame) {
            if ($frame['function'] !== '__construct' || !is_a($frame['class'] ?? '', Worker::class, true)) {
                break;
            }
            $file = $frame['file'] ?? '';
        }
        return $file === '' ? '' : dirname($file);
    }
}
