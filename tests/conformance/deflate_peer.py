"""The other end of permessage-deflate (RFC 7692), by Python's zlib: of a client's connection to a server of ours, or of a server's to a client.

It holds our end to what was agreed: a window of exactly that size, and none of the last message where there is no context takeover.
"""
import re
import struct
import zlib
from dataclasses import dataclass

from ws_frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, BadFrame, Frame, check_close, frame, request

TRAILER = b"\x00\x00\xff\xff"
RESETS = "server_no_context_takeover; client_no_context_takeover"


def parameters_of(answer):
    """The parameters of the one extension in the head of an answer; None: there is none."""
    found = re.findall(rb"\r\nSec-WebSocket-Extensions: ([^\r]*)\r\n", answer)
    if not found:
        return None
    name, *parameters = found[0].decode("ascii").split("; ")
    assert len(found) == 1 and name == "permessage-deflate", found
    return dict(each.partition("=")[::2] for each in parameters)


@dataclass
class Message:
    opcode: int
    payload: bytes
    compressed: bool = False
    wire: int = 0  # bytes of the payload as it came


class Packer:
    """Compresses as zlib does, which refers at most 250 bytes back in a window of 9 bits: so it serves one of 8, too."""

    def __init__(self, bits, resets):
        self._bits, self._resets = max(bits, 9), resets
        self._stream = zlib.compressobj(6, zlib.DEFLATED, -self._bits)

    def pack(self, data):
        if self._resets:
            self._stream = zlib.compressobj(6, zlib.DEFLATED, -self._bits)
        packed = self._stream.compress(data) + self._stream.flush(zlib.Z_SYNC_FLUSH)
        assert packed.endswith(TRAILER)
        return packed[:-4]


class Unpacker:
    def __init__(self, bits, resets):
        self._bits, self._resets = bits, resets
        self._stream = zlib.decompressobj(-bits)

    def unpack(self, data):
        if self._resets:
            self._stream = zlib.decompressobj(-self._bits)
        # In small parts, so that what is referred to has to be in the window, not in what is being made.
        data, parts = data + TRAILER, []
        while data:
            parts.append(self._stream.decompress(data, 64 if self._bits < 10 else 4096))
            data = self._stream.unconsumed_tail
        assert not self._stream.eof and not self._stream.unused_data
        return b"".join(parts)


class DeflatePeer:
    """Frames with messages compressed as agreed; ours: which end the peer is."""

    def __init__(self, parameters, ours="client"):
        theirs = "server" if ours == "client" else "client"

        def half(end):
            return int(parameters.get(f"{end}_max_window_bits") or 15), f"{end}_no_context_takeover" in parameters

        self.packer = Packer(*half(ours))
        self.unpacker = Unpacker(*half(theirs))
        self._how = {} if ours == "client" else {"mask": None}

    def message(self, opcode, payload, parts=1):
        """A compressed message, in so many fragments, of which only the first has RSV1."""
        packed = self.packer.pack(payload)
        size = -(-len(packed) // parts)
        pieces = [packed[at * size : (at + 1) * size] for at in range(parts)]
        return b"".join(
            frame(CONTINUATION if at else opcode, piece, fin=at == parts - 1, rsv=0 if at else 4, **self._how) for at, piece in enumerate(pieces)
        )

    def take(self, read):
        """The next frame; read(size) gives its bytes, of which a mask is already gone."""
        first, second = read(2)
        opcode, rsv1, length = first & 0x0F, bool(first & 0x40), second & 0x7F
        if first & 0x30 or not first & 0x80 or opcode not in (TEXT, BINARY, CLOSE, PING, PONG):
            raise BadFrame(f"RSV2, RSV3, a fragment or a bad opcode: {first:#x}")
        if rsv1 and opcode >= CLOSE:
            raise BadFrame(f"RSV1 on a control frame: {first:#x}")
        if length >= 126:
            length = struct.unpack(">H" if length == 126 else ">Q", read(2 if length == 126 else 8))[0]
        mask = read(4) if second & 0x80 else None
        payload = read(length)
        if mask:
            payload = bytes(octet ^ mask[at % 4] for at, octet in enumerate(payload))
        if opcode == CLOSE:
            check_close(Frame(opcode, payload))
        return Message(opcode, self.unpacker.unpack(payload) if rsv1 else payload, rsv1, length)


def open_with(peer, *lines):
    """Shakes hands with these Sec-WebSocket-Extensions lines; the parameters of the answer, or None."""
    peer.sock.sendall(request(extra=[f"Sec-WebSocket-Extensions: {line}".encode() for line in lines]))
    head = peer.read_until(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 "), head
    return parameters_of(head)


def take_all(peer, deflate):
    """All messages up to the end of the stream, the last of them a close frame."""
    data, reset = peer.read_until_eof()
    assert not reset, "ended by a reset"
    at, messages = 0, []

    def read(size):
        nonlocal at
        assert at + size <= len(data), "the stream ends inside a frame"
        at += size
        return data[at - size : at]

    while at < len(data):
        messages.append(deflate.take(read))
    assert messages and messages[-1].opcode == CLOSE, messages[-1:]
    return messages


def sample(size, seed=0):
    """Text that compresses as JSON does."""
    words = [f'{{"uid":"user-{(at * 7919 + seed) % 1000}","percent":"{(at * 31 + seed) % 101}%"}},' for at in range(size // 30 + 1)]
    return "".join(words).encode()[:size]
