<?php
declare(strict_types=1);

namespace Libwm;

/**
 * The part of Core that is the hub: one for all processes of the program, made before main().
 *
 * Nothing but openHub() throws; results below 0 are WM_E... of wm/error.h. A call about connections of other processes takes a number above
 * 0 that the caller chooses, and returns 0 or PARTIAL with the connections in $count, a result below 0, or PENDING: then
 * Events::hubResult() has that number once.
 */
interface HubCalls
{
    /** $count is a lower bound. */
    public const PARTIAL = 4;
    public const PENDING = 3;
    /** Result when a uid, topic, group or key has no valid length. */
    public const BAD_NAME = -1;

    /**
     * Makes it, if there is none, with options of libwm by name; the environment has those that are not given.
     *
     * @param array<string, int|string|bool> $options
     */
    public function openHub(array $options = []): void;
    public function hasHub(): bool;
    /** Whether calls can be exact; Core::lastError() says why not. */
    public function hubReady(): bool;
    public function bind(int $connection, string $uid): int;
    public function unbind(int $connection): int;
    public function join(int $connection, string $group): int;
    public function leave(int $connection, string $group): int;
    /** $flags: SEND_BINARY or 0. $key: a newer message with it takes the place of one that waits; '': none does. */
    public function hubSend(int $call, string $uid, string $data, int $flags, string $key, int &$count): int;
    /** $except: a uid that does not get it; '': none. */
    public function hubBroadcast(int $call, string $except, string $data, int $flags, string $key, int &$count): int;
    public function groupSend(int $call, string $group, string $except, string $data, int $flags, string $key, int &$count): int;
    public function online(int $call, string $uid, int &$count): int;
    public function kick(int $call, string $uid, int $code, string $reason, int &$count): int;
    public function joinUid(int $call, string $uid, string $group, int &$count): int;
    public function leaveUid(int $call, string $uid, string $group, int &$count): int;
    public function publish(int $call, string $topic, string $data, int &$count): int;
    /** Whether messages about the topic reach Events::hubMessage(). */
    public function subscribe(string $topic, bool $wanted): int;
    /** What a result below 0 means. */
    public function explain(int $result): string;
}
