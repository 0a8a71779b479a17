<?php
declare(strict_types=1);

namespace Libwm\Http;

/**
 * Ids of sessions: random, and signed with a key of this run of the program, so that one that it has given out is known again
 * before anything is stored under it.
 */
final class SessionIds
{
    /** Bytes that are random, and hexadecimal digits of the signature. */
    private const RANDOM = 16;
    private const SIGNED = 16;

    private static string $key = '';

    /** Makes the key, in the process that all others are forked from. */
    public static function begin(): void
    {
        self::$key = \random_bytes(32);
    }

    public static function make(): string
    {
        $random = bin2hex(\random_bytes(self::RANDOM));
        return $random . self::sign($random);
    }

    /** Whether this run has made it. */
    public static function isOwn(string $id): bool
    {
        $random = \substr($id, 0, 2 * self::RANDOM);
        return hash_equals($random . self::sign($random), $id);
    }

    /** Whether it has the form of an id, which is safe in a path and in a cookie. */
    public static function isValid(mixed $id): bool
    {
        return \is_string($id) && preg_match('/^[A-Za-z0-9,-]{16,256}$/D', $id) === 1;
    }

    /** $id, or an exception that says what an id is. */
    public static function check(string $id): string
    {
        return self::isValid($id) ? $id
            : throw new \InvalidArgumentException('a session id has 16 to 256 letters, digits, "," and "-", other than ' . var_export($id, true));
    }

    private static function sign(string $text): string
    {
        return \substr(hash_hmac('sha256', $text, self::$key), 0, self::SIGNED);
    }
}
