<?php
declare(strict_types=1);

namespace Libwm\Connection;

/** The part of TcpConnection that says who is at its ends. */
trait Addresses
{
    protected string $remoteAddress;

    /** @return string */
    public function getRemoteAddress()
    {
        return $this->remoteAddress;
    }

    /**
     * IPv6 with brackets, as Workerman has it; '' for unix.
     *
     * @return string
     */
    public function getRemoteIp()
    {
        return self::ipOf($this->remoteAddress);
    }

    /** @return int */
    public function getRemotePort()
    {
        return self::portOf($this->remoteAddress);
    }

    /** @return string */
    public function getLocalAddress()
    {
        return $this->status === self::STATUS_CLOSED ? '' : $this->wmCore->localAddress($this->wmHandle);
    }

    /** @return string */
    public function getLocalIp()
    {
        return self::ipOf($this->getLocalAddress());
    }

    /** @return int */
    public function getLocalPort()
    {
        return self::portOf($this->getLocalAddress());
    }

    /** @return bool */
    public function isIpV4()
    {
        return $this->getRemoteIp() !== '' && !$this->isIpV6();
    }

    /** @return bool */
    public function isIpV6()
    {
        return str_contains($this->getRemoteIp(), ':');
    }

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
