<?php
declare(strict_types=1);

namespace Libwm\Websocket;

use Libwm\TextOrJson;
use Workerman\Connection\TcpConnection;
use Workerman\Protocols\Http\Response;
use Workerman\Worker;

/**
 * Websocket frames in bytes (RFC 6455 §5), for Workerman\Protocols\Websocket and Ws where they are protocols in PHP; libwm's own
 * codec serves websocket:// and ws://.
 *
 * Its state is in the connection's context: websocketHandshake, whether the handshake is through; websocketData and websocketOpcode, the
 * fragments of a message; websocketWaiting, frames that wait for the handshake.
 */
final class WebsocketFrames
{
    public const TEXT = 1;
    public const CLOSE = 8;
    public const PING = 9;
    public const PONG = 10;

    /** What programs set for control frames, by opcode. */
    private const CALLBACKS = [self::CLOSE => 'onWebSocketClose', self::PING => 'onWebSocketPing', self::PONG => 'onWebSocketPong'];

    private const CONTINUATION = 0;
    /** Bytes of a control frame (RFC 6455 §5.5). */
    private const CONTROL_MAX = 125;

    /** The longest head of a frame. */
    private const HEAD = 14;

    private static bool $saidWhoCompresses = false;

    /** What a connection, or else its worker, has set for control frames of an opcode. */
    public static function callback(TcpConnection $connection, int $opcode): mixed
    {
        $name = self::CALLBACKS[$opcode];
        return $connection->$name ?? $connection->worker->$name ?? null;
    }

    /** Calls it for a ping or a pong: what it sends is a pong meanwhile, as in Workerman. */
    public static function tell(callable $callback, TcpConnection $connection, string $payload): void
    {
        $type = $connection->websocketType;
        $connection->websocketType = \chr(0x80 | self::PONG);
        try {
            $callback($connection, $payload);
        } finally {
            $connection->websocketType = $type;
        }
    }

    /**
     * Length of the first frame in $buffer, if it ends a message; all others are dealt with here.
     *
     * @param bool $fromClient whether frames have to be masked
     */
    public static function input(string $buffer, TcpConnection $connection, bool $fromClient): int
    {
        $head = self::head($buffer);
        if ($head === null) {
            return 0;
        }
        [$opcode, $isLast, $hasRsv, $mask, $start, $length] = $head;
        $context = $connection->context;
        $isControl = $opcode >= self::CLOSE;
        $begun = isset($context->websocketOpcode);
        if ($hasRsv || ($mask !== null) !== $fromClient || !\in_array($opcode, [0, 1, 2, 8, 9, 10], true) || $length < 0
            || ($isControl ? !$isLast || $length > self::CONTROL_MAX : ($opcode === self::CONTINUATION) !== $begun)) {
            return self::refuse($connection, 1002);
        }
        if (\strlen($context->websocketData ?? '') + $length > $connection->maxPackageSize - self::HEAD) {
            return self::refuse($connection, 1009);
        }
        if (!$isControl && $isLast) {
            return $start + $length;
        }
        if (\strlen($buffer) < $start + $length) {
            return 0;
        }
        $payload = self::unmasked(\substr($buffer, $start, $length), $mask);
        $connection->consumeRecvBuffer($start + $length);
        if ($isControl) {
            self::control($opcode, $payload, $connection);
        } else {
            $context->websocketOpcode ??= $opcode;
            $context->websocketData ??= '';
            $context->websocketData .= $payload; // in its place: a copy for each of many small fragments would grow with their square
        }
        return 0;
    }

    /** The message that the frame $buffer ends. */
    public static function decode(string $buffer, TcpConnection $connection): string
    {
        [$opcode, , , $mask, $start, $length] = self::head($buffer) ?? throw new \LogicException('not a whole frame of a websocket');
        $context = $connection->context;
        $message = ($context->websocketData ?? '') . self::unmasked(\substr($buffer, $start, $length), $mask);
        $opcode = $context->websocketOpcode ?? $opcode;
        unset($context->websocketData, $context->websocketOpcode);
        if ($opcode === self::TEXT && !preg_match('//u', $message)) {
            self::refuse($connection, 1007);
        }
        return $message;
    }

    /** One message as a frame; '': it waits for the handshake. */
    public static function encode(mixed $data, TcpConnection $connection, bool $masks): string
    {
        $opcode = \ord($connection->websocketType) & 15;
        $data = TextOrJson::of($data);
        $frame = $opcode < self::CLOSE ? self::frame($opcode, $data, $masks) : self::controlFrame($opcode, $data, $masks);
        if (self::isOpen($connection)) {
            return $frame;
        }
        $waiting = $connection->context->websocketWaiting ?? '';
        if (\strlen($waiting) < $connection->maxSendBufferSize) {
            $connection->context->websocketWaiting = $waiting . $frame;
        } elseif ($connection->onError !== null) {
            ($connection->onError)($connection, TcpConnection::SEND_FAIL, 'send buffer full and drop package');
        }
        return '';
    }

    /** The handshake is not through, and no message has begun; what waits for it stays. */
    public static function begin(TcpConnection $connection): void
    {
        $context = $connection->context;
        unset($context->websocketHandshake, $context->websocketData, $context->websocketOpcode);
    }

    /** The handshake is through. */
    public static function open(TcpConnection $connection): void
    {
        $connection->context->websocketHandshake = true;
        $waiting = $connection->context->websocketWaiting ?? '';
        unset($connection->context->websocketWaiting);
        if ($waiting !== '') {
            $connection->send($waiting, true);
        }
    }

    public static function isOpen(TcpConnection $connection): bool
    {
        return $connection instanceof WebsocketConnection || !empty($connection->context->websocketHandshake);
    }

    /** Sec-WebSocket-Accept of a key. */
    public static function accept(string $key): string
    {
        return base64_encode(sha1("{$key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11", true));
    }

    /**
     * Header lines of a list of lines, or of names with values; what would split a line is left out, and so are extensions.
     *
     * @param array<mixed> $headers
     */
    public static function lines(array $headers): string
    {
        $lines = '';
        foreach ($headers as $name => $values) {
            foreach ((array) $values as $value) {
                $line = \is_int($name) ? \trim((string) $value) : "$name: $value";
                if ($line === '' || strpbrk($line, "\r\n") !== false) {
                    continue;
                }
                if (strncasecmp($line, 'Sec-WebSocket-Extensions', 24) === 0) { // an extension that libwm has not agreed on would end the connection
                    self::sayWhoCompresses();
                } else {
                    $lines .= "$line\r\n";
                }
            }
        }
        return $lines;
    }

    private static function sayWhoCompresses(): void
    {
        if (!self::$saidWhoCompresses) {
            self::$saidWhoCompresses = true;
            Worker::log("Sec-WebSocket-Extensions is left out: libwm compresses where the context has ['wm' => ['deflate' => 'shared']]");
        }
    }

    /** The answer that has opened a websocket, of its header lines. */
    public static function response(string $lines): Response
    {
        $headers = [];
        foreach (\explode("\r\n", $lines) as $line) {
            [$name, $value] = \explode(':', $line, 2) + [1 => ''];
            if ($name !== '') {
                $headers[$name] = isset($headers[$name]) ? [...(array) $headers[$name], \trim($value)] : \trim($value);
            }
        }
        return new Response(101, $headers);
    }

    /** A control frame that a program makes. */
    public static function controlFrame(int $opcode, string $payload, bool $masks): string
    {
        if (\strlen($payload) > self::CONTROL_MAX) {
            $type = \sprintf('\x%02x', 0x80 | $opcode);
            throw new \LengthException("send() with websocketType \"$type\", a control frame: " . \strlen($payload) . ' bytes, which is more than '
                . self::CONTROL_MAX . ' (RFC 6455 5.5)');
        }
        return self::frame($opcode, $payload, $masks);
    }

    public static function frame(int $opcode, string $payload, bool $masks): string
    {
        $length = \strlen($payload);
        $bit = $masks ? 0x80 : 0;
        $head = match (true) {
            $length < 126 => \pack('CC', 0x80 | $opcode, $bit | $length),
            $length < 65536 => \pack('CCn', 0x80 | $opcode, $bit | 126, $length),
            default => \pack('CCJ', 0x80 | $opcode, $bit | 127, $length),
        };
        if (!$masks) {
            return $head . $payload;
        }
        $mask = random_bytes(4);
        return $head . $mask . self::unmasked($payload, $mask);
    }

    /**
     * @return array{int, bool, bool, ?string, int, int}|null opcode, whether it is the last, whether a reserved bit is set, the mask, where
     *         the payload begins, and its length, -1: one that cannot be; null: not all there yet
     */
    private static function head(string $buffer): ?array
    {
        if (\strlen($buffer) < 2) {
            return null;
        }
        [$first, $second] = [\ord($buffer[0]), \ord($buffer[1])];
        $length = $second & 0x7f;
        $start = 2 + ($length === 126 ? 2 : ($length === 127 ? 8 : 0));
        $mask = $second & 0x80 ? \substr($buffer, $start, 4) : null;
        if (\strlen($buffer) < $start + ($mask === null ? 0 : 4)) {
            return null;
        }
        if ($length >= 126) {
            $real = (int) \unpack($length === 126 ? 'n' : 'J', $buffer, 2)[1];
            $length = $real < ($length === 126 ? 126 : 65536) ? -1 : $real; // RFC 6455 §5.2: the shortest form, and not the sign
        }
        return [$first & 15, ($first & 0x80) !== 0, ($first & 0x70) !== 0, $mask, $start + ($mask === null ? 0 : 4), $length];
    }

    private static function unmasked(string $payload, ?string $mask): string
    {
        return $mask === null || $payload === '' ? $payload : $payload ^ \str_pad('', \strlen($payload), $mask);
    }

    private static function control(int $opcode, string $payload, TcpConnection $connection): void
    {
        $masks = self::masks($connection);
        $wrong = $opcode === self::CLOSE ? self::wrongClose($payload) : 0;
        if ($wrong !== 0) {
            self::refuse($connection, $wrong);
            return;
        }
        $callback = self::callback($connection, $opcode);
        if ($callback !== null) {
            $opcode === self::CLOSE ? $callback($connection, $payload) : self::tell($callback, $connection, $payload);
        } elseif ($opcode === self::CLOSE) {
            $code = $payload === '' ? "\x03\xe8" : \substr($payload, 0, 2);
            $connection->close(self::frame(self::CLOSE, $code, $masks), true);
        } elseif ($opcode === self::PING) {
            $connection->send(self::frame(self::PONG, $payload, $masks), true);
        }
    }

    /** The close code for a close frame that must not be (RFC 6455 §7.4, §8.1); 0: it may. */
    private static function wrongClose(string $payload): int
    {
        if ($payload === '') {
            return 0;
        }
        $code = \strlen($payload) === 1 ? 0 : (int) \unpack('n', $payload)[1];
        $isAllowed = $code >= 1000 && $code <= 1003 || $code >= 1007 && $code <= 1014 || $code >= 3000 && $code <= 4999;
        return !$isAllowed ? 1002 : (preg_match('//u', \substr($payload, 2)) ? 0 : 1007);
    }

    /** Ends the connection with a close code. */
    private static function refuse(TcpConnection $connection, int $code): int
    {
        $connection->close(self::frame(self::CLOSE, \pack('n', $code), self::masks($connection)), true);
        return 0;
    }

    /** Whether this side is the client. */
    private static function masks(TcpConnection $connection): bool
    {
        return $connection->worker === null;
    }
}
