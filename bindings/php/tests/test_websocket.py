"""Websocket servers in PHP, seen by a client that builds its frames by hand."""
import pytest

import ws_frames
from php_program import request


@pytest.fixture(scope="module")
def server(shared_program):
    return shared_program("websocket").start(ready=3)


@pytest.fixture
def own_server(program):
    return program("websocket").start(ready=3)


def opened(server, target="/", *headers, port=None):
    peer = server.connect(port)
    head = peer.shake_hands(target, *headers)
    assert head.startswith("HTTP/1.1 101 "), head
    assert f"sec-websocket-accept: {ws_frames.SAMPLE_ACCEPT.decode()}".lower() in head.lower(), head
    return peer


def said(peer, text):
    """The answer to one message."""
    peer.say(text)
    return peer.read_frame()


# ---- the handshake

def test_handshake__hands_over_the_request(own_server):
    with opened(own_server, "/chat?token=secret&a[]=1", "X-Token: 42", "Cookie: name=value"):
        told = own_server.await_trace("handshake")[0]
    assert told[1:] == [["GET", "/chat?token=secret&a[]=1", "/chat", "token=secret&a[]=1"], {"token": "secret", "a": ["1"]}, "secret", "42",
                        "13", {"name": "value"}, "127.0.0.1"]


def test_callbacks__come_in_their_order(own_server):
    with opened(own_server) as peer:
        assert said(peer, "hello") == ("text", b"Hi")
        peer.send(ws_frames.close(1000))
        assert peer.read_frame() == ("close", 1000)
        assert peer.read_to_end() == b""
    own_server.await_trace("close")
    assert own_server.events("connect", "handshake", "message", "close") == ["connect", "handshake", "message", "close"]
    assert {row[0] for event in ("connect", "handshake", "message", "close") for row in own_server.trace(event)} == {1}


def test_handshake__can_refuse(own_server):
    with own_server.connect() as peer:
        peer.send(ws_frames.request(b"/refused"))
        assert b" 101 " not in peer.read_to_end()
    own_server.await_trace("close")
    assert own_server.events("handshake", "message", "close") == ["handshake", "close"]


def test_handshake__can_refuse_with_an_answer_of_its_own(own_server):
    with own_server.connect() as peer:
        peer.send(ws_frames.request(b"/refused-with-words"))
        answer = peer.read_answer()
        assert (answer.status, answer.reason, answer.body) == (403, b"Forbidden", b"no")
        assert peer.read_to_end() == b""
    own_server.await_trace("close")


@pytest.mark.differs
def test_handshake__can_refuse_with_a_response(own_server):
    with own_server.connect() as peer:
        peer.send(ws_frames.request(b"/refused-with-response"))
        answer = peer.read_answer()
        assert (answer.status, answer.body) == (401, b"who are you")
        assert answer.value(b"x-why") == b"token"


@pytest.mark.differs
def test_handshake__no_extension_that_libwm_does_not_speak_is_in_the_answer(own_server):
    for _ in range(2):
        with own_server.connect() as peer:
            head = peer.shake_hands("/extension", "Sec-WebSocket-Extensions: permessage-deflate")
            assert "X-Server: test" in head and "Sec-WebSocket-Extensions" not in head
            assert said(peer, "echo " + "a" * 200) == ("text", b"a" * 200)
    assert own_server.output().count("Sec-WebSocket-Extensions is left out") == 1


@pytest.mark.differs
def test_trusted_proxy__tells_the_client(own_server):
    for fields, ip in ([["X-Forwarded-For: 192.0.2.7"], "192.0.2.7"], [[], "127.0.0.1"]):
        with own_server.connect(own_server.ports[2]) as peer:
            peer.shake_hands("/", *fields)
            assert said(peer, "ip") == ("text", ip.encode())
        assert own_server.await_trace("close-of", count=1 if fields else 2)[-1] == [ip]


@pytest.mark.differs
def test_deflate__is_an_option_of_the_context(server):
    with server.connect(server.ports[2]) as peer:
        head = peer.shake_hands("/", "Sec-WebSocket-Extensions: permessage-deflate")
        assert "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover" in head
        peer.say("a" * 200)
        first, length = peer.read_exactly(2)
        assert first == 0xC1 and length < 50


@pytest.mark.differs
@pytest.mark.parametrize("context, words", [
    ("['deflat' => 'own']", ["unknown option 'deflat'", "'deflate'"]),
    ("['deflate' => 1.5]", ["context wm deflate", "not float"]),
    ("['count' => 2]", ["context wm count", "property"]),
    ("'shared'", ["context wm is an array", "not string"]),
])
def test_worker__whose_context_has_bad_options_does_not_start(program, context, words):
    server = program("evaluate")
    (server.directory / "code.php").write_text(
        f"<?php\nnew Workerman\\Worker(address('websocket'), ['wm' => {context}]);\nWorkerman\\Worker::runAll();")
    result = server.command("start")
    assert result.code != 0
    assert all(word in result.out + result.err for word in words), result


def test_handshake__messages_right_behind_it_are_read(server):
    with server.connect() as peer:
        peer.send(ws_frames.request() + ws_frames.text("echo one") + ws_frames.text("echo two"))
        assert peer.read_head().startswith("HTTP/1.1 101 ")
        assert [peer.read_frame(), peer.read_frame()] == [("text", b"one"), ("text", b"two")]


def test_handshake__headers_of_the_program_are_in_the_answer(server):
    with server.connect() as peer:
        lines = peer.shake_hands("/header").split("\r\n")
        assert "X-Server: test" in lines and "Sec-WebSocket-Protocol: chat" in lines
        assert said(peer, "hello") == ("text", b"Hi")


def test_handshake__sends_in_it_arrive_after_it(server):
    with opened(server, "/early") as peer:
        assert [peer.read_frame(), peer.read_frame()] == [("text", b"early"), ("text", b"second")]
        assert said(peer, "hello") == ("text", b"Hi")


def test_connect__sends_in_it_are_held_until_it_is_open(server):
    with server.connect(server.ports[1]) as peer:
        peer.shake_hands()
        assert [peer.read_frame(), peer.read_frame()] == [("text", b"from onConnect"), ("text", b"from onWebSocketConnect")]
        assert said(peer, "a") == ("text", b"echo a")


def test_handshake__callback_of_the_connection_goes_before_the_workers(server):
    with server.connect(server.ports[1]) as peer:
        peer.shake_hands()
        peer.read_frame()
    assert server.await_trace("handshake-of-connection")
    assert server.trace("handshake-of-worker") == []


def test_handshake__plain_http_is_refused_and_does_not_reach_the_program(own_server):
    with own_server.connect() as peer:
        peer.send(request("GET", "/"))
        assert peer.read_to_end().startswith(b"HTTP/1.1 4")
    own_server.await_trace("close")
    assert own_server.trace("handshake") == []


def test_handshake__client_that_leaves_in_it_is_closed(own_server):
    with own_server.connect() as peer:
        peer.send(b"GET / HTTP/1.1\r\nHost: a\r\n")
        own_server.await_trace("connect")
    own_server.await_trace("close")
    assert own_server.trace("handshake") == []


# ---- messages

def test_message__is_answered(server):
    with opened(server) as peer:
        assert said(peer, "xiami") == ("text", b"Hi")


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 300_000])
def test_message__of_every_form_of_length(server, size):
    with opened(server) as peer:
        assert said(peer, f"long {size}") == ("text", b"x" * size)
        peer.say("echo " + "y" * size)
        assert peer.read_frame() == ("text", b"y" * size)


@pytest.mark.differs
def test_message__in_fragments_with_a_ping_between(server):
    with opened(server) as peer:
        peer.send(ws_frames.text("echo fr", fin=False) + ws_frames.ping(b"p") + ws_frames.more("agm", fin=False) + ws_frames.more("ents"))
        assert [peer.read_frame(), peer.read_frame()] == [("pong", b"p"), ("text", b"fragments")]


def test_message__unicode(server):
    with opened(server) as peer:
        assert said(peer, "echo 你好 ✓") == ("text", "你好 ✓".encode())


def test_message__from_a_timer(server):
    with opened(server) as peer:
        assert said(peer, "later on") == ("text", b"on")


def test_message__many_at_once_keep_their_order(server):
    with opened(server) as peer:
        peer.say("many")
        assert [peer.read_frame() for _ in range(1000)] == [("text", str(number).encode()) for number in range(1000)]


def test_message__request_of_the_handshake_is_still_there(server):
    with opened(server, "/?later=on", "X-Later: yes") as peer:
        for _ in range(3):
            assert said(peer, "request") == ("text", b'["on","yes"]')


def test_message__array_is_sent_as_json(server):
    with opened(server) as peer:
        assert said(peer, "list") == ("text", '{"a":"é","b":[1,2]}'.encode())


def test_message__binary_by_websocketType(server):
    with opened(server) as peer:
        assert said(peer, "binary") == ("binary", b"\x00\xff\xfe")
        assert said(peer, "hello") == ("binary", b"Hi")
        assert said(peer, "text") == ("text", b"text again")


def test_message__binary_from_the_handshake_on(server):
    with opened(server, "/binary") as peer:
        assert said(peer, "hello") == ("binary", b"Hi")


def test_message__binary_arrives_as_bytes(server):
    with opened(server) as peer:
        peer.send(ws_frames.binary(b"echo \x01\x02\x03"))
        assert peer.read_frame() == ("text", b"\x01\x02\x03")


def test_ping__is_answered_with_its_payload(server):
    with opened(server) as peer:
        peer.send(ws_frames.ping(b"are you there") + ws_frames.ping())
        assert [peer.read_frame(), peer.read_frame()] == [("pong", b"are you there"), ("pong", b"")]


def test_broadcast__reaches_all_connections_of_the_worker(own_server):
    peers = [opened(own_server) for _ in range(3)]
    assert said(peers[0], "count") == ("text", b"3")
    peers[0].say("broadcast to all")
    assert [peer.read_frame() for peer in peers] == [("text", b"to all")] * 3
    peers[1].say("others not me")
    assert [peers[0].read_frame(), peers[2].read_frame()] == [("text", b"not me")] * 2
    peers[2].sock.close()
    own_server.await_trace("close")
    assert said(peers[0], "count") == ("text", b"2")
    assert said(peers[1], "hello") == ("text", b"Hi")
    for peer in peers:
        peer.sock.close()


# ---- the end

@pytest.mark.differs
def test_close__by_the_server(own_server):
    with opened(own_server) as peer:
        peer.say("close")
        assert peer.read_frame() == ("close", 1000)
        peer.send(ws_frames.close(1000))
        assert peer.read_to_end() == b""
    assert own_server.await_trace("close") == [[1]]


@pytest.mark.differs
def test_close__with_data_sends_it_first(own_server):
    with opened(own_server) as peer:
        peer.say("close-with the end")
        assert [peer.read_frame(), peer.read_frame()] == [("text", b"the end"), ("close", 1000)]
        peer.send(ws_frames.close(1000))
        assert peer.read_to_end() == b""
    assert own_server.await_trace("close") == [[1]]


def test_close__by_the_client_after_a_send(own_server):
    with opened(own_server) as peer:
        peer.send(ws_frames.text("hello") + ws_frames.close(1000))
        assert [peer.read_frame(), peer.read_frame()] == [("text", b"Hi"), ("close", 1000)]
        assert peer.read_to_end() == b""
    assert own_server.await_trace("close") == [[1]]


def test_close__client_that_is_gone(own_server):
    with opened(own_server) as peer:
        assert said(peer, "hello") == ("text", b"Hi")
    assert own_server.await_trace("close") == [[1]]


def test_destroy__ends_at_once(own_server):
    with opened(own_server) as peer:
        peer.say("destroy")
        assert b"Hi" not in peer.read_to_end()
    assert own_server.await_trace("close") == [[1]]


@pytest.mark.differs
@pytest.mark.parametrize("data, code", [
    (ws_frames.text("unmasked", mask=None), 1002),
    (ws_frames.frame(ws_frames.TEXT, b"\x01\x02garbage", rsv=4), 1002),
    (ws_frames.text(b"\xff\xfe"), 1007),
    (ws_frames.ping(b"x" * 126, form=16), 1002),
    (ws_frames.frame(ws_frames.TEXT, declared=1 << 40, form=64), 1009),
], ids=["unmasked", "rsv1", "utf-8", "long-ping", "too-long"])
def test_violation__closes_that_connection_only(server, data, code):
    with opened(server) as other, opened(server) as peer:
        closes, messages = len(server.trace("close")), len(server.trace("message"))
        peer.send(data)
        assert peer.read_frame() == ("close", code)
        peer.sock.close()
        server.await_trace("close", closes + 1)
        assert len(server.trace("message")) == messages
        assert said(other, "hello") == ("text", b"Hi")
