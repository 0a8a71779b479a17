<?php
declare(strict_types=1);

namespace Libwm;

/**
 * What the classes need of libwm: one app, its workers, connections and timers, in pull mode.
 *
 * Workers, connections, requests and timers are integers. FfiCore implements it over FFI; an extension can
 * implement it in C. A method that fails throws Error with the text of the library, unless it says otherwise.
 */
interface Core extends Answers, HubCalls, Transport
{
    /** Result of main() in a process that serves. */
    public const CHILD = 100;

    /** Kinds of poll results below zero. */
    public const STOPPED = -22;

    /** Sets an option of the app. */
    public function setApp(string $option, int|string $value): void;

    /**
     * Runs the command line, argv as C's main has it: an exit code, or CHILD in each process that serves.
     *
     * @param list<string> $argv
     */
    public function main(array $argv): int;

    /**
     * Registers functions for events of the master process. They must not throw or exit.
     *
     * @param array{start: callable(): void, reload: callable(): void, stop: callable(): void, exit: callable(int, int, int): void} $events
     *        exit gets the worker, the process id and the status as from waitpid(2)
     */
    public function onMaster(array $events): void;

    /** Makes a worker; null: without an address. */
    public function newWorker(?string $address): int;
    public function setWorker(int $worker, string $option, int|string $value): void;
    /** A certificate for clients that ask for $name; $key: path, null: it is in the certificate's file. */
    public function addCertificate(int $worker, string $name, string $certificate, ?string $key): void;
    /** Index of this process among those of the worker; null: another process serves it. */
    public function indexOf(int $worker): ?int;
    public function listen(int $worker): void;
    public function unlisten(int $worker): void;
    public function pauseAccept(int $worker): void;
    public function resumeAccept(int $worker): void;
    public function stopWorker(int $worker): void;

    /**
     * Waits for events and hands them on, in their order: those of a connection to the object that connect() has
     * returned for it. Returns when a batch is done.
     *
     * @param int $timeoutMs longest wait; -1: no limit
     * @return int the number of events, STOPPED once the app has stopped, or another error below 0
     */
    public function poll(Events $events, int $timeoutMs): int;
    /** Stops this process; in the master, all processes. */
    public function stop(): void;

    /**
     * Connects. $receiver gets the events of the connection: connected(), opened(), and from then on those of any connection; error() and
     * ended() without them when it fails. None of them before the method returns.
     *
     * @param string $address as wm/client.h has it
     * @param array<string, int|string> $options of a client
     * @return int the connection, which takes messages from now on, and sends them once it is open
     */
    public function connectTo(string $address, array $options, Receiver $receiver): int;
    /**
     * Sends a datagram to a peer of a worker: one of which Events::datagram() has told, with its address, also when the worker has forgotten it
     * since. Does not throw.
     *
     * @return int as of send()
     */
    public function sendTo(int $worker, int $peer, string $address, string $data): int;
    /** The header lines, each with CRLF, of the answer that has opened a websocket of connectTo(). */
    public function handshakeFields(int $connection): string;

    /** Starts a timer; $repeatMs 0: once. */
    public function addTimer(int $delayMs, int $repeatMs): int;
    public function deleteTimer(int $timer): bool;

    /** Bits of a watch. */
    public const WATCH_READ = 1;
    public const WATCH_WRITE = 2;

    /** Watches a descriptor for WATCH_READ and WATCH_WRITE: Events::watch(). */
    public function addWatch(int $descriptor, int $events): int;
    /** Returns false when the descriptor was closed: the watch is over. */
    public function setWatch(int $watch, int $events): bool;
    public function deleteWatch(int $watch): void;
    /** Takes a signal: Events::signal(). */
    public function addSignal(int $number): int;
    public function deleteSignal(int $signal): void;

    /** Writes lines to the log. */
    public function log(string $text, bool $isError = false): void;
}
