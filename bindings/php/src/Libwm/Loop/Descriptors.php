<?php
declare(strict_types=1);

namespace Libwm\Loop;

use Libwm\Answers;

/** What PHP does not give away: descriptors of files, and addresses of strings. */
final class Descriptors
{
    /** O_RDONLY | O_NONBLOCK | O_CLOEXEC: an open() of a FIFO must not wait for a writer. The numbers of Linux on x86 and ARM. */
    private const FLAGS = 04000 | 02000000;

    private const ENOENT = 2;
    private const ENOTDIR = 20;
    private const ENFILE = 23;
    private const EMFILE = 24;

    private static ?\FFI $libc = null;

    /** A descriptor to read $path by, or a result of Answers::respondFile() that says why there is none. */
    public static function open(string $path): int
    {
        if (str_contains($path, "\0")) {
            return Answers::MISSING;
        }
        $fd = self::libc()->open($path, self::FLAGS);
        return $fd >= 0 ? $fd : match (self::libc()->__errno_location()[0]) {
            self::ENOENT, self::ENOTDIR => Answers::MISSING,
            self::ENFILE, self::EMFILE => Answers::TOO_MANY_FILES,
            default => Answers::FORBIDDEN,
        };
    }

    public static function close(int $fd): void
    {
        self::libc()->close($fd);
    }

    /** Where the bytes of a string are, which is not empty: memchr() finds its first one, and its pointer is declared as an integer. They stay there while the string lives. */
    public static function addressOf(string $text): int
    {
        return self::libc()->memchr($text, \ord($text[0]), 1);
    }

    private static function libc(): \FFI
    {
        return self::$libc ??= \FFI::cdef('int open(const char *path, int flags, ...); int close(int fd); int *__errno_location(void);
            uintptr_t memchr(const void *s, int c, size_t n);');
    }
}
