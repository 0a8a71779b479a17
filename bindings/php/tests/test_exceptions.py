"""Callbacks that throw: that connection is closed, the exception is in the log with its trace, and the process lives on."""
import os
import signal

import pytest

import ws_frames
from php_program import Peer, alive, eventually, request

pytestmark = pytest.mark.differs

CALLBACKS = ["onConnect", "onMessage", "onClose", "onError", "onBufferFull", "onBufferDrain", "onWebSocketConnect", "timer"]


@pytest.fixture(scope="module")
def server(shared_program):
    return shared_program("robust").start()


def log(server):
    path = server.directory / "log"
    return server.output() + (path.read_text(errors="replace") if path.exists() else "")


def await_log(server, text):
    return eventually(lambda: text in log(server), f"{text!r} in the log")


def provoke(server, callback):
    """Brings an armed callback about, on a connection that it must close."""
    if callback == "onWebSocketConnect":
        with server.connect(server.ports[1]) as page:
            page.send(ws_frames.request())
            assert b" 101 " not in page.read_to_end()
        return
    receive_buffer = 65536 if callback in ("onError", "onBufferFull", "onBufferDrain") else None
    with Peer(server.port, receive_buffer) as peer:
        if callback == "onConnect":
            assert peer.read_to_end() == b""
        elif callback == "onMessage":
            peer.send("hello\necho behind it\n")
            assert peer.read_to_end() == b""
        elif callback == "onClose":
            assert peer.ask("hello") == "echo hello"
        elif callback == "timer":
            peer.send("timer\n")
            assert peer.ask("live") == "echo live"
            server.await_trace("throws")
        else:
            event = "error" if callback == "onError" else "full"
            happened = len(server.trace(event))
            peer.send("flood\n")
            server.await_trace(event, happened + 1)  # a peer that reads at once may take all of it
            peer.read_to_end()


@pytest.mark.parametrize("callback", CALLBACKS)
def test_exception__closes_that_connection_only(server, callback):
    pid, throws, closes = server.pid, len(server.trace("throws")), len(server.trace("close"))
    with server.connect() as other, server.connect(server.ports[1]) as page:
        page.shake_hands()
        assert other.ask(f"arm {callback}") == f"armed {callback}"
        provoke(server, callback)
        assert len(server.await_trace("throws", throws + 1)) == throws + 1
        assert len(server.await_trace("close", closes + 1)) == closes + 1
        assert other.ask("hello") == "echo hello"
        page.say("hello")
        assert page.read_frame() == ("text", b"echo hello")
    await_log(server, f"deliberate exception in {callback}")
    assert server.pids() == [pid] and alive(pid)
    server.await_trace("close", closes + 3)


def test_exception__of_a_request_is_answered_with_500(server):
    with server.connect() as other, server.connect(server.ports[2]) as peer:
        assert other.ask("arm onRequest") == "armed onRequest"
        peer.send(request("GET", "/"))
        answer = peer.read_answer()
        assert answer.status == 500 and answer.closes and b"deliberate" not in answer.body
        assert peer.read_to_end() == b""
        with server.connect(server.ports[2]) as another:
            another.send(request("GET", "/live"))
            assert another.read_answer().body == b"echo /live"


def test_exception__of_a_websocket_is_closed_with_1011(server):
    with server.connect(server.ports[1]) as peer:
        peer.shake_hands()
        peer.say("arm onMessage")
        assert peer.read_frame() == ("text", b"armed onMessage")
        peer.say("hello")
        assert peer.read_frame() == ("close", 1011)


FRAMES = {
    "onWebSocketConnect": b"",
    "onWebSocketConnected": b"",
    "onWebSocketPing": ws_frames.ping(b"a"),
    "onWebSocketPong": ws_frames.pong(b"a"),
    "onWebSocketClose": ws_frames.close(1000),
}


# onWebSocketClose makes the protocol one in PHP, which calls the others, too.
@pytest.mark.parametrize("frames, callback", [("no", "onWebSocketConnected"), ("pings", "onWebSocketPing"), ("pings", "onWebSocketPong"),
                                              *(("yes", name) for name in FRAMES)])
def test_exception__in_a_callback_of_websockets_costs_that_connection_only(program, frames, callback):
    server = program("robust", frames=frames).start()
    with server.connect() as other, server.connect(server.ports[1]) as page:
        page.shake_hands()
        server.await_trace("connected")
        assert other.ask(f"arm {callback}") == f"armed {callback}"
        with server.connect(server.ports[1]) as peer:
            peer.send(ws_frames.request() + FRAMES[callback])
            peer.read_to_end()
        server.await_trace("throws")
        assert len(server.await_trace("close")) == 1
        page.say("hello")
        assert page.read_frame() == ("text", b"echo hello")
    await_log(server, f"deliberate exception in {callback}")
    assert len(server.pids()) == 1


def test_exception__goes_to_the_errorHandler_of_the_connection(server):
    with server.connect() as peer:
        assert peer.ask("handled") == "set"
        assert peer.ask("arm onMessage") == "armed onMessage"
        assert peer.ask("hello") == "handled deliberate exception in onMessage"
        assert peer.ask("hello") == "echo hello"


def test_exitOnException__ends_the_process_which_is_replaced(program):
    server = program("robust", exit_on_exception="yes").start()
    first = server.pid
    with server.connect() as other, server.connect() as peer:
        assert other.ask("arm onMessage") == "armed onMessage"
        peer.send("hello\n")
        assert peer.read_to_end() == other.read_to_end() == b""
    server.await_trace("ready", 2)
    assert server.pid != first
    await_log(server, "deliberate exception in onMessage")
    with server.connect() as peer:
        assert peer.ask("hello") == "echo hello"


@pytest.mark.parametrize("how, text", [("error", "this_function_does_not_exist"), ("type", "strlen()")])
def test_error__of_php_is_caught_as_an_exception_is(server, how, text):
    pid = server.pid
    with server.connect() as other, server.connect() as peer:
        assert other.ask(f"arm onMessage {how}").startswith("armed")
        peer.send("hello\n")
        assert peer.read_to_end() == b""
        assert other.ask("hello") == "echo hello"
    await_log(server, text)
    assert server.pid == pid


def test_log__has_the_trace_of_the_exception(program):
    server = program("robust").start()
    with server.connect() as peer:
        peer.ask("arm onMessage")
        peer.send("hello\n")
        peer.read_to_end()
    await_log(server, "#0 ")
    text = log(server)
    assert "RuntimeException: deliberate exception in onMessage" in text
    assert f"{server.script}:" in text
    assert "Armed::pass(" in text


def test_exception__of_a_message_keeps_what_was_sent_before(program):
    server = program("robust").start()
    with server.connect() as peer:
        assert peer.ask("arm onMessage") == "armed onMessage"
        peer.send("last message\n")
        assert peer.read_to_end() == b"last words\n"


def test_exception__hundreds_of_them(program):
    server = program("robust").start()
    pid = server.pid
    with server.connect() as other:
        for _ in range(300):
            assert other.ask("arm onMessage") == "armed onMessage"
            with server.connect() as peer:
                peer.send("hello\n")
                assert peer.read_to_end() == b""
        assert other.ask("hello") == "echo hello"
    server.await_trace("close", 301)
    assert server.pids() == [pid]


def test_onWorkerStart__that_throws_counts_as_started(program):
    server = program("robust", throw="onWorkerStart").start()
    await_log(server, "deliberate exception in onWorkerStart")
    with server.connect() as peer:
        assert peer.ask("hello") == "echo hello"
    assert len(server.pids()) == 1


def test_onWorkerStop__that_throws_does_not_hold_up_the_stop(program):
    server = program("robust", throw="onWorkerStop").start()
    assert server.stop() == 0
    await_log(server, "deliberate exception in onWorkerStop")
    assert len(server.trace("stop")) == 1


def test_stop__of_a_subclass_that_throws_does_not_cut_what_is_queued(program):
    server = program("robust", throw="stop").start()
    with Peer(server.port, 65536) as peer:
        peer.send("flood\n")
        server.await_trace("full")
        os.kill(server.master, signal.SIGINT)
        server.await_trace("own-stop")
        assert len(peer.read_to_end()) == 20_000_001
    assert server.wait() == 0
    await_log(server, "deliberate exception in stop")


def test_onWorkerReload__that_throws_does_not_hold_up_the_reload(program):
    server = program("robust", throw="onWorkerReload").start()
    os.kill(server.master, signal.SIGUSR1)
    server.await_trace("ready", 2)
    await_log(server, "deliberate exception in onWorkerReload")
    with server.connect() as peer:
        assert peer.ask("hello") == "echo hello"


def test_onMasterReload__that_throws_does_not_hold_up_the_reload(program):
    server = program("robust", throw="onMasterReload").start()
    os.kill(server.master, signal.SIGUSR1)
    server.await_trace("ready", 2)
    await_log(server, "deliberate exception in onMasterReload")
    assert alive(server.master)


def test_onMasterStop__that_throws_does_not_hold_up_the_stop(program):
    server = program("robust", throw="onMasterStop").start()
    assert server.stop() == 0
    await_log(server, "deliberate exception in onMasterStop")
