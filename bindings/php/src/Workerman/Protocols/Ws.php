<?php
declare(strict_types=1);

namespace Workerman\Protocols;

use Libwm\Websocket\WebsocketFrames;
use Workerman\Connection\AsyncTcpConnection;
use Workerman\Connection\ConnectionInterface;
use Workerman\Timer;

/**
 * The protocol of ws:// and wss://, of connections that the program makes. libwm speaks it itself; the methods are for protocols that
 * build on it.
 */
class Ws implements ProtocolInterface
{
    public const BINARY_TYPE_BLOB = Websocket::BINARY_TYPE_BLOB;
    public const BINARY_TYPE_ARRAYBUFFER = Websocket::BINARY_TYPE_ARRAYBUFFER;

    private const MAX_HEAD = 16384;

    public static function input(string $buffer, ConnectionInterface $connection): int
    {
        if (!isset($connection->context->websocketKey)) {
            return -1; // nothing was asked yet
        }
        return WebsocketFrames::isOpen($connection) ? WebsocketFrames::input($buffer, $connection, false) : self::answer($buffer, $connection);
    }

    public static function decode(string $buffer, ConnectionInterface $connection): string
    {
        return WebsocketFrames::decode($buffer, $connection);
    }

    /** A masked frame of the connection's websocketType; '' before the handshake, when it waits for that. */
    public static function encode(mixed $data, ConnectionInterface $connection): string
    {
        return WebsocketFrames::encode($data, $connection, true);
    }

    /** The socket is connected. */
    public static function onConnect(AsyncTcpConnection $connection): void
    {
        self::sendHandshake($connection);
    }

    /** Asks for a websocket. */
    public static function sendHandshake(AsyncTcpConnection $connection): void
    {
        WebsocketFrames::begin($connection);
        $connection->context->websocketKey = base64_encode(random_bytes(16));
        $port = $connection->getRemotePort();
        $host = $connection->getRemoteHost() . (\in_array($port, [80, 443], true) ? '' : ":$port");
        $host = array_change_key_case($connection->headers)['host'] ?? $host;
        $isOther = static fn ($name) => strcasecmp((string) $name, 'Host') !== 0;
        $lines = WebsocketFrames::lines(array_filter($connection->headers, $isOther, ARRAY_FILTER_USE_KEY));
        $lines .= WebsocketFrames::lines(array_filter([
            'Origin' => $connection->websocketOrigin,
            'Sec-WebSocket-Protocol' => $connection->websocketClientProtocol,
        ]));
        $connection->send("GET {$connection->getRemoteURI()} HTTP/1.1\r\nHost: $host\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            . "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {$connection->context->websocketKey}\r\n$lines\r\n", true);
    }

    public static function onClose(ConnectionInterface $connection): void
    {
        if (isset($connection->context->websocketPings)) {
            Timer::del($connection->context->websocketPings);
            unset($connection->context->websocketPings);
        }
        WebsocketFrames::begin($connection);
        unset($connection->context->websocketKey, $connection->context->websocketWaiting); // it may connect again
    }

    private static function answer(string $buffer, ConnectionInterface $connection): int
    {
        $end = \strpos($buffer, "\r\n\r\n");
        if ($end === false) {
            return \strlen($buffer) > self::MAX_HEAD ? -1 : 0;
        }
        $accept = preg_match('/^Sec-WebSocket-Accept:[ \t]*(\S+)[ \t]*\r$/mi', $buffer, $found) ? $found[1] : '';
        if (!str_starts_with($buffer, 'HTTP/1.1 101 ') || $accept !== WebsocketFrames::accept($connection->context->websocketKey)) {
            $connection->close();
            return 0;
        }
        $connection->consumeRecvBuffer($end + 4);
        WebsocketFrames::open($connection);
        $interval = $connection->websocketPingInterval ?? 0;
        if ($interval > 0) {
            $ping = static fn () => $connection->send(WebsocketFrames::frame(9, '', true), true);
            $connection->context->websocketPings = Timer::add((float) $interval, $ping);
        }
        if ($connection->onWebSocketConnect !== null) {
            $fields = (int) \strpos($buffer, "\r\n") + 2;
            ($connection->onWebSocketConnect)($connection, WebsocketFrames::response(\substr($buffer, $fields, max(0, $end - $fields))));
        }
        return 0;
    }
}
