"""Workerman\\Hub with websockets, clients and http: binding in the handshake, binary messages, close codes."""
import pytest

from php_program import Peer, eventually, request


@pytest.fixture(scope="module")
def server(shared_program):
    return shared_program("hub_websocket", ports=4).start(ready=3)


@pytest.fixture
def inner(server):
    with Peer(server.ports[1]) as peer:
        yield peer


def test_page__has_its_uid_from_the_handshake_on(server, inner):
    with server.connect() as page:
        page.shake_hands("/?uid=ann")
        eventually(lambda: inner.ask("text ann") == "ok 1", "the uid")
        assert page.read_frame() == ("text", b"text")
        assert inner.ask("binary ann") == "ok 1"
        while (frame := page.read_frame()) == ("text", b"text"):
            pass
        assert frame == ("binary", b"\x00\xff")
        assert inner.ask("kick ann") == "ok 1"
        assert page.read_frame() == ("close", 4001)
    eventually(lambda: inner.ask("online ann") == "offline 0", "the end of the uid")
    assert server.await_trace("close")[-1] == [False]


def test_handshake_without_a_uid__is_refused(server):
    with server.connect() as page:
        assert page.shake_hands("/?uid=").startswith("HTTP/1.1 500 ")
    assert "a uid has 1 to 255 bytes, not 0" in server.output()


def test_connection_of_the_program__may_have_a_uid(inner, server):
    assert inner.ask("client peer") == "bound"
    eventually(lambda: inner.ask("online peer") == "ok 1", "the uid")


def test_http_connection__has_none(server):
    with server.connect(server.ports[2]) as peer:
        peer.send(request("GET", "/"))
        assert b"takes answers only" in peer.read_answer().body


def test_start_callback__knows_no_other_process_yet(server):
    assert server.await_trace("at-start") == [[0, "unknown"]]
