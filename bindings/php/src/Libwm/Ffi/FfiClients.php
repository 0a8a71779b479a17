<?php
declare(strict_types=1);

namespace Libwm\Ffi;

use Libwm\Error;
use Libwm\Receiver;

/** The part of FfiCore that connects: each attempt is a wm_client of its own, which ends with its connection. */
trait FfiClients
{
    /** @var array<int, \FFI\CData> by connection, until its close event */
    private array $clients = [];

    public function connectTo(string $address, array $options, Receiver $receiver): int
    {
        $client = $this->ffi->wm_client_new($this->app, $address) ?? throw $this->error();
        try {
            foreach ($options as $option => $value) {
                if ($option === 'max_send_buffer') {
                    $this->hasSmallLimit = $this->hasSmallLimit || $value < self::SMALL_LIMIT;
                    $value = $this->withRoomForBatch((int) $value);
                }
                $this->check(\is_int($value) ? $this->ffi->wm_client_set_int($client, $option, $value)
                    : $this->ffi->wm_client_set_str($client, $option, $value));
            }
            $this->check($this->ffi->wm_client_connect($client));
        } catch (Error $e) {
            $this->ffi->wm_client_free($client);
            throw $e;
        }
        $connection = $this->ffi->wm_client_conn($client);
        $this->clients[$connection] = $client;
        $this->receivers[$connection] = $receiver;
        return $connection;
    }

    public function handshakeFields(int $connection): string
    {
        $client = $this->clients[$connection] ?? null;
        if ($client === null) {
            return '';
        }
        $out = $this->ffi->new('const void *[1]');
        $length = $this->ffi->new('size_t[1]');
        $found = $this->ffi->wm_client_response_header($client, '', $out, $length);
        return $found === 1 ? \FFI::string($this->ffi->cast('char *', $out[0]), $length[0]) : '';
    }

    /** The connection has ended: nothing of it is left. */
    private function endClient(int $connection): void
    {
        $this->ffi->wm_client_free($this->clients[$connection]);
        unset($this->clients[$connection]);
    }
}
