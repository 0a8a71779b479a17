<?php
declare(strict_types=1);

namespace Libwm\Ffi;

use Libwm\Events;
use Libwm\Receiver;

/** The part of FfiCore for peers of workers of datagrams. They come and go without an event, so that they have no receiver that stays. */
trait FfiDatagrams
{
    /** @var array<int, string> addresses by peer, of those whose datagrams have come last */
    private array $peers = [];

    /** The object for a message of a connection that has no receiver: a peer's; null: the connection is closed. */
    private function peerOf(Events $events, int $i): ?Receiver
    {
        if ($this->words[$i] >> 32 !== self::DATAGRAM) {
            return null;
        }
        $peer = $this->words[$i + 1];
        if (!isset($this->peers[$peer])) {
            if (\count($this->peers) >= self::PEERS) {
                $this->peers = [];
            }
            $this->peers[$peer] = $this->remoteAddress($peer);
        }
        return $events->datagram($peer, $this->words[$i + 2], $this->peers[$peer]);
    }

    public function sendTo(int $worker, int $peer, string $address, string $data): int
    {
        $this->sendBatch();
        $result = $this->ffi->wm_conn_send($peer, $data, \strlen($data), 0);
        return $result === self::CLOSED ? $this->ffi->wm_worker_send_to($this->workers[$worker], $address, $data, \strlen($data), 0) : $result;
    }
}
