<?php
declare(strict_types=1);

namespace Workerman\Protocols;

use Workerman\Connection\ConnectionInterface;

/** The protocol of text://: a message is a line, without its end. libwm speaks it itself; the methods are for other protocols. */
class Text implements ProtocolInterface
{
    public static function input(string $buffer, ConnectionInterface $connection): int
    {
        $end = \strpos($buffer, "\n");
        if (($end === false ? \strlen($buffer) : $end) + 1 > ($connection->maxPackageSize ?? \PHP_INT_MAX)) {
            $connection->close();
            return 0;
        }
        return $end === false ? 0 : $end + 1;
    }

    public static function encode(mixed $data, ConnectionInterface $connection): string
    {
        return "$data\n";
    }

    public static function decode(string $buffer, ConnectionInterface $connection): string
    {
        return \rtrim($buffer, "\r\n");
    }
}
