<?php
declare(strict_types=1);

namespace Workerman\Protocols;

/** The protocol of websocket:// workers. */
class Websocket
{
    /** Values of a connection's websocketType: frames of text, and of bytes. */
    public const BINARY_TYPE_BLOB = "\x81";
    public const BINARY_TYPE_ARRAYBUFFER = "\x82";
}
