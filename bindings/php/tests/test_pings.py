"""onWebSocketPing and onWebSocketPong of websockets that libwm speaks; those of protocols in PHP are in test_built_on.py."""
import pytest

import ws_frames
from php_program import eventually


@pytest.fixture
def server(program):
    return program("pings").start(ready=4)


@pytest.fixture
def page(server):
    """A connection of the worker that has no callbacks."""
    with server.connect(server.ports[1]) as peer:
        peer.shake_hands()
        yield peer


def say(peer, text):
    peer.say(text)
    assert peer.read_frame() == ("text", f"echo {text}".encode())


def answers(peer, *frames):
    """What comes for the frames, up to the echo of a message behind them."""
    peer.send(b"".join(frames) + ws_frames.text("end"))
    got = []
    while (frame := peer.read_frame())[1] != b"echo end":
        got.append(frame)
    return got


# ---- callbacks of a worker

def test_ping__goes_to_the_worker_which_answers_in_the_place_of_libwm(server):
    assert server.await_trace("connections of") == [["WebsocketConnection"]]
    with server.connect() as peer:
        peer.shake_hands()
        assert answers(peer, ws_frames.ping(b"a"), ws_frames.ping(b"")) == [("pong", b"my pong of a"), ("pong", b"my pong of ")]
        assert answers(peer, ws_frames.ping(b"silent")) == []
        assert ["silent", "8a"] in server.await_trace("ping", 3)


def test_pong__goes_to_the_worker(server):
    with server.connect() as peer:
        peer.shake_hands()
        assert answers(peer, ws_frames.pong(b"\xc3\xbc"), ws_frames.pong()) == []
    assert server.trace("pong") == [["ü"], [""]]


def test_ping__right_behind_the_handshake(server):
    with server.connect() as peer:
        peer.send(ws_frames.request() + ws_frames.ping(b"a"))
        peer.read_head()
        assert peer.read_frame() == ("pong", b"my pong of a")


def test_ping__between_fragments_and_messages_in_their_order(server):
    with server.connect() as peer:
        peer.shake_hands()
        peer.send(ws_frames.text("o", fin=False) + ws_frames.ping(b"1") + ws_frames.more("ne") + ws_frames.ping(b"2") + ws_frames.text("two"))
        assert [peer.read_frame() for _ in range(4)] == [("pong", b"my pong of 1"), ("text", b"echo one"), ("pong", b"my pong of 2"),
                                                         ("text", b"echo two")]


def test_ping__many_in_one_read(server):
    with server.connect() as peer:
        peer.shake_hands()
        count = 3000
        peer.send(b"".join(ws_frames.ping(b"%d" % number) + ws_frames.text(str(number)) for number in range(count)))
        for number in range(count):
            assert [peer.read_frame(), peer.read_frame()] == [("pong", b"my pong of %d" % number), ("text", b"echo %d" % number)]


def test_ping__callback_of_a_worker_that_is_set_when_it_starts(server):
    with server.connect(server.ports[2]) as peer:
        peer.shake_hands()
        assert answers(peer, ws_frames.ping(b"a")) == [("pong", b"my pong of a")]


# ---- callbacks of a connection

def test_ping__callback_that_is_set_in_mid_connection_is_of_that_one_alone(server, page):
    with server.connect(server.ports[1]) as other:
        other.shake_hands()
        assert answers(page, ws_frames.ping(b"a")) == [("pong", b"a")]
        say(page, "hear")
        assert answers(page, ws_frames.ping(b"a")) == [("pong", b"my pong of a")]
        assert answers(page, ws_frames.ping(b"silent")) == []
        assert answers(other, ws_frames.ping(b"a")) == [("pong", b"a")]
    say(page, "hear no more")
    assert answers(page, ws_frames.ping(b"a")) == [("pong", b"a")]
    say(page, "hear")
    assert answers(page, ws_frames.ping(b"a")) == [("pong", b"my pong of a")]


def test_ping__callback_that_is_set_in_the_handshake(server):
    with server.connect(server.ports[1]) as peer:
        peer.send(ws_frames.request(b"/hear") + ws_frames.ping(b"a"))
        peer.read_head()
        assert peer.read_frame() == ("pong", b"my pong of a")


def test_pong__callback_of_a_connection_leaves_pings_to_libwm(page):
    say(page, "hear pongs")
    assert answers(page, ws_frames.ping(b"a"), ws_frames.pong(b"b")) == [("pong", b"a"), ("pong", b"heard b")]


def test_ping__callback_leaves_the_type_of_messages(page):
    say(page, "hear")
    page.say("binary")
    assert page.read_frame() == ("binary", b"echo binary")
    assert answers(page, ws_frames.ping(b"a")) == [("pong", b"my pong of a")]
    page.say("again")
    assert page.read_frame() == ("binary", b"echo again")


def test_ping__callback_can_close(server, page):
    say(page, "hear")
    page.send(ws_frames.ping(b"close") + ws_frames.ping(b"after it"))
    assert page.read_frame() == ("close", 1000)
    page.sock.shutdown(1)
    assert page.read_to_end() == b""
    assert ["close", "8a"] in server.trace("ping") and ["after it", "8a"] not in server.trace("ping")


def test_ping__callback_that_holds_its_connection_does_not_keep_it(server, page):
    with server.connect(server.ports[1]) as other:
        other.shake_hands()
        say(other, "hold")
        say(page, "held")
    server.await_trace("close")
    say(page, "held")
    assert server.trace("held") == [[True], [False]]


@pytest.mark.differs
@pytest.mark.parametrize("payload, said", [(b"throw", "deliberate exception of a ping"), (b"long", "126 bytes, which is more than 125")])
def test_ping__exception_in_the_callback_costs_that_connection_only(server, page, payload, said):
    with server.connect(server.ports[1]) as other:
        other.shake_hands()
        say(page, "hear")
        page.send(ws_frames.ping(payload))
        assert page.read_frame() == ("close", 1011)
        say(other, "hello")
    eventually(lambda: said in server.output(), "the exception in the log")


# ---- pings that programs send

def test_send__raw_frame_of_a_ping(page):
    page.say("raw")
    assert [page.read_frame(), page.read_frame()] == [("ping", b""), ("text", b"echo raw")]


def test_send__ping_by_websocketType_and_its_pong(server, page):
    say(page, "hear pongs")
    page.say("ping")
    assert [page.read_frame(), page.read_frame()] == [("ping", b"typed"), ("text", b"echo ping")]
    assert answers(page, ws_frames.pong(b"typed")) == [("pong", b"heard typed")]
    assert server.trace("sent")[-1] == [True]


@pytest.mark.differs
def test_send__ping_that_is_too_long_is_an_exception(server, page):
    say(page, "long ping")
    assert server.trace("sent")[-1] == ['send() with websocketType "\\x89", a control frame: 126 bytes, which is more than 125 (RFC 6455 5.5)']


def test_client__pings_by_websocketType_and_by_raw_frames(server):
    """The first is sent before the handshake is through, and waits for it."""
    assert server.await_trace("ping", 2) == [["early", "8a"], ["", "8a"]]
    assert server.await_trace("client") == [["echo hello"]]


# ---- the subprotocol that a program chooses

@pytest.mark.parametrize("offered, chosen", [("chat, mqtt", "mqtt"), ("chat", "chat"), ("other", None)])
def test_handshake__subprotocol_of_the_program(server, offered, chosen):
    with server.connect(server.ports[1]) as peer:
        lines = peer.shake_hands("/", f"Sec-WebSocket-Protocol: {offered}").split("\r\n")
        assert [line for line in lines if line.lower().startswith("sec-websocket-protocol")] == (
            [] if chosen is None else [f"Sec-WebSocket-Protocol: {chosen}"])
        say(peer, "hello")
