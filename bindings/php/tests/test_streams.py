"""Answers that a program sends in parts: server-sent events, chunks, and what is written by hand."""
import json
import socket
import struct
import subprocess

import pytest

from http_answers import take_head
from php_program import HANG_SECONDS, request


@pytest.fixture(scope="module")
def server(shared_program):
    return shared_program("streams").start()


def read_chunked(peer, method="GET"):
    """The next response, which is chunked (RFC 9112 §7.1)."""
    while (taken := take_head(peer.data)) is None:
        peer.more()
    answer, peer.data = taken
    assert answer.value(b"transfer-encoding") == b"chunked" and answer.value(b"content-length") is None
    while method != "HEAD":
        size = int(peer.read_line().removesuffix("\r"), 16)
        chunk = peer.read_exactly(size + 2)
        assert chunk[size:] == b"\r\n"
        if size == 0:
            break
        answer.body += chunk[:size]
    return answer


def ask(server, target):
    with server.connect() as peer:
        peer.send(request("GET", target))
        return read_chunked(peer)


def curl(server, target, *flags):
    done = subprocess.run(["curl", "-sS", *flags, f"http://127.0.0.1:{server.port}{target}"], capture_output=True, timeout=HANG_SECONDS, check=False)
    return done.returncode, done.stdout


def last(server, event, count=1):
    return server.await_trace(event, count)[-1]


# ---- server-sent events

def test_events__arrive_one_by_one_and_end_with_the_connection(server):
    with server.connect() as peer:
        peer.send(request("GET", "/events"))
        answer = read_chunked(peer)
        assert (answer.status, answer.value(b"content-type"), answer.value(b"cache-control")) == (200, b"text/event-stream", b"no-cache")
        assert answer.body.lstrip(b"\r\n") == b"".join(b"data: hello%d\n\n" % number for number in range(5))
        assert peer.read_to_end() == b""


def test_events__of_http_1_0_end_with_the_connection(server):
    with server.connect() as peer:
        peer.send(request("GET", "/events", version="1.0"))
        whole = peer.read_to_end()
    assert whole.endswith(b"data: hello3\n\ndata: hello4\n\n") and b"chunked" not in whole


def test_events__of_a_peer_that_leaves_end(server):
    before = len(server.trace("left"))
    with server.connect() as peer:
        peer.send(request("GET", "/events-endless"))
        peer.read_head()
        while b"tick" not in peer.data:
            peer.more()
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    server.await_trace("left", before + 1)


def test_events__are_for_curl(server):
    code, out = curl(server, "/events", "-N")
    assert code == 0 and out.count(b"data: hello") == 5


@pytest.mark.parametrize("data, text", [
    ({"event": "e", "id": 1, "retry": 100, "data": "d"}, "event: e\nid: 1\nretry: 100\ndata: d\n\n"),
    ({"data": "one\ntwo"}, "data: one\ndata: two\n\n"),
    ({"": "comment", "data": ""}, ": comment\ndata: \n\n"),
    ({"id": 0}, "id: 0\n\n"),
])
def test_event__as_text(evaluate, data, text):
    assert evaluate(f"return (string) new Workerman\\Protocols\\Http\\ServerSentEvents(json_decode('{json.dumps(data)}', true));") == text


@pytest.mark.differs
def test_event__cannot_begin_another_field(evaluate):
    assert evaluate(r"""return (string) new Workerman\Protocols\Http\ServerSentEvents(
        ['' => "c\rdata: x", 'event' => "e\r\ndata: x", 'id' => "1\n2", 'data' => "a\rb\r\nevent: c"]);""") \
        == ": c\n: data: x\nevent: edata: x\nid: 12\ndata: a\ndata: b\ndata: event: c\n\n"


def test_events__answer_of_another_kind_is_not_taken(server):
    answer = ask(server, "/wrong")
    assert answer.body == b"data: last\n\n"
    assert last(server, "wrong") == [False, False]
    assert "send Chunk or ServerSentEvents objects" in last(server, "error")[1]


# ---- chunks

def test_chunks__are_a_response_and_keep_the_connection(server):
    with server.connect() as peer:
        peer.send(request("GET", "/chunks") + request("GET", "/"))
        answer = read_chunked(peer)
        assert (answer.body, answer.value(b"transfer-encoding"), answer.value(b"x-kind")) == (b"first part0 part1 part2 ", b"chunked", b"chunks")
        assert peer.read_answer().body == b"plain"


def test_chunks__of_one_callback(server):
    assert ask(server, "/chunks-at-once").body == b"one"
    assert "no request waits" in last(server, "error")[1]


@pytest.mark.differs
def test_chunks__of_head_are_not_sent(server):
    with server.connect() as peer:
        peer.send(request("HEAD", "/chunks") + request("GET", "/"))
        assert read_chunked(peer, "HEAD").body == b""
        assert peer.read_answer().body == b"plain"


@pytest.mark.differs
@pytest.mark.parametrize("path", ["/chunks-cut", "/chunks-throw"])
def test_chunks__that_do_not_end_do_not_look_whole(server, path):
    code, out = curl(server, path)
    assert code != 0 and out in (b"half", b"")


def test_chunk__as_text(evaluate):
    make = "(string) new Workerman\\Protocols\\Http\\Chunk"
    assert evaluate(f"return [{make}('hello world, hello'), {make}('')];") \
        == ["12\r\nhello world, hello\r\n", "0\r\n\r\n"]


# ---- by hand

def test_by_hand__chunks(server):
    with server.connect() as peer:
        peer.send(request("GET", "/by-hand-chunks") + request("GET", "/by-hand-chunks-whole") + request("GET", "/"))
        assert read_chunked(peer).body == b"0" * 20 + b"1" * 20 + b"2" * 20
        assert read_chunked(peer).body == b"abc"
        assert peer.read_answer().body == b"plain"


def test_by_hand__what_is_no_chunk_is_told(server):
    server.errors_expected = True
    assert curl(server, "/by-hand-chunks-broken")[0] != 0
    assert "what is sent is no chunk" in server.output() and "no chunk at all" in server.output()


def test_by_hand__end_that_is_not_taken_cuts_the_response(server):
    with server.connect() as peer:
        peer.send(request("GET", "/by-hand-flood"))
        assert not peer.read_to_end().endswith(b"0\r\n\r\n")
    assert last(server, "end") == [False, "CLOSED"]


def test_by_hand__announced_length(server):
    with server.connect() as peer:
        peer.send(request("GET", "/by-hand-length") + request("GET", "/"))
        answer = peer.read_answer()
        assert (answer.body, answer.value(b"content-length")) == (b"abc0xy1xy", b"9")
        assert peer.read_answer().body == b"plain"


def test_by_hand__announced_length_of_head(server):
    with server.connect() as peer:
        peer.send(request("HEAD", "/by-hand-length") + request("GET", "/"))
        answer = peer.read_answer("HEAD")
        assert (answer.body, answer.value(b"content-length")) == (b"", b"9")
        assert peer.read_answer().body == b"plain"


def test_by_hand__until_close(server):
    with server.connect() as peer:
        peer.send(request("GET", "/by-hand-until-close"))
        answer = read_chunked(peer)
        assert answer.body == b"--x\r\nframe0\r\nframe1\r\nend"
        assert peer.read_to_end() == b""


# ---- slow peers

def test_slow_peer__is_told_by_full_and_drain(server):
    with server.connect() as peer:
        peer.send(request("GET", "/flood"))
        told = last(server, "flood")[0]
        assert told["taken"] > 0 and told["queued"] > 0 and told["refused"] > 100
        server.await_trace("full")
        answer = read_chunked(peer)
    assert answer.body.endswith(b"xend")
    assert len(answer.body) == ((told["taken"] + told["queued"]) << 16) + 3
    assert len(server.trace("drain")) == 1
