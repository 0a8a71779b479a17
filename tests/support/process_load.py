"""Clients that load a server whose processes come and go, and account for each request and each connection.

Every client is a thread with blocking sockets. A client keeps to the rules and expects the server to: whatever else happens to it is a
Fault, with its kind:

  refused     connect(2) failed
  reset       the connection was reset
  truncated   the stream ended inside an answer or a frame, or before all answers to what one write had asked
  lost        the stream ended after a request and without a byte of its answer
  hasty       the stream ended unannounced while the client was not quiet
  wrong       an answer that is not what was asked for, or bytes behind the last
  hung        nothing came for HANG_SECONDS
  closed CODE a websocket close frame with a code that nobody expects

A server that drains may end a connection without a word that has been silent for QUIET_SECONDS (RFC 9112 §9.5), which is no fault. A
request that crosses that end on its way is counted as `raced by CLIENT`: its client sends it again (RFC 9112 §9.3.1). Silence is measured from when
a client began to send its last request to when it has sent the next, so that of the two clocks the client's is the stricter one. Requests of one
write after such a silence may have fewer answers than there are requests: counted as `cut short by CLIENT`.
"""
import math
import pathlib
import random
import select
import socket
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlsplit

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "conformance"))

from http_answers import BadAnswer, take_answer  # noqa: E402
from ws_frames import CLOSE, TEXT, BadFrame, close, request, take_frame, text  # noqa: E402

HANG_SECONDS = 30
QUIET_SECONDS = 0.25  # the least that a drain waits for
NEVER_QUIET = math.inf  # for a server that does not drain: no end is expected
SERVICE_RESTART = 1012


@dataclass
class Fault:
    kind: str
    client: str
    port: int  # the client's own; 0: none yet
    began: float  # when the client wanted its connection
    ended: float
    detail: str


class Ended(Exception):
    """How a connection has ended, when the client could not expect it."""

    def __init__(self, kind, detail=""):
        super().__init__(kind, detail)
        self.kind, self.detail = kind, detail


class Load:
    """Clients at work. `with Load() as load: load.add(...)` ends them; totals() and faults are complete then."""

    def __init__(self, quiet=QUIET_SECONDS):
        self.quiet = quiet
        self.over = threading.Event()
        self.faults = []
        self.answered = []  # (port, began, ended) of each new connection that got its answer; began is before it was made
        self._counts = Counter()
        self._lock = threading.Lock()
        self._threads = []
        self._errors = []

    def add(self, client, *arguments, copies=1):
        """Runs client(load, *arguments), which serves one connection to its end, again and again."""
        for _ in range(copies):
            self._threads.append(threading.Thread(target=self._run, args=(client, arguments), name=client.__name__))
            self._threads[-1].start()

    def _run(self, client, arguments):
        while not self.over.is_set():
            connection = Connection()
            try:
                client(self, connection, *arguments)
            except Ended as ended:
                self.faults.append(Fault(ended.kind, client.__name__, connection.port, connection.began, time.monotonic(), ended.detail))
            except Exception as error:  # a fault of the client's own must not look like rest
                self._errors.append(error)
                return
            finally:
                connection.close()

    def count(self, what):
        with self._lock:
            self._counts[what] += 1

    def totals(self):
        with self._lock:
            return self._counts.copy()

    def end(self):
        self.over.set()
        for thread in self._threads:
            thread.join()
        self._threads = []
        if self._errors:
            raise self._errors[0]

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.end()


class Connection:
    """One connection of a client; what breaks it is raised as Ended."""

    def __init__(self):
        self.began = self.asked = time.monotonic()
        self.silent = 0.0  # before the last that was sent
        self.sock = None
        self.port = 0
        self.data = b""

    def open(self, address):
        url = urlsplit(address)
        try:
            self.sock = socket.create_connection((url.hostname, url.port), HANG_SECONDS)
        except ConnectionRefusedError as error:
            raise Ended("refused") from error
        except ConnectionResetError as error:
            raise Ended("reset", "by connect") from error
        self.port = self.sock.getsockname()[1]
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data):
        before, self.asked = self.asked, time.monotonic()
        try:
            self.sock.sendall(data)
        except (ConnectionResetError, BrokenPipeError) as error:
            raise Ended("reset", "while it sent") from error
        self.silent = time.monotonic() - before

    def receive(self):
        """False at the end of the stream."""
        try:
            part = self.sock.recv(1 << 18)
        except ConnectionResetError as error:
            raise Ended("reset", f"after {self.data[:80]!r}") from error
        except TimeoutError as error:
            raise Ended("hung", f"after {self.data[:80]!r}") from error
        self.data += part
        return part != b""

    def expect_end(self):
        while self.receive():
            pass
        if self.data:
            raise Ended("wrong", f"behind the last: {self.data[:80]!r}")

    def expect_end_after(self, data):
        """Takes exactly that, and the end of the stream."""
        while self.receive():
            pass
        if self.data != data:
            raise Ended("wrong", f"{self.data[-80:]!r} in place of {data[-80:]!r}")

    def has_ended(self):
        """Whether the end of the stream is there, without a wait. Nothing else may be."""
        if not select.select([self.sock], [], [], 0)[0]:
            return False
        if self.receive():
            raise Ended("wrong", f"unasked: {self.data[:80]!r}")
        return True

    def close(self):
        if self.sock is not None:
            self.sock.close()


# ---- http


def get(target, close_after=False):
    return b"GET /%s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n" % (target, b"Connection: close\r\n" if close_after else b"")


def body_of(target):
    """What the test server answers."""
    return b"x" * int(target[4:]) if target.startswith(b"big/") else target


def a_target():
    return b"big/%d" % random.randrange(2000, 100000) if random.random() < 0.1 else b"t%d" % random.randrange(1 << 30)


def take_http_answer(connection, method=b"GET"):
    """The next answer; None at the end of the stream before its first byte."""
    while True:
        try:
            taken = take_answer(connection.data, method)
        except BadAnswer as error:
            raise Ended("wrong", str(error)) from error
        if taken is not None:
            answer, connection.data = taken
            return answer
        if not connection.receive():
            if connection.data:
                raise Ended("truncated", f"after {len(connection.data)} bytes: {connection.data[:80]!r}")
            return None


def unanswered(load, connection):
    """The stream has ended without a byte of the answer."""
    if connection.silent < load.quiet:
        raise Ended("lost", f"silent for {connection.silent * 1000:.0f} ms before")
    load.count("raced by " + threading.current_thread().name)


def cut_short(load, connection, what):
    """The stream ends, or says that it does, after some of the answers: what came too late to a server that drains has no other."""
    if connection.silent < load.quiet:
        raise Ended("truncated", f"{what}, silent for {connection.silent * 1000:.0f} ms before")
    load.count("cut short by " + threading.current_thread().name)


def exchange(load, connection, targets, close_after=False):
    """Asks all of them with one write and takes their answers. Whether the connection serves on."""
    connection.send(b"".join(get(target, close_after) for target in targets))
    for at, target in enumerate(targets):
        answer = take_http_answer(connection)
        if answer is None and at > 0:
            cut_short(load, connection, f"{at} of {len(targets)} answers")
            return False
        if answer is None:
            unanswered(load, connection)
            return False
        if answer.status != 200 or answer.body != body_of(target):
            raise Ended("wrong", f"{answer.status} {answer.body[:80]!r} to {target!r}")
        load.count("answers")
        if answer.closes:
            if at + 1 < len(targets):
                cut_short(load, connection, f"closed after {at + 1} of {len(targets)} answers")
            connection.expect_end()
            load.count("announced ends")
            return False
    return True


def keep_alive(load, connection, address, burst=1):
    """The next request goes out as soon as the answers are there; a burst is written at once."""
    connection.open(address)
    while exchange(load, connection, [a_target() for _ in range(burst)]) and not load.over.is_set():
        pass


def pipelined(load, connection, address):
    keep_alive(load, connection, address, 3)


def fresh(load, connection, address):
    """A connection for each request; which side ends it is left to chance."""
    connection.open(address)
    exchange(load, connection, [a_target()], random.random() < 0.5)
    load.answered.append((connection.port, connection.began, time.monotonic()))


def rarely_asking(load, connection, address):
    """Mostly idle: a request now and then, on a connection that the server may end meanwhile."""
    connection.open(address)
    while exchange(load, connection, [a_target()]) and not load.over.wait(random.uniform(0.1, 0.4)):
        if connection.has_ended():
            silent = time.monotonic() - connection.asked
            if silent < load.quiet:
                raise Ended("hasty", f"silent for {silent * 1000:.0f} ms")
            load.count("quiet ends")
            return


# ---- websocket


def open_websocket(connection, address):
    connection.open(address)
    connection.send(request())
    while b"\r\n\r\n" not in connection.data:
        if not connection.receive():
            raise Ended("truncated" if connection.data else "lost", "in the handshake")
    head, _, connection.data = connection.data.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 101 "):
        raise Ended("wrong", f"{head[:80]!r}")


def take_websocket_frame(connection):
    while True:
        try:
            taken = take_frame(connection.data)
        except BadFrame as error:
            raise Ended("wrong", str(error)) from error
        if taken is not None:
            connection.data = taken[1]
            return taken[0]
        if not connection.receive():
            raise Ended("truncated", "1006: the stream has ended without a close frame")


def answer_close(load, connection, frame, expected=SERVICE_RESTART):
    """Answers a close frame, as RFC 6455 §5.5.1 asks, and sees the end of the stream behind it."""
    if frame.code != expected:
        raise Ended(f"closed {frame.code}", frame.payload[2:].decode())
    if expected == SERVICE_RESTART:
        connection.send(close(frame.code))
        load.count("1012")
    connection.expect_end()


def websocket_echo(load, connection, address):
    """Two messages are always on their way; their echoes come in order until a close frame does."""
    open_websocket(connection, address)
    sent = taken = 0
    while not load.over.is_set():
        while sent < taken + 2:
            connection.send(text(b"message %d" % sent))
            sent += 1
        frame = take_websocket_frame(connection)
        if frame.opcode == CLOSE:
            answer_close(load, connection, frame)
            return
        if (frame.opcode, frame.payload) != (TEXT, b"message %d" % taken):
            raise Ended("wrong", f"{frame} in place of message {taken}")
        taken += 1
        load.count("echoes")
    connection.send(close(1000))
    while (frame := take_websocket_frame(connection)).opcode != CLOSE:
        pass
    answer_close(load, connection, frame, 1000)


# ---- lines of a text port


def take_line(load, connection):
    """The next line; None where an end is none's fault."""
    while b"\n" not in connection.data:
        if not connection.receive():
            if connection.data:
                raise Ended("truncated", f"after {connection.data[:80]!r}")
            unanswered(load, connection)
            return None
    line, _, connection.data = connection.data.partition(b"\n")
    return line


def fresh_line(load, connection, address):
    """A connection for each line."""
    connection.open(address)
    line = b"line %d" % random.randrange(1 << 30)
    connection.send(line + b"\n")
    answer = take_line(load, connection)
    if answer not in (line, None):
        raise Ended("wrong", f"{answer[:80]!r} to {line!r}")
    load.count("lines")


def busy_line(load, connection, address):
    """The next line goes out as soon as the answer is there, unless the end came with it."""
    connection.open(address)
    while not load.over.is_set():
        line = b"line %d" % random.randrange(1 << 30)
        connection.send(line + b"\n")
        answer = take_line(load, connection)
        if answer is None:
            return
        if answer != line:
            raise Ended("wrong", f"{answer[:80]!r} to {line!r}")
        load.count("lines")
        if connection.has_ended():
            load.count("ends behind an answer")
            return
