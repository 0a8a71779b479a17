<?php
declare(strict_types=1);

namespace Libwm\Properties;

use Libwm\Compat3;

/** How the program's subclasses of Worker are written: known when the first of them has Worker loaded. */
final class SubclassStyle
{
    private const EXTENDS_WORKER = '/\bextends\s+\\\\?(?:Workerman\\\\)?Worker\b/';
    private const DECLARES = '/^\s*(?:public|var)\s+\$(?:id|name|count|user|group|reloadable|reusePort|transport|protocol)\b/m';
    /** Files of a directory that are looked at. */
    private const FILES_MAX = 100;

    /** Whether a subclass beside the code that has Worker loaded, or of a program of Workerman 3, declares properties without their types. */
    public static function declaresPlain(): bool
    {
        if (class_exists(Compat3::class, false) && Compat3::isEnabled()) {
            return true;
        }
        $own = dirname(__DIR__, 2) . '/';
        foreach (debug_backtrace(DEBUG_BACKTRACE_IGNORE_ARGS) as $frame) {
            $file = $frame['file'] ?? '';
            $code = str_starts_with($file, $own) || !is_file($file) ? '' : (string) file_get_contents($file);
            if (preg_match(self::EXTENDS_WORKER, $code)) {
                return self::isPlain(...\array_slice(glob(dirname($file) . '/*.php') ?: [$file], 0, self::FILES_MAX));
            }
        }
        return false;
    }

    private static function isPlain(string ...$files): bool
    {
        foreach ($files as $file) {
            $code = (string) file_get_contents($file);
            if (preg_match(self::EXTENDS_WORKER, $code) && preg_match(self::DECLARES, $code)) {
                return true;
            }
        }
        return false;
    }
}
