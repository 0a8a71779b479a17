"""What a server must survive: exit() in callbacks, peers that vanish, forced collection of cycles, a million messages."""
import json
import os
import signal
import socket
import struct
import threading

import pytest

from php_program import alive, eventually, resident

# ---- exit() and fatal errors


@pytest.mark.parametrize("how", ["exit", "exit-with-code"])
@pytest.mark.parametrize("callback", ["onConnect", "onMessage", "onClose", "onWebSocketConnect", "timer"])
def test_exit__ends_the_process_which_is_replaced(program, callback, how):
    server = program("robust").start()
    first = server.pid
    with server.connect() as other:
        assert other.ask(f"arm {callback} {how}") == f"armed {callback}"
        with server.connect(server.ports[1] if callback == "onWebSocketConnect" else server.port) as peer:
            if callback == "onWebSocketConnect":
                peer.send("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
            elif callback in ("onMessage", "timer"):
                peer.send({"onMessage": "hello\n", "timer": "timer\n"}[callback])
            if callback != "onClose":
                peer.read_to_end()
        other.read_to_end()
    server.await_trace("ready", 2)
    eventually(lambda: not alive(first), "the end of the first process")
    assert server.pid != first and alive(server.master)
    with server.connect() as peer:
        assert peer.ask("hello") == "echo hello"
    log = server.output()
    assert "Throwing from FFI" not in log and "Segmentation" not in log


def test_exit__lets_arrive_what_was_sent_before(program):
    server = program("robust").start()
    with server.connect() as peer:
        assert peer.ask("arm onMessage exit") == "armed onMessage"
        peer.send("last message\n")
        assert peer.read_to_end() == b"last words\n"
    server.await_trace("ready", 2)


def test_exit__does_not_stop_the_master_however_often(program):
    server = program("robust").start()
    for round_ in range(5):
        with server.connect() as peer:
            assert peer.ask("arm onMessage exit") == "armed onMessage"
            peer.send("hello\n")
            peer.read_to_end()
        server.await_trace("ready", round_ + 2)
    assert server.stop() == 0


def test_die__in_onWorkerStop_does_not_hold_up_the_stop(program):
    server = program("robust", exit="onWorkerStop").start()
    pid = server.pid
    assert server.stop() == 0
    assert not alive(pid)
    assert len(server.trace("stop")) == 1


def test_fatal_error__ends_the_process_which_is_replaced(program):
    server = program("robust").start()
    first = server.pid
    with server.connect() as peer:
        assert peer.ask("arm onMessage fatal") == "armed onMessage"
        peer.send("hello\n")
        peer.read_to_end()
    server.await_trace("ready", 2)
    assert server.pid != first
    with server.connect() as peer:
        assert peer.ask("hello") == "echo hello"
    assert "Allowed memory size" in server.output()


# ---- peers that vanish

def test_peers__that_are_killed_in_mid_message(program):
    server = program("robust").start()
    pid = server.pid
    with server.connect() as other:
        for number in range(50):
            with server.connect() as peer:
                peer.send("a whole one\nhalf of an")
                if number % 2:
                    peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        server.await_trace("close", 50)
        assert other.ask("hello") == "echo hello"
    assert server.pids() == [pid]
    assert not [row for row in server.trace("message") if row[0].startswith("half")]


def test_peer__process_that_is_killed_in_mid_message(program):
    server = program("robust").start()
    child = os.fork()
    if child == 0:
        try:
            peer = server.connect()
            peer.send("a whole one\nhalf of an")
            signal.pause()
        finally:
            os._exit(1)
    server.await_trace("message")
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    server.await_trace("close")
    with server.connect() as peer:
        assert peer.ask("hello") == "echo hello"


# ---- memory

MIB = 1 << 20
LINES = 2000
# What the allocators may keep between two looks at the same work.
TOLERANCE = 2 * MIB


def pump(peer, total):
    """Sends that many lines and reads as many, a block ahead."""
    block = b"".join(b"message %07d\n" % number for number in range(LINES))
    credit = threading.Semaphore(4)

    def feed():
        for _ in range(total // LINES):
            credit.acquire()
            peer.sock.sendall(block)
    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    for _ in range(total // LINES):
        assert peer.read_exactly(len(block)) == block
        credit.release()
    feeder.join()


def report(peer):
    return json.loads(peer.ask("report"))


def test_million_messages__memory_is_flat(program):
    server = program("memory").start(ready=3)
    with server.connect() as peer:
        def look():
            return report(peer)["bytes"], resident(pid)
        (pid,) = {pid for pid in server.pids() if is_first(server, pid)}
        pump(peer, 200_000)
        used, whole = look()
        pump(peer, 800_000)
        used_after, whole_after = look()
    assert used_after - used < 64 * 1024
    assert whole_after - whole < TOLERANCE
    assert alive(pid)


def is_first(server, pid):
    return str(server.port) in open(f"/proc/{pid}/cmdline", encoding="utf-8").read()


def reset(sock):
    """Ends it without the port being held for a minute."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def visit(server, number, total, batch):
    """That many connections, each with one message, `batch` of them at a time."""
    for _ in range(total // batch):
        peers = [server.connect(server.ports[number]) for _ in range(batch)]
        for peer in peers:
            peer.send("hello\n")
        for peer in peers:
            assert peer.read_line() == "hello"
            reset(peer.sock)


def await_closed(peer, count):
    def closed():
        told = report(peer)
        return told if told["closed"] >= count else None
    return eventually(closed, f"{count} closed connections")


def test_closures__that_hold_their_connection_do_not_keep_it(program):
    server = program("memory").start(ready=3)
    with server.connect(server.ports[1]) as peer:
        visit(server, 1, 2_000, 100)
        used = await_closed(peer, 2_000)["bytes"]
        visit(server, 1, 8_000, 100)
        told = await_closed(peer, 10_000)
    # The one that asks is the only one, without a collection of cycles.
    assert (told["connections"], told["alive"], told["alive-then"]) == (1, 1, 1)
    assert told["bytes"] - used < 64 * 1024


def test_cycles__of_the_program_are_collected(program):
    server = program("memory").start(ready=3)
    with server.connect(server.ports[2]) as peer:
        visit(server, 2, 1_000, 100)
        told = await_closed(peer, 1_000)
    assert (told["connections"], told["alive-then"]) == (1, 1)


def test_gc__forced_in_callbacks_harms_none(program):
    server = program("memory", collect="yes").start(ready=3)
    pids = server.pids()
    with server.connect(server.ports[1]) as peer:
        visit(server, 1, 500, 50)
        told = await_closed(peer, 500)
        assert (told["connections"], told["alive-then"]) == (1, 1)
        pump(peer, 4_000)
    with server.connect(server.ports[2]) as peer:
        visit(server, 2, 500, 50)
        assert await_closed(peer, 500)["alive-then"] == 1
    assert server.pids() == pids
