<?php
declare(strict_types=1);

namespace Workerman\Connection;

use Libwm\Connection\AddressParts;

/**
 * A peer to which datagrams are sent. A worker of datagrams makes one for each datagram that has come, as it does not know when a peer is
 * gone; programs make one of a socket of their own. It is in no list, and nothing tells of its beginning or its end.
 */
class UdpConnection extends ConnectionInterface implements \JsonSerializable
{
    use AddressParts;

    /** Bytes of the longest datagram; the longest that can be sent over IPv4 has 65507. */
    public const MAX_UDP_PACKAGE_SIZE = 65535;

    public string $transport = 'udp';
    public ?string $protocol = null;

    /**
     * @param mixed $socket a socket of the program's, as stream_socket_client() and stream_socket_server() return it, which close() closes
     * @param string $remoteAddress IP:PORT or [IPv6]:PORT
     */
    public function __construct(protected mixed $socket, protected string $remoteAddress)
    {
        if (!\is_resource($socket) || get_resource_type($socket) !== 'stream') {
            throw new \TypeError('a UdpConnection is made of a stream, as stream_socket_client() returns one, not of ' . get_debug_type($socket));
        }
    }

    /**
     * Sends one datagram.
     *
     * @return bool|null true: taken, which does not say that it arrives; null: the protocol has made nothing of it; false: not taken
     */
    public function send(mixed $sendBuffer, bool $raw = false): ?bool
    {
        if (!$raw && $this->protocol !== null) {
            $sendBuffer = $this->protocol::encode($sendBuffer, $this);
            if ($sendBuffer === '') {
                return null;
            }
        }
        return $this->sendBytes((string) $sendBuffer);
    }

    /** Sends a datagram of these bytes. */
    protected function sendBytes(string $bytes): bool
    {
        if (!\is_resource($this->socket)) {
            return false;
        }
        $isConnected = stream_socket_get_name($this->socket, true) !== false;
        return @stream_socket_sendto($this->socket, $bytes, 0, $isConnected ? '' : $this->remoteAddress) === \strlen($bytes);
    }

    /** Sends $data unless it is null. Nothing can be sent after it; a worker goes on for its other peers, and for the next datagram of this one. */
    public function close(mixed $data = null, bool $raw = false): void
    {
        if ($data !== null) {
            $this->send($data, $raw);
        }
        if (\is_resource($this->socket)) {
            fclose($this->socket);
        }
        $this->socket = null;
    }

    public function getRemoteAddress(): string
    {
        return $this->remoteAddress;
    }

    /** IPv6 without brackets, as Workerman has it. */
    public function getRemoteIp(): string
    {
        return trim(self::ipOf($this->remoteAddress), '[]');
    }

    public function getRemotePort(): int
    {
        return self::portOf($this->remoteAddress);
    }

    /** Of a worker that listens at all addresses the one that the peer has asked. */
    public function getLocalAddress(): string
    {
        return \is_resource($this->socket) ? (string) stream_socket_get_name($this->socket, false) : '';
    }

    public function getLocalIp(): string
    {
        return self::ipOf($this->getLocalAddress());
    }

    public function getLocalPort(): int
    {
        return self::portOf($this->getLocalAddress());
    }

    public function isIpV4(): bool
    {
        return !$this->isIpV6();
    }

    public function isIpV6(): bool
    {
        return str_contains($this->getRemoteIp(), ':');
    }

    /** The program's socket; null: it is libwm's. */
    public function getSocket(): mixed
    {
        return $this->socket;
    }

    /** @return array<string, mixed> */
    public function jsonSerialize(): array
    {
        return ['transport' => $this->transport] + $this->addressesForJson();
    }
}
