"""What Workerman 5.2 gets wrong on the wire of a websocket or of any connection, row by row, by the very bytes: here it has to be right.

Each test is named by what its row says. Rows that need no bytes of a peer, or are tested elsewhere in whole tables:

| row | what it says | test |
| --- | --- | --- |
| B1 | RSV1 and garbage end the process | test_b1__... (here), test_websocket_deflate.py (bombs, bad data) |
| B2, B3, B5 | a cache of decoded packets crosses connections, messages and ports | test_b2__..., test_b3__..., test_b5__... |
| B4 | a stale "chunked" loses the bodies of others | test_b4__... |
| B6 | memory without a limit before a length is known | test_b6__... |
| B7 | no deadlines | test_b7__..., test_http_connection.py, test_tls_start.py |
| B8 | an exception ends the process | tests/unit/callback_exceptions.cpp, bindings/php/tests (robust) |
| B9 | a datagram's close or length ends the worker | tests/api/udp.c, udp_addresses.c |
| B10 | unserialize of network data | no such component |
| B11 | EMFILE spins | tests/api/descriptors.c |
| B12 | tls:// is plaintext | tests/api/client.c (schemes), test_tls_client.py |
| B13 | a proxy that is silent or wrong counts as connected | test_client_proxy.py |
| B14 | DNS blocks the loop | tests/unit/net_resolver.cpp, tests/api/client.c |
| W1, W2, W3, W4 | pings between fragments, control frames, order of fragments, RSV, lengths, UTF-8, close codes | test_w1__... to test_w4__..., websocket_rows.py |
| W5 | no close codes, no close handshake | test_w5__..., test_websocket_closing.py |
| W6 | the handshake is not checked | test_w6__..., handshake_rows.py |
| W7 | the opcode is lost | test_w7__... |
| W8 | deflate without negotiation and limits | test_websocket_deflate.py |
| W9 | early sends change their order | test_w9__... (client: test_client_websocket.py) |
| W10 | time grows with the square of tiny frames | test_w10__... |
| W11 | an unmasked frame is seen late | test_w11__... |
| W12 | the client's mask, status, coalesced frames, choices, close, head, lengths | test_w12__... |
| C5 | a close waits for ever for a peer that does not read; no half close | test_c5__... |
| C10 | an IPv6 peer has two forms | tests/api/udp_addresses.c, tests/unit/net_address.cpp |
| C1-C4, C6-C9 | queues, events and objects of the host | tests/api/send.c, queue_memory.c, conn_callbacks.c, bindings/php/tests |
"""
import pytest
from client_process import Driver
from client_servers import RawServer, answer
from http_answers import answers_of
from http_rows import END, chunked, post
from ws_frames import BINARY, CLOSE, PING, PONG, TEXT, binary, close, frame, frames_of, more, ping, read_frame, request, shake_hands, text

GARBAGE = b"\xff\xfe\xfd\xfc\xfb\xfa"
B1 = frame(TEXT, GARBAGE, rsv=4)


@pytest.fixture
def connect(servers, cut_mode):
    peers = []

    def connect_one(protocol="ws", *options, opens=True):
        mode, transport = cut_mode
        peers.append(servers.get(mode, *options).connect(f"{protocol}.{transport}"))
        if protocol == "ws" and opens:
            shake_hands(peers[-1:])
        return peers[-1]

    yield connect_one
    for peer in peers:
        peer.close()


def seen_of(peer, data):
    bytes_, reset = peer.exchange(data)
    assert not reset
    return [each.seen() for each in frames_of(bytes_)]


# ---- B


@pytest.mark.parametrize("offers", [False, True], ids=["no offer", "an offer that is declined"])
def test_b1__rsv1_with_garbage_ends_its_connection_and_no_other(connect, offers):
    other, peer = connect(), connect(opens=False)
    peer.send(request(extra=[b"Sec-WebSocket-Extensions: permessage-deflate"] if offers else []))
    assert b"xtensions" not in peer.read_until(b"\r\n\r\n")
    assert seen_of(peer, B1 + text("never")) == [("close", 1002)]
    assert seen_of(other, text("still here") + close(1000)) == [("text", b"still here"), ("close", 1000)]


@pytest.mark.parametrize("window", ["shared", "own"])
def test_b1__rsv1_with_garbage_where_deflate_is_on(connect, window):
    option = f"deflate={window}"
    other, peer = connect("ws", option), connect("ws", option, opens=False)
    peer.send(request(extra=[b"Sec-WebSocket-Extensions: permessage-deflate"]))
    assert b"permessage-deflate" in peer.read_until(b"\r\n\r\n")
    assert seen_of(peer, B1 + text("never")) == [("close", 1007)]
    assert seen_of(other, text("still here") + close(1000)) == [("text", b"still here"), ("close", 1000)]


def test_b2__a_frame_that_others_have_sent_opens_no_connection(connect):
    first = connect()
    assert first.send(text("token")) and read_frame(first).seen() == ("text", b"token")
    stranger = connect(opens=False)
    data, _ = stranger.exchange(text("token"))
    assert [each.status for each in answers_of(data, [b"GET"])] == [400]
    assert [event.kind for event in stranger.events() if event.kind in ("open", "message")] == []


def test_b3__a_last_fragment_seen_before_ends_another_message(connect):
    peer = connect()
    for start in (b"one ", b"two ", b"three "):
        peer.send(text(start, fin=False) + more(b"end"))
        assert read_frame(peer).seen() == ("text", start + b"end")
    assert seen_of(peer, text("next") + close(1000)) == [("text", b"next"), ("close", 1000)]


def test_b4__a_body_behind_a_chunked_request_is_its_own(connect):
    first, second = chunked(b"5\r\nchunk\r\n0\r\n\r\n"), post(b"Content-Length: 4", body=b"body")
    bodies = []
    for data in (first + second, first + second, second, second):
        answered, _ = connect("http").exchange(data + END)
        bodies.append([each.body.split(b"\n\n", 1)[1] for each in answers_of(answered, [b"POST"] * 3)[:-1]])
    assert bodies == [[b"chunk", b"body"]] * 2 + [[b"body"]] * 2


def test_b5__ports_of_one_process_share_no_packets(connect):
    message = text("the same")
    websocket = connect()
    websocket.send(message)
    assert read_frame(websocket).seen() == ("text", b"the same")
    raw = connect("raw")
    raw.send(message)
    assert raw.read_exactly(len(message)) == message
    websocket.send(message)
    assert read_frame(websocket).seen() == ("text", b"the same")


@pytest.mark.parametrize(
    "protocol, data, status",
    [
        ("ws", request()[:-2] + b"X: " + b"x" * 1_000_000, 431),
        ("ws", b"GET /" + b"x" * 1_000_000, 414),
        ("http", chunked(b"fffffff\r\n" + b"x" * 1_000_000), 413),
        ("http", chunked(b"1;" + b"x" * 1_000_000), 413),
        ("http", chunked(b"0\r\n" + b"X: y\r\n" * 100_000), 431),
    ],
    ids=["a handshake's line", "a handshake's target", "a chunk", "an extension", "trailers"],
)
def test_b6__what_has_no_length_yet_has_a_limit(connect, protocol, data, status):
    peer = connect(protocol, "max_message=100000", opens=False)
    answered, _ = peer.exchange(data)
    assert [each.status for each in answers_of(answered, [data.split(b" ")[0]])] == [status]


@pytest.mark.parametrize("length", [b"\0\0\0\0", b"\0\0\0\3", b"\xff\xff\xff\xff"])
def test_b6__a_frame_of_no_length_ends(connect, length):
    peer = connect("frame", "max_message=100000")
    assert peer.exchange(length + b"x" * 1000)[0] == b""
    assert peer.wait_event("close").words[0] in ("PROTOCOL", "LIMIT")


@pytest.mark.parametrize("sent", [b"", b"GET / HT", request()[:-2]])
def test_b7__a_handshake_has_a_deadline(connect, sent):
    peer = connect("ws", "handshake_timeout_ms=300", opens=False)
    peer.send(sent)
    data, _ = peer.read_until_eof()
    assert [each.status for each in answers_of(data, [b"GET"])] in ([], [408])
    assert peer.wait_event("close").words[0] == "TIMEOUT"


# ---- W


def test_w1__a_ping_between_fragments_is_answered_alone(connect):
    data = text("frag", fin=False) + ping(b"payload") + more("ments", fin=False) + ping(b"") + more("!") + close(1000)
    seen = seen_of(connect(), data)
    pongs = [each for each in seen if each[0] == "pong"]
    assert pongs in ([("pong", b"payload"), ("pong", b"")], [("pong", b"")]) and [each for each in seen if each[0] != "pong"] == [("text", b"fragments!"), ("close", 1000)]


@pytest.mark.parametrize("bad", [frame(PING, b"p" * 200), ping(b"a", fin=False) + more(b"b"), frame(CLOSE, b"\x03\xe8" + b"r" * 124)])
def test_w2__a_control_frame_that_is_long_or_in_fragments_is_refused(connect, bad):
    assert seen_of(connect(), bad) == [("close", 1002)]


@pytest.mark.parametrize("bad", [more("orphan"), more("orphan", fin=False), text("a", fin=False) + text("b"), text("a", fin=False) + binary(b"b", fin=False)])
def test_w3__fragments_out_of_order_are_refused(connect, bad):
    assert seen_of(connect(), bad) == [("close", 1002)]


@pytest.mark.parametrize(
    "bad, code",
    [
        (frame(TEXT, b"a", rsv=2), 1002),
        (frame(BINARY, b"a", rsv=1), 1002),
        (text("a", form=16), 1002),
        (text("a", form=64), 1002),
        (text(b"\xff"), 1007),
        (close(1000, b"\xff"), 1007),
        (close(1005), 1002),
        (close(999), 1002),
        (frame(CLOSE, b"\x03"), 1002),
    ],
)
def test_w4__reserved_bits_lengths_utf8_and_close_codes_are_checked(connect, bad, code):
    assert seen_of(connect(), bad) == [("close", code)]


def test_w5__a_close_has_the_code_of_its_cause_and_is_a_handshake(connect):
    assert seen_of(connect(), close(4321, b"why") + text("behind")) == [("close", 4321)]
    assert seen_of(connect("ws", "max_message=100"), binary(b"x" * 101)) == [("close", 1009)]
    peer = connect()
    peer.send(text("!close 4001"))
    assert read_frame(peer).seen() == ("close", 4001)
    assert peer.exchange(text("on its way") + close(4001)) == (b"", False)
    assert peer.wait_event("close").words[:2] == ["LOCAL", "4001"]


@pytest.mark.parametrize(
    "old, new, status",
    [
        (b"Upgrade: websocket\r\n", b"X-Upgrade: websocket\r\n", 426),
        (b"Connection: Upgrade\r\n", b"X-Connection: Upgrade\r\n", 400),
        (b"Host: 127.0.0.1\r\n", b"", 400),
        (b"HTTP/1.1", b"HTTP/1.0", 400),
        (b"Sec-WebSocket-Key: ", b"Sec-WebSocket-Key: x", 400),
        (b"Sec-WebSocket-Key: ", b"X-Sec-WebSocket-Key: ", 400),
        (b"Sec-WebSocket-Version: 13\r\n", b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13\r\n", 426),
        (b"Sec-WebSocket-Version: 13\r\n", b"X: Sec-WebSocket-Version: 13\r\n", 426),
    ],
)
def test_w6__a_handshake_is_checked_line_by_line(connect, old, new, status):
    data = request().replace(old, new)
    assert data != request()
    answers = answers_of(connect(opens=False).exchange(data)[0], [b"GET"])
    assert [each.status for each in answers] == [status]
    if status == 426:
        assert answers[0].value(b"upgrade") == b"websocket"
    good = connect(opens=False)
    good.send(request())
    head = good.read_until(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
    names = [line.split(b":")[0].lower() for line in head.split(b"\r\n")[1:-2]]
    assert len(names) == len(set(names))


def test_w7__text_and_binary_are_told_apart(connect):
    seen = seen_of(connect(), text("a") + binary(b"\xff") + text("") + binary(b"") + close(1000))
    assert seen == [("text", b"a"), ("binary", b"\xff"), ("text", b""), ("binary", b""), ("close", 1000)]


def test_w9__frames_in_the_segment_of_the_handshake_come_in_order_behind_open(connect):
    peer = connect(opens=False)
    data, _ = peer.exchange(request() + b"".join(text(f"{at}") for at in range(20)) + close(1000))
    head, _, frames = data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    assert [each.payload for each in frames_of(frames)[:-1]] == [b"%d" % at for at in range(20)]


def test_w10__a_hundred_thousand_tiny_frames_are_one_stream(connect):
    """By a count of octets, not a time: a square of them would take the whole suite's time."""
    tiny = (ping(b"") + text("", fin=False) + more("", fin=False) * 8 + more("x")) * 10_000
    seen = [each for each in seen_of(connect(), tiny + close(1000)) if each[0] != "pong"]
    assert seen == [("text", b"x")] * 10_000 + [("close", 1000)]


@pytest.mark.parametrize("sent", [b"\x81\x05", b"\x81\x00", b"\x89\x00", b"\x82\x7e"])
def test_w11__an_unmasked_frame_is_refused_by_its_second_byte(connect, sent):
    peer = connect()
    peer.send(sent)
    assert read_frame(peer).seen() == ("close", 1002)


# ---- W12: the client


@pytest.fixture
def served():
    """A client of the library, and the raw server's end of its connection; `extra`: behind the 101."""
    opened = []

    def serve(*options, extra=b"", status=None, lines=()):
        server = RawServer()
        driver = Driver(f"ws://127.0.0.1:{server.port}/", *options)
        opened.extend([driver, server])
        driver.__enter__()
        server.__enter__()
        driver.connect()
        conn = server.accept()
        head = conn.read_head()
        good = answer(head, *lines)
        conn.send((good if status is None else good.replace(b"101 Switching Protocols", status)) + extra)
        opened.append(conn)
        return driver, conn

    yield serve
    for each in reversed(opened):
        each.__exit__(None, None, None)


def from_server(opcode, payload=b"", **how):
    return frame(opcode, payload, mask=None, **how)


def test_w12__masks_are_random_and_65535_bytes_have_the_16_bit_length(served):
    driver, conn = served()
    driver.hear("open")
    masks = set()
    for _ in range(4):
        driver.tell("fill binary 65535")
        _, payload, mask, header = conn.read_frame()
        assert payload == b"x" * 65535 and len(header) == 4
        masks.add(mask)
    assert len(masks) == 4 and bytes(4) not in masks


def test_w12__a_status_but_101_is_a_refusal(served):
    driver, _ = served(status=b"200 OK")
    assert "answered 200" in driver.hear("error")


@pytest.mark.parametrize("line", [b"Sec-WebSocket-Protocol: other", b"Sec-WebSocket-Extensions: permessage-deflate"])
def test_w12__what_the_server_chooses_has_been_offered(served, line):
    driver, _ = served("ws_subprotocol=chat", lines=[line])
    assert driver.hear("error").startswith("error WM_EPROTOCOL")


def test_w12__frames_behind_the_answer_do_not_stall(served):
    driver, conn = served(extra=from_server(TEXT, b"one") + from_server(PING, b"p") + from_server(BINARY, b"two"))
    assert driver.hear("message") == "message text " + b"one".hex()
    assert driver.hear("message") == "message binary " + b"two".hex()
    assert conn.read_frame()[:2] == (PONG, b"p")


def test_w12__a_close_is_answered_with_its_code(served):
    driver, conn = served(extra=from_server(CLOSE, b"\x10\xe1bye"))
    assert conn.read_frame()[:2] == (CLOSE, b"\x10\xe1")
    conn.close()
    assert driver.hear("close").split()[1:3] == ["peer", "4321"]


def test_w12__an_endless_answer_has_a_limit(served):
    driver, _ = served(lines=[b"X: " + b"x" * 200_000])
    assert driver.hear("error").startswith("error WM_EPROTOCOL")


@pytest.mark.parametrize("rsv, data", [(4, GARBAGE), (2, b"a"), (1, b"")])
def test_w12__b1_from_a_server_ends_the_connection(served, rsv, data):
    driver, conn = served(extra=from_server(TEXT, data, rsv=rsv))
    opcode, payload, _, _ = conn.read_frame()
    assert (opcode, payload[:2]) == (CLOSE, b"\x03\xea")
    driver.tell("get name")
    driver.hear("get")


def test_w12__b1_from_a_server_with_deflate_ends_the_connection(served):
    driver, conn = served("deflate=own", lines=[b"Sec-WebSocket-Extensions: permessage-deflate"], extra=from_server(TEXT, GARBAGE, rsv=4))
    opcode, payload, _, _ = conn.read_frame()
    assert (opcode, payload[:2]) == (CLOSE, b"\x03\xef")
    driver.tell("get name")
    driver.hear("get")


# ---- C


def test_c5__a_close_does_not_wait_for_ever(connect):
    peer = connect("ws", "close_timeout_ms=300")
    peer.send(text("!close 4001"))
    assert peer.wait_event("close").words[:2] == ["LOCAL", "4001"]


def test_c5__a_peer_that_has_ended_its_side_gets_what_is_due(connect):
    peer = connect("text", "half_open=1")
    peer.send(b"asked\n")
    peer.half_close()
    assert peer.read_exactly(6) == b"asked\n"
