<?php
declare(strict_types=1);

namespace Libwm\Ffi;

use Libwm\Events;
use Libwm\Websocket\WebsocketFrames;

/** The part of FfiCore that hands on events other than messages. */
trait FfiEvents
{
    /** Of all kinds but messages. */
    private function other(Events $events, int $kind, int $i): void
    {
        $words = $this->words;
        $connection = $words[$i + 1];
        $receiver = $this->receivers[$connection] ?? null;
        switch ($kind) {
            case 1: // WM_EVENT_CONNECT
                if ($receiver !== null) { // of connectTo()
                    $receiver->connected();
                } elseif ($words[$i + 2] !== 0) {
                    $this->connect($events, $connection, $words[$i + 2]);
                }
                break;
            case 2: // WM_EVENT_HANDSHAKE
                $receiver?->handshake($words[$i + 6], $this->string($i));
                break;
            case 3: // WM_EVENT_OPEN
                if (isset($this->clients[$connection])) {
                    $receiver?->opened();
                }
                break;
            case 5: // WM_EVENT_BUFFER_FULL
                $receiver?->bufferFull();
                break;
            case 6: // WM_EVENT_BUFFER_DRAIN
                unset($this->direct[$connection]);
                $receiver?->bufferDrain();
                break;
            case 7: // WM_EVENT_ERROR
                $code = $words[$i + 7] & 0xFFFFFFFF;
                $receiver?->error($code < 0x80000000 ? $code : $code - 0x100000000, $this->string($i));
                break;
            case 8: // WM_EVENT_CLOSE
                unset($this->receivers[$connection], $this->direct[$connection]);
                if (isset($this->clients[$connection])) {
                    $this->endClient($connection);
                }
                $receiver?->ended();
                break;
            case 9: // WM_EVENT_TIMER
                $events->timer($words[$i + 6]);
                break;
            case 12: // WM_EVENT_STOP
                $events->stop($words[$i + 2]);
                break;
            case 13: // WM_EVENT_RELOAD
                $events->reload($words[$i + 2]);
                break;
            case 15: // WM_EVENT_WATCH
                $events->watch($words[$i + 6], $words[$i + 7] >> 32);
                break;
            case 16: // WM_EVENT_SIGNAL
                $events->signal($words[$i + 6], $words[$i + 7] >> 32);
                break;
            case 20: // WM_EVENT_PING
            case 21: // WM_EVENT_PONG
                $receiver?->controlFrame($kind === 20 ? WebsocketFrames::PING : WebsocketFrames::PONG, $this->string($i));
                break;
            case 11: // WM_EVENT_HUB
            case 18: // WM_EVENT_HUB_MESSAGE
                $this->hubRecord($events, $kind, $i);
                break;
            default: // what this version does not use
        }
    }

    private function connect(Events $events, int $connection, int $worker): void
    {
        $this->connecting = $connection;
        $receiver = $events->connect($connection, $worker);
        if ($receiver === null) {
            $this->ffi->wm_conn_destroy($connection);
        } elseif ($this->connecting === $connection) { // else the program has closed it in onConnect
            $this->receivers[$connection] = $receiver;
        }
        $this->connecting = 0;
    }
}
