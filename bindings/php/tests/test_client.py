"""AsyncTcpConnection: each protocol against a peer of this file, failures, reconnecting, and what callbacks may do."""
import contextlib
import json
import socket
import struct

import pytest

import websocket_peer
import ws_frames
from client_driver import Listener, driven, free_address
from php_program import alive, eventually

CLOSED = 16


@pytest.fixture(scope="module")
def server(shared_program):
    return shared_program("client").start()


@pytest.fixture
def driver(server):
    with driven(server) as made:
        yield made


# ---- protocols

PROTOCOLS = {
    "tcp": (b"bytes", "bytes", "hello", b"hello"),
    "text": (b"a line\r\n", "a line", "hello", b"hello\n"),
    "frame": (struct.pack(">I", 9) + b"frame", "frame", "hello", struct.pack(">I", 9) + b"hello"),
    "Stop": (b"a stop.", "a stop", "hello", b"hello."),
}


@pytest.mark.parametrize("scheme", PROTOCOLS)
def test_messages__go_both_ways(driver, listener, scheme):
    received, message, sent, expected = PROTOCOLS[scheme]
    name = driver.make(f"{scheme}://{listener.host}", then={"onConnect": [["send", sent]], "onMessage": ["close"]})
    with listener.accept() as peer:
        assert peer.read_exactly(len(expected)) == expected
        peer.send(received)
        assert driver.told("onMessage", name) == [[message]]
        assert peer.read_to_end() == b""
    driver.told("onClose", name)
    own = scheme == "Stop"
    assert driver.events(name) == ["onConnect", *["protocol-connect"][:own], "onMessage", "onClose", *["protocol-close"][:own]]


def test_messages__sent_before_the_connection_wait_for_it(driver, listener):
    name = driver.make(f"text://{listener.host}", connect=False)
    assert driver.call(name, "getStatus", False) == "INITIAL"
    assert driver.call(name, "send", "before connect") is None
    driver.call(name, "connect")
    assert driver.call(name, "send", "behind connect") in (None, True)
    with listener.accept() as peer:
        assert [peer.read_line(), peer.read_line()] == ["before connect", "behind connect"]


def test_messages__before_connect_are_limited(driver, listener):
    name = driver.make(f"tcp://{listener.host}", connect=False, set={"maxSendBufferSize": 1000})
    assert [driver.call(name, "send", "x" * 600) for _ in range(3)] == [None, None, False]
    assert driver.told("onError", name) == [[2, "send buffer full and drop package"]]


def test_address__over_a_unix_socket_with_a_protocol_by_property(driver, tmp_path):
    path = str(tmp_path / "s")
    listener = Listener(socket.AF_UNIX, path)
    name = driver.make(f"unix://{path}", set={"protocol": "\\Workerman\\Protocols\\Text"}, then={"onConnect": [["send", "hello"]]})
    with listener.accept() as peer:
        assert peer.read_line() == "hello"
        peer.send("answer\n")
        assert driver.told("onMessage", name) == [["answer"]]
    listener.sock.close()


def test_address__of_ipv6_and_of_a_name(driver):
    listener = Listener(socket.AF_INET6, ("::1", 0))
    driver.make(f"text://[::1]:{listener.port}", then={"onConnect": [["send", "six"]]})
    with listener.accept() as peer:
        assert peer.read_line() == "six"
    listener.sock.close()
    listener = Listener()
    name = driver.make(f"text://localhost:{listener.port}", then={"onConnect": [["send", "named"]]})
    with listener.accept() as peer:
        assert peer.read_line() == "named"
        assert driver.call(name, "getRemoteHost") == "localhost"
    listener.sock.close()


@pytest.mark.parametrize("address, words", [
    ("udp://127.0.0.1:1", ["udp://", "AsyncUdpConnection"]),
    ("nosuch://127.0.0.1:1", ["nosuch://", "class"]),
    ("websocket://127.0.0.1:1/x", ["ws://127.0.0.1:1/x"]),
    ("http://127.0.0.1", ["HTTP client"]),
    ("tcp://", ["Bad remoteAddress"]),
    ("unix://", ["Bad remoteAddress"]),
    ("tcp://127.0.0.1:99999", ["Bad remoteAddress"]),
])
def test_address__that_cannot_be_is_said(driver, address, words):
    told = driver.say("make", "wrong", address=address)
    assert all(word in told for word in ["threw", *words]), told


def test_context__bindto_chooses_the_source(driver, listener):
    driver.make(f"tcp://{listener.host}", context={"socket": {"bindto": "127.0.0.7:0"}})
    with listener.accept() as peer:
        assert peer.sock.getpeername()[0] == "127.0.0.7"


def test_send__leaves_before_a_blocking_call_of_the_program(driver, listener):
    """As GatewayWorker's Gateway has it: it joins a group by a connection, and asks about the group by a socket of PHP."""
    name = driver.make(f"text://{listener.host}")
    with listener.accept() as peer:
        driver.told("onConnect", name)
        driver.control.send(json.dumps({"do": "send and ask", "on": name, "address": f"tcp://{listener.host}"}) + "\n")
        with listener.accept() as asker:
            assert peer.read_line() == "sent"
            asker.send("answer\n")
            assert json.loads(driver.control.read_line()) == [True, "answer\n"]


# ---- failures and ends

def test_failure__is_an_error_then_a_close_then_silence(driver):
    address = free_address()
    name = driver.make(address)
    driver.told("onClose", name)
    [[code, text]] = driver.told("onError", name)
    assert code == 1 and address.removeprefix("tcp://") in text and "refused" in text
    assert driver.events(name) == ["onError", "onClose"]
    assert driver.call(name, "getStatus") == CLOSED


def test_failure__of_a_name_is_an_error(driver):
    name = driver.make("tcp://no-such-host.invalid:80")
    driver.told("onClose", name)
    assert driver.events(name) == ["onError", "onClose"]


def test_close__before_connect(driver, listener):
    name = driver.make(f"text://{listener.host}", connect=False)
    driver.call(name, "send", "never sent")
    driver.call(name, "close")
    driver.told("onClose", name)
    assert driver.events(name) == ["onClose"]
    assert driver.call(name, "send", "x") is False


def test_close__while_it_connects(driver, listener):
    """Of one call, as the connection is there with the next turn."""
    before = driver.say("count")
    name = driver.make(f"text://{listener.host}", connect=False)
    assert driver.say("connect and close", name) == ["CONNECTING", None, "CLOSED"]
    assert driver.events(name) == ["onClose"]
    assert driver.say("count") == before


def test_close__in_on_connect(driver, listener):
    name = driver.make(f"text://{listener.host}", then={"onConnect": [["close", "goodbye"]]})
    with listener.accept() as peer:
        assert peer.read_to_end() == b"goodbye\n"
    assert driver.events(name) == ["onConnect", "onClose"]


def test_end__of_the_peer_and_of_the_connection(driver, listener):
    name = driver.make(f"text://{listener.host}")
    with listener.accept() as peer:
        driver.told("onConnect", name)
        driver.call(name, "end", "last")
        assert driver.call(name, "getStatus", False) == "ENDING"
        assert peer.read_to_end() == b"last\n"
        peer.send("dropped\n")
    driver.told("onClose", name)
    assert driver.events(name) == ["onConnect", "onClose"]


def test_counts__are_of_what_there_is(driver, listener):
    before = driver.say("count")
    name = driver.make(f"text://{listener.host}")
    with listener.accept():
        driver.told("onConnect", name)
        assert driver.say("count") == [count + 1 for count in before]
    driver.told("onClose", name)
    assert driver.say("count") == before


@pytest.mark.differs
@pytest.mark.parametrize("event", ["onConnect", "onMessage"])
def test_protocol__of_libwm_cannot_be_replaced(driver, listener, event):
    name = driver.make(f"text://{listener.host}", then={event: [["replace"]]})
    with listener.accept() as peer:
        peer.send("one\ntwo\n")
        assert peer.read_to_end() == b""
    driver.told("onClose", name)
    assert driver.events(name).count("onMessage") == (event == "onMessage")
    eventually(lambda: "protocol = Protocols\\Stop" in driver.server.output(), "the reason in the log")


# ---- reconnecting

def test_reconnect__after_the_server_was_absent_killed_and_back(driver):
    listener = Listener()
    host = listener.host
    listener.sock.close()
    name = driver.make(f"text://{host}", then={"onClose": [["reConnect", 0.02]], "onConnect": [["send", "hello"]]})
    driver.told("onError", name, 2)
    address = ("127.0.0.1", int(host.split(":")[1]))
    for _ in range(3):
        back = Listener(address=address)
        with back.accept() as peer:
            assert peer.read_line() == "hello"
            peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        back.sock.close()
    assert len(driver.told("onConnect", name)) >= 3
    driver.say("set", name, set={"then": {}})
    driver.call(name, "cancelReconnect")
    driver.call(name, "destroy")
    assert driver.call(name, "getStatus") == CLOSED


@pytest.mark.parametrize("delay", [[], [0], [0.01]], ids=["none", "0", "0.01"])
def test_reconnect__of_the_same_object_keeps_its_callbacks(driver, listener, delay):
    before = driver.say("count")
    name = driver.make(f"text://{listener.host}", then={"onClose": [["reconnect", *delay]], "onConnect": [["send", "hello"]]})
    for number in range(4):
        with listener.accept() as peer:
            assert peer.read_line() == "hello"
            peer.send(f"{number}\n")
            assert driver.told("onMessage", name, number + 1)[-1] == [str(number)]
            assert driver.say("count")[1] == before[1] + 1
            if number == 3:
                driver.say("set", name, set={"then": {}})
    driver.told("onClose", name, 4)
    assert driver.say("count") == before


def test_reconnect__drops_the_connection_that_is_there(driver, listener):
    name = driver.make(f"text://{listener.host}")
    with listener.accept() as first:
        driver.told("onConnect", name)
        driver.call(name, "reconnect")
        assert first.read_to_end() == b""
        with listener.accept() as second:
            driver.call(name, "send", "again")
            assert second.read_line() == "again"
    driver.told("onClose", name)
    assert driver.events(name).count("onClose") == 1


def test_reconnect__that_is_cancelled_does_not_happen(driver, listener):
    name = driver.make(f"text://{listener.host}", then={"onClose": [["reconnect", 0.05], ["cancelReconnect"]]})
    listener.accept().sock.close()
    driver.told("onClose", name)
    listener.sock.settimeout(0.3)
    with pytest.raises(TimeoutError):
        listener.accept()


# ---- exceptions

@pytest.mark.parametrize("event", ["onConnect", "onMessage", "onClose", "onError", "onWebSocketConnect", "decode"])
def test_exception__in_a_callback_costs_that_connection_only(driver, listener, event):
    pid = driver.server.pid
    scheme = {"onWebSocketConnect": "ws", "decode": "Stop"}.get(event, "text")
    address = free_address() if event == "onError" else f"{scheme}://{listener.host}"
    name = driver.make(address, then={event: ["throw"]})
    if event != "onError":
        with listener.accept() as peer:
            if scheme == "ws":
                websocket_peer.accept(peer, websocket_peer.take_request(peer)[1])
                assert websocket_peer.read_masked(peer)[0] == 8
                peer.send(ws_frames.close(1000, mask=None))
            elif event == "onClose":
                peer.sock.shutdown(socket.SHUT_WR)
            else:
                with contextlib.suppress(OSError):
                    peer.send("throw.\n")
            if scheme != "ws":  # of a websocket the server closes first
                peer.read_to_end()
    driver.told("onClose", name)
    eventually(lambda: f"deliberate exception in {event}" in driver.server.output(), "the exception in the log")
    assert driver.events(name).count("onClose") == 1
    assert driver.server.pid == pid and alive(pid)


@pytest.mark.parametrize("event", ["onBufferFull", "onBufferDrain"])
def test_exception__of_a_full_queue_costs_that_connection_only(driver, listener, event):
    name = driver.make(f"tcp://{listener.host}", then={event: ["throw"]}, set={"maxSendBufferSize": 100_000})
    with listener.accept() as peer:
        driver.told("onConnect", name)
        for _ in range(200):
            if driver.call(name, "send", "x" * 200_000) is not True:
                break
        driver.told("onBufferFull", name)
        peer.read_to_end()
    driver.told("onClose", name)
    assert driver.events(name).count("onClose") == 1 and event in driver.events(name)
    eventually(lambda: f"deliberate exception in {event}" in driver.server.output(), "the exception in the log")


# ---- memory

def test_memory__of_connections_whose_closures_capture_them_is_given_back(driver, listener):
    address = free_address()

    def rounds(count):
        for number in range(count):
            name = driver.make(address)
        driver.told("onClose", name)
        driver.say("forget")
        return driver.say("memory")[1]
    rounds(50)
    first = rounds(50)
    assert rounds(400) - first < 100_000
