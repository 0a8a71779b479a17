<?php
declare(strict_types=1);

namespace Workerman\Protocols;

/** The protocol of ws:// and wss://, of connections that the program makes. */
class Ws
{
    public const BINARY_TYPE_BLOB = Websocket::BINARY_TYPE_BLOB;
    public const BINARY_TYPE_ARRAYBUFFER = Websocket::BINARY_TYPE_ARRAYBUFFER;
}
