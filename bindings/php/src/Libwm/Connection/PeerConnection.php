<?php
declare(strict_types=1);

namespace Libwm\Connection;

use Libwm\Core;
use Libwm\Receiver;
use Workerman\Connection\UdpConnection;
use Workerman\Worker;

/**
 * A peer of a worker of datagrams, made for one datagram. The program may keep it: it answers also when libwm has forgotten the peer for
 * others.
 */
final class PeerConnection extends UdpConnection implements Receiver
{
    use DatagramEvents;

    /** Second of the last complaint of parse(): anybody may send what there is to complain of. */
    private static int $complained = 0;

    private bool $wmIsClosed = false;

    /** @internal made by the dispatcher */
    public function __construct(private Core $wmCore, private int $wmHandle, private ?Worker $wmWorker, string $remoteAddress)
    {
        $this->socket = null;
        $this->remoteAddress = $remoteAddress;
        $this->protocol = $wmWorker->protocol;
    }

    /** @internal */
    public function receive(string $data, int $request): void
    {
        self::$statistics['total_request']++;
        $onMessage = $this->wmWorker->onMessage;
        if ($onMessage === null) {
            return;
        }
        try {
            $this->protocol === null ? $onMessage($this, $data) : $this->parse($this->protocol, $data, $onMessage);
        } catch (\Throwable $e) {
            $this->fail($e);
        }
    }

    /** Hands on the messages of a datagram. What is incomplete at its end is dropped. */
    private function parse(string $protocol, string $data, mixed $onMessage): void
    {
        $hasInput = method_exists($protocol, 'input');
        while ($data !== '' && !$this->wmIsClosed) {
            $length = $hasInput ? $protocol::input($data, $this) : \strlen($data);
            if ($length === 0 || $this->wmIsClosed) {
                return;
            }
            if (!\is_int($length) || $length < 0) {
                $this->complain($protocol, $length);
                return;
            }
            if ($length > \strlen($data)) {
                return;
            }
            $message = $protocol::decode(\substr($data, 0, $length), $this);
            $data = \substr($data, $length);
            if ($message !== false) {
                $onMessage($this, $message);
            }
        }
    }

    private function complain(string $protocol, mixed $length): void
    {
        if (self::$complained !== time()) {
            self::$complained = time();
            $shown = \is_int($length) ? $length : get_debug_type($length);
            Worker::log("Protocol $protocol Error package. package_length=$shown, from $this->remoteAddress");
        }
    }

    protected function sendBytes(string $bytes): bool
    {
        return !$this->wmIsClosed
            && $this->isTaken($this->wmCore->sendTo($this->wmWorker->wmHandle(), $this->wmHandle, $this->remoteAddress, $bytes));
    }

    public function close(mixed $data = null, bool $raw = false): void
    {
        parent::close($data, $raw);
        $this->wmIsClosed = true;
    }

    public function getLocalAddress(): string
    {
        return $this->wmIsClosed ? '' : $this->wmCore->localAddress($this->wmHandle);
    }
}
