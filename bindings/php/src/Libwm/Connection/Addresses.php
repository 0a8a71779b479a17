<?php
declare(strict_types=1);

namespace Libwm\Connection;

/** The part of TcpConnection that says who is at its ends. */
trait Addresses
{
    use AddressParts;

    protected string $remoteAddress;

    /** Whether trusted proxies tell the peer, with its handshake or with each request: it may be another one than when the connection came. */
    private bool $wmIsProxied = false;

    /** @return string */
    public function getRemoteAddress()
    {
        if ($this->wmIsProxied && $this->status !== self::STATUS_CLOSED) {
            $told = $this->wmCore->remoteAddress($this->wmHandle);
            $this->remoteAddress = $told !== '' ? $told : $this->remoteAddress;
        }
        return $this->remoteAddress;
    }

    /**
     * IPv6 with brackets, as Workerman has it; '' for unix.
     *
     * @return string
     */
    public function getRemoteIp()
    {
        return self::ipOf($this->getRemoteAddress());
    }

    /** @return int */
    public function getRemotePort()
    {
        return self::portOf($this->getRemoteAddress());
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
}
