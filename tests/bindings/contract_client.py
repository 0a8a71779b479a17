"""What a case of the contract has as its peer: one socket, with messages of text, websocket or http, datagrams, or bytes as they are."""
import contextlib
import os
import pathlib
import socket
import sys

HERE = pathlib.Path(__file__).resolve().parent
for directory in ("support", "conformance"):
    sys.path.insert(0, str(HERE.parent / directory))

from http_answers import take_answer  # noqa: E402
from instance import HANG_SECONDS  # noqa: E402
import ws_frames  # noqa: E402

SECONDS = float(os.environ.get("WM_CONTRACT_SECONDS", HANG_SECONDS))  # turns a hang into a failure


class Broken(AssertionError):
    """The binding has not kept the contract."""


def connect(address):
    """A socket to an address as bindings have it: SCHEME://HOST:PORT or SCHEME+unix://PATH, unix://PATH, udp://HOST:PORT."""
    scheme, place = address.split("://", 1)
    if scheme == "udp":
        host, port = place.rsplit(":", 1)
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.settimeout(SECONDS)
        sock.connect((host, int(port)))
    elif scheme.endswith("unix"):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(SECONDS)
        sock.connect(place)
    else:
        host, port = place.rsplit(":", 1)
        sock = socket.create_connection((host, int(port)), SECONDS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


class Client:
    def __init__(self, address):
        self.scheme = address.split("://", 1)[0].removesuffix("+unix")
        self.data = b""
        self.sock = connect(address)
        self.methods = []
        if self.scheme == "websocket":
            self.send_bytes(ws_frames.request())
            while b"\r\n\r\n" not in self.data:
                self.more()
            head, _, self.data = self.data.partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 101 "):
                raise Broken(f"the handshake was answered with {head!r}")

    def send_bytes(self, data):
        self.sock.sendall(data)

    def more(self):
        try:
            part = self.sock.recv(1 << 16)
        except TimeoutError:
            raise Broken(f"nothing came after {self.data[:200]!r}") from None
        except ConnectionResetError:
            raise Broken(f"the connection was reset after {self.data[:200]!r}") from None
        if not part:
            raise Broken(f"the connection ended after {self.data[:200]!r}")
        self.data += part

    def send(self, message):
        """A message, as text (str) or binary (bytes); http: [method, target, body]."""
        if self.scheme == "http":
            method, target, body = message
            self.methods.append(method.encode())
            length = f"Content-Length: {len(body.encode())}\r\n" if body else ""
            self.send_bytes(f"{method} {target} HTTP/1.1\r\nHost: a\r\n{length}\r\n{body}".encode())
        elif self.scheme == "websocket":
            self.send_bytes(ws_frames.text(message) if isinstance(message, str) else ws_frames.binary(message))
        else:
            data = message.encode() if isinstance(message, str) else message
            self.send_bytes(data + (b"\n" if self.scheme == "text" else b""))

    def receive(self, size=0):
        """The next message; of tcp and unix the next `size` bytes. http: [status, body]."""
        if self.scheme == "http":
            while (taken := take_answer(self.data, self.methods[0])) is None:
                self.more()
            self.data = taken[1]
            self.methods.pop(0)
            return [taken[0].status, taken[0].body.decode()]
        if self.scheme == "websocket":
            while (taken := ws_frames.take_frame(self.data)) is None:
                self.more()
            self.data = taken[1]
            kind, payload = taken[0].seen()
            if kind != "text":
                return payload if kind == "binary" else [kind, payload]
            try:
                return payload.decode()
            except UnicodeDecodeError:
                raise Broken(f"a text message is not UTF-8: {payload[:200]!r}") from None
        if self.scheme == "text":
            while b"\n" not in self.data:
                self.more()
            line, _, self.data = self.data.partition(b"\n")
        elif self.scheme == "udp":
            line = self.receive_datagram()
        else:
            while len(self.data) < size:
                self.more()
            line, self.data = self.data[:size], self.data[size:]
        with contextlib.suppress(UnicodeDecodeError):
            return line.decode()
        return line

    def receive_datagram(self):
        try:
            return self.sock.recv(1 << 16)
        except TimeoutError:
            raise Broken("no datagram came") from None

    def end(self):
        """Reads to the end: what came, a close code of websocket, or None."""
        with contextlib.suppress(ConnectionResetError):
            while part := self.sock.recv(1 << 16):
                self.data += part
        if self.scheme != "websocket":
            return self.data.decode(errors="replace")
        frames = []
        while taken := ws_frames.take_frame(self.data):
            frames.append(taken[0].seen())
            self.data = taken[1]
        return frames[-1][1] if frames and frames[-1][0] == "close" else None

    def half_close(self):
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.sock.close()

    def close(self):
        self.sock.close()
