<?php
declare(strict_types=1);

namespace Workerman\Connection;

/** What connections have in common. */
#[\AllowDynamicProperties]
abstract class ConnectionInterface
{
    public const CONNECT_FAIL = 1;
    public const SEND_FAIL = 2;

    /** @var array<string, int> of this process */
    public static array $statistics = ['connection_count' => 0, 'total_request' => 0, 'throw_exception' => 0, 'send_fail' => 0];

    /** @var callable|null (connection, data) */
    public $onMessage = null;
    /** @var callable|null (connection) */
    public $onClose = null;
    /** @var callable|null (connection, code, text) */
    public $onError = null;
    /** @var callable|null (exception): takes the exceptions of this connection's callbacks */
    public $errorHandler = null;

    /** @return bool|null */
    abstract public function send(mixed $sendBuffer, bool $raw = false);
    /** @return string */
    abstract public function getRemoteIp();
    /** @return int */
    abstract public function getRemotePort();
    /** @return string */
    abstract public function getRemoteAddress();
    /** @return string */
    abstract public function getLocalIp();
    /** @return int */
    abstract public function getLocalPort();
    /** @return string */
    abstract public function getLocalAddress();
    abstract public function close(mixed $data = null, bool $raw = false);
    /** @return bool */
    abstract public function isIpV4();
    /** @return bool */
    abstract public function isIpV6();
}
