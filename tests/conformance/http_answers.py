"""A strict reader of HTTP/1 responses (RFC 9112 §2-§6), as a careful client would be."""
import re
from dataclasses import dataclass, field

TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9][0-9]) ([\t \x21-\x7e\x80-\xff]*)\Z")
IMF_FIXDATE = re.compile(rb"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-3]\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT\Z")


@dataclass
class Answer:
    status: int
    reason: bytes
    fields: list = field(default_factory=list)  # (name in lower case, value)
    body: bytes = b""

    def values(self, name):
        return [value for known, value in self.fields if known == name]

    def value(self, name):
        values = self.values(name)
        assert len(values) <= 1, f"{name} {len(values)} times"
        return values[0] if values else None

    @property
    def closes(self):
        return any(b"close" in [member.strip().lower() for member in value.split(b",")] for value in self.values(b"connection"))

    @property
    def echo(self):
        """What the conformance server says of the request: a dict of method, target, path, query, version, headers, body."""
        head, _, body = self.body.partition(b"\n\n")
        told = {"headers": [], "body": body}
        for line in head.split(b"\n"):
            name, _, value = line.partition(b"=")
            if name == b"header":
                told["headers"].append(tuple(value.split(b": ", 1)))
            else:
                told[name.decode()] = value
        return told

    def seen(self):
        """What must not depend on how the request was cut: all but the date."""
        return (self.status, self.reason, sorted((n, v) for n, v in self.fields if n != b"date"), self.body)


class BadAnswer(AssertionError):
    pass


def take_head(data):
    """Status line and fields; the rest of data behind them. None when the head is not whole."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    lines = data[:end].split(b"\r\n")
    match = STATUS_LINE.match(lines[0])
    if not match:
        raise BadAnswer(f"status line {lines[0]!r}")
    answer = Answer(int(match[1]), match[2])
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if not colon or not TOKEN.match(name) or re.search(rb"[\r\n\0]", value):
            raise BadAnswer(f"header line {line!r}")
        answer.fields.append((name.lower(), value.strip(b" \t")))
    date = answer.value(b"date")
    if date is not None and not IMF_FIXDATE.match(date):
        raise BadAnswer(f"Date {date!r} (RFC 9110 §5.6.7)")
    return answer, data[end + 4 :]


def has_body(answer, method):
    """RFC 9112 §6.3: HEAD, 1xx, 204, 304 and 2xx to CONNECT end with their head."""
    return method != b"HEAD" and answer.status >= 200 and answer.status not in (204, 304) and not is_tunnel(answer, method)


def is_tunnel(answer, method):
    return method == b"CONNECT" and answer.status < 300


def take_answer(data, method):
    """The first response and what follows it; None when it is not whole. This server always sends Content-Length."""
    taken = take_head(data)
    if taken is None:
        return None
    answer, rest = taken
    length = answer.value(b"content-length")
    if answer.values(b"transfer-encoding"):
        raise BadAnswer("Transfer-Encoding beside a known length")
    if answer.status < 200 or answer.status == 204 or is_tunnel(answer, method):
        if length is not None:
            raise BadAnswer(f"Content-Length in a {answer.status} response (RFC 9110 §8.6)")
    if answer.status == 205 and length != b"0":
        raise BadAnswer("content in a 205 response (RFC 9110 §15.3.6)")
    options = [option.strip().lower() for value in answer.values(b"connection") for option in value.split(b",")]
    if answer.values(b"upgrade") and b"upgrade" not in options:
        raise BadAnswer("Upgrade without its connection option (RFC 9110 §7.8)")
    if answer.status in (405, 426) and not answer.values({405: b"allow", 426: b"upgrade"}[answer.status]):
        raise BadAnswer(f"{answer.status} without its field (RFC 9110 §15.5.6, §15.5.22)")
    if not has_body(answer, method):
        return answer, rest
    if length is None or not re.match(rb"[0-9]+\Z", length):
        raise BadAnswer(f"Content-Length {length!r}")
    if len(rest) < int(length):
        return None
    answer.body = rest[: int(length)]
    return answer, rest[int(length) :]


def answers_of(data, methods, interim=False):
    """All responses of a stream that has ended, to requests of these methods (the last one repeats). The stream must end with one.

    100 Continue is refused unless interim.
    """
    answers = []
    methods = list(methods) or [b"GET"]
    while data:
        method = methods[min(len(answers), len(methods) - 1)]
        taken = take_answer(data, method)
        if taken is None:
            raise BadAnswer(f"the stream ends inside a response: {data[:200]!r}")
        answer, data = taken
        if answer.status == 100 and interim:
            continue
        if answer.status < 200:
            raise BadAnswer(f"interim response {answer.status}")
        answers.append(answer)
    return answers


def read_answer(peer, method=b"GET"):
    """The next response of an open connection, which must not send more behind it yet."""
    data = b""
    while True:
        taken = take_answer(data, method)
        if taken is not None:
            assert taken[1] == b"", f"bytes behind the response: {taken[1]!r}"
            return taken[0]
        part = peer.sock.recv(1 << 16)
        assert part, f"end of stream inside a response: {data!r}"
        data += part
