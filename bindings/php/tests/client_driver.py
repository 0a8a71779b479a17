"""The program client.php, told what to do line by line, and the sockets that it connects to."""
import contextlib
import itertools
import json
import socket

from php_program import HANG_SECONDS, Peer, eventually


class Driver:
    """The program, told what to do line by line."""

    numbers = itertools.count(1)

    def __init__(self, server):
        self.server = server
        self.control = server.connect()

    def say(self, do, on="", **more):
        self.control.send(json.dumps({"do": do, "on": on, **more}) + "\n")
        return json.loads(self.control.read_line())

    def call(self, on, method, *arguments):
        return self.say(method, on, **{"with": list(arguments)})

    def make(self, address, *, connect=True, then=None, **more):
        """The name of a new connection."""
        name = f"connection-{next(self.numbers)}"
        told = self.say("make", name, address=address, then={event: [each if isinstance(each, list) else [each] for each in do]
                                                             for event, do in (then or {}).items()}, **more)
        assert not told.startswith("threw"), told
        if connect:
            assert self.call(name, "connect") is None
        return name

    def told(self, event, name, count=1):
        """The details of an event of one connection, once it has happened that often."""
        def happened():
            rows = [row[1:] for row in self.server.trace(event) if row[0] == name]
            return rows if len(rows) >= count else None
        try:
            return eventually(happened, f"{count} x {event}", seconds=20)
        except AssertionError:
            raise AssertionError(f"{event} of {name}: {[row for row in self.server.rows() if name in row]}\n{self.server.output()}") from None

    def events(self, name):
        return [row[0] for row in self.server.rows() if row[2:3] == [name] and row[0] != "result"]


@contextlib.contextmanager
def driven(server):
    """The driver of a program, whose connections are forgotten at the end."""
    made = Driver(server)
    yield made
    made.say("forget")
    made.control.sock.close()


class Listener:
    """A listening socket that accepts when it is told."""

    def __init__(self, family=socket.AF_INET, address=("127.0.0.1", 0)):
        self.sock = socket.socket(family)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind(address)
        self.sock.listen()
        self.sock.settimeout(HANG_SECONDS)

    @property
    def port(self):
        return self.sock.getsockname()[1]

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"

    def accept(self):
        peer = Peer.__new__(Peer)
        peer.sock, _ = self.sock.accept()
        peer.sock.settimeout(HANG_SECONDS)
        peer.data = b""
        return peer


def free_address():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{sock.getsockname()[1]}"
