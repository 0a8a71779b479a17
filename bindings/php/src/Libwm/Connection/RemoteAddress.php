<?php
declare(strict_types=1);

namespace Libwm\Connection;

/** The address that a program connects to. */
final class RemoteAddress
{
    public readonly ?string $protocol;
    public readonly string $transport;
    /** '' for unix. */
    public readonly string $host;
    /** 0: not given. */
    public readonly int $port;
    /** Path and query; of unix the path of the socket. */
    public readonly string $uri;

    public function __construct(private string $given)
    {
        $address = str_contains($given, '://') ? $given : "tcp://$given";
        [$scheme, $rest] = explode('://', $address, 2);
        $lower = strtolower($scheme);
        if ($lower === 'unix') {
            [$this->transport, $this->protocol, $this->host, $this->port, $this->uri] = ['unix', null, '', 0, $rest];
            if ($rest === '') {
                throw $this->error();
            }
            return;
        }
        [$this->transport, $this->protocol] = match ($lower) {
            'tcp' => ['tcp', null],
            'ssl', 'tls', 'sslv2', 'sslv3' => ['ssl', null],
            'wss' => ['ssl', Address::ofScheme('ws', 'ws')],
            'udp' => throw new \LogicException("$given: AsyncUdpConnection is the class for datagrams"),
            'http', 'https' => throw new \LogicException("$given: there is no HTTP client here (workerman/http-client is one)"),
            'websocket' => throw new \LogicException("$given: the scheme of a websocket client is ws: ws://$rest"),
            default => ['tcp', Address::ofScheme($scheme, 'ws')],
        };
        $parts = parse_url("tcp://$rest"); // whatever characters the scheme has
        if (!isset($parts['host']) || isset($parts['user'])) {
            throw $this->error();
        }
        $this->host = $parts['host'];
        $this->port = $parts['port'] ?? 0;
        $this->uri = ($parts['path'] ?? '/') . (isset($parts['query']) ? "?{$parts['query']}" : '');
    }

    private function error(): \RuntimeException
    {
        return new \RuntimeException("Bad remoteAddress '$this->given': the right form is tcp://HOST:PORT, ws://HOST:PORT/PATH or unix:///PATH");
    }

    /** HOST:PORT; of unix the path. */
    public function address(): string
    {
        return $this->host === '' ? $this->uri : "$this->host:" . $this->portFor($this->transport);
    }

    private function portFor(string $transport): int
    {
        return $this->port !== 0 ? $this->port : ($transport === 'ssl' ? 443 : 80);
    }

    /** For libwm, with a scheme of its own; null: bytes. */
    public function forLibwm(?string $scheme, string $transport): string
    {
        if ($this->host === '') {
            return ($scheme === null ? 'unix' : "$scheme+unix") . "://$this->uri";
        }
        return ($scheme ?? 'tcp') . "://$this->host:" . $this->portFor($transport) . ($scheme === 'ws' ? $this->uri : '');
    }
}
