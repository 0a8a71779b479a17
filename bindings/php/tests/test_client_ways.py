"""AsyncTcpConnection: websockets and proxies."""
import socket
import struct
import threading

import pytest

import websocket_peer
import ws_frames
from client_driver import Listener, driven
from php_program import HANG_SECONDS

CLOSED = 16


@pytest.fixture(scope="module")
def server(shared_program):
    return shared_program("client").start()


@pytest.fixture
def driver(server):
    with driven(server) as made:
        yield made


# ---- proxies

class Proxy(threading.Thread):
    """A proxy for one connection, by the function that takes its request and tells whether it lets it pass."""

    def __init__(self, take):
        super().__init__(daemon=True)
        self.listener, self.take, self.asked = Listener(), take, None
        self.start()

    def run(self):
        with self.listener.accept() as near:
            self.asked = self.take(near)
            if self.asked is None:
                return
            with socket.create_connection(("127.0.0.1", self.asked[1])) as far:
                while data := near.sock.recv(65536):
                    far.sendall(data)


def take_http(near):
    line, *fields = near.read_head().split("\r\n")
    if "Proxy-Authorization: Basic bWU6c2VjcmV0" not in fields:
        near.send("HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
        return None
    near.send("HTTP/1.1 200 OK\r\n\r\n")
    host, _, port = line.split()[1].rpartition(":")
    return host, int(port)


def take_socks5(near):
    methods = near.read_exactly(near.read_exactly(2)[1])
    near.send(b"\x05\x02" if 2 in methods else b"\x05\xff")
    user = near.read_exactly(near.read_exactly(2)[1])
    password = near.read_exactly(near.read_exactly(1)[0])
    near.send(b"\x01\x00" if (user, password) == (b"me", b"secret") else b"\x01\x01")
    if (user, password) != (b"me", b"secret"):
        return None
    head = near.read_exactly(5)
    assert head[:4] == b"\x05\x01\x00\x03", head
    host = near.read_exactly(head[4]).decode()
    near.send(b"\x05\x00\x00\x01" + bytes(6))
    return host, struct.unpack(">H", near.read_exactly(2))[0]


PROXIES = {
    "http": (take_http, {"proxyHttp": "PROXY", "proxyAuthorization": "Basic bWU6c2VjcmV0"}, {"proxyAuthorization": "Basic b3RoZXI6eA=="}),
    "socks5": (take_socks5, {"proxySocks5": "PROXY", "proxySocks5Username": "me", "proxySocks5Password": "secret"}, {"proxySocks5Password": "x"}),
}


@pytest.mark.parametrize("kind", PROXIES)
def test_proxy__passes_on_to_the_host_that_was_named(driver, listener, kind):
    take, properties, _ = PROXIES[kind]
    proxy = Proxy(take)
    properties = {name: value.replace("PROXY", proxy.listener.host) for name, value in properties.items()}
    name = driver.make(f"text://localhost:{listener.port}", set=properties, then={"onConnect": [["send", "hello"]]})
    with listener.accept() as peer:
        assert peer.read_line() == "hello"
        assert driver.call(name, "getRemoteAddress") == f"localhost:{listener.port}"
    driver.call(name, "close")
    proxy.join(HANG_SECONDS)
    assert proxy.asked == ("localhost", listener.port)
    proxy.listener.sock.close()


@pytest.mark.parametrize("kind", PROXIES)
def test_proxy__that_refuses_is_an_error(driver, listener, kind):
    take, properties, wrong = PROXIES[kind]
    proxy = Proxy(take)
    properties = {name: value.replace("PROXY", proxy.listener.host) for name, value in (properties | wrong).items()}
    name = driver.make(f"text://localhost:{listener.port}", set=properties)
    driver.told("onClose", name)
    [[code, text]] = driver.told("onError", name)
    assert code == 1 and proxy.listener.host in text, text
    proxy.join(HANG_SECONDS)
    proxy.listener.sock.close()


# ---- websockets


def test_websocket__asks_as_the_properties_say(driver, listener):
    name = driver.make(f"ws://{listener.host}/path?x=1", then={"onConnect": [["send", "early"]]}, set={
        "headers": {"X-Token": "abc", "Cookie": "a=b", "Evil": "x\r\ny: z"}, "websocketOrigin": "http://there", "websocketClientProtocol": "chat"})
    with listener.accept() as peer:
        line, fields = websocket_peer.take_request(peer)
        assert line == "GET /path?x=1 HTTP/1.1"
        assert (fields["x-token"], fields["cookie"], fields["origin"], fields["sec-websocket-protocol"]) == ("abc", "a=b", "http://there", "chat")
        assert "evil" not in fields and fields["host"] == listener.host
        websocket_peer.accept(peer, fields, "Sec-WebSocket-Protocol: chat", "X-Answer: 1", "Set-Cookie: a=1", "Set-Cookie: b=2")
        assert websocket_peer.read_masked(peer) == (1, b"early")
        peer.send(ws_frames.frame(1, b"hello", mask=None) + ws_frames.frame(9, b"p", mask=None))
        assert driver.told("onMessage", name) == [["hello"]]
        assert websocket_peer.read_masked(peer) == (10, b"p")
    response = driver.told("onWebSocketConnect", name)[0][0]
    assert response.startswith("HTTP/1.1 101 ")
    assert all(f"\r\n{field}\r\n" in response for field in ("X-Answer: 1", "Set-Cookie: a=1", "Set-Cookie: b=2"))
    assert driver.events(name)[:3] == ["onConnect", "onWebSocketConnect", "onMessage"]


def test_websocket__headers_as_lines(driver, listener):
    name = driver.make(f"ws://{listener.host}", set={
        "headers": ["X-Token: abc", "", "sec-websocket-protocol: chat", "Evil: x\r\ny: z"], "websocketClientProtocol": "other"})
    with listener.accept() as peer:
        fields = websocket_peer.take_request(peer)[1]
        assert (fields["x-token"], fields["sec-websocket-protocol"]) == ("abc", "chat")
        assert "evil" not in fields and "y" not in fields
        websocket_peer.accept(peer, fields, "Sec-WebSocket-Protocol: chat")
        assert driver.told("onWebSocketConnect", name)


def test_websocket__json_and_a_close_with_its_handshake(driver, listener):
    name = driver.make(f"ws://{listener.host}")
    with listener.accept() as peer:
        websocket_peer.accept(peer, websocket_peer.take_request(peer)[1])
        driver.told("onWebSocketConnect", name)
        assert driver.call(name, "send", {"a": "ü"}) is True
        assert websocket_peer.read_masked(peer) == (1, '{"a":"ü"}'.encode())
        driver.call(name, "close", "bye")
        assert websocket_peer.read_masked(peer) == (1, b"bye")
        assert websocket_peer.read_masked(peer) == (8, struct.pack(">H", 1000))


@pytest.mark.differs
@pytest.mark.parametrize("answer, words", [
    (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 7\r\n\r\nnot you", ["403", "not you"]),
    (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n",
     ["Sec-WebSocket-Accept"]),
    (b"", [""]),
], ids=["refused", "wrong accept", "closed"])
def test_websocket__that_is_refused_is_an_error(driver, listener, answer, words):
    name = driver.make(f"ws://{listener.host}", then={"onConnect": [["send", "lost"]]})
    with listener.accept() as peer:
        websocket_peer.take_request(peer)
        peer.send(answer)
    code, text = driver.told("onError", name)[0]
    driver.told("onClose", name)
    assert code == 1 and all(word in text for word in words), text
    assert driver.events(name) == ["onConnect", "onError", "onClose"]


# libwm speaks it, or Workerman\\Protocols\\Ws, which a callback of control frames makes a protocol in PHP.
SPEAKERS = {"libwm": {}, "PHP": {"onWebSocketPong": "trace"}}


def answer_to(fields, status="101 Switching Protocols", **accept):
    accept = accept.get("accept", ws_frames.accept_of(fields["sec-websocket-key"].encode()).decode())
    lines = [f"HTTP/1.1 {status}", "Upgrade: websocket", "Connection: Upgrade"] + ([f"Sec-WebSocket-Accept: {accept}"] if accept else [])
    return "\r\n".join([*lines, "", ""])


@pytest.mark.parametrize("speaker", SPEAKERS)
def test_websocket__answer_in_pieces_and_frames_right_behind_it(driver, listener, speaker):
    name = driver.make(f"ws://{listener.host}", set=SPEAKERS[speaker], then={"onConnect": [["send", "early"]]})
    with listener.accept() as peer:
        answer = answer_to(websocket_peer.take_request(peer)[1])
        peer.send(answer[:-3])
        assert driver.call(name, "getStatus") == 2
        assert driver.told("onConnect", name) and "onWebSocketConnect" not in driver.events(name)
        peer.send(answer[-3:].encode() + ws_frames.frame(1, b"one", mask=None) + ws_frames.frame(2, b"two", mask=None))
        assert driver.told("onMessage", name, 2) == [["one"], ["two"]]
        assert websocket_peer.read_masked(peer) == (1, b"early")
    assert driver.events(name)[:4] == ["onConnect", "onWebSocketConnect", "onMessage", "onMessage"]


@pytest.mark.parametrize("speaker", SPEAKERS)
def test_websocket__that_connects_again_begins_again(driver, listener, speaker):
    """Also while it is connected, and with messages that are sent before it is again."""
    name = driver.make(f"ws://{listener.host}", set={"websocketPingInterval": 0.02, **SPEAKERS[speaker]},
                       then={"onMessage": [["reconnect"], ["send", "waits"]]})
    with listener.accept() as first:
        websocket_peer.accept(first, websocket_peer.take_request(first)[1])
        driver.told("onWebSocketConnect", name)
        assert websocket_peer.read_masked(first) == (9, b"")
        first.send(ws_frames.frame(1, b"go", mask=None))
        with listener.accept() as second:
            line, fields = websocket_peer.take_request(second)
            assert line.startswith("GET / ")
            second.send(answer_to(fields))
            assert websocket_peer.read_masked(second) == (1, b"waits")
            assert websocket_peer.read_masked(second) == (9, b"")
            driver.call(name, "close")
    assert driver.told("onMessage", name) == [["go"]]


@pytest.mark.parametrize("speaker", SPEAKERS)
@pytest.mark.parametrize("wrong", [{"accept": ""}, {"accept": "AAAA"}, {"status": "200 OK"}], ids=["no accept", "another accept", "status"])
def test_websocket__answer_that_is_none_closes(driver, listener, speaker, wrong):
    name = driver.make(f"ws://{listener.host}", set=SPEAKERS[speaker])
    with listener.accept() as peer:
        peer.send(answer_to(websocket_peer.take_request(peer)[1], **wrong).encode() + ws_frames.frame(1, b"hello", mask=None))
        driver.told("onClose", name)
        assert peer.read_to_end() == b""
    assert not {"onWebSocketConnect", "onMessage"} & set(driver.events(name))


@pytest.mark.parametrize("speaker", SPEAKERS)
@pytest.mark.parametrize("code, data", [
    (1002, ws_frames.frame(1, b"masked")), (1002, ws_frames.frame(1, b"x", mask=None, rsv=4)), (1007, ws_frames.frame(1, b"\xff", mask=None)),
    (1009, ws_frames.frame(1, b"x" * 2000, mask=None)), (1002, ws_frames.frame(8, b"\x03", mask=None)),
    (1002, ws_frames.close(1005, mask=None)),
], ids=["masked", "reserved bit", "no utf-8", "too long", "close of a byte", "close 1005"])
def test_websocket__frame_of_the_server_that_must_not_be(driver, listener, speaker, code, data):
    name = driver.make(f"ws://{listener.host}", set={"maxPackageSize": 1000, **SPEAKERS[speaker]})
    with listener.accept() as peer:
        websocket_peer.accept(peer, websocket_peer.take_request(peer)[1])
        driver.told("onWebSocketConnect", name)
        peer.send(data)
        opcode, payload = websocket_peer.read_masked(peer)
        assert (opcode, payload[:2]) == (8, struct.pack(">H", code))
        peer.sock.shutdown(socket.SHUT_WR)
        driver.told("onClose", name)
    assert "onMessage" not in driver.events(name)


def test_websocket__header_that_cannot_be_is_said_by_connect(driver, listener):
    name = driver.make(f"ws://{listener.host}", connect=False, set={"headers": {"Upgrade": "h2c"}})
    assert "Upgrade" in driver.call(name, "connect")
    assert driver.call(name, "getStatus") == CLOSED
