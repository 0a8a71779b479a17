"""A NATS server of the tests' own, which does what no other would: a function plays each connection, in a thread of its own."""
import contextlib
import json
import socket
import ssl
import threading
import time

from instance import HANG_SECONDS


class Peer:
    """One connection of a client. What is said and read here is bytes."""

    def __init__(self, sock, server):
        self.sock, self.server = sock, server
        self.rest = b""
        self.subscriptions = {}
        sock.settimeout(HANG_SECONDS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def say(self, data, by=0):
        """by: bytes of a piece; 0: all in one."""
        for at in range(0, len(data), by or len(data) or 1):
            self.sock.sendall(data[at:at + (by or len(data))])

    def info(self, by=0, **members):
        self.say(b"INFO " + json.dumps({"version": "2.9.10", "max_payload": 1 << 20, **members}).encode() + b"\r\n", by)

    def begin_tls(self, certificate):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.cert, certificate.key)
        self.sock = context.wrap_socket(self.sock, server_side=True)

    def read(self, size):
        data = bytearray(self.rest[:size])
        self.rest = self.rest[size:]
        while len(data) < size:
            part = self.sock.recv(min(size - len(data), 1 << 20))
            if not part:
                raise EOFError
            data += part
        return bytes(data)

    def read_line(self):
        while b"\r\n" not in self.rest:
            part = self.sock.recv(65536)
            if not part:
                raise EOFError
            self.rest += part
        line, self.rest = self.rest.split(b"\r\n", 1)
        return line.decode()

    def next(self, by=0):
        """One thing that the client says, as its words; publishing is done, a subscription is kept."""
        line = self.read_line()
        words = line.split(" ", 1 if line.startswith("CONNECT") else -1)
        if words[0] == "SUB":
            self.subscriptions[words[1]] = words[2]
        elif words[0] == "PUB":
            payload = self.read(int(words[2]) + 2)
            if words[1] in self.subscriptions:
                self.say(f"MSG {words[1]} {self.subscriptions[words[1]]} {words[2]}\r\n".encode() + payload, by)
        return words

    def until(self, verb):
        """Everything up to the first of that verb."""
        said = []
        while not said or said[-1][0] != verb:
            said.append(self.next())
        return said

    def serve(self, by=0):
        """As a server does, until the client ends."""
        with contextlib.suppress(EOFError):
            while True:
                if self.next(by)[0] == "PING":
                    self.say(b"PONG\r\n", by)

    def wait_for_end(self):
        """What the client still says, up to its end."""
        said = self.rest
        with contextlib.suppress(ConnectionResetError):
            while part := self.sock.recv(65536):
                said += part
        return said


def honest(peer, _number=1):
    peer.info()
    peer.serve()


class FakeNats:
    """play(peer, number) has each connection, from 1 on. What it raises, but for the client's end, fails the test that leaves this."""

    def __init__(self, play=honest, host="127.0.0.1"):
        self.play = play
        self.connections = 0
        self.times = []
        self.failures = []
        self.peers = []
        self.listener = socket.create_server((host, 0))
        self.address = f"{host}:{self.listener.getsockname()[1]}"
        self.url = f"nats://{self.address}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                self.connections += 1
                self.times.append(time.monotonic())
                self.peers.append(Peer(sock, self))
                self._threads.append(threading.Thread(target=self._play, args=(self.peers[-1], self.connections)))
                self._threads[-1].start()

    def _play(self, peer, number):
        try:
            self.play(peer, number)
        except (EOFError, ConnectionError, ssl.SSLError):
            pass
        except Exception as error:  # pylint: disable=broad-exception-caught
            self.failures.append(error)
        finally:
            peer.sock.close()

    def refuse(self):
        """No other connection."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, *unused):
        self.refuse()
        self._threads[0].join(HANG_SECONDS)
        for peer in self.peers:
            with contextlib.suppress(OSError):
                peer.sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(HANG_SECONDS)
        assert kind or not self.failures, self.failures
