<?php
declare(strict_types=1);

namespace Workerman\Protocols;

use Workerman\Connection\ConnectionInterface;

/**
 * The protocol of frame://: four bytes of length, which counts them too, before each message. libwm speaks it itself; the methods are for
 * other protocols.
 */
class Frame implements ProtocolInterface
{
    private const HEAD = 4;

    public static function input(string $buffer, ConnectionInterface $connection): int
    {
        if (\strlen($buffer) < self::HEAD) {
            return 0;
        }
        $length = \unpack('N', $buffer)[1];
        return $length >= self::HEAD ? $length : -1;
    }

    public static function encode(mixed $data, ConnectionInterface $connection): string
    {
        return \pack('N', self::HEAD + \strlen((string) $data)) . $data;
    }

    public static function decode(string $buffer, ConnectionInterface $connection): string
    {
        return \substr($buffer, self::HEAD);
    }
}
