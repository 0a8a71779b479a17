"""Relays of pipe(): all bytes arrive in their order, memory is bounded whoever is slow, and the ends reach the other side."""
import contextlib
import fcntl
import hashlib
import json
import struct
import termios
import threading
import time

import pytest

from client_driver import Listener
from php_program import Peer, eventually, resident

SIZE = 64 << 20
PART = bytes(range(256)) * 256
SLACK = 24 << 20


@pytest.fixture(scope="module")
def there():
    made = Listener()
    yield made
    made.sock.close()


@pytest.fixture(scope="module")
def server(shared_program, there):
    return shared_program("relay", ports=5, there=there.port).start(ready=5)


def pid_of(server, number):
    """The process of a worker, by its order in the program: rows of `ready` come in any order."""
    return sorted(server.pids())[number]


def parts():
    for number in range(SIZE // len(PART)):
        yield PART[number % 251:] + PART[:number % 251]


def send_all(peer):
    digest = hashlib.md5()
    for part in parts():
        digest.update(part)
        peer.sock.sendall(part)
    return digest.hexdigest()


def read_all(peer, size=SIZE):
    digest = hashlib.md5()
    while size > 0:
        part = peer.sock.recv(min(size, 1 << 18))
        assert part, f"the end, {size} bytes too early"
        digest.update(part)
        size -= len(part)
    return digest.hexdigest()


class Background(threading.Thread):
    """A function in a thread, whose result or exception result() has."""

    def __init__(self, function, *arguments):
        super().__init__(daemon=True)
        self.call, self.value, self.error = (function, arguments), None, None
        self.start()

    def run(self):
        try:
            self.value = self.call[0](*self.call[1])
        except BaseException as error:
            self.error = error

    def result(self):
        self.join(60)
        assert not self.is_alive()
        if self.error:
            raise self.error
        return self.value


@pytest.mark.parametrize("direction", ["there", "back"])
def test_relay__of_64_mib_to_a_reader_that_stops(server, there, direction):
    near = Peer(server.port, receive_buffer=65536)
    far = there.accept()
    source, sink = (near, far) if direction == "there" else (far, near)
    pid = pid_of(server, 0)
    before = resident(pid)
    sending = Background(send_all, source)
    taken = hashlib.md5(sink.read_exactly(1 << 20))  # it flows, and then nobody reads
    assert sending.is_alive()
    eventually(lambda: is_stuck(source), "a sender that is held back", 30)
    assert resident(pid) - before < SLACK
    left = SIZE - (1 << 20)
    while left > 0:
        part = sink.read_exactly(min(left, 1 << 20))
        taken.update(part)
        left -= len(part)
    assert taken.hexdigest() == sending.result()
    assert resident(pid) - before < SLACK
    near.sock.close()
    assert far.read_to_end() == b""
    far.sock.close()


def is_stuck(peer):
    """Whether what was sent has come to rest in the kernel: two looks that see the same queue, and not an empty one."""
    def queued():
        return struct.unpack("i", fcntl.ioctl(peer.sock, termios.TIOCOUTQ, b"\0" * 4))[0]
    seen = queued()
    time.sleep(0.2)
    return seen > 0 and queued() == seen


def test_relay__both_ways_at_once(server, there):
    near = Peer(server.port)
    far = there.accept()
    work = [Background(send_all, near), Background(send_all, far), Background(read_all, near), Background(read_all, far)]
    assert len({each.result() for each in work}) == 1
    near.sock.close()
    far.sock.close()


def test_relay__of_messages(server, there):
    with server.connect(server.ports[1]) as near, there.accept() as far:
        lines = [f"line {number}" for number in range(5000)]
        sending = Background(near.send, "".join(line + "\n" for line in lines))
        assert [far.read_line() for _ in lines] == lines
        sending.result()
        far.send("answer\n")
        assert near.read_line() == "answer"


@pytest.mark.parametrize("who", ["near", "far"])
def test_relay__ends_on_both_sides(server, there, who):
    near, far = server.connect(), there.accept()
    near.send("hello")
    assert far.read_exactly(5) == b"hello"
    first, second = (near, far) if who == "near" else (far, near)
    first.send("last words")
    first.sock.close()
    assert second.read_to_end() == b"last words"
    second.sock.close()


def test_relay__whose_reader_goes_while_it_is_full_lets_go(server, there):
    near = Peer(server.port, receive_buffer=65536)
    far = there.accept()

    def flood():
        with contextlib.suppress(OSError):
            for _ in range(2):
                send_all(far)
    sending = Background(flood)
    eventually(lambda: is_stuck(far), "a sender that is held back", 30)
    near.sock.close()
    sending.result()
    far.sock.close()
    assert server.trace("error") == []


def test_relay__whose_program_fills_the_queue_loses_nothing(server, there):
    with server.connect(server.ports[4]) as near, there.accept() as far:
        near.send("n" * 300_000)
        assert far.read_exactly(20_000_000) == b"p" * 20_000_000
        assert far.read_exactly(300_001) == b"q" + b"n" * 300_000
    assert server.trace("both-error") == []


def test_memory__of_connections_whose_closures_capture_each_other_is_given_back(server):
    """100 000 connections are made and accepted here; a kilobyte that stayed of each would be 50 MB."""
    with server.connect(server.ports[2]) as peer:
        def rounds(count):
            for _ in range(0, count, 100):
                peer.send("go\n" * 100)
                assert [peer.read_line() for _ in range(100)] == ["CLOSED"] * 100
            peer.send("memory\n")
            return json.loads(peer.read_line())[1:]
        rounds(2000)
        before, connections = rounds(2000)
        after, now = rounds(50_000)
        assert connections == now == 1
        assert after - before < 1_000_000
