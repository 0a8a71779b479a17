<?php
declare(strict_types=1);

namespace Libwm\Connection;

/** What the addresses of both ends say, of streams and of datagrams. */
trait AddressParts
{
    /** @return array<string, mixed> */
    private function addressesForJson(): array
    {
        return [
            'getRemoteIp' => $this->getRemoteIp(),
            'remotePort' => $this->getRemotePort(),
            'getRemoteAddress' => $this->getRemoteAddress(),
            'getLocalIp' => $this->getLocalIp(),
            'getLocalPort' => $this->getLocalPort(),
            'getLocalAddress' => $this->getLocalAddress(),
            'isIpV4' => $this->isIpV4(),
            'isIpV6' => $this->isIpV6(),
        ];
    }

    /** '' of the path of a unix socket. */
    private static function ipOf(string $address): string
    {
        $colon = strrpos($address, ':');
        return $colon === false || str_starts_with($address, '/') || str_starts_with($address, '@') ? '' : \substr($address, 0, $colon);
    }

    private static function portOf(string $address): int
    {
        $colon = strrpos($address, ':');
        return $colon === false ? 0 : (int) \substr($address, $colon + 1);
    }
}
