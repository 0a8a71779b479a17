<?php
declare(strict_types=1);

namespace Libwm\Ffi;

use Libwm\Events;
use Libwm\HubCalls;
use Libwm\HubOptions;

/** The part of FfiCore that is the hub. Results of calls and messages of topics are records: libwm has no function of PHP to call. */
trait FfiHub
{
    private ?\FFI\CData $hub = null;
    private \FFI\CData $connections;
    private \FFI\CData $connectionsAt;
    /** The number of a call, as the user pointer that its record has. */
    private \FFI\CData $call;
    private \FFI\CData $callNumber;

    public function openHub(array $options = []): void
    {
        if ($this->hub === null) {
            $this->makeHub();
            $options += HubOptions::ofEnvironment();
        }
        foreach (HubOptions::checked($options) as $name => $value) {
            $this->check(\is_int($value) ? $this->ffi->wm_hub_set_int($this->hub, $name, $value)
                : $this->ffi->wm_hub_set_str($this->hub, $name, $value));
        }
    }

    private function makeHub(): void
    {
        $this->hub = $this->ffi->wm_hub_new($this->app) ?? throw $this->error();
        $this->connections = $this->ffi->new('int64_t');
        $this->connectionsAt = \FFI::addr($this->connections);
        $this->call = $this->ffi->new('void *');
        $this->callNumber = $this->ffi->cast('uintptr_t *', \FFI::addr($this->call));
    }

    public function hasHub(): bool
    {
        return $this->hub !== null;
    }

    public function hubReady(): bool
    {
        return $this->ffi->wm_hub_ready($this->hub) === 0;
    }

    public function bind(int $connection, string $uid): int
    {
        return $this->ffi->wm_hub_bind($this->hub, $uid, \strlen($uid), $connection);
    }

    public function unbind(int $connection): int
    {
        return $this->ffi->wm_hub_unbind($this->hub, $connection);
    }

    public function join(int $connection, string $group): int
    {
        return $this->ffi->wm_hub_join($this->hub, $group, \strlen($group), $connection);
    }

    public function leave(int $connection, string $group): int
    {
        return $this->ffi->wm_hub_leave($this->hub, $group, \strlen($group), $connection);
    }

    public function hubSend(int $call, string $uid, string $data, int $flags, string $key, int &$count): int
    {
        $user = $this->begin($call);
        $result = $key === ''
            ? $this->ffi->wm_hub_send($this->hub, $uid, \strlen($uid), $data, \strlen($data), $flags, $this->connectionsAt, null, $user, null)
            : $this->ffi->wm_hub_send_latest($this->hub, $uid, \strlen($uid), $key, \strlen($key), $data, \strlen($data), $flags,
                $this->connectionsAt, null, $user, null);
        return $this->counted($result, $count);
    }

    public function hubBroadcast(int $call, string $except, string $data, int $flags, string $key, int &$count): int
    {
        $user = $this->begin($call);
        $result = $key === ''
            ? $this->ffi->wm_hub_broadcast_except($this->hub, $except, \strlen($except), $data, \strlen($data), $flags,
                $this->connectionsAt, null, $user, null)
            : $this->ffi->wm_hub_broadcast_latest($this->hub, $except, \strlen($except), $key, \strlen($key), $data, \strlen($data), $flags,
                $this->connectionsAt, null, $user, null);
        return $this->counted($result, $count);
    }

    public function groupSend(int $call, string $group, string $except, string $data, int $flags, string $key, int &$count): int
    {
        $user = $this->begin($call);
        $result = $key === ''
            ? $this->ffi->wm_hub_group_send($this->hub, $group, \strlen($group), $except, \strlen($except), $data, \strlen($data), $flags,
                $this->connectionsAt, null, $user, null)
            : $this->ffi->wm_hub_group_send_latest($this->hub, $group, \strlen($group), $except, \strlen($except), $key, \strlen($key),
                $data, \strlen($data), $flags, $this->connectionsAt, null, $user, null);
        return $this->counted($result, $count);
    }

    public function online(int $call, string $uid, int &$count): int
    {
        $user = $this->begin($call);
        return $this->counted($this->ffi->wm_hub_online($this->hub, $uid, \strlen($uid), $this->connectionsAt, null, $user, null), $count);
    }

    public function kick(int $call, string $uid, int $code, string $reason, int &$count): int
    {
        $user = $this->begin($call);
        $result = $this->ffi->wm_hub_kick($this->hub, $uid, \strlen($uid), $code, $reason, \strlen($reason), $this->connectionsAt, null, $user, null);
        return $this->counted($result, $count);
    }

    public function joinUid(int $call, string $uid, string $group, int &$count): int
    {
        $user = $this->begin($call);
        $result = $this->ffi->wm_hub_join_uid($this->hub, $uid, \strlen($uid), $group, \strlen($group), $this->connectionsAt, null, $user, null);
        return $this->counted($result, $count);
    }

    public function leaveUid(int $call, string $uid, string $group, int &$count): int
    {
        $user = $this->begin($call);
        $result = $this->ffi->wm_hub_leave_uid($this->hub, $uid, \strlen($uid), $group, \strlen($group), $this->connectionsAt, null, $user, null);
        return $this->counted($result, $count);
    }

    public function publish(int $call, string $topic, string $data, int &$count): int
    {
        $user = $this->begin($call);
        $result = $this->ffi->wm_hub_publish($this->hub, $topic, \strlen($topic), $data, \strlen($data), $this->connectionsAt, null, $user, null);
        return $this->counted($result, $count);
    }

    public function subscribe(string $topic, bool $wanted): int
    {
        return $wanted ? $this->ffi->wm_hub_subscribe($this->hub, $topic, \strlen($topic), null)
            : $this->ffi->wm_hub_on_message($this->hub, $topic, \strlen($topic), null, null, null);
    }

    public function explain(int $result): string
    {
        return $this->ffi->wm_strerror($result);
    }

    /** What was sent before the call arrives before it. */
    private function begin(int $call): \FFI\CData
    {
        $this->sendBatch();
        $this->callNumber[0] = $call;
        return $this->call;
    }

    private function counted(int $result, int &$count): int
    {
        if ($result === 0 || $result === HubCalls::PARTIAL) {
            $count = $this->connections->cdata;
        }
        return $result;
    }

    /** Of a record of kind WM_EVENT_HUB or WM_EVENT_HUB_MESSAGE at $i. */
    private function hubRecord(Events $events, int $kind, int $i): void
    {
        $words = $this->words;
        if ($kind === 11) {
            $code = $words[$i + 7] & 0xFFFFFFFF;
            $events->hubResult($words[$i + 3], $code < 0x80000000 ? $code : $code - 0x100000000, $words[$i + 6]);
            return;
        }
        $length = $words[$i + 7] >> 32;
        $this->address[0] = $words[$i + 4] - $length;
        $topic = \FFI::string($this->pointer, $length);
        $events->hubMessage($topic, $this->string($i));
    }
}
