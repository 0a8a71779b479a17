"""HTTP connections: what depends on time, on limits and on the other side's behaviour (RFC 9112 §6-§9, RFC 9110 §10.1.1)."""
import pytest

from http_answers import answers_of, read_answer, take_answer, take_head
from http_rows import END, HOST, chunked, get, post


@pytest.fixture
def connect(servers, whole_mode):
    peers = []

    def connect_one(*options):
        mode, transport = whole_mode
        peer = servers.get(mode, *options).connect(f"http.{transport}")
        peers.append(peer)
        return peer

    yield connect_one
    for peer in peers:
        peer.close()


def statuses(data, methods=(b"GET",)):
    return [answer.status for answer in answers_of(data, methods)]


INCOMPLETE = {
    "nothing": b"",
    "half a method": b"GE",
    "half a request line": b"GET / HT",
    "a header without its end": b"GET / HTTP/1.1\r\nHost: a\r\n",
    "all but the last byte": get()[:-1],
    "a body without its last byte": post(b"Content-Length: 5", body=b"hell"),
    "no chunk": chunked(b""),
    "half a chunk": chunked(b"5\r\nhel"),
    "a chunk without the last one": chunked(b"5\r\nhello\r\n"),
    "the last chunk without the empty line": chunked(b"5\r\nhello\r\n0\r\n"),
    "half a trailer": chunked(b"0\r\nX: y"),
    "a trailer without the empty line": chunked(b"0\r\nX: y\r\n"),
}


@pytest.mark.parametrize("sent", INCOMPLETE.values(), ids=INCOMPLETE.keys())
def test_incomplete_request_is_waited_for_and_not_answered_at_its_end(connect, sent):
    """RFC 9112 §8: an incomplete request must not be processed; a 400 before the end is allowed."""
    peer = connect()
    peer.send(sent)
    peer.server.settle([peer])
    assert peer.is_silent()
    peer.half_close()
    data, reset = peer.read_until_eof()
    assert statuses(data) in ([], [400])
    assert not reset


@pytest.mark.parametrize("sent", INCOMPLETE.values(), ids=INCOMPLETE.keys())
def test_whole_request_before_an_incomplete_one_is_answered(connect, sent):
    peer = connect()
    peer.send(get(target=b"/first") + sent)
    assert read_answer(peer).echo["path"] == b"/first"
    peer.server.settle([peer])
    assert peer.is_silent()


# ---- Expect: 100-continue ----


def test_expect__100_is_sent_before_the_body_is(connect):
    peer = connect()
    peer.send(post(b"Expect: 100-continue", b"Content-Length: 5"))
    head = peer.read_until(b"\r\n\r\n")
    interim, _ = take_head(head)
    assert interim.status == 100
    peer.send(b"hello" + END)
    answers = answers_of(peer.read_until_eof()[0], [b"POST"])
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].echo["body"] == b"hello"


def test_expect__chunked_body(connect):
    peer = connect()
    peer.send(post(b"Expect: 100-continue", b"Transfer-Encoding: chunked"))
    assert take_head(peer.read_until(b"\r\n\r\n"))[0].status == 100
    peer.send(b"5\r\nhello\r\n0\r\n\r\n" + END)
    answers = answers_of(peer.read_until_eof()[0], [b"POST"])
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].echo["body"] == b"hello"


def test_expect__no_100_when_the_body_is_there(connect):
    peer = connect()
    peer.send(post(b"Expect: 100-continue", b"Content-Length: 5", body=b"hello") + END)
    # answers_of refuses interim responses.
    assert statuses(peer.read_until_eof()[0], [b"POST"]) == [200, 200]


def test_expect__100_is_sent_once(connect):
    peer = connect()
    peer.send(post(b"Expect: 100-continue", b"Content-Length: 5"))
    assert take_head(peer.read_until(b"\r\n\r\n"))[0].status == 100
    for byte in b"hell":
        peer.send(bytes((byte,)))
        peer.server.settle([peer])
    assert peer.is_silent()
    peer.send(b"o" + END)
    assert statuses(peer.read_until_eof()[0], [b"POST"]) == [200, 200]


def test_expect__100_waits_for_the_answers_before_it(connect):
    """An interim response belongs to its request: it must not come before the final response of the one before."""
    peer = connect()
    peer.send(get(target=b"/late?ms=20") + post(b"Expect: 100-continue", b"Content-Length: 2"))
    first = b""
    while b"HTTP/1.1 100 " not in first:
        part = peer.sock.recv(65536)
        assert part, first
        first += part
    assert first.startswith(b"HTTP/1.1 200 "), first
    peer.send(b"ab" + END)
    rest = peer.read_until_eof()[0]
    answers = answers_of(first + rest, [b"GET", b"POST", b"GET"], interim=True)
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert answers[1].echo["body"] == b"ab"


def test_expect__a_body_over_the_limit_is_refused_instead(connect):
    peer = connect("max_message=1000")
    peer.send(post(b"Expect: 100-continue", b"Content-Length: 1001"))
    data, reset = peer.read_until_eof()
    assert statuses(data, [b"POST"]) == [413]
    assert not reset


# ---- limits ----


@pytest.mark.parametrize("over", [0, 1])
def test_limit__body_of_known_length(connect, over):
    peer = connect("max_message=1000")
    body = b"x" * (1000 + over)
    data, reset = peer.exchange(post(b"Content-Length: %d" % len(body), body=body) + (b"" if over else END))
    assert statuses(data, [b"POST"]) == ([413] if over else [200, 200])
    assert not reset


@pytest.mark.parametrize("sent, text", [
    (post(b"Content-Length: 1001"), b"body longer than max_message (1000 bytes)\n"),
    (chunked(b"3e9\r\n"), b"body longer than max_message (1000 bytes)\n"),
    (get(b"X: " + b"x" * 600), b"header block longer than max_header_bytes (512 bytes)\n"),
    (get(*[b"X: y"] * 6), b"more header lines than max_headers (5 lines)\n"),
])
def test_limit__the_answer_has_its_number(connect, sent, text):
    peer = connect("max_message=1000", "max_header_bytes=512", "max_headers=5")
    peer.send(sent)
    answer, rest = take_answer(peer.read_until_eof()[0], b"POST")
    assert answer.body.endswith(text) and rest == b"", answer.body


@pytest.mark.parametrize("over", [0, 1])
def test_limit__body_in_one_chunk(connect, over):
    peer = connect("max_message=1000")
    size = 1000 + over
    data, reset = peer.exchange(chunked(b"%x\r\n" % size + b"x" * size + b"\r\n0\r\n\r\n") + (b"" if over else END))
    assert statuses(data, [b"POST"]) == ([413] if over else [200, 200])
    assert not reset


@pytest.mark.parametrize("over", [0, 1])
def test_limit__body_in_many_chunks(connect, over):
    peer = connect("max_message=1000")
    data, reset = peer.exchange(chunked(b"a\r\n0123456789\r\n" * 100 + (b"1\r\nx\r\n" if over else b"") + b"0\r\n\r\n") + (b"" if over else END))
    assert statuses(data, [b"POST"]) == ([413] if over else [200, 200])
    assert not reset


def test_limit__announced_body_is_refused_before_it_is_sent(connect):
    """Neither a length nor a chunk size over the limit is waited for."""
    for sent in (post(b"Content-Length: 1001"), chunked(b"3e9\r\n")):
        peer = connect("max_message=1000")
        peer.send(sent)
        assert statuses(peer.read_until_eof()[0], [b"POST"]) == [413]


def test_limit__refused_body_that_is_sent_all_the_same_does_not_lose_the_answer(connect):
    """RFC 9112 §9.6: a server that closes with unread bytes would reset the connection, and with it its own answer."""
    peer = connect("max_message=1000")
    body = b"x" * (1 << 20)
    data, reset = peer.exchange(post(b"Content-Length: %d" % len(body), body=body))
    assert statuses(data, [b"POST"]) == [413]
    assert not reset


def padded_get(size):
    empty = get(b"X: ")
    return get(b"X: " + b"p" * (size - len(empty)))


@pytest.mark.parametrize("over", [0, 1])
def test_limit__head(connect, over):
    peer = connect("max_header_bytes=2000")
    sent = padded_get(2000 + over)
    assert len(sent) == 2000 + over
    data, reset = peer.exchange(sent + (b"" if over else END))
    assert statuses(data) == ([431] if over else [200, 200])
    assert not reset


@pytest.mark.parametrize("over", [0, 1])
def test_limit__default_head_is_16_kib(connect, over):
    data, _ = connect().exchange(padded_get(16384 + over) + (b"" if over else END))
    assert statuses(data) == ([431] if over else [200, 200])


@pytest.mark.parametrize("over", [0, 1])
def test_limit__header_lines(connect, over):
    # Host is one of them.
    data, _ = connect().exchange(get(*[b"X: y"] * (99 + over)) + (b"" if over else END))
    assert statuses(data) == ([431] if over else [200, 200])


def test_limit__target_longer_than_any_that_is_read(connect):
    """RFC 9112 §3: 414."""
    data, reset = connect().exchange(b"GET /" + b"p" * 20000)
    assert statuses(data) == [414]
    assert not reset


def test_limit__endless_parts_are_refused(connect):
    """Whatever part of a request has no length of its own has a limit."""
    more = b"x" * (1 << 20)
    for sent, allowed in (
        (b"G" * (1 << 20), (501, 414, 431)),
        (b"GET / HTTP/1.1\r\nX" + more, (431,)),
        (b"GET / HTTP/1.1\r\nX: " + more, (431,)),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 50000, (431,)),
        (chunked(b"5;" + more), (400, 413, 431)),
        (chunked(b"5;a=\"" + more), (400, 413, 431)),
        (chunked(b"0\r\nX: " + more), (431,)),
        (chunked(b"0\r\n" + b"X: y\r\n" * 50000), (431,)),
        (chunked(b"0" * (1 << 20)), (400, 413, 431)),
        (chunked(b"1;a=b\r\nx\r\n" * 100000), (400, 413, 431, 200)),
    ):
        data, reset = connect().exchange(sent)
        got = statuses(data, [b"POST"])
        assert len(got) <= 1 and all(status in allowed for status in got), (sent[:40], got)
        assert not reset
        if sent[-3:] != b"x\r\n":
            assert got, f"{sent[:40]!r} was not answered"


@pytest.mark.parametrize("lines", [1, 100000])
def test_limit__empty_lines_before_a_request(connect, lines):
    data, reset = connect().exchange(b"\r\n" * lines + END)
    assert statuses(data) == ([200] if lines == 1 else [400])
    assert not reset


# ---- pipelining ----


def test_pipelining__500_requests_are_answered_in_order(connect):
    """More than max_pipelined (64) unanswered ones: reading pauses and goes on."""
    count = 500
    data, reset = connect().exchange(b"".join(get(target=b"/%d" % (1000 + i)) for i in range(count)) + END)
    answers = answers_of(data, [b"GET"])
    assert [answer.echo["path"] for answer in answers] == [b"/%d" % (1000 + i) for i in range(count)] + [b"/end"]
    assert not reset


def test_pipelining__late_answers_keep_their_places(connect):
    """Each is made later than the one behind it; on the wire they stand in the order of the requests."""
    targets = [b"/late?ms=%d" % (40 - i) for i in range(40)]
    data, reset = connect().exchange(b"".join(get(target=target) for target in targets) + END)
    answers = answers_of(data, [b"GET"])
    assert [answer.echo["target"] for answer in answers] == [*targets, b"/end"]
    assert not reset


def test_pipelining__a_late_answer_holds_200_behind_it(connect):
    targets = [b"/late?ms=50"] + [b"/a%d" % i for i in range(200)]
    data, _ = connect().exchange(b"".join(get(target=target) for target in targets) + END)
    assert [answer.echo["target"] for answer in answers_of(data, [b"GET"])] == [*targets, b"/end"]


def test_pipelining__half_closed_client_gets_every_answer(connect):
    """The end of the client's stream does not end what it has asked for."""
    peer = connect()
    peer.send(get(target=b"/1") + get(target=b"/late?ms=20") + get(target=b"/3"))
    peer.half_close()
    data, reset = peer.read_until_eof()
    assert [answer.echo["path"] for answer in answers_of(data, [b"GET"])] == [b"/1", b"/late", b"/3"]
    assert not reset


def test_pipelining__client_that_leaves_before_a_late_answer_harms_nobody(connect):
    peer = connect()
    peer.send(get(target=b"/late?ms=30"))
    peer.server.settle([peer])
    peer.reset()
    other = connect()
    other.send(get(target=b"/late?ms=60"))
    assert read_answer(other).status == 200


# ---- persistence ----


def test_persistence__one_connection_many_requests_one_after_another(connect):
    peer = connect()
    for i in range(50):
        peer.send(get(target=b"/%d" % (1000 + i)))
        answer = read_answer(peer)
        assert answer.echo["path"] == b"/%d" % (1000 + i)
        assert not answer.closes
    assert peer.is_silent()


def test_persistence__http_1_0_is_told_that_it_stays_open(connect):
    """RFC 9112 §9.3: an HTTP/1.0 client knows by Connection: keep-alive only."""
    peer = connect()
    peer.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    answer = read_answer(peer)
    assert answer.value(b"connection").lower() == b"keep-alive"
    peer.send(END)
    assert statuses(peer.read_until_eof()[0]) == [200]


def test_persistence__an_http_1_1_client_that_says_keep_alive_hears_it(connect):
    """Some clients keep a connection only when the answer says so."""
    peer = connect()
    for line, heard in ((b"Connection: keep-alive", [b"keep-alive"]), (b"Connection: Keep-Alive, TE", [b"keep-alive"]), (b"X: 1", []), (b"Connection: TE", [])):
        for _ in range(3):  # heads that are repeated are not parsed again
            peer.send(get(line))
            assert read_answer(peer).values(b"connection") == heard
    peer.send(get(b"Connection: keep-alive, close"))
    assert read_answer(peer).values(b"connection") == [b"close"]
    assert peer.read_until_eof()[0] == b""


def test_persistence__server_closes_after_close(connect):
    peer = connect()
    peer.send(get(b"Connection: close"))
    data, reset = peer.read_until_eof()
    assert statuses(data) == [200]
    assert not reset


# ---- HTTP/2 is declined ----


def test_http_2__upgrade_is_ignored(connect):
    """RFC 9110 §7.8: a server may ignore Upgrade."""
    peer = connect()
    peer.send(get(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk"))
    answer = read_answer(peer)
    assert (answer.status, answer.closes) == (200, False)
    assert not any(answer.values(name) for name in (b"upgrade", b"alt-svc", b"http2-settings"))
    peer.send(END)
    assert statuses(peer.read_until_eof()[0]) == [200]


def test_http_2__preface_is_told_what_is_spoken(connect):
    """RFC 9113 §3.4: the preface, and the SETTINGS frame that a client sends behind it."""
    data, reset = connect().exchange(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
    answer, rest = take_answer(data, b"PRI")
    assert (answer.status, answer.closes, rest, reset) == (505, True, b"", False)
    assert b"HTTP/2, which is not spoken here" in answer.body


# ---- answers ----


def test_answer__sent_by_wm_conn_send(connect):
    peer = connect()
    peer.send(get(target=b"/send"))
    answer = read_answer(peer)
    assert (answer.status, answer.body) == (200, b"hello\n")
    assert answer.value(b"content-type").lower().replace(b" ", b"") == b"text/html;charset=utf-8"


def test_answer__head_says_the_length_that_get_would_have(connect):
    peer = connect()
    peer.send(b"HEAD /send HTTP/1.1\r\n" + HOST + b"\r\n" + END)
    data, _ = peer.read_until_eof()
    head, rest = take_head(data)
    assert head.value(b"content-length") in (None, b"6")
    assert rest.startswith(b"HTTP/1.1 200")


def test_answer__large_body_arrives_whole(connect):
    # Below max_send_buffer: while more than that is queued, the next answer would not be taken.
    body = bytes(range(256)) * 3900
    data, reset = connect().exchange(post(b"Content-Length: %d" % len(body), body=body) + END)
    answers = answers_of(data, [b"POST", b"GET"])
    assert answers[0].echo["body"] == body
    assert not reset


def test_slow_head_is_ended(connect):
    """handshake_timeout_ms bounds the head of a request that has begun."""
    peer = connect("handshake_timeout_ms=1000")
    peer.send(get()[:20])
    data, _ = peer.read_until_eof()
    assert statuses(data) in ([], [408])
    assert peer.wait_event("close").words[0] == "TIMEOUT"


def test_events_of_a_connection_in_order(connect):
    peer = connect()
    peer.send(END)
    peer.read_until_eof()
    assert [event.kind for event in peer.events()] == ["open", "close"]
