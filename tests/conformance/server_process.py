"""The conformance server as a child process: its addresses, its connections, its log of events.

One ConformanceServer per set of options. A reader thread collects its log; tests wait on conditions, never on the clock. The bound
kHangSeconds only turns a hang into a failure.
"""
import fcntl
import os
import select
import shutil
import socket
import struct
import subprocess
import tempfile
import termios
import threading
from dataclasses import dataclass, field
from urllib.parse import urlsplit

SIOCOUTQNSD = 0x894B  # linux/sockios.h: bytes that are not sent
HANG_SECONDS = 30


def server_path():
    build = os.environ.get("WM_BUILD")
    if not build:
        raise RuntimeError("WM_BUILD names no build folder: run with WM_BUILD=DIR, where DIR/bin/conformance_server stands")
    path = os.path.join(build, "bin", "conformance_server")
    if not os.access(path, os.X_OK):
        raise RuntimeError(f"{path} is missing: build the target conformance_server")
    return path


def socket_address(address):
    """Family and address for a worker's address, which must be a real one: with the port that was got."""
    if "unix://" in address:
        return socket.AF_UNIX, address.split("://", 1)[1]
    url = urlsplit(address)
    assert url.port, f"no real port in {address}"
    return socket.AF_INET6 if ":" in url.hostname else socket.AF_INET, (url.hostname, url.port)


@dataclass
class Event:
    kind: str
    label: str
    conn: int
    words: list

    @property
    def text(self):
        """The text of an error or close event."""
        return b"" if self.words[-1] == "-" else bytes.fromhex(self.words[-1])


@dataclass
class ServedConnection:
    """What the server said about one connection, in order."""

    conn: int
    port: int
    events: list = field(default_factory=list)


class Peer:
    """A client's end: a blocking socket, and the server's view of it."""

    def __init__(self, server, label, sock, index):
        self.server = server
        self.label = label
        self.sock = sock
        self.index = index

    def send(self, data):
        """False when the server has already gone, which a test that is cut in the middle of bad bytes must live with."""
        try:
            self.sock.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def read_until_eof(self):
        """All bytes to the end, and whether that end was a reset."""
        parts = []
        try:
            while True:
                part = self.sock.recv(1 << 18)
                if not part:
                    return b"".join(parts), False
                parts.append(part)
        except ConnectionResetError:
            return b"".join(parts), True

    def read_exactly(self, size):
        data = b""
        while len(data) < size:
            part = self.sock.recv(size - len(data))
            assert part, f"end of stream after {data!r}, {size - len(data)} bytes missing"
            data += part
        return data

    def read_until(self, end):
        """Bytes up to and including `end`: one at a time, so that nothing behind it is lost."""
        data = b""
        while not data.endswith(end):
            part = self.sock.recv(1)
            assert part, f"end of stream after {data!r}, expected {end!r}"
            data += part
        return data

    def is_silent(self):
        """Whether nothing, neither byte nor end, has arrived. Call server.settle first: it makes this an answer, not a guess."""
        return not select.select([self.sock], [], [], 0)[0]

    def exchange(self, data):
        """Sends while reading, as large messages need; then reads to the end. Returns bytes and whether a reset ended them."""
        sender = threading.Thread(target=self.send, args=(data,))
        sender.start()
        outcome = self.read_until_eof()
        sender.join()
        return outcome

    def half_close(self):
        """Ends this side's stream; nothing to do when the connection is gone already."""
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        self.sock.close()

    def reset(self):
        """Closes with a reset instead of an orderly end."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def wait_event(self, kind, count=1):
        """The count-th event of that kind on this connection, as the server logged it.

        The close event ends this side first: a server that has said all may wait for that, so as not to reset what is on its way.
        """
        if kind == "close":
            self.half_close()
        return self.server.wait_event(self, kind, count)

    def events(self):
        """Every event of this connection up to its close."""
        self.wait_event("close")
        return self.server.events_of(self)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()


class ConformanceServer:
    def __init__(self, *options, pull=False):
        self.pull = pull
        self._socket_addresses = {}  # label -> family and address
        self._connections = {}  # label -> connections in the order of accept
        self._by_id = {}
        self._connected = {}  # label -> how many this side has connected
        self._changed = threading.Condition()
        self._ended = False
        self.last_line = ""
        self._dir = tempfile.mkdtemp(prefix="wm-conf-")
        self._errors = tempfile.TemporaryFile()
        command = [server_path(), "--dir", self._dir, *(["--pull"] if pull else []), *options]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors)
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._ready = False
        self._reader.start()
        with self._changed:
            self._wait(lambda: self._ready, "the server to be ready")
        self._control = None

    # ---- the log ----

    def _read_log(self):
        for line in self.process.stdout:
            words = line.decode("utf-8", "replace").split()
            with self._changed:
                self._take(words)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _take(self, words):
        self.last_line = " ".join(words)
        if words[0] == "listen":
            self._socket_addresses[words[1]] = socket_address(words[2])
        elif words[0] == "ready":
            self._ready = True
        elif words[0] == "connect":
            connection = ServedConnection(int(words[2]), int(words[3]))
            self._by_id[connection.conn] = connection
            self._connections.setdefault(words[1], []).append(connection)
        elif words[0] != "stopped":
            event = Event(words[0], words[1], int(words[2]), words[3:])
            self._by_id[event.conn].events.append(event)

    def _wait(self, condition, what):
        done = self._changed.wait_for(lambda: condition() or self._ended, HANG_SECONDS)
        if condition():
            return
        why = "the server ended" if self._ended else "hung" if not done else ""
        raise AssertionError(f"waited for {what}: {why}\n{self.error_text()}")

    def wait_event(self, peer, kind, count):
        def matching():
            connections = self._connections.get(peer.label, [])
            if peer.index >= len(connections):
                return []
            return [event for event in connections[peer.index].events if event.kind == kind]

        with self._changed:
            self._wait(lambda: len(matching()) >= count, f"event {kind} ({count}) of {peer.label}")
            self._check_port(peer)
            return matching()[count - 1]

    def events_of(self, peer):
        with self._changed:
            return list(self._connections[peer.label][peer.index].events)

    def connections_made(self, label):
        """How many connections to that worker this side has made: the index of the next."""
        return self._connected.get(label, 0)

    def accepted(self, label):
        """How many connections to that worker the server has accepted, whoever made them.

        One more, to another worker, shows that the log has been read up to here.
        """
        with self.connect("text.tcp4") as peer:
            self.wait_accepted([peer])
        with self._changed:
            return len(self._connections.get(label, []))

    def port(self, label):
        return self._socket_addresses[label][1][1]

    def message_sizes(self, label, index):
        """The lengths of the messages of a raw connection that has ended: what each of its reads brought."""

        def ended():
            connections = self._connections.get(label, [])
            return index < len(connections) and any(event.kind == "close" for event in connections[index].events)

        with self._changed:
            self._wait(ended, f"the end of connection {index} of {label}")
            return [int(event.words[0]) for event in self._connections[label][index].events if event.kind == "message"]

    def _check_port(self, peer):
        """Connections are matched by the order of accept; on tcp the port proves it."""
        if peer.label.endswith(".unix"):
            return
        port = self._connections[peer.label][peer.index].port
        try:
            own = peer.sock.getsockname()[1]
        except OSError:
            return  # closed on this side
        assert port == own, f"connection {peer.index} of {peer.label}: the server sees port {port}, it is {own}"

    def error_text(self):
        self._errors.seek(0)
        return self._errors.read().decode("utf-8", "replace")[-8000:]

    # ---- connections ----

    def connect(self, label):
        family, address = self._socket_addresses[label]
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.settimeout(HANG_SECONDS)
        sock.connect(address)
        if family != socket.AF_UNIX:
            # Without it the second of two small writes waits for the first one's acknowledgement, and cuts vanish.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        index = self._connected.get(label, 0)
        self._connected[label] = index + 1
        return Peer(self, label, sock, index)

    def connected_elsewhere(self, label):
        """Another program has made the next connection to that worker."""
        self._connected[label] = self._connected.get(label, 0) + 1

    def wait_accepted(self, peers):
        """Returns when the server has accepted these connections, as its log says."""
        last = max(peer.index for peer in peers)
        with self._changed:
            self._wait(lambda: len(self._connections.get(peers[0].label, [])) > last, f"the accept of {last + 1} {peers[0].label}")

    def settle(self, peers):
        """Returns when the server has read what was written to the peers, as far as it will.

        First until it has accepted them, then until the kernel has sent the bytes (over loopback: has delivered them; acknowledged
        they are as much as 40 ms later) or, on unix, the server has read them, then by two round trips of a connection of its own: epoll reports sockets in the order in which they became
        ready, so the server had those bytes to read before it came to answer.
        """
        self.wait_accepted(peers)
        for peer in peers:
            self._wait_delivered(peer.sock)
        if self._control is None:
            self._control = self.connect("text.tcp4")
        for _ in range(2):
            self._control.sock.sendall(b"settle\n")
            self._control.read_exactly(7)

    def _wait_delivered(self, sock):
        word = b"\0\0\0\0"
        request = termios.TIOCOUTQ if sock.family == socket.AF_UNIX else SIOCOUTQNSD
        for _ in range(100000):
            try:
                queued = struct.unpack("i", fcntl.ioctl(sock, request, word))[0]
            except OSError:
                return
            if queued == 0:
                return
            os.sched_yield()

    # ---- the end ----

    def alive(self):
        return self.process.poll() is None

    def end_input(self):
        """Tells the server to stop, as the end of its standard input does."""
        self.process.stdin.close()

    def stop(self):
        """Stops it and returns its exit code and what it wrote to standard error."""
        if self._control is not None:
            self._control.close()
        if not self.process.stdin.closed:
            self.process.stdin.close()
        try:
            code = self.process.wait(HANG_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = "hung"
        self._reader.join()
        self.process.stdout.close()
        shutil.rmtree(self._dir, ignore_errors=True)
        text = self.error_text()
        self._errors.close()
        return code, text
