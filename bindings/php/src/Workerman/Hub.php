<?php
declare(strict_types=1);

namespace Workerman;

use Libwm\Core;
use Libwm\Error;
use Libwm\HubCalls;
use Libwm\Runtime;
use Libwm\TextOrJson;
use Workerman\Connection\TcpConnection;

/**
 * Connections by uid and by group, in all processes of the program, and messages between these: so a program that pushes may have any
 * `count`. A uid may have several connections, a connection has one uid and is in any number of groups; a close ends both.
 *
 * What reaches other processes tells its result to $done, a function (int $connections, string $result, string $error) that is called
 * exactly once: inside the call when the result is known at once, else from the loop. Results of several calls come in any order.
 * $connections is how many have it, 0 when none is known to. In onWorkerStart no other process is known yet: what is called there is partial
 * or unknown.
 */
final class Hub
{
    /** Exactly so many have it. */
    public const OK = 'ok';
    /** At least so many have it; some process has not answered. */
    public const PARTIAL = 'partial';
    /** None has it, as there is none: every process has said so. */
    public const OFFLINE = 'offline';
    /** None is known to have it, for the reason in $error: it was not sent, or not confirmed in time. */
    public const UNKNOWN = 'unknown';

    private const LONGEST_NAME = 255;

    /** @var array<int, callable> of calls without a result yet */
    private static array $calls = [];
    private static int $lastCall = 0;
    /** @var array<string, callable> by topic */
    private static array $functions = [];

    /**
     * Before runAll(): has the processes of the program joined. A program whose files, as far as they are loaded by then, name this class
     * need not call it.
     *
     * With the option engine, as ['engine' => 'redis://10.0.0.5'], programs of several machines are joined: a Redis or NATS server that all of
     * them reach. The environment does the same without a change of the program: WM_HUB_ENGINE, WM_HUB_CLUSTER, WM_HUB_SECRET_FILE and so on.
     *
     * @param array<string, int|string|bool> $options of libwm's hub (docs/reference/options.md)
     * @throws Error for an option that is not valid, and once the program serves, for one that chooses the engine
     * @throws \LogicException for a value that no option can have
     */
    public static function open(array $options = []): void
    {
        if (Runtime::isServing() && !Runtime::core()->hasHub()) {
            throw new \LogicException('Hub::open() is called before Worker::runAll()');
        }
        Runtime::core()->openHub($options);
    }

    /**
     * Whether results can be exact, for a health check: always without an engine; with one its connection is tested, and no other machine is
     * being joined.
     *
     * @param string $why set to the reason where it is not ready, else to ''
     */
    public static function ready(?string &$why = null): bool
    {
        $ready = self::core()->hubReady();
        $why = $ready ? '' : Runtime::core()->lastError();
        return $ready;
    }

    // ---- connections of this process

    /**
     * Gives a connection its uid, in the place of one before.
     *
     * @return bool false when it has closed already
     * @throws \InvalidArgumentException unless the uid has 1 to 255 bytes; in a callback of a connection it closes that connection
     */
    public static function bind(TcpConnection $connection, string|int|\Stringable $uid): bool
    {
        $name = self::name($uid) ?? throw new \InvalidArgumentException('a uid has 1 to 255 bytes, not ' . \strlen((string) $uid));
        return self::done(self::core()->bind($connection->wmHandle(), $name));
    }

    /** @return bool false when it has no uid, or has closed already */
    public static function unbind(TcpConnection $connection): bool
    {
        return self::core()->unbind($connection->wmHandle()) === 0;
    }

    /**
     * Adds a connection to a group, until it leaves or closes. It needs no uid.
     *
     * @return bool false when it has closed already
     * @throws \InvalidArgumentException unless the name has 1 to 255 bytes
     * @throws Error when the connection is in 128 groups
     */
    public static function join(TcpConnection $connection, string|int|\Stringable $group): bool
    {
        return self::done(self::core()->join($connection->wmHandle(), self::valid('group', $group)));
    }

    /** @return bool false when it is not in the group, or has closed already */
    public static function leave(TcpConnection $connection, string|int|\Stringable $group): bool
    {
        return self::core()->leave($connection->wmHandle(), self::valid('group', $group)) === 0;
    }

    // ---- connections of all processes

    /**
     * Sends one message to every connection of a uid. What cannot be a uid is offline.
     *
     * @param mixed $data a string; anything that is no scalar is sent as JSON
     * @param callable|null $done (int $connections, string $result, string $error)
     * @param bool $binary websocket: as a binary message
     * @param string $key what the message is about, as a progress, if only its newest state matters: where a connection reads slowly, it
     * takes the place of the message of that key that waits. Up to 255 bytes, which the page does not get; '': every message matters
     * @throws \InvalidArgumentException for a longer key
     */
    public static function send(mixed $uid, mixed $data, ?callable $done = null, bool $binary = false, string $key = ''): void
    {
        $name = self::name($uid);
        $text = TextOrJson::of($data);
        self::call($done, $name === null ? null
            : static fn (HubCalls $core, int $call, int &$count): int => $core->hubSend($call, $name, $text, (int) $binary, $key, $count));
    }

    /**
     * Sends one message to every connection that has a uid, but for those of the uid $except.
     *
     * @param callable|null $done (int $connections, string $result, string $error)
     * @param string $key as for send()
     */
    public static function broadcast(mixed $data, ?callable $done = null, mixed $except = null, bool $binary = false, string $key = ''): void
    {
        $text = TextOrJson::of($data);
        $out = self::name($except) ?? '';
        self::call($done, static fn (HubCalls $core, int $call, int &$count): int =>
            $core->hubBroadcast($call, $out, $text, (int) $binary, $key, $count));
    }

    /**
     * Sends one message to every connection of a group, but for those of the uid $except.
     *
     * @param callable|null $done (int $connections, string $result, string $error)
     * @param string $key as for send()
     */
    public static function sendToGroup(string|int|\Stringable $group, mixed $data, ?callable $done = null, mixed $except = null,
        bool $binary = false, string $key = ''): void
    {
        $name = self::valid('group', $group);
        $text = TextOrJson::of($data);
        $out = self::name($except) ?? '';
        self::call($done, static fn (HubCalls $core, int $call, int &$count): int =>
            $core->groupSend($call, $name, $out, $text, (int) $binary, $key, $count));
    }

    /** Counts the connections of a uid. @param callable $done (int $connections, string $result, string $error) */
    public static function online(mixed $uid, callable $done): void
    {
        $name = self::name($uid);
        self::call($done, $name === null ? null : static fn (HubCalls $core, int $call, int &$count): int => $core->online($call, $name, $count));
    }

    /**
     * Closes every connection of a uid, once what was sent before has left.
     *
     * @param callable|null $done (int $connections, string $result, string $error)
     * @param int $code websocket: the close code
     * @param string $reason websocket: UTF-8 of up to 123 bytes
     */
    public static function kick(mixed $uid, ?callable $done = null, int $code = 1008, string $reason = ''): void
    {
        $name = self::name($uid);
        self::call($done, $name === null ? null
            : static fn (HubCalls $core, int $call, int &$count): int => $core->kick($call, $name, $code, $reason, $count));
    }

    /** Adds all connections that a uid has now to a group. @param callable|null $done (int $connections, string $result, string $error) */
    public static function joinUid(mixed $uid, string|int|\Stringable $group, ?callable $done = null): void
    {
        $name = self::name($uid);
        $to = self::valid('group', $group);
        self::call($done, $name === null ? null : static fn (HubCalls $core, int $call, int &$count): int => $core->joinUid($call, $name, $to, $count));
    }

    /** Removes all connections that a uid has now from a group. @param callable|null $done (int $connections, string $result, string $error) */
    public static function leaveUid(mixed $uid, string|int|\Stringable $group, ?callable $done = null): void
    {
        $name = self::name($uid);
        $from = self::valid('group', $group);
        self::call($done, $name === null ? null
            : static fn (HubCalls $core, int $call, int &$count): int => $core->leaveUid($call, $name, $from, $count));
    }

    // ---- messages between processes

    /**
     * Sets the function that gets the messages about a topic in this process; before runAll() in all processes. null: none any more.
     *
     * @param callable|null $function (string $data, string $topic)
     * @throws \InvalidArgumentException unless the topic has 1 to 255 bytes
     * @throws Error when 1024 topics have functions
     */
    public static function onMessage(string $topic, ?callable $function): void
    {
        self::open();
        $core = Runtime::core();
        if ($core->subscribe(self::valid('topic', $topic), $function !== null) < 0) {
            throw new Error($core->lastError());
        }
        if ($function === null) {
            unset(self::$functions[$topic]);
        } else {
            self::$functions[$topic] = $function;
        }
    }

    /**
     * Gives a message to the functions of a topic in all processes, this one included. They are called from the loop.
     *
     * @param mixed $data a string; anything that is no scalar arrives as JSON
     * @param callable|null $done (int $functions, string $result, string $error): how many have taken it
     */
    public static function publish(string $topic, mixed $data, ?callable $done = null): void
    {
        $name = self::valid('topic', $topic);
        $text = TextOrJson::of($data);
        self::call($done, static fn (HubCalls $core, int $call, int &$count): int => $core->publish($call, $name, $text, $count));
    }

    // ---- results and messages

    /** @internal */
    public static function wmResult(int $call, int $result, int $connections): void
    {
        $done = self::$calls[$call] ?? null;
        unset(self::$calls[$call]);
        self::tell($done, $result, $connections);
    }

    /** @internal */
    public static function wmMessage(string $topic, string $data): void
    {
        if (isset(self::$functions[$topic])) {
            Runtime::dispatcher()->call(self::$functions[$topic], [$data, $topic]);
        }
    }

    /** @param \Closure(HubCalls, int, int): int|null $make null: what is called for cannot be there */
    private static function call(?callable $done, ?\Closure $make): void
    {
        $core = self::core();
        $call = ++self::$lastCall;
        $count = 0;
        $result = $make === null ? 0 : $make($core, $call, $count);
        if ($result === HubCalls::BAD_NAME) {
            throw new \InvalidArgumentException($core->lastError());
        }
        if ($result !== HubCalls::PENDING) {
            self::tell($done, $result, $count);
        } elseif ($done !== null) {
            self::$calls[$call] = $done;
        }
    }

    private static function tell(?callable $done, int $result, int $count): void
    {
        if ($done === null) {
            return;
        }
        $name = match (true) {
            $result < 0 => self::UNKNOWN,
            $result === HubCalls::PARTIAL => self::PARTIAL,
            default => $count > 0 ? self::OK : self::OFFLINE,
        };
        Runtime::dispatcher()->call($done, [$count, $name, $result < 0 ? Runtime::core()->explain($result) : '']);
    }

    private static function core(): HubCalls
    {
        if (!Runtime::isServing()) {
            throw new \LogicException('Hub is for callbacks of a worker: connections are known once it runs');
        }
        $core = Runtime::core();
        return $core->hasHub() ? $core
            : throw new \LogicException('no file that was loaded before Worker::runAll() names Workerman\Hub: call Hub::open() before it');
    }

    /** The result of a call about a connection: whether it was open. */
    private static function done(int $result): bool
    {
        if ($result < 0 && $result !== Core::CLOSED) {
            throw new Error(Runtime::core()->lastError(), $result);
        }
        return $result === 0;
    }

    /** A uid or group as bytes; null: no connection can have it. */
    private static function name(mixed $name): ?string
    {
        $text = \is_scalar($name) || $name instanceof \Stringable ? (string) $name : '';
        return $text !== '' && \strlen($text) <= self::LONGEST_NAME ? $text : null;
    }

    private static function valid(string $what, mixed $name): string
    {
        return self::name($name) ?? throw new \InvalidArgumentException("a $what has 1 to 255 bytes, not " . \strlen((string) $name));
    }
}
