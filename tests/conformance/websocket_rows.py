"""The conformance table for websocket frames: RFC 6455 §5-§8, one row a rule.

A row is what a client sends after the handshake and what must come back. Accepted rows are followed by a close frame: its echo shows
that the connection lived on, and ends the stream. Rows that break a rule send nothing more.
"""
import codecs
from dataclasses import dataclass, field

from ws_frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, binary, close, frame, more, ping, pong, text

# The limit that the server of these rows is given as max_message: above 65536, to have the 64-bit length below it.
LIMIT = 100_000
END = close(1000)


@dataclass
class Row:
    section: str
    name: str
    data: bytes
    seen: list = field(default_factory=list)  # frames that must come back, the close last
    edges: int = None  # long rows are cut only at so many first and last places
    reason: str = "PEER"  # why the connection ended, in the server's eyes

    @property
    def id(self):
        return f"{self.section} {self.name}".replace(" ", "_")


ROWS = []


def accepted(section, name, data, *seen, **how):
    ROWS.append(Row(section, name, data + END, [*seen, ("close", 1000)], **how))


def refused(section, name, data, code, *before, **how):
    """The server says why with a close code and ends the connection; `before` came back before."""
    reason = "LIMIT" if code == 1009 else "PROTOCOL"
    ROWS.append(Row(section, name, data, [*before, ("close", code)], reason=reason, **how))


def ended(section, name, data, *seen, **how):
    """A row that ends by its own close frame."""
    ROWS.append(Row(section, name, data, list(seen), **how))


# ---- §5.1, §5.3: masks ----

accepted("5.3", "a masked text", text("hello"), ("text", b"hello"))
accepted("5.3", "a mask of zeros", text("hello", mask=b"\0\0\0\0"), ("text", b"hello"))
accepted("5.3", "a mask of ones", binary(bytes(range(64)), mask=b"\xff\xff\xff\xff"), ("binary", bytes(range(64))))
accepted("5.3", "a new mask in each frame", text("a", mask=b"\1\2\3\4") + text("b", mask=b"\5\6\7\x08"), ("text", b"a"), ("text", b"b"))
accepted(
    "5.3",
    "masks of fragments begin anew",
    text("abc", fin=False, mask=b"\1\2\3\4") + more("defgh", mask=b"\x11\x12\x13\x14"),
    ("text", b"abcdefgh"),
)
for size in range(1, 18):
    accepted("5.3", f"{size} bytes: every phase of the mask", binary(bytes(range(100, 100 + size))), ("binary", bytes(range(100, 100 + size))))
for name, data in {
    "text": text("hello", mask=None),
    "empty text": text("", mask=None),
    "binary": binary(b"\0", mask=None),
    "ping": ping(b"", mask=None),
    "pong": pong(b"", mask=None),
    "close": close(1000, mask=None),
    "fragment": text("a", mask=None, fin=False),
}.items():
    refused("5.1", f"unmasked {name}", data, 1002)
refused("5.1", "the second frame unmasked", text("a") + text("b", mask=None), 1002, ("text", b"a"))
refused("5.1", "the continuation unmasked", text("a", fin=False) + more("b", mask=None), 1002)

# ---- §5.2: RSV bits, opcodes ----

for rsv in (4, 2, 1, 7):
    for name, opcode in (("text", TEXT), ("binary", BINARY), ("ping", PING), ("pong", PONG), ("close", CLOSE)):
        refused("5.2", f"RSV {rsv:03b} on {name}", frame(opcode, b"", rsv=rsv), 1002)
    refused("5.2", f"RSV {rsv:03b} on a continuation", text("a", fin=False) + more("b", rsv=rsv), 1002)
refused("5.2", "RSV1 with data that looks deflated", text(b"\xf2\x48\xcd\xc9\xc9\x07\x00", rsv=4), 1002)
for opcode in (3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF):
    refused("5.2", f"reserved opcode {opcode:x}", frame(opcode, b""), 1002)
    refused("5.2", f"reserved opcode {opcode:x} with a payload", frame(opcode, b"abc"), 1002)
refused("5.2", "reserved opcode behind a message", text("a") + frame(3, b"b"), 1002, ("text", b"a"))
refused("5.2", "reserved opcode inside a fragmented message", text("a", fin=False) + frame(4, b"b"), 1002)

# ---- §5.2: lengths ----

for size in (0, 1, 124, 125, 126, 127, 128, 65535, 65536, LIMIT - 1, LIMIT):
    payload = (b"0123456789abcde" * (size // 15 + 1))[:size]
    edges = None if size < 200 else 16
    accepted("5.2", f"text of {size}", text(payload), ("text", payload), edges=edges)
    accepted("5.2", f"binary of {size}", binary(payload), ("binary", payload), edges=edges)
refused("5.2", "a text one over the limit, from its header alone", frame(TEXT, b"", declared=LIMIT + 1, form=64), 1009)
refused("5.2", "a binary one over the limit, with its payload", binary(b"x" * (LIMIT + 1)), 1009, edges=16)
refused("5.2", "a length of 2 to the 31", frame(BINARY, b"", declared=1 << 31, form=64), 1009)
refused("5.2", "a length of 2 to the 32 and 1", frame(BINARY, b"a", declared=(1 << 32) + 1, form=64), 1009)
refused("5.2", "a length of 2 to the 63 less 1", frame(BINARY, b"", declared=(1 << 63) - 1, form=64), 1009)
refused("5.2", "a length with the top bit", frame(BINARY, b"", declared=1 << 63, form=64), 1002)
refused("5.2", "a length of all ones", frame(BINARY, b"", declared=(1 << 64) - 1, form=64), 1002)
refused("5.2", "the top bit does not hide a small length", frame(BINARY, b"abc", declared=(1 << 63) + 3, form=64), 1002)
for size in (0, 1, 125):
    refused("5.2", f"{size} in 16 bits", text(b"a" * size, form=16), 1002)
for size in (0, 125, 126):
    refused("5.2", f"{size} in 64 bits", text(b"a" * size, form=64), 1002)
refused("5.2", "65535 in 64 bits", text(b"a" * 65535, form=64), 1002, edges=16)

# ---- §5.4: fragmentation ----

accepted("5.4", "two fragments", text("hel", fin=False) + more("lo"), ("text", b"hello"))
accepted("5.4", "three fragments", binary(b"a", fin=False) + more(b"b", fin=False) + more(b"c"), ("binary", b"abc"))
accepted("5.4", "an empty first fragment", text("", fin=False) + more("a"), ("text", b"a"))
accepted("5.4", "an empty last fragment", text("a", fin=False) + more(""), ("text", b"a"))
accepted("5.4", "empty fragments between", text("a", fin=False) + more("", fin=False) * 3 + more("b"), ("text", b"ab"))
accepted("5.4", "nothing but empty fragments", text("", fin=False) + more("", fin=False) + more(""), ("text", b""))
accepted("5.4", "300 fragments of one byte", binary(b"x", fin=False) + more(b"x", fin=False) * 298 + more(b"x"), ("binary", b"x" * 300), edges=30)
accepted("5.4", "two fragmented messages", (text("a", fin=False) + more("b")) * 2, ("text", b"ab"), ("text", b"ab"))
accepted("5.4", "a fragmented message, then a whole one", text("a", fin=False) + more("b") + binary(b"c"), ("text", b"ab"), ("binary", b"c"))
accepted("5.4", "a long fragment behind a short one", binary(b"a", fin=False) + more(b"b" * 70000), ("binary", b"a" + b"b" * 70000), edges=16)
accepted("5.4", "fragments that add up to the limit", binary(b"a" * (LIMIT - 10), fin=False) + more(b"b" * 10), ("binary", b"a" * (LIMIT - 10) + b"b" * 10), edges=16)
refused("5.4", "fragments that add up to one over the limit", binary(b"a" * (LIMIT - 10), fin=False) + more(b"", declared=11), 1009, edges=16)
accepted("5.4", "a ping between fragments", text("a", fin=False) + ping(b"p") + more("b"), ("pong", b"p"), ("text", b"ab"))
accepted("5.4", "an empty ping between fragments", text("a", fin=False) + ping() + more("b"), ("pong", b""), ("text", b"ab"))
accepted("5.4", "a long ping between fragments", text("a", fin=False) + ping(b"p" * 125) + more("b"), ("pong", b"p" * 125), ("text", b"ab"))
accepted("5.4", "a pong between fragments", text("a", fin=False) + pong(b"p") + more("b"), ("text", b"ab"))
accepted(
    "5.4",
    "control frames between many fragments",
    text("a", fin=False) + ping(b"1") + more("b", fin=False) + pong(b"2") + more("c", fin=False) + ping(b"3") + more("d"),
    ("pong", b"1"),
    ("pong", b"3"),
    ("text", b"abcd"),
)
ended("5.4", "a close between fragments", text("a", fin=False) + close(1001), ("close", 1001))
refused("5.4", "a continuation of nothing", more("a"), 1002)
refused("5.4", "a continuation of nothing that goes on", more("a", fin=False), 1002)
refused("5.4", "an empty continuation of nothing", more(""), 1002)
refused("5.4", "a continuation behind a whole message", text("a") + more("b"), 1002, ("text", b"a"))
refused("5.4", "a continuation behind the last fragment", text("a", fin=False) + more("b") + more("c"), 1002, ("text", b"ab"))
refused("5.4", "a text inside a fragmented message", text("a", fin=False) + text("b"), 1002)
refused("5.4", "a binary inside a fragmented text", text("a", fin=False) + binary(b"b"), 1002)
refused("5.4", "a first fragment inside a fragmented message", binary(b"a", fin=False) + binary(b"b", fin=False), 1002)
refused("5.4", "a text inside a fragmented message, behind a ping", text("a", fin=False) + ping(b"p") + text("b"), 1002, ("pong", b"p"))

# ---- §5.5: control frames ----

for name, opcode in (("ping", PING), ("pong", PONG), ("close", CLOSE)):
    refused("5.5", f"{name} of 126", frame(opcode, b"\x03\xe8" + b"a" * 124), 1002)
    refused("5.5", f"{name} of 126 in its header alone", frame(opcode, b"", declared=126, form=16), 1002)
    refused("5.5", f"{name} of 70000", frame(opcode, b"", declared=70000, form=64), 1002)
    refused("5.5", f"{name} in a 16-bit length", frame(opcode, b"\x03\xe8", form=16), 1002)
    refused("5.5", f"fragmented {name}", frame(opcode, b"\x03\xe8", fin=False), 1002)
refused("5.5", "a ping goes on in a continuation", ping(b"a", fin=False) + more(b"b"), 1002)

# ---- §5.5.2, §5.5.3: ping and pong ----

accepted("5.5.2", "ping with nothing", ping(), ("pong", b""))
accepted("5.5.2", "ping with a payload", ping(b"hello"), ("pong", b"hello"))
accepted("5.5.2", "ping with bytes that are no text", ping(b"\x00\xff\xfe\x80"), ("pong", b"\x00\xff\xfe\x80"))
accepted("5.5.2", "ping of 125", ping(b"a" * 125), ("pong", b"a" * 125))
accepted("5.5.2", "pings among messages", ping(b"1") + text("a") + ping(b"2") + text("b"), ("pong", b"1"), ("text", b"a"), ("pong", b"2"), ("text", b"b"))
accepted("5.5.3", "unsolicited pong", pong(b"hello"))
accepted("5.5.3", "unsolicited empty pong", pong() + pong() + text("a"), ("text", b"a"))
accepted("5.5.3", "unsolicited pong before a ping", pong(b"a") + ping(b"b"), ("pong", b"b"))

# ---- §5.6: kinds ----

accepted("5.6", "text comes back as text, binary as binary", text("a") + binary(b"b") + text("c"), ("text", b"a"), ("binary", b"b"), ("text", b"c"))
accepted("5.6", "binary is not checked for UTF-8", binary(b"\xff\xfe\xed\xa0\x80"), ("binary", b"\xff\xfe\xed\xa0\x80"))
accepted("5.6", "a NUL in a text", text(b"a\0b"), ("text", b"a\0b"))
accepted("5.6", "empty text and empty binary", text("") + binary(b""), ("text", b""), ("binary", b""))
accepted("5.6", "100 messages in one write", text("m") * 100, *[("text", b"m")] * 100, edges=30)

# ---- §5.5.1, §7.4: close ----

for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999):
    ended("7.4", f"close {code}", close(code), ("close", code))
# 1004-1006 and 1015 are reserved (§7.4.1), below 1000 and from 5000 on nothing is defined, 1016-2999 wait for a revision (§7.4.2).
for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
    refused("7.4", f"close {code} must not be sent", close(code), 1002)
ended("5.5.1", "close with a reason", close(1000, b"going home"), ("close", 1000))
ended("5.5.1", "close with the longest reason", close(1000, b"r" * 123), ("close", 1000))
ended("5.5.1", "close with a reason in UTF-8", close(1000, "再見".encode()), ("close", 1000))
refused("5.5.1", "close with one byte", frame(CLOSE, b"\x03"), 1002)
refused("5.5.1", "close reason that is no UTF-8", close(1000, b"a\xffb"), 1007)
refused("5.5.1", "close reason that ends inside a character", close(1000, b"a\xe5\x86"), 1007)
refused("5.5.1", "close reason with a surrogate", close(1000, b"\xed\xa0\x80"), 1007)
ended("5.5.1", "data behind close is not read", text("a") + close(1000) + text("b") + ping(b"c"), ("text", b"a"), ("close", 1000))
ended("5.5.1", "garbage behind close is not read", close(1000) + b"\xff" * 64, ("close", 1000))
ended("5.5.1", "a second close is not answered", close(1000) + close(1001), ("close", 1000))
refused("7.1.7", "what follows a broken rule is not read", text("a", mask=None) + text("b") + ping(b"c"), 1002)

# ---- §8.1: UTF-8 ----

VALID = {
    "U+0000": b"\x00",
    "U+007F": b"\x7f",
    "U+0080": b"\xc2\x80",
    "U+07FF": b"\xdf\xbf",
    "U+0800": b"\xe0\xa0\x80",
    "U+D7FF": b"\xed\x9f\xbf",
    "U+E000": b"\xee\x80\x80",
    "U+FEFF": b"\xef\xbb\xbf",
    "U+FFFE": b"\xef\xbf\xbe",
    "U+FFFF": b"\xef\xbf\xbf",
    "U+10000": b"\xf0\x90\x80\x80",
    "U+10FFFF": b"\xf4\x8f\xbf\xbf",
    "many": "κόσμε 再見 🎉 ß".encode(),
}
INVALID = {
    "a continuation byte alone": b"\x80",
    "the last continuation byte alone": b"\xbf",
    "two continuation bytes": b"a\x80\xbf",
    "a two-byte start alone": b"\xc3",
    "a two-byte start before ASCII": b"\xc3a",
    "a three-byte start and one more": b"\xe2\x82",
    "a three-byte start before ASCII": b"\xe2\x82a",
    "a four-byte start and two more": b"\xf0\x9f\x98",
    "C0 overlong": b"\xc0\x80",
    "C1 overlong": b"\xc1\xbf",
    "E0 overlong": b"\xe0\x80\x80",
    "E0 overlong at its edge": b"\xe0\x9f\xbf",
    "F0 overlong": b"\xf0\x80\x80\x80",
    "F0 overlong at its edge": b"\xf0\x8f\xbf\xbf",
    "the first surrogate": b"\xed\xa0\x80",
    "the last surrogate": b"\xed\xbf\xbf",
    "a surrogate pair": b"\xed\xa1\x8c\xed\xbe\xb4",
    "above U+10FFFF": b"\xf4\x90\x80\x80",
    "F5": b"\xf5\x80\x80\x80",
    "five bytes": b"\xf8\x88\x80\x80\x80",
    "six bytes": b"\xfc\x84\x80\x80\x80\x80",
    "FE": b"\xfe",
    "FF": b"\xff",
    "Latin-1": b"caf\xe9!",
    "UTF-16": b"\xff\xfea\x00",
}
for name, payload in VALID.items():
    accepted("8.1", f"valid {name}", text(payload), ("text", payload))
    accepted("8.1", f"valid {name} behind 40 bytes of ASCII", text(b"." * 40 + payload + b"."), ("text", b"." * 40 + payload + b"."), edges=16)
for name, payload in INVALID.items():
    refused("8.1", f"invalid {name}", text(payload), 1007)
    refused("8.1", f"invalid {name} behind 40 bytes of ASCII", text(b"." * 40 + payload), 1007, edges=16)
for name in ("U+0080", "U+0800", "U+10000", "U+10FFFF", "many"):
    payload = VALID[name]
    for at in range(1, len(payload)):
        data = text(payload[:at], fin=False) + more(payload[at:])
        accepted("8.1", f"valid {name} over fragments, {at} bytes in the first", data, ("text", payload), edges=20)
accepted("8.1", "a character of four fragments", text(b"\xf0", fin=False) + more(b"\x9f", fin=False) + more(b"\x8e", fin=False) + more(b"\x89"), ("text", b"\xf0\x9f\x8e\x89"))
accepted("8.1", "a character over fragments with a ping inside it", text(b"\xe2\x82", fin=False) + ping(b"p") + more(b"\xac"), ("pong", b"p"), ("text", b"\xe2\x82\xac"))
for name, payload in INVALID.items():
    if len(payload) > 1:
        refused("8.1", f"invalid {name} over fragments", text(payload[:-1], fin=False) + more(payload[-1:]), 1007)
refused("8.1", "a character that its last fragment leaves open", text(b"a", fin=False) + more(b"\xe2\x82"), 1007)
refused("8.1", "a character that an empty last fragment leaves open", text(b"\xe2\x82", fin=False) + more(b""), 1007)
refused("8.1", "a character begun in one message and ended in the next", text(b"\xe2\x82") + text(b"\xac"), 1007)
refused("8.1", "invalid behind a valid message", text("a") + text(b"\xff"), 1007, ("text", b"a"))

# Autobahn's 6.4, strictly: the octet that is wrong ends the connection, whatever its frame and its message still lack.


def to_wrong_octet(payload):
    """payload up to the first octet that no well-formed text has there; None when it only ends too early."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for at in range(len(payload)):
        try:
            decoder.decode(payload[at : at + 1])
        except UnicodeDecodeError:
            return payload[: at + 1]
    return None


for name, payload in INVALID.items():
    wrong = to_wrong_octet(payload)
    if wrong is None:
        continue
    refused("8.1", f"invalid {name} in an unfinished frame", frame(TEXT, b"ab" + wrong, declared=100), 1007)
    refused("8.1", f"invalid {name} in an unfinished message", text("a", fin=False) + more(b"b" + wrong, fin=False), 1007)
    refused("8.1", f"invalid {name} in an unfinished fragment", text("a", fin=False) + frame(CONTINUATION, b"b" + wrong, fin=False, declared=100), 1007)
    refused("5.5.1", f"invalid {name} in an unfinished close reason", frame(CLOSE, b"\x03\xe8a" + wrong, declared=100), 1007)
refused("8.1", "invalid behind 40000 bytes of a frame of 70000", frame(TEXT, b"." * 40_000 + b"\xff", declared=70_000, form=64), 1007, edges=16)
refused("8.1", "wrong behind a ping inside the character", text(b"\xe2", fin=False) + ping(b"p") + frame(CONTINUATION, b"\x82a", declared=9), 1007, ("pong", b"p"))
refused("8.1", "an unfinished fragment is not looked at as the binary before it", binary(b"\xff") + frame(TEXT, b"\xff", declared=9), 1007, ("binary", b"\xff"))
accepted("8.1", "a binary message in fragments is not looked at", binary(b"\xff", fin=False) + more(b"\xc0\x80"), ("binary", b"\xff\xc0\x80"))
refused("7.4", "close code that must not be sent, in an unfinished frame", frame(CLOSE, b"\x03\xed", declared=10), 1002)
refused("5.5.1", "close with one byte, from its header alone", frame(CLOSE, b"", declared=1), 1002)
