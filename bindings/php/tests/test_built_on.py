"""The classes of Workerman\\Protocols as protocols in PHP, as components build on them: the assertions of Workerman's own tests, and limits."""
import base64
import json
import struct

import pytest

import ws_frames
from php_program import eventually, request


@pytest.fixture(scope="module")
def server(shared_program):
    return shared_program("built_on", ports=7).start(ready=7)


# ---- text and frame

@pytest.fixture
def protocol(evaluate):
    """The value of an expression about $c, a connection, with limits."""
    def run(expression, limit=10485760):
        return evaluate(f"""use Workerman\\Protocols\\{{Text, Frame, Http, Websocket, Ws}};
            $c = new Workerman\\Connection\\AsyncTcpConnection('tcp://127.0.0.1:1');
            $c->maxPackageSize = {limit};
            return {expression};""")
    return run


def test_text__units(protocol):
    assert protocol("[Text::input('jhdxr', $c), Text::input(\"jhdxr\\n\", $c), Text::input(\"a\\nb\\n\", $c), Text::encode('jhdxr', $c), "
                    "Text::decode(\"jhdxr\\r\\n\", $c), $c->getStatus()]") == [0, 6, 2, "jhdxr\n", "jhdxr", 0]
    assert protocol("[Text::input('jhdxrjhdxr', $c), $c->getStatus(false)]", limit=5) == [0, "CLOSED"]


def test_frame__units(protocol):
    assert protocol("[Frame::input(\"\\0\\0\\0\", $c), Frame::input(\"\\0\\0\\0\\x2a\", $c), Frame::decode(\"\\0\\0\\0\\x09jhdxr\", $c), "
                    "bin2hex(Frame::encode('jhdxr', $c)), Frame::input(\"\\0\\0\\0\\x03\", $c), Frame::input(\"\\0\\0\\0\\0\", $c)]") == [
                        0, 42, "jhdxr", b"\0\0\0\x09jhdxr".hex(), -1, -1]


def test_text_and_frame__by_classes_that_build_on_them(server):
    with server.connect(server.ports[3]) as peer:
        assert peer.ask("hello\r") == "line hello"
    with server.connect(server.ports[4]) as peer:
        peer.send(struct.pack(">I", 7) + b"abc")
        assert peer.read_exactly(11) == struct.pack(">I", 11) + b"box abc"


# ---- http

def body_of(*lines, body=b""):
    return "\r\n".join([*lines, "", ""]).encode() + body


HOST = "Host: a"
LENGTHS = {
    "get": (body_of("GET / HTTP/1.0"), None),
    "host": (body_of("GET / HTTP/1.1", HOST), None),
    "port": (body_of("GET / HTTP/1.1", "Host: example.com:8080"), None),
    "ipv6": (body_of("GET / HTTP/1.1", "Host: [::1]:80"), None),
    "utf-8": (body_of("GET /ü HTTP/1.1", HOST), None),
    "names": (body_of("GET / HTTP/1.1", HOST, "A-b_c: d"), None),
    "like": (body_of("GET / HTTP/1.1", HOST, "X-Transfer-Encoding: gzip"), None),
    "body": (body_of("POST / HTTP/1.1", HOST, "Content-Length: 5", body=b"hello"), None),
    "pipelined": (body_of("GET / HTTP/1.1", HOST) * 2, len(body_of("GET / HTTP/1.1", HOST))),
    "chunks": (body_of("POST / HTTP/1.1", HOST, "Transfer-Encoding: Chunked", body=b"5;x=y\r\nhello\r\n0001\r\n!\r\n0\r\n\r\n"), None),
    "upper-case size": (body_of("POST / HTTP/1.1", HOST, "Transfer-Encoding: chunked", body=b"A\r\n0123456789\r\n0\r\nT: v\r\nU:  w\r\n\r\n"), None),
    "part of a head": (b"GET / HTTP/1.1\r\nHost: a\r\n", 0),
    "part of a chunk": (body_of("POST / HTTP/1.1", HOST, "Transfer-Encoding: chunked", body=b"5\r\nhel"), 0),
    "zero chunk alone": (body_of("POST / HTTP/1.1", HOST, "Transfer-Encoding: chunked", body=b"0\r\n"), 0),
    "part of a trailer": (body_of("POST / HTTP/1.1", HOST, "Transfer-Encoding: chunked", body=b"0\r\nA: b"), 0),
    "longest head": (b"GET / HTTP/1.0\r\nA: " + b"a" * (16383 - 19) + b"\r\n\r\n", None),
}


def test_http__lengths(protocol):
    rows = ", ".join(f"Http::input(base64_decode('{base64.b64encode(data).decode()}'), $c)" for data, _ in LENGTHS.values())
    got = protocol(f"[{rows}, $c->getStatus()]")
    assert dict(zip(LENGTHS, got)) == {name: len(data) if length is None else length for name, (data, length) in LENGTHS.items()}
    assert got[-1] == 0


def chunked(body):
    return body_of("POST / HTTP/1.1", HOST, "Transfer-Encoding: chunked", body=body)


WRONG_FIELDS = [
    "A b: c", "A : c", "A\t: c", " A: c", "\tA: c", ": c", "A@b: c", "A[b: c", "nothing", "Ä: c", "A: b\nc", "A: b\rc", "A: b\0c", "Host: b",
    "Content-Length: 1,2", "Content-Length: abc", "Content-Length: 12abc", "Content-Length:", "Content-Length: +1",
    "Content-Length: 1\r\nContent-Length: 1", "Transfer-Encoding: gzip", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: 5",
]
REFUSED = [
    (400, body_of("GET / HTTP/1.1")), (400, body_of("POSTS / HTTP/1.1", HOST)), (400, body_of("GET\t/ HTTP/1.1", HOST)),
    (400, body_of("GET http://a/ HTTP/1.1", HOST)), (400, body_of("OPTIONS * HTTP/1.1", HOST)), (400, body_of("GET / HTTP/2.0", HOST)),
    (400, body_of("GET /a b HTTP/1.1", HOST)), (400, body_of("GET /\x7f HTTP/1.1", HOST)), (400, body_of("get / HTTP/1.1", HOST)),
    (400, body_of("GET / http/1.1", HOST)), (400, body_of("GET  / HTTP/1.1", HOST)), (400, body_of("GET / HTTP/1.1 ", HOST)),
    *((400, body_of("GET / HTTP/1.1", HOST, field)) for field in WRONG_FIELDS),
    *((400, body_of("GET / HTTP/1.1", f"Host: {host}")) for host in ["", "u@a", "a:b", "a b", "a:80a", ":80", "a,b", "a:80:80"]),
    (400, chunked(b"x\r\n")), (400, chunked(b"11111111111111111\r\n")), (400, chunked(b"8000000000000000\r\n")), (400, chunked(b"1\r\na\n0\r\n\r\n")),
    (400, chunked(b"1\r\nabc")), (400, chunked(b"0\r\nA b: c\r\n\r\n")), (400, chunked(b"1;" + b"x" * 5000)),
    (413, body_of("POST / HTTP/1.1", HOST, "Content-Length: 99999999")), (413, body_of("POST / HTTP/1.1", HOST, f"Content-Length: {'9' * 36}")),
    (413, chunked(b"fffffff\r\n")), (431, chunked(b"0\r\nA: " + b"a" * 17000)), (431, b"GET / HTTP/1.0\r\nA: " + b"a" * 16384),
    (431, b"GET / HTTP/1.0\r\nA: " + b"a" * (16384 - 19) + b"\r\n\r\n"),
]


@pytest.mark.parametrize("status, data", REFUSED, ids=[f"{status}-{number}" for number, (status, _) in enumerate(REFUSED)])
def test_http__what_is_no_request_is_refused(server, status, data):
    with server.connect() as peer:
        peer.send(data)
        assert peer.read_to_end().startswith(f"HTTP/1.1 {status} ".encode())


def test_http__requests_and_responses(server):
    with server.connect() as peer:
        peer.send(request("GET", "/a?b", "X-A: 1") + request("POST", "/p", body="hello")
                  + chunked(b"5\r\nhello\r\n1\r\n!\r\n0\r\nT: v\r\n\r\n") + request("GET", "/404"))
        expected = [["GET", "/a?b", "1", "", None], ["POST", "/p", None, "hello", "5"], ["POST", "/", None, "hello!", "6"]]
        for each in expected:
            answer = peer.read_answer()
            assert (json.loads(answer.body), answer.status) == (each, 200)
            assert answer.value(b"x-built") == b"on Http"
        assert (last := peer.read_answer()).status == 404 and last.body == b"none"


def test_http__a_body_that_trickles_in_small_chunks_is_read_once(protocol):
    head = base64.b64encode(chunked(b"")).decode()
    assert protocol(f"""(function () use ($c) {{
        $buffer = base64_decode('{head}') . str_repeat("1\\r\\nx\\r\\n", 400000);
        $lengths = [];
        for ($i = 0; $i < 5000; $i++) {{
            $lengths[Http::input($buffer, $c)] = true;
            $buffer .= "1\\r\\ny\\r\\n";
        }}
        $buffer .= "0\\r\\n\\r\\n";
        return [array_keys($lengths), Http::input($buffer . 'next', $c) === strlen($buffer), strlen(Http::decode($buffer, $c)->rawBody())];
    }})()""") == [[0], True, 405000]


def test_http__from_the_middle_of_a_connection(server):
    with server.connect(server.ports[2]) as peer:
        peer.send("bytes")
        assert peer.read_exactly(9) == b"raw bytes"
        peer.send(request("GET", "/x"))
        assert json.loads(peer.read_answer().body)[:2] == ["GET", "/x"]


# ---- websocket

def test_websocket__many_small_fragments_of_a_long_message(server):
    with server.connect(server.ports[1]) as peer:
        peer.shake_hands("/")
        assert peer.read_frame() == ("text", b"early")
        length, count = 6000000, 60000
        peer.send(ws_frames.frame(1, b"a" * length, fin=False) + ws_frames.frame(0, b"b", fin=False) * count + ws_frames.frame(0, b"c"))
        kind, message = peer.read_frame()
        assert kind == "text" and len(message) == len(b"echo ") + length + count + 1 and message.endswith(b"bbc")


def test_websocket__handshake_messages_and_ends(server):
    closes = len(server.trace("close"))
    with server.connect(server.ports[1]) as peer:
        head = peer.shake_hands()
        assert "Sec-WebSocket-Accept: " + ws_frames.SAMPLE_ACCEPT.decode() in head and "X-Answer: 1" in head
        assert peer.read_frame() == ("text", b"early")
        for data in ("", "hello", "x" * 125, "x" * 126, "x" * 65535, "x" * 65536):
            peer.say(data)
            assert peer.read_frame() == ("text", f"echo {data}".encode())
        peer.say("json")
        assert peer.read_frame() == ("text", '{"a":"ü"}'.encode())
        peer.say("binary")
        assert peer.read_frame() == ("binary", b"echo binary")
        peer.send(ws_frames.frame(1, b"frag", fin=False) + ws_frames.ping(b"p") + ws_frames.frame(0, b"me", fin=False) + ws_frames.frame(0, b"nt"))
        assert [peer.read_frame(), peer.read_frame()] == [("pong", b"p"), ("text", b"echo fragment")]
        peer.send(ws_frames.close(1001))
        assert peer.read_frame()[0] == "close"
        assert peer.read_to_end() == b""
    server.await_trace("close", closes + 1)


@pytest.mark.parametrize("code, data", [
    (1002, ws_frames.frame(1, b"x", mask=None)), (1002, ws_frames.frame(3, b"x")), (1002, ws_frames.frame(1, b"x", rsv=4)),
    (1002, ws_frames.frame(9, b"x" * 126)), (1002, ws_frames.frame(9, b"x", fin=False)), (1002, ws_frames.frame(0, b"x")),
    (1002, ws_frames.frame(1, b"x", fin=False) + ws_frames.frame(1, b"y")), (1002, ws_frames.frame(1, b"x", form=16)),
    (1002, ws_frames.frame(1, b"x", form=64)), (1002, ws_frames.frame(1, declared=1 << 63, form=64)),
    *((1002, ws_frames.close(code)) for code in (0, 999, 1004, 1005, 1006, 1015, 2999, 5000)), (1002, ws_frames.frame(8, b"\x03")),
    (1007, ws_frames.frame(8, b"\x03\xe8\xff")),
    (1007, ws_frames.frame(1, b"\xff")), (1009, ws_frames.frame(1, declared=1 << 40, form=64)),
], ids=["unmasked", "opcode", "reserved bit", "long ping", "ping in pieces", "lone continuation", "message in a message", "16 bits of length",
        "64 bits of length", "sign of the length", *(f"close {code}" for code in (0, 999, 1004, 1005, 1006, 1015, 2999, 5000)), "close of a byte",
        "reason without utf-8", "no utf-8", "too long"])
def test_websocket__what_breaks_the_protocol_gets_its_code(server, code, data):
    with server.connect(server.ports[1]) as peer:
        peer.shake_hands()
        peer.read_frame()
        peer.send(data)
        assert peer.read_frame() == ("close", code)
        peer.read_to_end()


@pytest.mark.parametrize("status, data", [
    (400, b"POST / HTTP/1.1\r\nHost: a\r\n\r\n"), (400, b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n"),
    (426, ws_frames.request().replace(b"Version: 13", b"Version: 8")), (431, b"GET / HTTP/1.1\r\nA: " + b"a" * 20000),
    (403, ws_frames.request(b"/refuse")),
])
def test_websocket__handshake_that_is_refused(server, status, data):
    with server.connect(server.ports[1]) as peer:
        peer.send(data)
        assert peer.read_to_end().startswith(f"HTTP/1.1 {status} ".encode())


@pytest.mark.parametrize("code", [1000, 1003, 1007, 1014, 3000, 4999])
def test_websocket__close_code_is_echoed(server, code):
    with server.connect(server.ports[1]) as peer:
        peer.shake_hands()
        peer.read_frame()
        peer.send(ws_frames.close(code, b"why"))
        assert peer.read_frame() == ("close", code)


def test_websocket__frames_that_a_program_makes_for_libwm(server):
    with server.connect(server.ports[5]) as peer:
        peer.shake_hands()
        peer.say("hello")
        assert peer.read_frame() == ("text", b"made hello")


def test_websocket__callbacks_of_control_frames(server):
    with server.connect(server.ports[6]) as peer:
        peer.shake_hands()
        peer.send(ws_frames.ping(b"p") + ws_frames.pong(b"q"))
        assert [peer.read_frame(), peer.read_frame()] == [("pong", b"my pong of p"), ("pong", b"pong q")]
        peer.say("hello")
        assert peer.read_frame() == ("text", b"control hello")
        peer.say("go")
        assert server.await_trace("pong") == [["my pong of "]]
        assert server.await_trace("control")[0][0] <= 3
        peer.send(ws_frames.close(1000))
        assert peer.read_frame() == ("text", b"goodbye")
        peer.read_to_end()


def test_websocket__close_callback_of_a_connection_of_libwm_is_named_in_the_log(server):
    with server.connect(server.ports[5]) as peer:
        peer.shake_hands()
        peer.say("set")
        assert peer.read_frame() == ("text", b"made set")
    eventually(lambda: "$connection->onWebSocketClose is not called" in server.output(), "the name in the log")


def test_ws__of_a_class_that_builds_on_it(server):
    rows = server.await_trace("page", 6)
    assert [row[0] if len(row[0]) < 100 else len(row[0]) for row in rows] == ["made", "1", "early", 70005, "echo again", "closed"]


def test_ws__units(protocol):
    assert protocol("[Ws::input('x', $c), $c->context->websocketKey = 'k', Ws::input('HTTP/1.1 101 x', $c), bin2hex(Ws::encode('data', $c)), "
                    "strlen($c->context->websocketWaiting), $c->context->websocketHandshake = true, strlen(Ws::encode(str_repeat('x', 200), $c)), "
                    "Ws::input(\"\\x81\\x05hello\", $c), Ws::decode(\"\\x81\\x05hello\", $c), "
                    "Ws::decode(\"\\x82\\x7e\\x00\\x80\" . str_repeat('y', 128), $c), "
                    "Ws::input(\"\\x81\", $c)]") == [-1, "k", 0, "", 10, True, 208, 7, "hello", "y" * 128, 0]
