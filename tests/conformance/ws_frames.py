"""Websocket frames by hand (RFC 6455 §5.2): a builder that can break every rule, and a strict reader of what a server sends."""
import base64
import hashlib
import struct
from dataclasses import dataclass

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
MASK = b"\x37\xfa\x21\x3d"
SAMPLE_KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
SAMPLE_ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_of(key):
    return base64.b64encode(hashlib.sha1(key + GUID).digest())


def masked(payload, mask):
    size = len(payload)
    key = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
    return (int.from_bytes(payload, "big") ^ key).to_bytes(size, "big")


def frame(opcode, payload=b"", fin=True, rsv=0, mask=MASK, form=None, declared=None):
    """A client's frame. form forces 7, 16 or 64 bits of length; declared lies about the length; mask None leaves it out."""
    length = len(payload) if declared is None else declared
    if form is None:
        form = 7 if length < 126 else 16 if length < 65536 else 64
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    mask_bit = 0x80 if mask is not None else 0
    if form == 7:
        head = bytes((first, mask_bit | length))
    elif form == 16:
        head = bytes((first, mask_bit | 126)) + struct.pack(">H", length)
    else:
        head = bytes((first, mask_bit | 127)) + struct.pack(">Q", length)
    if mask is None:
        return head + payload
    return head + mask + masked(payload, mask)


def text(payload, **how):
    return frame(TEXT, payload.encode() if isinstance(payload, str) else payload, **how)


def binary(payload, **how):
    return frame(BINARY, payload, **how)


def more(payload, **how):
    """A continuation; the last of its message unless fin=False."""
    return frame(CONTINUATION, payload.encode() if isinstance(payload, str) else payload, **how)


def ping(payload=b"", **how):
    return frame(PING, payload, **how)


def pong(payload=b"", **how):
    return frame(PONG, payload, **how)


def close(code=None, reason=b"", **how):
    payload = b"" if code is None else struct.pack(">H", code) + reason
    return frame(CLOSE, payload, **how)


@dataclass
class Frame:
    """A frame that a server sent. Compares by what a client sees; a close only by its code, the reason's words are free."""

    opcode: int
    payload: bytes

    @property
    def code(self):
        """The code of a close frame; None for an empty one."""
        return struct.unpack(">H", self.payload[:2])[0] if self.payload else None

    def seen(self):
        if self.opcode == CLOSE:
            return ("close", self.code)
        return ({TEXT: "text", BINARY: "binary", PING: "ping", PONG: "pong"}[self.opcode], self.payload)


class BadFrame(AssertionError):
    pass


def take_frame(data):
    """The first frame of data and what follows; None when it is not whole. Raises BadFrame for what no server may send."""
    if len(data) < 2:
        return None
    first, second = data[0], data[1]
    if first & 0x70:
        raise BadFrame(f"RSV bits set without an extension: {data[:16]!r}")
    if second & 0x80:
        raise BadFrame(f"a server must not mask (RFC 6455 §5.1): {data[:16]!r}")
    length, at = second & 0x7F, 2
    if length == 126:
        if len(data) < 4:
            return None
        length, at = struct.unpack(">H", data[2:4])[0], 4
    elif length == 127:
        if len(data) < 10:
            return None
        length, at = struct.unpack(">Q", data[2:10])[0], 10
    if (at == 4 and length < 126) or (at == 10 and length < 65536):
        raise BadFrame(f"the length is not in its shortest form (RFC 6455 §5.2): {data[:16]!r}")
    opcode = first & 0x0F
    if opcode not in (TEXT, BINARY, CLOSE, PING, PONG) or not first & 0x80:
        raise BadFrame(f"opcode {opcode} or a fragment: {data[:16]!r}")
    if opcode >= CLOSE and length > 125:
        raise BadFrame(f"a control frame of {length} bytes (RFC 6455 §5.5)")
    if len(data) < at + length:
        return None
    return Frame(opcode, data[at : at + length]), data[at + length :]


def frames_of(data):
    """All frames of a stream that has ended. The last must be whole, a close well-formed and the last of all."""
    frames = []
    while data:
        taken = take_frame(data)
        if taken is None:
            raise BadFrame(f"the stream ends inside a frame: {data[:64]!r}")
        frames.append(taken[0])
        data = taken[1]
    for each in frames:
        if each.opcode == CLOSE:
            check_close(each)
            if each is not frames[-1]:
                raise BadFrame("a frame follows the close frame (RFC 6455 §5.5.1)")
        if each.opcode == TEXT:
            each.payload.decode("utf-8", "strict")
    return frames


def check_close(each):
    if len(each.payload) == 1:
        raise BadFrame("a close frame with one byte")
    each.payload[2:].decode("utf-8", "strict")
    if each.code in (1004, 1005, 1006, 1015):
        raise BadFrame(f"close code {each.code} must never be sent (RFC 6455 §7.4.1)")


def request(target=b"/", *, key=SAMPLE_KEY, extra=()):
    """A right handshake request (RFC 6455 §4.1)."""
    lines = [
        b"GET " + target + b" HTTP/1.1",
        b"Host: 127.0.0.1",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Key: " + key,
        b"Sec-WebSocket-Version: 13",
        *extra,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def shake_hands(peers):
    """Opens websockets on all of the connections."""
    for peer in peers:
        peer.sock.sendall(request())
    for peer in peers:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            part = peer.sock.recv(4096)
            assert part, f"end of stream in the handshake: {head!r}"
            head += part
        assert head.startswith(b"HTTP/1.1 101 "), head


def read_frame(peer):
    """The next frame of an open websocket."""
    data = peer.read_exactly(2)
    length = data[1] & 0x7F
    if length >= 126:
        data += peer.read_exactly(2 if length == 126 else 8)
        length = int.from_bytes(data[2:], "big")
    return take_frame(data + peer.read_exactly(length))[0]
