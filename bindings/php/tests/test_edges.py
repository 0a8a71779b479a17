"""What programs do at the edges of the classes, and peers at those of their patience."""
import json
import socket
import struct

import pytest

import ws_frames
from php_program import eventually, request, resident


@pytest.fixture(scope="module")
def server(shared_program):
    return shared_program("edges").start(ready=3)


def test_limits__of_any_size_are_taken(server):
    with server.connect() as peer:
        assert peer.ask("unlimited") == "unlimited"
        assert peer.ask("hello") == "echo hello"


def test_sends__of_a_busy_process_keep_their_order(server):
    numbers = range(1, 3001)
    with server.connect() as peer, server.connect() as other:
        assert other.ask("hello") == "echo hello"
        peer.send("".join(f"order {number}\n" for number in numbers) + "last\nafter\n")
        lines = peer.read_to_end().decode().splitlines()
        to_all = [f"to all {number}" for number in numbers if number % 11 == 0]
        assert [other.read_line() for _ in to_all] == to_all
    expected = []
    for number in numbers:
        expected += [str(number), *(["x" * 5000] if number % 7 == 0 else []), *([f"to all {number}"] if number % 11 == 0 else [])]
    assert lines == [*expected, "bye"]


def test_sends__to_a_peer_that_does_not_read_say_which_are_taken(server):
    count = 200_000
    with server.connect() as peer, server.connect() as other:
        peer.send("".join(f"flood {number}\n" for number in range(count)))
        counts = {"taken": 0, "refused": 0}
        while counts["taken"] + counts["refused"] < count:
            counts = json.loads(other.ask("counts"))
        numbers = [int(peer.read_line()) for _ in range(counts["taken"])]
        assert peer.ask("hello") == "echo hello"
    assert counts["refused"] == counts["errors"] > 0
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("line", ["counted stay", "counted close"])
def test_counters__are_exact_in_onClose(server, line):
    before = len(server.trace("counted"))
    with server.connect() as peer:
        answer = peer.ask(line)
    assert server.await_trace("counted", before + 1)[before] == [len(line) + 1, len(answer) + 1]


def test_callback__that_cannot_be_called_ends_nothing_else(server):
    with server.connect() as peer, server.connect() as other:
        peer.send("typo\n")
        assert peer.read_line() == "bye"
        assert peer.read_to_end() == b""
        assert other.ask("hello") == "echo hello"
    assert server.await_trace("after") == [[False]]
    assert "no such function" in server.output()


def test_response__of_a_pipeline_waits_for_a_slow_reader(server):
    count = 30
    with server.connect(server.ports[1]) as peer:
        peer.send(request("GET", "/large") * count + request("GET", "/"))
        with server.connect() as other:
            assert other.ask("hello") == "echo hello"
        assert [len(peer.read_answer().body) for _ in range(count)] == [2_000_000] * count
        assert peer.read_answer().body == b"fine"


def test_response__date_is_the_librarys(server):
    with server.connect(server.ports[1]) as peer:
        peer.send(request("GET", "/date"))
        answer = peer.read_answer()
        assert (answer.status, answer.body, answer.values(b"connection")) == (200, b"dated", [b"close"])
        assert len(answer.values(b"date")) == 1 and b"1970" not in answer.values(b"date")[0]
        assert peer.read_to_end() == b""


@pytest.mark.parametrize("path", ["/status", "/stream", "/strict"])
def test_response__that_cannot_be_sent_is_500(server, path):
    with server.connect(server.ports[1]) as peer, server.connect(server.ports[1]) as other:
        peer.send(request("GET", path))
        assert peer.read_answer().status == 500
        assert peer.read_to_end() == b""
        other.send(request("GET", "/"))
        assert other.read_answer().body == b"fine"
    assert len(set(server.pids())) == 3


def test_request__behind_an_unanswered_one_is_not_read_on_and_on(server):
    """Requests that wait are few, however many a peer sends."""
    before = resident(server.pids()[0])
    body = b"x" * 1_000_000
    with server.connect(server.ports[1]) as peer:
        peer.sock.settimeout(1)
        peer.send(request("GET", "/silent"))
        sent = 0
        with pytest.raises(TimeoutError):
            while sent < 200:
                peer.send(request("POST", "/", body=body))
                sent += 1
    assert sent < 100
    assert all(resident(pid) - before < 64 << 20 for pid in server.pids())


def test_handshake__whose_request_class_throws_is_500(server):
    with server.connect(server.ports[2]) as peer:
        peer.send(ws_frames.request(b"/strict"))
        assert peer.read_answer().status == 500
        assert peer.read_to_end() == b""


def test_handshake__refused_with_headers_of_the_programs(server):
    with server.connect(server.ports[2]) as peer:
        peer.send(ws_frames.request(b"/refused"))
        answer = peer.read_answer()
        assert (answer.status, answer.body, answer.values(b"www-authenticate")) == (401, b"no", [b"Basic"])
        assert peer.read_to_end() == b""


def test_handshake__fills_server_variables_but_no_proxy(server):
    for headers in (["Proxy: http://evil", "X-Real-IP: 1.2.3.4", "X_Real_IP: 6.6.6.6", "Cookie: a=b"], ["X-Other: 1"]):
        with server.connect(server.ports[2]) as peer:
            peer.shake_hands("/server?q=1", *headers)
    (first, get, cookie), (second, *_) = server.await_trace("server", 2)
    assert first["HTTP_X_REAL_IP"] == "1.2.3.4" and "HTTP_PROXY" not in first
    assert (get, cookie) == ({"q": "1"}, {"a": "b"})
    assert "HTTP_X_REAL_IP" not in second and second["HTTP_X_OTHER"] == "1"


@pytest.mark.parametrize("body", [b"--X" + b"\r\n--aX" * 1_400_000, b"--X" + b"\r\n--X" * 1_400_000,
                                  b'--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"\xe6\xbc\xa2" * 3_000_000 + b"\r\n--X--\r\n"])
def test_form__takes_memory_in_proportion(server, body):
    with server.connect(server.ports[1]) as peer:
        peer.send(request("POST", "/form", "Content-Type: multipart/form-data; boundary=X", body=body))
        assert peer.read_answer().status == 200
    assert all(resident(pid) < 160 << 20 for pid in server.pids())


def test_form__parts_end_where_they_end(server):
    field = 'Content-Disposition: form-data; name="%s"\r\n\r\n'
    body = "a preamble\r\n--X\r\n" + field % "empty" + "--X\r\n" + field % "secret" + "hunter2\r\n--X--\r\nan epilogue"
    with server.connect(server.ports[1]) as peer:
        peer.send(request("POST", "/form", "Content-Type: multipart/form-data; boundary=X", body=body))
        assert json.loads(peer.read_answer().body) == {"empty": "", "secret": "hunter2"}


def test_connections__of_peers_that_reset_are_forgotten(server):
    def count():
        with server.connect(server.ports[1]) as asking:
            asking.send(request("GET", "/count"))
            return int(asking.read_answer().body)
    before = count()
    for _ in range(5):
        peer = server.connect(server.ports[1])
        peer.send(request("GET", "/large") * 40)
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.sock.close()
    eventually(lambda: count() <= before, "the end of the others")


def test_connection__whose_held_requests_have_no_answers_any_more_is_forgotten(server):
    def count():
        with server.connect(server.ports[1]) as asking:
            asking.send(request("GET", "/count"))
            return int(asking.read_answer().body)
    before = count()
    with server.connect(server.ports[1]) as busy:
        busy.send(request("GET", "/busy"))
        server.await_trace("busy")
        peer = server.connect(server.ports[1])
        peer.send(request("GET", "/pause") + request("GET", "/date") * 3)
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.sock.close()
        (server.directory / "go").touch()
        assert busy.read_answer().body == b"fine"
    eventually(lambda: count() <= before, "the end of the other one")


def test_messages__held_outlive_a_peer_that_closes(server):
    with server.connect(server.ports[2]) as peer:
        peer.shake_hands()
        peer.send(b"".join(map(ws_frames.text, ["pause", "two", "three"])) + ws_frames.close(1000))
        peer.read_to_end()
    server.await_trace("close")
    assert server.events("message", "close") == ["message"] * 3 + ["close"]
    assert server.trace("message") == [["pause"], ["two"], ["three"]]
