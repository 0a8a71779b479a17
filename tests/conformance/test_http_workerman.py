"""What the HTTP server of Workerman 5.2 gets wrong on the wire, by the very bytes: here it has to be right.

What a host puts into its answers (repeated lengths, names in another case, line ends in values) is in tests/api/http_answers.c and
tests/unit/http_response.cpp; its cookies and events in tests/unit/http_set_cookie.cpp and http_event_stream.cpp; answers behind large files,
and readers of such that leave, in test_http_files.py; malformed forms in test_http_uploads.py.
"""
import pytest
from http_answers import answers_of, read_answer, take_head
from http_rows import END, HOST, chunked, get, post


@pytest.fixture
def connect(servers, whole_mode):
    peers = []

    def connect_one(*options):
        mode, transport = whole_mode
        peers.append(servers.get(mode, *options).connect(f"http.{transport}"))
        return peers[-1]

    yield connect_one
    for peer in peers:
        peer.close()


def ask(peer, data, *methods):
    answers = answers_of(peer.exchange(data)[0], methods)
    return [answer.status for answer in answers], answers


@pytest.mark.parametrize("hidden", [b"\n", b"\r", b"\0", b"\n\n", b"\nContent-Length: 39", b"\rTransfer-Encoding: chunked"])
def test_value_with_another_line_end_hides_no_request(connect, hidden):
    """A proxy may read a field, or the end of the head, where the server reads a value."""
    smuggled = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
    assert ask(connect(), get(b"X: y" + hidden) + smuggled + END)[0] == [400]


def test_chunks_have_limits_and_no_place_in_http_1_0(connect):
    old = b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n0\r\n\r\n"
    assert ask(connect(), old + END, b"POST")[0] == [400]
    assert ask(connect(), chunked(b"1;" + b"x" * 20_000 + b"\r\na\r\n0\r\n\r\n") + END, b"POST")[0] == [413]
    assert ask(connect(), chunked(b"0\r\nX: " + b"x" * 20_000 + b"\r\n\r\n") + END, b"POST")[0] == [431]
    assert ask(connect(), chunked(b"0\r\nX Y: z\r\n\r\n") + END, b"POST")[0] == [400]


@pytest.mark.parametrize("version, line", [(b"1.1", b"Connection: close"), (b"1.0", b"X: y"), (b"1.0", b"Connection: close")])
def test_connection_ends_where_it_has_to(connect, version, line):
    statuses, answers = ask(connect(), b"GET / HTTP/" + version + b"\r\n" + HOST + line + b"\r\n\r\n" + END)
    assert statuses == [200] and answers[0].closes


def test_head_204_and_304_leave_nothing_that_the_next_answer_could_begin_with(connect):
    data = b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" + get(target=b"/204") + get(target=b"/304") + END
    statuses, answers = ask(connect(), data, b"HEAD", b"GET")
    assert statuses == [200, 204, 304, 200]
    assert answers[1].values(b"content-length") == answers[1].values(b"content-type") == answers[2].values(b"content-type") == []


def test_body_is_asked_for_by_100_continue(connect):
    peer = connect()
    peer.send(post(b"Expect: 100-continue", b"Content-Length: 2"))
    assert take_head(peer.read_until(b"\r\n\r\n"))[0].status == 100
    peer.send(b"ab")
    assert read_answer(peer, b"POST").echo["body"] == b"ab"


def test_every_form_of_target_and_method_has_its_answer(connect):
    absolute = b"GET http://a.example/x HTTP/1.1\r\nHost: a.example\r\n\r\n"
    statuses, answers = ask(connect(), absolute + b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n" + b"GET /minor HTTP/1.7\r\nHost: a\r\n\r\n" + END)
    assert statuses == [200] * 4
    assert [answer.echo["path"] for answer in answers] == [b"/x", b"*", b"/minor", b"/end"]
    assert ask(connect(), b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n")[0] == [501]
    assert ask(connect("methods=GET,HEAD"), post(b"Content-Length: 0"))[0] == [405]
    assert ask(connect(), b"GET / HTTP/2.0\r\nHost: a\r\n\r\n")[0] == [505]


@pytest.mark.parametrize("bad, status", [
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (post(b"Content-Length: 99999999"), 413),
    (b"GET /" + b"x" * 20_000, 414),
    (post(b"Expect: tea", b"Content-Length: 1"), 417),
    (get(b"X: " + b"x" * 20_000), 431),
])
def test_refusal_is_a_whole_answer(connect, bad, status):
    """With its length, its date, its reason in words, and the end of the connection."""
    statuses, (answer,) = ask(connect(), bad, b"POST")
    assert statuses == [status] and answer.closes and answer.body.startswith(b"RFC ")
    assert answer.value(b"date") is not None and int(answer.value(b"content-length")) == len(answer.body)


def test_heads_have_a_limit_of_size_and_of_number(connect):
    assert ask(connect(), b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n")[0] == [414]
    assert ask(connect(), get(*[b"X: y"] * 100))[0] == [431]
