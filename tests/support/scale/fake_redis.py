"""A Redis server that says what a test wants it to: late, in pieces, wrong, or not at all. Channels work, sharded ones too."""
import contextlib
import socket
import threading
import time

NOTHING = b""  # no reply


class Wire(bytes):
    """What is sent as it is."""


def bulk(text):
    text = text if isinstance(text, bytes) else str(text).encode()
    return Wire(b"$%d\r\n%s\r\n" % (len(text), text))


def array(*values):
    def wire(value):
        return value if isinstance(value, Wire) else b":%d\r\n" % value if isinstance(value, int) else bulk(value)
    return Wire(b"*%d\r\n" % len(values) + b"".join(map(wire, values)))


def slots(*servers):
    """What CLUSTER SLOTS says of (first, last, host, port)."""
    return array(*(array(first, last, array(host, port, "id")) for first, last, host, port in servers))


class Connection:
    def __init__(self, server, sock):
        self.server, self.sock = server, sock
        self.channels = set()
        self._lock = threading.Lock()

    def send(self, data):
        step = self.server.piece or len(data)
        with self._lock, contextlib.suppress(OSError):
            for at in range(0, len(data), step or 1):
                self.sock.sendall(data[at:at + step])

    def commands(self):
        """The words of each, until the client ends."""
        with contextlib.suppress(OSError, ValueError):
            stream = self.sock.makefile("rb")
            while line := stream.readline():
                words = []
                for _ in range(int(line[1:])):
                    size = int(stream.readline()[1:])
                    words.append(stream.read(size + 2)[:-2])
                yield words

    def serve(self):
        for words in self.commands():
            verb = words[0].decode().upper()
            self.server.seen.append((self, verb, words[1:]))
            reply = self.server.replies.get(verb, getattr(self, verb.lower()))
            reply = reply(self, *words[1:]) if callable(reply) else reply
            if reply:
                self.send(reply)
        self.end()

    def end(self):
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        with contextlib.suppress(ValueError):
            self.server.connections.remove(self)

    # What a server says by default. Each gets the connection again, as those of a test do.
    @staticmethod
    def auth(*_):
        return b"+OK\r\n"

    client = auth

    @staticmethod
    def info(own, *_):
        return bulk(f"# Server\r\nredis_version:{own.server.version}\r\nredis_mode:{own.server.mode}\r\n")

    @staticmethod
    def role(*_):
        return array("master", 0, array())

    @staticmethod
    def subscribe(own, channel, kind="subscribe"):
        own.channels.add(channel)
        return array(kind, channel, len(own.channels))

    @staticmethod
    def ssubscribe(own, channel):
        return own.subscribe(own, channel, "ssubscribe")

    @staticmethod
    def publish(own, channel, message, kind="message"):
        receivers = [each for each in list(own.server.connections) if channel in each.channels]
        for each in receivers:
            each.send(array(kind, channel, message))
        return b":%d\r\n" % len(receivers)

    @staticmethod
    def spublish(own, channel, message):
        return own.publish(own, channel, message, "smessage")

    @staticmethod
    def cluster(own, *_):
        return slots((0, 16383, "127.0.0.1", own.server.port))

    @staticmethod
    def sentinel(own, *_):
        return array("127.0.0.1", str(own.server.port))


class FakeRedis:
    """`replies` has what is said in place of the default: bytes by the command's name, or a function of the connection and the words."""

    def __init__(self, version="7.0.15", mode="standalone", piece=0, **replies):
        self.version, self.mode, self.piece = version, mode, piece
        self.replies = {name.upper(): reply for name, reply in replies.items()}
        self.seen, self.connections, self.accepted = [], [], []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection = Connection(self, sock)
                self.connections.append(connection)
                self.accepted.append(time.monotonic())
                threading.Thread(target=connection.serve, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def url(self):
        return f"redis://{self.address}"

    def of(self, verb):
        """The connections that have said that, oldest first."""
        return [connection for connection, said, _ in self.seen if said == verb]

    def count(self, verb):
        return len(self.of(verb))

    def cut(self):
        """Ends all connections."""
        for connection in list(self.connections):
            connection.end()

    def end(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.end()


def attempts(server, seconds):
    """How many connections come within that time."""
    before = len(server.accepted)
    time.sleep(seconds)
    return len(server.accepted) - before


def channel_of(node, cluster="default"):
    return f"wm:{{{cluster}:{int(node, 16):016x}}}"


