<?php
declare(strict_types=1);

namespace Workerman\Protocols;

use Libwm\Websocket\WebsocketFrames;
use Workerman\Connection\ConnectionInterface;
use Workerman\Protocols\Http\Request;

/** The protocol of websocket:// workers. libwm speaks it itself; the methods are for other protocols, and for frames sent raw. */
class Websocket implements ProtocolInterface
{
    /** Values of a connection's websocketType: frames of text, and of bytes. */
    public const BINARY_TYPE_BLOB = "\x81";
    public const BINARY_TYPE_ARRAYBUFFER = "\x82";
    /** The same with compression, which is not in this version: sent as text, and as bytes. */
    public const BINARY_TYPE_BLOB_DEFLATE = "\xc1";
    public const BINARY_TYPE_ARRAYBUFFER_DEFLATE = "\xc2";

    private const MAX_HEAD = 16384;

    public static function input(string $buffer, ConnectionInterface $connection): int
    {
        return WebsocketFrames::isOpen($connection) ? WebsocketFrames::input($buffer, $connection, true) : self::shakeHands($buffer, $connection);
    }

    public static function decode(string $buffer, ConnectionInterface $connection): string
    {
        return WebsocketFrames::decode($buffer, $connection);
    }

    /** A frame of the connection's websocketType; '' before the handshake, when it waits for that. */
    public static function encode(mixed $data, ConnectionInterface $connection): string
    {
        return WebsocketFrames::encode($data, $connection, false);
    }

    private static function shakeHands(string $buffer, ConnectionInterface $connection): int
    {
        $end = \strpos($buffer, "\r\n\r\n");
        if ($end === false && \strlen($buffer) <= self::MAX_HEAD) {
            return 0;
        }
        if ($end === false || $end > self::MAX_HEAD) {
            return self::refuse($connection, '431 Request Header Fields Too Large');
        }
        $request = new Request(\substr($buffer, 0, $end + 4));
        $request->connection = $connection;
        $key = (string) $request->header('sec-websocket-key');
        if (!str_starts_with($buffer, 'GET ') || strcasecmp((string) $request->header('upgrade'), 'websocket') !== 0
            || \strlen((string) base64_decode($key, true)) !== 16) {
            return self::refuse($connection, '400 Bad Request');
        }
        if ($request->header('sec-websocket-version') !== '13') {
            return self::refuse($connection, "426 Upgrade Required\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13");
        }
        $callback = $connection->onWebSocketConnect ?? $connection->worker->onWebSocketConnect ?? null;
        if ($callback !== null) {
            $callback($connection, $request);
        }
        if ($connection->getStatus() !== $connection::STATUS_ESTABLISHED) {
            return 0;
        }
        $connection->consumeRecvBuffer($end + 4);
        $connection->send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
            . WebsocketFrames::accept($key) . "\r\n" . WebsocketFrames::lines($connection->headers) . "\r\n", true);
        $connection->headers = [];
        WebsocketFrames::open($connection);
        $callback = $connection->onWebSocketConnected ?? $connection->worker->onWebSocketConnected ?? null;
        if ($callback !== null) {
            $callback($connection, $request);
        }
        return 0;
    }

    private static function refuse(ConnectionInterface $connection, string $status): int
    {
        $connection->close("HTTP/1.1 $status\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", true);
        return 0;
    }
}
