<?php
declare(strict_types=1);

namespace Libwm;

/** What Core::poll() calls for events that no connection has yet, or of none. No callback's exception may leave the methods. */
interface Events
{
    /** A connection was accepted. Returns the object that gets its events; null: it is closed. */
    public function connect(int $connection, int $worker): ?Receiver;
    /** A datagram has come from a peer of a worker. Returns the object that gets it; null: it is dropped. */
    public function datagram(int $peer, int $worker, string $address): ?Receiver;
    public function timer(int $timer): void;
    /** The worker stops: its connections are closed when the method has returned. */
    public function stop(int $worker): void;
    public function reload(int $worker): void;
    /** A descriptor is ready; $ready as in Core::addWatch(). The watch may be deleted already. */
    public function watch(int $watch, int $ready): void;
    public function signal(int $signal, int $number): void;
    /** The result of a pending call of the hub; $result: 0, HubCalls::PARTIAL or an error. */
    public function hubResult(int $call, int $result, int $connections): void;
    public function hubMessage(string $topic, string $data): void;
    /** A destructor of the program's has thrown while an event was handed on. */
    public static function failed(\Throwable $e): void;
}
