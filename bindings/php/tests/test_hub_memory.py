"""A million messages over the hub, from one process to the other, with flat memory in all of them; and receivers that die meanwhile."""
import json
import os
import signal

import pytest

from php_program import Peer, children_of, eventually, resident
from test_robust import LINES, LINES_OF_TEXT, TOLERANCE

TOTAL = 1_000_000


def elsewhere(server, other, same=False):
    """A connection to the other process, or to the same one."""
    while True:
        peer = Peer(server.port)
        if (peer.ask("pid") == other.ask("pid")) == same:
            return peer
        peer.sock.close()


@pytest.fixture
def pair(program):
    """A sender and a receiver with the uid `ann`, of two processes."""
    server = program("hub_memory").start(ready=2)
    sender = Peer(server.port)
    receiver = elsewhere(server, sender)
    assert receiver.ask("bind ann") == "bound"
    eventually(lambda: sender.ask("online ann") == "ok 1", "the receiver")
    yield server, sender, receiver
    sender.sock.close()
    receiver.sock.close()


def push(sender, receiver, total, uid="ann"):
    """Has `total` messages sent, and reads them."""
    sender.send(f"start {uid} {total}\n")
    for _ in range(total // LINES):
        assert receiver.read_exactly(len(LINES_OF_TEXT)) == LINES_OF_TEXT
    assert sender.read_line() == "all taken"


def test_million_messages__memory_of_all_processes_is_flat(pair):
    server, sender, receiver = pair
    push(sender, receiver, 40_000)
    processes = children_of(server.master)
    assert len(processes) == 3
    used, whole = json.loads(sender.ask("report"))["bytes"], [resident(pid) for pid in processes]
    push(sender, receiver, TOTAL)
    assert json.loads(sender.ask("report"))["bytes"] - used < 64 * 1024
    for pid, before in zip(processes, whole):
        assert resident(pid) - before < TOLERANCE, pid


def test_receiver_that_dies_in_mid_message__costs_the_sender_nothing(pair):
    """What it has not read is offline; the next receiver gets all of its own."""
    server, sender, receiver = pair
    load = elsewhere(server, sender, same=True)  # its results are not among the answers of `sender`
    for number in range(5):
        dying = Peer(server.port)
        assert dying.ask(f"bind dying{number}") == "bound"
        eventually(lambda: sender.ask(f"online dying{number}") == "ok 1", "the receiver that dies")
        load.send(f"start dying{number} 20000\n")
        dying.read_exactly(1000)
        dying.sock.close()
        push(sender, receiver, 20_000)
        eventually(lambda: sender.ask(f"online dying{number}") == "offline 0", "its end")
    assert len(children_of(server.master)) == 3
    assert int(sender.ask("pid")) in server.pids()
    load.sock.close()


def test_receiver_whose_process_is_killed__costs_the_sender_nothing(pair):
    server, sender, receiver = pair
    load = elsewhere(server, sender, same=True)
    load.send("start ann 100000\n")
    receiver.read_exactly(1000)
    os.kill(int(pid_of(server, sender)), signal.SIGKILL)
    receiver.read_to_end()
    server.await_trace("ready", 3)
    again = elsewhere(server, sender)
    assert again.ask("bind bob") == "bound"
    eventually(lambda: sender.ask("online bob") == "ok 1", "the next receiver")
    push(sender, again, 20_000, "bob")
    again.sock.close()
    load.sock.close()


def pid_of(server, sender):
    """The other one of the two processes."""
    (pid,) = {*server.pids()} - {int(sender.ask("pid"))}
    return pid
