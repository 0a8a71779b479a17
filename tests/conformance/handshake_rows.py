"""The conformance table for the websocket handshake: RFC 6455 §4.1 and §4.2, one row a rule.

Accepted rows are answered with 101 and the right Sec-WebSocket-Accept, and work. Refused ones get an HTTP answer, then the end of the
stream. Where the RFC leaves the status open ("an appropriate HTTP error code (such as 400 Bad Request)"), rows take 400, and 426
(RFC 9110 §15.5.22) for requests that do not ask for a websocket.
"""
from dataclasses import dataclass, field

from ws_frames import SAMPLE_KEY


@dataclass
class Row:
    section: str
    name: str
    data: bytes
    status: int
    key: bytes = SAMPLE_KEY
    fields: dict = field(default_factory=dict)  # header fields that the answer must have
    edges: int = None

    @property
    def id(self):
        return f"{self.section} {self.name}".replace(" ", "_").replace("/", "slash")


ROWS = []
BASE = {
    b"Host": b"127.0.0.1",
    b"Upgrade": b"websocket",
    b"Connection": b"Upgrade",
    b"Sec-WebSocket-Key": SAMPLE_KEY,
    b"Sec-WebSocket-Version": b"13",
}


def shake(line=b"GET /chat HTTP/1.1", extra=(), **changed):
    """A handshake with some fields changed (None leaves one out; keywords write - as _) and lines added."""
    fields = dict(BASE)
    for name, value in changed.items():
        fields[next(known for known in BASE if known.decode().replace("-", "_").lower() == name.lower())] = value
    lines = [line, *(name + b": " + value for name, value in fields.items() if value is not None), *extra]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def accepted(section, name, data, **how):
    ROWS.append(Row(section, name, data, 101, **how))


def refused(section, name, data, status=400, **how):
    ROWS.append(Row(section, name, data, status, **how))


# RFC 9110 §7.8: who sends Upgrade also sends the connection option.
UPGRADE = {"upgrade": b"websocket", "connection": b"close, Upgrade"}
VERSION = {**UPGRADE, "sec-websocket-version": b"13"}

accepted("4.2.2", "the sample of the RFC", shake())
accepted("4.2.1", "another key", shake(sec_websocket_key=b"AQIDBAUGBwgJCgsMDQ4PEA=="), key=b"AQIDBAUGBwgJCgsMDQ4PEA==")
accepted("4.2.1", "a key of zeros", shake(sec_websocket_key=b"AAAAAAAAAAAAAAAAAAAAAA=="), key=b"AAAAAAAAAAAAAAAAAAAAAA==")
accepted("4.2.1", "a key with plus and slash", shake(sec_websocket_key=b"++//++//++//++//++//+w=="), key=b"++//++//++//++//++//+w==")
accepted("4.2.1", "white space around the key", shake(sec_websocket_key=b" \t" + SAMPLE_KEY + b" "))
accepted("4.2.1", "target with a query", shake(b"GET /chat?room=1&x=%20 HTTP/1.1"))
accepted("4.2.1", "absolute target", shake(b"GET http://127.0.0.1/chat HTTP/1.1"))
accepted("9112-3.2.2", "absolute target and an empty Host", shake(b"GET http://127.0.0.1/chat HTTP/1.1", host=b""))
accepted("9110-2.5", "HTTP/1.2", shake(b"GET /chat HTTP/1.2"))
accepted("4.2.1", "Upgrade in another case", shake(upgrade=b"WebSocket"))
accepted("4.2.1", "Upgrade in a list", shake(upgrade=b"h2c, websocket"))
accepted("4.2.1", "Connection in another case", shake(connection=b"uPGRADE"))
accepted("4.2.1", "Connection in a list", shake(connection=b"keep-alive, Upgrade"))
accepted("4.2.1", "Connection on two lines", shake(connection=b"keep-alive", extra=[b"Connection: Upgrade"]))
accepted(
    "4.2.1",
    "names in another case and order",
    b"GET / HTTP/1.1\r\nsec-websocket-version:13\r\nSEC-WEBSOCKET-KEY:" + SAMPLE_KEY + b"\r\nconnection:Upgrade\r\nUPGRADE:websocket\r\nhost:a\r\n\r\n",
)
accepted("4.2.1", "with Origin", shake(extra=[b"Origin: http://example.com"]))
accepted("4.2.1", "fields that nobody knows", shake(extra=[b"X-Sec-WebSocket-Key: no", b"Cookie: a=b; c=d", b"User-Agent: test"]))
# The three answers that must not be made up: a protocol, an extension, a cookie. See test_websocket_handshake.
accepted("4.2.2", "a subprotocol is offered", shake(extra=[b"Sec-WebSocket-Protocol: chat, superchat"]))
accepted("4.2.2", "an extension is offered", shake(extra=[b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"]))
accepted("9112-2.2", "an empty line before the request", b"\r\n" + shake())

refused("4.1", "POST", shake(b"POST /chat HTTP/1.1"))
refused("4.1", "HEAD", shake(b"HEAD /chat HTTP/1.1"))
refused("4.1", "TRACE", shake(b"TRACE /chat HTTP/1.1"))
refused("4.1", "CONNECT", shake(b"CONNECT a:80 HTTP/1.1"))
refused("9112-3", "UTF-8 in the target", shake(b"GET /\xe4\xb8\xad HTTP/1.1"))
refused("9110-7.4", "an https target without TLS", shake(b"GET https://127.0.0.1/chat HTTP/1.1"), 421)
refused("4.1", "an unknown method", shake(b"FETCH /chat HTTP/1.1"), 501)
refused("4.1", "HTTP/1.0", shake(b"GET /chat HTTP/1.0"))
refused("4.1", "HTTP/2.0", shake(b"GET /chat HTTP/2.0"), 505)
refused("4.1", "asterisk target", shake(b"GET * HTTP/1.1"))
refused("4.2.1", "no Host", shake(host=None))
refused("4.2.1", "two Hosts", shake(extra=[b"Host: 127.0.0.1"]))
refused("4.2.1", "an empty Host", shake(host=b""))
refused("4.2.1", "no Upgrade", shake(upgrade=None), 426, fields=UPGRADE)
refused("4.2.1", "another Upgrade", shake(upgrade=b"h2c"), 426, fields=UPGRADE)
refused("4.2.1", "Upgrade that only contains the word", shake(upgrade=b"websocketx"), 426, fields=UPGRADE)
refused("4.2.1", "a plain GET", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 426, fields=UPGRADE)
# Health checks of load balancers.
refused("4.2.1", "a plain HEAD", b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", 426, fields=UPGRADE)
refused("4.2.1", "a plain OPTIONS of HTTP/1.0", b"OPTIONS / HTTP/1.0\r\n\r\n", 426, fields=UPGRADE)
refused("4.2.1", "a plain GET of HTTP/1.0", b"GET / HTTP/1.0\r\n\r\n", 426, fields=UPGRADE)
refused("4.1", "a body", shake(extra=[b"Content-Length: 5"]) + b"hello", 413)
refused("4.1", "a body in chunks", shake(extra=[b"Transfer-Encoding: chunked"]) + b"5\r\nhello\r\n0\r\n\r\n", 413)
refused("4.2.1", "no Connection", shake(connection=None))
refused("4.2.1", "another Connection", shake(connection=b"keep-alive"))
refused("4.2.1", "Connection that only contains the word", shake(connection=b"Upgraded, no-Upgrade"))
refused("4.2.1", "no key", shake(sec_websocket_key=None))
refused("4.2.1", "an empty key", shake(sec_websocket_key=b""))
refused("4.2.1", "a key of 15 bytes", shake(sec_websocket_key=b"AQIDBAUGBwgJCgsMDQ4P"))
refused("4.2.1", "a key of 17 bytes", shake(sec_websocket_key=b"AQIDBAUGBwgJCgsMDQ4PEBE="))
refused("4.2.1", "a key of 18 bytes in 24 letters", shake(sec_websocket_key=b"AQIDBAUGBwgJCgsMDQ4PEBES"))
refused("4.2.1", "a key without padding", shake(sec_websocket_key=SAMPLE_KEY[:22]))
refused("4.2.1", "a key that is no base64", shake(sec_websocket_key=b"!!!!!!!!!!!!!!!!!!!!!!=="))
refused("4.2.1", "a key in base64 for URLs", shake(sec_websocket_key=b"--__--__--__--__--__-w=="))
refused("4.2.1", "a key with a space inside", shake(sec_websocket_key=b"AQIDBAUGBwg CgsMDQ4PEA=="))
refused("11.3.1", "two keys", shake(extra=[b"Sec-WebSocket-Key: " + SAMPLE_KEY]))
refused("11.3.1", "two keys that differ", shake(extra=[b"sec-websocket-key: AQIDBAUGBwgJCgsMDQ4PEA=="]))
refused("4.4", "no version", shake(sec_websocket_version=None), 426, fields=VERSION)
refused("4.4", "version 8", shake(sec_websocket_version=b"8"), 426, fields=VERSION)
refused("4.4", "version 12", shake(sec_websocket_version=b"12"), 426, fields=VERSION)
refused("4.4", "version 14", shake(sec_websocket_version=b"14"), 426, fields=VERSION)
refused("4.4", "version 130", shake(sec_websocket_version=b"130"), 426, fields=VERSION)
refused("4.4", "a version that is no number", shake(sec_websocket_version=b"thirteen"), 426, fields=VERSION)
refused("4.4", "a list of versions", shake(sec_websocket_version=b"13, 8"), 426, fields=VERSION)
refused("11.3.5", "two versions", shake(extra=[b"Sec-WebSocket-Version: 8"]), 426, fields=VERSION)
refused("9112-2.2", "bare LF", shake().replace(b"\r\n", b"\n"))
refused("9112-5.1", "space before a colon", shake(extra=[b"X : y"]))
refused("9112-5.2", "obs-fold", shake(extra=[b"X: y", b" z"]))
refused("9112-5", "a line without a colon", shake(extra=[b"xyz"]))
refused("9110-5.5", "NUL in a value", shake(extra=[b"X: y\0z"]))
refused("9112-2.2", "frames instead of a handshake", b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")
refused("9112-2.2", "a tls client hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
