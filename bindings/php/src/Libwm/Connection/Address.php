<?php
declare(strict_types=1);

namespace Libwm\Connection;

use Libwm\Http\HttpConnection;
use Libwm\NotYet;
use Libwm\Websocket\WebsocketConnection;
use Workerman\Connection\TcpConnection;
use Workerman\Protocols;

/** What an address of Workerman's, with the properties transport and protocol, is for libwm. */
final class Address
{
    private const TRANSPORTS = ['tcp', 'udp', 'unix', 'ssl', 'tls'];

    /** Protocols that libwm speaks itself: scheme of libwm => class. */
    private const NATIVE = [
        'http' => Protocols\Http::class,
        'websocket' => Protocols\Websocket::class,
        'ws' => Protocols\Ws::class,
        'text' => Protocols\Text::class,
        'frame' => Protocols\Frame::class,
    ];

    /**
     * @param string $address for libwm
     * @param class-string<TcpConnection> $connection the class of a worker's connections
     */
    private function __construct(
        public readonly string $address,
        public readonly ?string $protocol,
        public readonly string $transport,
        public readonly string $connection,
    ) {
    }

    /** Of a worker; $inPhp: a websocket is a protocol in PHP. */
    public static function ofWorker(string $name, string $transport, ?string $protocol, bool $inPhp): self
    {
        if (!str_contains($name, '://')) {
            return new self($name, null, $transport, TcpConnection::class); // libwm shows the right form
        }
        [$given, $rest] = explode('://', $name, 2);
        $scheme = strtolower($given);
        $transport = self::transport($transport);
        if (\in_array($scheme, ['sslv2', 'sslv3'], true)) {
            throw NotYet::error("$scheme://");
        }
        if (\in_array($scheme, self::TRANSPORTS, true)) {
            $transport = $scheme === 'tcp' ? $transport : self::transport($scheme);
            $protocol = $protocol === null ? null : self::existing($protocol);
        } elseif ($scheme === 'https' || $scheme === 'wss') {
            [$transport, $protocol] = ['ssl', self::NATIVE[$scheme === 'https' ? 'http' : 'websocket']];
        } else {
            $protocol = self::ofScheme($given, 'websocket');
        }
        if ($transport === 'udp') {
            return new self("udp://$rest", self::ofDatagrams($protocol, $name), 'udp', TcpConnection::class);
        }
        $native = self::nativeScheme($protocol);
        if ($native === 'ws') {
            [$native, $protocol] = ['websocket', self::NATIVE['websocket']];
        }
        if ($native === 'websocket' && $inPhp) {
            $native = null;
        }
        $class = match ($native) {
            'http' => HttpConnection::class,
            'websocket' => WebsocketConnection::class,
            'text', 'frame' => TcpConnection::class,
            default => StreamConnection::class,
        };
        $unix = $scheme === 'unix';
        $ours = $unix && $native === null ? 'unix' : ($native ?? 'tcp') . ($unix ? '+unix' : '');
        return new self("$ours://$rest", $protocol, $transport, $class);
    }

    /** $protocol, for datagrams, where each of them is written in PHP. */
    public static function ofDatagrams(?string $protocol, string $address): ?string
    {
        if (\in_array(self::nativeScheme($protocol), ['http', 'websocket', 'ws'], true)) {
            throw new \LogicException("$address with datagrams: $protocol needs a stream; over udp there are text, frame and protocols of your own");
        }
        return $protocol;
    }

    /** tcp, udp, unix or ssl. */
    public static function transport(string $transport): string
    {
        $name = strtolower($transport);
        if (!\in_array($name, self::TRANSPORTS, true)) {
            throw new \LogicException("transport '$transport' is none of tcp, udp, unix and ssl");
        }
        return $name === 'tls' ? 'ssl' : $name;
    }

    /** The class of the protocol that a scheme names: the program's own before libwm's. */
    public static function ofScheme(string $scheme, string $like): string
    {
        if (preg_match('/^[a-zA-Z][a-zA-Z0-9]*$/', $scheme)) {
            $own = 'Protocols\\' . ucfirst($scheme);
            if (class_exists($own)) { // which may be another name of one of libwm's
                return self::NATIVE[self::nativeScheme((new \ReflectionClass($own))->getName()) ?? ''] ?? $own;
            }
            $lower = strtolower($scheme);
            if (isset(self::NATIVE[$lower])) {
                return self::NATIVE[$lower];
            }
            $other = 'Workerman\\Protocols\\' . ucfirst($scheme);
            if (class_exists($other)) {
                return $other;
            }
            throw new \LogicException("$scheme:// is none of $like, http, text, frame, tcp, udp, unix and ssl, and there is no class \\$own or \\$other "
                . '(of a file that no autoloader finds: require it before the worker starts)');
        }
        throw new \LogicException("'$scheme://' is no scheme: websocket, http, text, frame, tcp, udp, unix, ssl or the name of a protocol's class");
    }

    /** $protocol, as it is compared: without a backslash at its front. */
    public static function existing(string $protocol): string
    {
        $class = ltrim($protocol, '\\');
        if (!class_exists($class)) {
            throw new \LogicException("there is no class \\$class for the protocol");
        }
        return self::NATIVE[self::nativeScheme($class) ?? ''] ?? $class;
    }

    /** The scheme of a protocol that libwm speaks itself; null: it is written in PHP, or there is none. */
    public static function nativeScheme(?string $protocol): ?string
    {
        if ($protocol === null) {
            return null;
        }
        $class = strtolower(ltrim($protocol, '\\'));
        foreach (self::NATIVE as $scheme => $native) {
            if (strtolower($native) === $class) {
                return $scheme;
            }
        }
        return null;
    }
}
