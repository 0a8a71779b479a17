<?php
declare(strict_types=1);

namespace Workerman\Protocols;

use Workerman\Connection\ConnectionInterface;

/** What a protocol of a program's own implements. A worker that uses one says that this version does not have it. */
interface ProtocolInterface
{
    /** Length of the first message; 0: not known yet. */
    public static function input(string $buffer, ConnectionInterface $connection): int;
    public static function decode(string $buffer, ConnectionInterface $connection): mixed;
    public static function encode(mixed $data, ConnectionInterface $connection): string;
}
