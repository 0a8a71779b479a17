<?php
declare(strict_types=1);

namespace Workerman\Protocols;

/** The protocol of websocket:// workers. */
class Websocket
{
    /** Values of a connection's websocketType: frames of text, and of bytes. */
    public const BINARY_TYPE_BLOB = "\x81";
    public const BINARY_TYPE_ARRAYBUFFER = "\x82";
    /** The same with compression, which is not in this version: sent as text, and as bytes. */
    public const BINARY_TYPE_BLOB_DEFLATE = "\xc1";
    public const BINARY_TYPE_ARRAYBUFFER_DEFLATE = "\xc2";
}
