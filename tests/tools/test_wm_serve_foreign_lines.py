"""The inner port against what was not written for it: a web page reaches it with HTTP or TLS, and no push of that may be taken."""
import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from push_fixtures import lines, page  # noqa: E402, F401
from push_lines import MAX_PUSH, PUSH  # noqa: E402
from push_server import PushServer, connect, read_to_end  # noqa: E402

BROADCAST = b'{"wm":{"cmd":"broadcast"},"data":1}'
# As a browser sends a form with enctype=text/plain: the name of its field is what stands before the "=".
FORM = b"""POST / HTTP/1.1\r
Host: 127.0.0.1:5678\r
Connection: keep-alive\r
Content-Length: 60\r
Origin: http://evil.example\r
Content-Type: text/plain\r
\r
x=\r
"""
TLS_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"

FOREIGN = {
    "a form": FORM,
    "GET": b"GET / HTTP/1.1\r\n",
    "HTTP/1.0": b"GET /?a=b HTTP/1.0\r\n",
    "without CR": b"POST / HTTP/1.1\n",
    "a method of its own": b"M-SEARCH * HTTP/1.1\r\n",
    "a method in lower case": b"post / HTTP/1.1\r\n",
    "absolute form": b"GET http://127.0.0.1:5678/ HTTP/1.1\r\n",
    "authority form": b"CONNECT 127.0.0.1:5678 HTTP/1.1\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n",
    "a target of 100 KB": b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n",
    "Host": b"Host: 127.0.0.1\r\n",
    "host": b"host:127.0.0.1\n",
    "HOST": b"HOST: x\r\n",
    "a target over the limit, then its Host": b"GET /" + b"a" * (MAX_PUSH + 10) + b" HTTP/1.1\r\nHost: a\r\n",
    "a TLS hello with a line end in it": TLS_HELLO + b"\n",
    "a TLS hello without a line end": TLS_HELLO,
}


@pytest.fixture(scope="module")
def server():
    """One for all tests; the last one ends it, because what it has logged is known only then."""
    server = PushServer()
    yield server
    if server.process.poll() is None:
        server.stop()


@pytest.mark.parametrize("foreign", FOREIGN.values(), ids=FOREIGN.keys())
def test_foreign_line__ends_the_connection_and_nothing_behind_it_is_taken(server, page, foreign):
    with connect(server.addresses["text"]) as sock:
        sock.sendall(foreign + PUSH + b"\n" + BROADCAST + b"\n")
        answers = read_to_end(sock)
    assert answers in (b"", b"fail\n") and b"ok" not in answers
    assert page.nothing_came()


@pytest.mark.parametrize("foreign", [b"POST / HTTP/1.1\r\n", b"Host: a\r\n", TLS_HELLO])
def test_foreign_line__lines_before_it_are_answered(server, page, foreign):
    with connect(server.addresses["text"]) as sock:
        sock.sendall(PUSH + b"\nx\n" + foreign + PUSH + b"\n")
        assert read_to_end(sock) == b"ok\nfail\n"
    assert page.message() == PUSH
    assert page.nothing_came()


@pytest.mark.parametrize("foreign", [b"POST / HTTP/1.1\r\n", b"hOsT: a\r\n", TLS_HELLO[:2]])
def test_foreign_line__in_single_bytes(server, page, foreign):
    with connect(server.addresses["text"]) as sock:
        for at in range(len(foreign)):
            sock.sendall(foreign[at : at + 1])
        assert sock.recv(100) == b""
    assert page.nothing_came()


LIKE_FOREIGN = [
    b'{"uid":"uid1","text":"GET / HTTP/1.1"}',
    b'{"uid":"uid1","Host":"a"}',
    b' \t{"uid":"uid1","Host:":"POST / HTTP/1.1"}',
    b'{"uid":"uid1","hello":"\\u0016\\u0003"}',
]


@pytest.mark.parametrize("line", LIKE_FOREIGN)
def test_push__may_contain_what_looks_like_a_request(page, lines, line):
    assert lines.ask(line) == b"ok"
    assert page.message() == line


@pytest.mark.parametrize("line", [b"GET", b"GET /", b"GET / HTTP", b"GET  HTTP/1.1", b"Hostname: a", b"Host", b"\x16", b" GET / HTTP/1.1", b"HTTP/1.1 200 OK"])
def test_line__that_begins_no_request_only_fails(page, lines, line):
    assert lines.ask(line) == b"fail"
    assert lines.ask(PUSH) == b"ok"
    assert page.message() == PUSH


def test_foreign_line__one_log_line_a_second(server):
    for _ in range(50):
        with connect(server.addresses["text"]) as sock:
            sock.sendall(b"POST / HTTP/1.1\r\n")
            assert sock.recv(100) == b""
    code, error = server.stop()
    assert code == 0
    logged = [line for line in error.splitlines() if "refused a line of" not in line]
    assert 1 <= len(logged) < 10
    assert all(re.search(r"text://127\.0\.0\.1:\d+: closed a connection from 127\.0\.0\.1 that speaks (HTTP|TLS):", line) for line in logged), error
