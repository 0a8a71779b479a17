"""Responses with a file: Range, conditions, parts, and what cannot be sent."""
import os

import pytest

from php_program import request

DIGITS = b"0123456789" * 1_000
LARGE = os.urandom(1 << 16) * 128


@pytest.fixture(scope="module")
def server(shared_program):
    made = shared_program("files")
    directory = made.directory / "files"
    directory.mkdir()
    for name, content in {"digits.txt": DIGITS, "photo.jpg": b"\xff\xd8", "large.bin": LARGE, "empty.txt": b"", "odd.zzz": b"odd"}.items():
        (directory / name).write_bytes(content)
    os.mkfifo(directory / "fifo")
    (directory / "directory").mkdir()
    return made.start()


def ask(server, target, *headers, method="GET"):
    with server.connect() as peer:
        peer.send(request(method, target, *headers))
        return peer.read_answer(method)


def test_file__has_its_type_length_and_time(server):
    answer = ask(server, "/whole?name=photo.jpg")
    assert (answer.status, answer.body, answer.value(b"content-type")) == (200, b"\xff\xd8", b"image/jpeg")
    assert answer.value(b"last-modified") and answer.value(b"accept-ranges") == b"bytes"
    assert answer.value(b"content-disposition") is None


def test_file__of_no_known_type_is_to_be_saved(server):
    answer = ask(server, "/whole?name=odd.zzz")
    assert answer.value(b"content-type") == b"application/octet-stream"
    assert answer.value(b"content-disposition") == b'attachment; filename="odd.zzz"'


@pytest.mark.parametrize("path", ["/whole", "/later", "/close"])
def test_file__large_arrives_whole(server, path):
    answer = ask(server, f"{path}?name=large.bin")
    assert (answer.status, answer.body == LARGE) == (200, True)
    assert int(ask(server, "/memory").body) < len(LARGE)


@pytest.mark.parametrize("name, body", [("empty.txt", b""), ("digits.txt", DIGITS)])
def test_file__empty_and_small(server, name, body):
    assert ask(server, f"/whole?name={name}").body == body


def test_file__pipelined_with_others_stays_in_order(server):
    with server.connect() as peer:
        peer.send(request("GET", "/whole?name=large.bin") + request("GET", "/") + request("GET", "/whole?name=digits.txt") + request("GET", "/"))
        assert [len(peer.read_answer().body) for _ in range(4)] == [len(LARGE), 5, len(DIGITS), 5]


@pytest.mark.differs
def test_head__of_a_file_has_no_body(server):
    answer = ask(server, "/whole?name=digits.txt", method="HEAD")
    assert (answer.status, answer.body, answer.value(b"content-length")) == (200, b"", b"10000")


# ---- ranges and conditions

@pytest.mark.differs
def test_range__is_answered_by_the_library(server):
    answer = ask(server, "/whole?name=digits.txt", "Range: bytes=5-14")
    assert (answer.status, answer.body, answer.value(b"content-range")) == (206, b"5678901234", b"bytes 5-14/10000")
    answer = ask(server, "/whole?name=digits.txt", "Range: bytes=10000-")
    assert (answer.status, answer.value(b"content-range")) == (416, b"bytes */10000")


@pytest.mark.differs
def test_conditions__are_evaluated(server):
    first = ask(server, "/whole?name=digits.txt")
    for condition in (b"If-Modified-Since: " + first.value(b"last-modified"), b"If-None-Match: " + first.value(b"etag")):
        answer = ask(server, "/whole?name=digits.txt", condition.decode())
        assert (answer.status, answer.body) == (304, b"")
    assert ask(server, "/whole?name=digits.txt", "If-Modified-Since: Thu, 01 Jan 1998 00:00:00 GMT").body == DIGITS


def test_headers__of_the_program(server):
    answer = ask(server, "/headers?name=digits.txt")
    assert (answer.values(b"content-type"), answer.value(b"x-one"), answer.value(b"etag")) == ([b"text/x-own"], b"1", b'"mine"')
    assert (answer.values(b"content-length"), answer.body) == ([b"10000"], DIGITS)


# ---- what the program has chosen

@pytest.mark.parametrize("offset, length, expected", [(3, 4, b"3456"), (9_990, 0, b"0123456789"), (0, 5, b"01234")])
def test_part__is_206(server, offset, length, expected):
    answer = ask(server, f"/part?name=digits.txt&offset={offset}&length={length}", "Range: bytes=0-0")
    assert (answer.status, answer.body) == (206, expected)
    assert answer.value(b"content-range").decode() == f"bytes {offset}-{offset + len(expected) - 1}/10000"
    assert answer.value(b"last-modified")


@pytest.mark.differs
def test_part__is_within_the_file(server):
    answer = ask(server, "/part?name=digits.txt&offset=9995&length=100")
    assert (answer.status, answer.body, answer.value(b"content-range")) == (206, b"56789", b"bytes 9995-9999/10000")
    answer = ask(server, "/part?name=digits.txt&offset=10000&length=1")
    assert (answer.status, answer.value(b"content-range")) == (416, b"bytes */10000")


def test_part__of_a_large_file(server):
    answer = ask(server, f"/part?name=large.bin&offset=1&length={4 << 20}")
    assert answer.body == LARGE[1:(4 << 20) + 1]


def test_status__of_the_program_stays(server):
    answer = ask(server, "/status?name=digits.txt", "Range: bytes=0-0")
    assert (answer.status, answer.body) == (404, DIGITS)


# ---- what cannot be sent

@pytest.mark.parametrize("name", ["none.txt", "directory", "fifo", ""])
def test_file__that_is_missing_or_none_is_404(server, name):
    answer = ask(server, f"/whole?name={name}")
    assert (answer.status, answer.body) == (404, b"<h3>404 Not Found</h3>")


def test_file__that_is_gone_when_it_is_sent_is_404(server):
    (server.directory / "files" / "short-lived").write_bytes(b"x")
    assert ask(server, "/vanished?name=short-lived").status == 404
    assert ask(server, "/").body == b"plain"


def test_files__leave_no_descriptors_behind(server):
    def count():
        return len(os.listdir(f"/proc/{server.pid}/fd"))
    ask(server, "/whole?name=digits.txt")
    before = count()
    for target in ["/whole?name=digits.txt", "/whole?name=large.bin", "/later?name=large.bin", "/part?name=digits.txt&offset=1"] * 5:
        ask(server, target)
    assert count() <= before + 1  # the connection that has just closed
