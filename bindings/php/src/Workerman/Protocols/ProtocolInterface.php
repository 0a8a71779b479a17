<?php
declare(strict_types=1);

namespace Workerman\Protocols;

use Workerman\Connection\ConnectionInterface;

/**
 * What a protocol of a program's own implements. The scheme of its address is the name of its class: JsonNL:// is \Protocols\JsonNL or
 * \Workerman\Protocols\JsonNL; or property `protocol` of a worker or connection of tcp, udp, unix or ssl has the whole name.
 *
 * What it throws, and a length that cannot be, ends its connection only, or its datagram. It may have onConnect($connection), of connections that the
 * program makes, and onClose($connection).
 */
interface ProtocolInterface
{
    // Without the types of what is returned, which the protocols of Workerman 4 do not declare, and those of 5 do.

    /** @return int length of the first message, which may be longer than $buffer; 0: not known yet; below 0: it is none, the connection ends */
    public static function input(string $buffer, ConnectionInterface $connection);
    /** @return mixed what onMessage gets for one message */
    public static function decode(string $buffer, ConnectionInterface $connection);
    /** @return string the bytes of what send() got; '': nothing is sent */
    public static function encode(mixed $data, ConnectionInterface $connection);
}
