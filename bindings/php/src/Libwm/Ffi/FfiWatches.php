<?php
declare(strict_types=1);

namespace Libwm\Ffi;

/** The part of FfiCore for descriptors and signals of the program. */
trait FfiWatches
{
    public function addWatch(int $descriptor, int $events): int
    {
        $watch = $this->ffi->wm_watch_add($this->app, $descriptor, $events, null, null, null);
        return $watch !== 0 ? $watch : throw $this->error();
    }

    public function setWatch(int $watch, int $events): bool
    {
        return $this->ffi->wm_watch_set($watch, $events) === 0;
    }

    public function deleteWatch(int $watch): void
    {
        $this->ffi->wm_watch_del($watch);
    }

    public function addSignal(int $number): int
    {
        $signal = $this->ffi->wm_signal_add($this->app, $number, null, null, null);
        return $signal !== 0 ? $signal : throw $this->error();
    }

    public function deleteSignal(int $signal): void
    {
        $this->ffi->wm_signal_del($signal);
    }
}
