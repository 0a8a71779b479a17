"""Servers for the tests of clients: raw sockets that say what a test says, and nothing else."""
import contextlib
import re
import socket
import struct

from server_process import HANG_SECONDS
from ws_frames import accept_of


class RawConnection:
    """The server's end of a client's connection."""

    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(HANG_SECONDS)
        self.held = b""

    def send(self, data):
        self.sock.sendall(data)

    def send_single(self, data):
        """Each byte in a segment of its own."""
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(len(data)):
            self.sock.sendall(data[i : i + 1])

    def read(self, size):
        while len(self.held) < size:
            part = self.sock.recv(1 << 18)
            assert part, f"the client has closed after {self.held[:200]!r}, {size} bytes expected"
            self.held += part
        data, self.held = self.held[:size], self.held[size:]
        return data

    def read_head(self):
        while b"\r\n\r\n" not in self.held:
            part = self.sock.recv(1 << 16)
            assert part, f"the client has closed after {self.held!r}"
            self.held += part
        head, self.held = self.held.split(b"\r\n\r\n", 1)
        return head + b"\r\n\r\n"

    def read_end(self):
        """What comes before the end of the stream; a reset is an end, too."""
        with contextlib.suppress(ConnectionResetError):
            while part := self.sock.recv(1 << 16):
                self.held += part
        data, self.held = self.held, b""
        return data

    def read_frame(self):
        """Opcode, payload, mask and the bytes of the header of a client's frame, which has to be masked."""
        head = self.read(2)
        assert head[0] & 0xF0 == 0x80 and head[1] & 0x80, f"not final, or not masked: {head!r}"
        length = head[1] & 0x7F
        form = 2 if length == 126 else 8 if length == 127 else 0
        extended = self.read(form)
        length = int.from_bytes(extended, "big") if form else length
        assert form == 0 or length >= (126 if form == 2 else 65536), "a length that is not in its shortest form"
        mask = self.read(4)
        payload = bytes(octet ^ mask[i % 4] for i, octet in enumerate(self.read(length)))
        return head[0] & 0x0F, payload, mask, head + extended

    def close(self):
        self.sock.close()

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class RawServer:
    def __init__(self, family=socket.AF_INET, address=("127.0.0.1", 0)):
        self.sock = socket.socket(family)
        self.sock.settimeout(HANG_SECONDS)
        self.sock.bind(address)
        self.sock.listen(16)

    @property
    def port(self):
        return self.sock.getsockname()[1]

    def accept(self):
        return RawConnection(self.sock.accept()[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()


def key_of(head):
    return re.search(rb"Sec-WebSocket-Key: (\S+)\r\n", head)[1]


def answer(head, *extra, accept=None):
    """A right 101 to that request, with more lines."""
    lines = [
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Accept: " + (accept or accept_of(key_of(head))),
        *extra,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n"
