<?php
declare(strict_types=1);

namespace Libwm\Connection;

use Libwm\LibraryOptions;
use Libwm\NotYet;
use Libwm\Websocket\WebsocketFrames;
use Workerman\Connection\AsyncTcpConnection;
use Workerman\Connection\TcpConnection;

/** What an AsyncTcpConnection and its context say, as options of a client of libwm. */
final class ClientOptions
{
    /**
     * @param array<string, array<string, mixed>> $context
     * @return array<string, int|string>
     */
    public static function of(AsyncTcpConnection $connection, array $context, bool $isWebsocket): array
    {
        $options = [
            'send_high_water' => TcpConnection::limit($connection->maxSendBufferSize),
            'max_send_buffer' => TcpConnection::limit($connection->maxSendBufferSize),
            'max_message' => TcpConnection::limit($connection->maxPackageSize),
            'proxy' => self::proxy($connection),
        ];
        if ($connection->transport === 'ssl') {
            $options += TlsOptions::ofClient($context['ssl'] ?? []);
        }
        $options += self::source($context);
        if ($isWebsocket) {
            $options += self::ofWebsocket($connection);
        }
        return LibraryOptions::with($context, array_filter($options, static fn ($value) => $value !== ''));
    }

    /**
     * @param array<string, array<string, mixed>> $context
     * @return array<string, string>
     */
    public static function source(array $context): array
    {
        $source = (string) ($context['socket']['bindto'] ?? '');
        return \in_array($source, ['', '0', '0:0', '0.0.0.0:0', '[::]:0'], true) ? [] : ['source_address' => $source];
    }

    /** @return array<string, int|string> */
    private static function ofWebsocket(AsyncTcpConnection $connection): array
    {
        $lines = ($connection->websocketOrigin ?? '') === '' ? '' : "Origin: $connection->websocketOrigin\r\n";
        $lines .= WebsocketFrames::lines($connection->headers);
        $isProtocol = '/^Sec-WebSocket-Protocol:(.*)\r\n/mi'; // has an option of its own
        $protocols = preg_match_all($isProtocol, $lines, $found) ? trim(end($found[1])) : $connection->websocketClientProtocol ?? '';
        $options = ['ws_headers' => (string) preg_replace($isProtocol, '', $lines), 'ws_subprotocol' => $protocols];
        if ($connection->websocketPingInterval > 0) {
            $options['ping_interval_ms'] = (int) round($connection->websocketPingInterval * 1000);
        }
        return $options;
    }

    private static function proxy(AsyncTcpConnection $connection): string
    {
        $login = '';
        if ($connection->proxySocks5 !== '') {
            if ($connection->proxySocks5Username !== '') {
                $login = rawurlencode($connection->proxySocks5Username) . ':' . rawurlencode($connection->proxySocks5Password) . '@';
            }
            return "socks5://$login" . preg_replace('~^\w+://~', '', $connection->proxySocks5);
        }
        if ($connection->proxyHttp === '') {
            return '';
        }
        if ($connection->proxyAuthorization !== '') {
            $login = preg_match('/^Basic +(\S+)$/i', $connection->proxyAuthorization, $found) ? base64_decode($found[1], true) : false;
            if ($login === false || !str_contains($login, ':')) {
                throw NotYet::error('proxyAuthorization other than Basic with USER:PASSWORD in base64');
            }
            $login = implode(':', array_map(rawurlencode(...), explode(':', $login, 2))) . '@';
        }
        return "http://$login" . preg_replace('~^\w+://~', '', $connection->proxyHttp);
    }
}
