"""Streams of requests, each with something wrong somewhere, from a seed: what the differential test sends to both parsers.

A stream is a request that was changed once or twice, possibly between two that were not, and END, whose answer shows where the one before
ended. The same seed makes the same streams.
"""
import random
import re

from http_rows import END, chunked, get, post

BASES = [
    get(target=b"/page?name=value&x=%20y"),
    get(b"User-Agent: test/1.0 (a; b)", b"Accept: */*", b"Cookie: a=b; c=\"d\""),
    get(b"Connection: keep-alive", b"X-Empty:", b"X-Twice: 1", b"X-Twice: 2"),
    get(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk"),
    b"HEAD /head HTTP/1.1\r\nHost: example.com:8080\r\n\r\n",
    b"GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"POST /old HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc",
    b"GET http://example.com/absolute?q HTTP/1.1\r\nHost: example.com\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n",
    b"DELETE /item/1 HTTP/1.1\r\nHost: [::1]:80\r\nAccept:text/html\r\n\r\n",
    post(b"Content-Length: 11", b"Content-Type: text/plain", body=b"hello\r\nworl"),
    post(b"content-length:0", b"Referer: http://a/b"),
    post(b"Expect: 100-continue", b"Content-Length: 4", body=b"body"),
    post(b"Content-Length: 27", body=b"GET /inner HTTP/1.1\r\nHost: "),
    chunked(b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"),
    chunked(b"A;name=value;other=\"quoted \\\" string\"\r\n0123456789\r\n000\r\nX-Sum: 1\r\n\r\n"),
    post(b"Transfer-Encoding: Chunked", b"Trailer: X-Sum", body=b"1c\r\nGET /inner HTTP/1.1\r\nHost: \r\n0\r\n\r\n"),
]

METHODS = b"GET POST HEAD PUT get Get GETS GE PROPFIND QUERY PRI * OPTIONS TRACE CONNECT M-SEARCH ! SOURCE \xc9 {}".split()
TARGETS = b"""/ * // /.. /a%20b /a%2 /a%zz /a#b /a?b#c ?q a http:// http://a http://a?q http:///x http://u@b/ http://a:x/ http://a:99999/
    https://a/ ftp://a/ HTTP://a/ http:/a
    /a[]?b[]=1 /?a|b /{x} /\xc3\xa9 /a\x7f /a\x01 /"x" /<x> /a\\b /^`~ a:80 a:443 [::1]:80 a: :80 /a\x0bb /a;b=c,d:e@f!$&'()*+=""".split()
VERSIONS = b"""HTTP/1.0 HTTP/1.1 HTTP/1.2 HTTP/1.9 HTTP/0.9 HTTP/2.0 HTTP/3.0 HTTP/1 HTTP/1. HTTP/11 HTTP/1.10 HTTP/01.1 http/1.1 Http/1.1 ICE/1.0
    RTSP/1.0 HTTP/1,1 HTTPS/1.1""".split()
LENGTHS = [b"0", b"3", b"11", b"5, 5", b"5,6", b"+3", b"-1", b"0x3", b"3 3", b"", b"3a", b"03", b"3.0", b"\"3\"", b"18446744073709551616",
           b"9999999999999999999", b"99999999999999999999999", b"3\x0b", b"\t3\t"]  # fmt: skip
CODINGS = [b"chunked", b"Chunked", b"chunked, chunked", b"gzip, chunked", b"chunked, gzip", b"identity", b"gzip", b"", b"chunked,", b", chunked",
           b"xchunked", b"chunked;q=1", b"\"chunked\"", b"\x0bchunked", b"chunked \t", b"chunked\x0b"]  # fmt: skip
HOSTS = [b"b", b"a", b"", b"a b", b"a:80, b", b"u@a", b"a:b", b"[::1", b"/"]
CONNECTIONS = [b"close", b"keep-alive", b"close, keep-alive", b"\"close\"", b",close", b"Upgrade"]
FRAMING = [
    *(b"Content-Length: " + value for value in LENGTHS),
    *(b"Transfer-Encoding: " + value for value in CODINGS),
    *(b"Host: " + value for value in HOSTS),
    *(b"Connection: " + value for value in CONNECTIONS),
    *(b"Expect: " + value for value in (b"100-continue", b"200-ok", b"100-continue, x", b"")),
    *(b"Upgrade: " + value for value in (b"websocket", b"h2c")),
    b"Content_Length: 3", b"Content-Length : 3", b"Transfer-Encoding : chunked", b" Content-Length: 3", b"X: y\rContent-Length: 3",
    b"X: y\nContent-Length: 3", b"Transfer_Encoding: chunked", b"Proxy-Connection: close", b"Keep-Alive: timeout=1",
]  # fmt: skip
SIZES = [b"0", b"00", b"1", b"5", b"a", b"A", b"05", b"0000000000000000005", b"0x5", b"+5", b"-5", b"5h", b"g", b" 5", b"5 ", b"5\t", b"5\r", b"5,a",
         b"5:a", b"5;", b"5;;", b"5;a", b"5; a", b"5 ;a", b"5;a=b", b"5;a = b", b"5;a=b;c", b"5;=b", b"5;a=\"b\"", b"5;a=\"b", b"5;a=\"\\\"\"",
         b"5;a=\"\x01\"", b"5;a\x0b", b"5;a\0", b"5;a=b\xff", b"ffffffff", b"7fffffffffffffff", b"ffffffffffffffff", b"10000000000000000",
         b""]  # fmt: skip
ENDS = [b"\n", b"\r", b"\n\r", b"\r\r\n", b"\r\n\r\n", b"", b"\r\n ", b"\r\n\t", b" \r\n", b"\t\r\n",
        b"\r \n", b"\0\r\n", b"\x0b\r\n", b"\x0c\r\n", b"\x85\r\n", b"\r\n\n", b"\n\n"]  # fmt: skip
SPACES = [b" ", b"  ", b"\t", b"\x0b", b"\x0c", b"\0", b"\xa0", b"\r", b"\n", b"\x7f", b""]
TRAILERS = [b"X: y", b"X : y", b" X: y", b"X", b": y", b"X: a\0", b"X: a\rb", b"X: y\n", b"X:\ty \r", b"Content-Length: 3",
            b"Transfer-Encoding: chunked"]
OCTETS = b"\0\t\n\x0b\x0c\r \"#%&()*+,-./0159:;<=>?@AZ[\\]^_`az{|}~\x7f\x80\xa0\xff"


STATUS = re.compile(rb"/\d{3}[ ?]")  # a path by which the conformance server answers with that status


def flip_bit(rng, data):
    at = rng.randrange(len(data))
    return data[:at] + bytes((data[at] ^ 1 << rng.randrange(8),)) + data[at + 1 :]


def delete(rng, data):
    at = rng.randrange(len(data))
    return data[:at] + data[at + rng.choice((1, 1, 1, 2, 4, 16)) :]


def insert(rng, data):
    at = rng.randrange(len(data) + 1)
    return data[:at] + bytes((rng.choice(OCTETS),)) * rng.choice((1, 1, 1, 2, 3)) + data[at:]


def replace_octet(rng, data):
    at = rng.randrange(len(data))
    return data[:at] + bytes((rng.choice(OCTETS),)) + data[at + 1 :]


def copy_part(rng, data):
    begin, at = rng.randrange(len(data)), rng.randrange(len(data))
    return data[:at] + data[begin : begin + rng.randrange(1, 40)] + data[at:]


def change_line_end(rng, data):
    lines = data.split(b"\r\n")
    if len(lines) < 2:
        return data
    at = rng.randrange(len(lines) - 1)
    lines[at : at + 2] = [lines[at] + rng.choice(ENDS) + lines[at + 1]]
    return b"\r\n".join(lines)


def change_all_line_ends(rng, data):
    return data.replace(b"\r\n", rng.choice((b"\n", b"\r", b"\n\r", b"\r\r\n")))


def add_framing(rng, data):
    """One or two more fields, somewhere among those that are there."""
    head, blank, body = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    for _ in range(rng.choice((1, 1, 2))):
        lines.insert(rng.randrange(1, len(lines) + 1), rng.choice(FRAMING))
    return b"\r\n".join(lines) + blank + body


def repeat_line(rng, data):
    lines = data.split(b"\r\n")
    at = rng.randrange(len(lines))
    return b"\r\n".join(lines[:at] + [lines[at]] * rng.choice((1, 1, 2)) + lines[at:])


def drop_line(rng, data):
    lines = data.split(b"\r\n")
    del lines[rng.randrange(len(lines))]
    return b"\r\n".join(lines)


def swap_lines(rng, data):
    lines = data.split(b"\r\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\r\n".join(lines)


def change_case(rng, data):
    begin = rng.randrange(len(data))
    end = begin + rng.randrange(1, 24)
    return data[:begin] + data[begin:end].swapcase() + data[end:]


def fold(rng, data):
    """RFC 9112 §5.2: obs-fold, at a space of the head or behind a colon."""
    head, blank, body = data.partition(b"\r\n\r\n")
    places = [at for at, octet in enumerate(head) if octet in b" :"] or [0]
    at = rng.choice(places) + 1
    return head[:at] + rng.choice((b"\r\n ", b"\r\n\t", b"\r\n  ", b"\n ")) + head[at:] + blank + body


def change_space(rng, data):
    """White space beside a place where there is, or may not be, any."""
    places = [at for at, octet in enumerate(data) if octet in b" :;,=\r"] or [0]
    at = rng.choice(places)
    if data[at : at + 1] == b" " and rng.random() < 0.5:
        return data[:at] + rng.choice(SPACES) + data[at + 1 :]
    at += rng.choice((0, 1))
    return data[:at] + rng.choice(SPACES) + data[at:]


def change_request_line(rng, data):
    line, end, rest = data.partition(b"\r\n")
    words = line.split(b" ")
    which = rng.randrange(3)
    if which < len(words):
        words[which] = rng.choice((METHODS, TARGETS, VERSIONS)[which])
    return b" ".join(words) + end + rest


def change_chunk(rng, data):
    """The line of a chunk's size, or that of a body that gets chunks by it."""
    head, blank, body = data.partition(b"\r\n\r\n")
    if b"chunked" not in head.lower():
        return head + b"\r\nTransfer-Encoding: chunked" + blank + rng.choice(SIZES) + b"\r\nhello\r\n0\r\n\r\n"
    lines = body.split(b"\r\n")
    lines[rng.randrange(len(lines))] = rng.choice(SIZES)
    return head + blank + b"\r\n".join(lines)


def add_trailer(rng, data):
    head, blank, body = data.partition(b"\r\n\r\n")
    line = rng.choice(TRAILERS)
    if b"chunked" not in head.lower():
        return head + b"\r\nTransfer-Encoding: chunked" + blank + b"0\r\n" + line + b"\r\n\r\n"
    return head + blank + body[:-2] + line + b"\r\n\r\n"


def lengthen(rng, data):
    """A field, a name, a target or a line of a chunk that is about as long as limits are, or many fields."""
    size = rng.choice((100, 300, 8000, 16000, 16384, 17000, 20000))
    head, blank, body = data.partition(b"\r\n\r\n")
    line, end, fields = head.partition(b"\r\n")
    choice = rng.randrange(5)
    if choice == 0:
        return head + b"\r\nX-Long: " + b"v" * size + blank + body
    if choice == 1:
        return head + b"\r\n" + b"N" * size + b": v" + blank + body
    if choice == 2:
        return line.replace(b" /", b" /" + b"t" * size, 1) + end + fields + blank + body
    if choice == 3:
        return head + b"\r\nA: b" * rng.choice((20, 90, 98, 99, 100, 101, 150)) + blank + body
    return head + b"\r\nTransfer-Encoding: chunked" + blank + b"1;" + b"e" * size + b"\r\nx\r\n0\r\n\r\n"


def empty_lines(rng, data):
    return rng.choice((b"\r\n", b"\n", b"\r", b" \r\n", b"\0")) * rng.choice((1, 2, 4, 5, 6)) + data


def prefix(rng, data):
    return data[: rng.randrange(len(data))]


def join_two(rng, data):
    """Cuts it, and goes on as another."""
    other = rng.choice(BASES)
    return data[: rng.randrange(len(data))] + other[rng.randrange(len(other)) :]


# Those that meet more rules are drawn more often.
MUTATIONS = [
    *[add_framing] * 3,
    *[flip_bit, insert, replace_octet, change_line_end, change_space, change_request_line, change_chunk] * 2,
    delete, copy_part, change_all_line_ends, repeat_line, drop_line, swap_lines, change_case, fold, add_trailer, lengthen, empty_lines, prefix,
    join_two,
]  # fmt: skip


def stream(rng):
    """The parts in which one stream is written."""
    data = rng.choice(BASES)
    for _ in range(rng.choice((1, 1, 2))):
        data = rng.choice(MUTATIONS)(rng, data or b"GET")
    if rng.random() < 0.3:
        data = rng.choice((get(target=b"/before"), post(b"Content-Length: 2", body=b"ab"), chunked(b"1\r\nx\r\n0\r\n\r\n"))) + data
    data += END
    cuts = sorted(rng.randrange(len(data)) for _ in range(rng.choice((0, 0, 1, 2))))
    return [data[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(data)])]


def streams(seed, count):
    """So many different ones."""
    rng = random.Random(seed)
    made = {}
    while len(made) < count:
        parts = stream(rng)
        data = b"".join(parts)
        if not STATUS.search(data):
            made.setdefault(data, parts)
    return list(made.values())
