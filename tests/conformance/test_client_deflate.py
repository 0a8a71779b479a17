"""permessage-deflate (RFC 7692) as a client: what it asks for, which answers it takes, and its messages, against servers of raw sockets."""
import os
import re

import pytest
from client_process import Driver, sum_of
from client_servers import RawServer, answer
from deflate_peer import RESETS, DeflatePeer, Packer, parameters_of, sample
from ws_frames import BINARY, CLOSE, PING, PONG, TEXT, close, frame

LIMIT = 200_000
HELLO = b"\xf2\x48\xcd\xc9\xc9\x07\x00"
each_mode = pytest.mark.parametrize("deflate", ("shared", "own"))
each_way = pytest.mark.parametrize("pull", (False, True))


@pytest.fixture
def server():
    with RawServer() as raw:
        yield raw


def client_of(server, deflate, *options, **how):
    return Driver(f"ws://127.0.0.1:{server.port}", f"deflate={deflate}", "deflate_min=0", f"max_message={LIMIT}", *options, **how)


def open_on(server, driver, answered):
    """Accepts the client with that extension; the connection and its other end."""
    driver.connect()
    conn = server.accept()
    line = answer(conn.read_head(), *([b"Sec-WebSocket-Extensions: " + answered.encode()] if answered else []))
    conn.send(line)
    driver.hear("open")
    return conn, DeflatePeer(parameters_of(line) or {}, "server")


def in_hex(data):
    return sum_of(data) if len(data) > 1024 else data.hex() or "-"


def test_what_it_asks_for(server):
    wanted = {
        ("shared",): f"permessage-deflate; {RESETS}; client_max_window_bits",
        ("own",): "permessage-deflate; client_max_window_bits",
        ("own", "deflate_window_bits=10"): "permessage-deflate; server_max_window_bits=10; client_max_window_bits=10",
        ("off",): None,
        ("own", "max_deflate_total=100000"): None,
    }
    for (deflate, *options), offer in wanted.items():
        with client_of(server, deflate, *options) as driver:
            driver.connect()
            with server.accept() as conn:
                found = re.findall(rb"Sec-WebSocket-Extensions: ([^\r]*)\r\n", conn.read_head())
                assert found == ([offer.encode()] if offer else [])
            driver.hear("close")


ANSWERS = {
    "shared": ["", f"permessage-deflate; {RESETS}", "permessage-deflate; server_no_context_takeover; server_max_window_bits=8"],
    "own": [
        "",
        "permessage-deflate",
        "permessage-deflate; server_no_context_takeover",
        "permessage-deflate; client_no_context_takeover",
        *(f"permessage-deflate; server_max_window_bits={bits}; client_max_window_bits={bits}" for bits in range(8, 16)),
    ],
}


@each_way
@pytest.mark.parametrize("deflate, answered", [(deflate, answered) for deflate, all_of in ANSWERS.items() for answered in all_of])
def test_messages_both_ways(server, deflate, answered, pull):
    with client_of(server, deflate, "max_send_buffer=4000000", echo=True, pull=pull) as driver:
        conn, end = open_on(server, driver, answered)
        with conn:
            for turn, size in enumerate((0, 1, 16, 500, 1024, 5000, 16384, 40000, 131072)):
                for payload in (sample(size, turn), sample(size, turn + 1), os.urandom(size)):
                    opcode = BINARY if payload != sample(size, turn) else TEXT
                    if answered and payload:
                        conn.send(end.message(opcode, payload, 1 + turn % 3))
                    else:
                        conn.send(frame(opcode, payload, mask=None))
                    back = end.take(conn.read)
                    assert (back.opcode, back.payload) == (opcode, payload)
                    assert not back.compressed or answered
                    if opcode == TEXT and size >= 1024:
                        assert back.compressed == bool(answered)
            conn.send(frame(PING, b"p", mask=None) + close(1000, mask=None))
            assert [end.take(conn.read).opcode for _ in range(2)] == [PONG, CLOSE]


BAD_ANSWERS = {
    "shared": ["permessage-deflate", "permessage-deflate; client_no_context_takeover"],
    "own": [
        "x-other",
        "permessage-deflate, permessage-deflate",
        "permessage-deflate; unknown=1",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate;",
    ],
    "off": ["permessage-deflate"],
}


@pytest.mark.parametrize("deflate, answered", [(deflate, answered) for deflate, all_of in BAD_ANSWERS.items() for answered in all_of])
def test_answers_that_were_not_asked_for(server, deflate, answered):
    with client_of(server, deflate) as driver:
        driver.connect()
        with server.accept() as conn:
            conn.send(answer(conn.read_head(), b"Sec-WebSocket-Extensions: " + answered.encode()))
            assert "the server" in driver.hear("error WM_EPROTOCOL")
            driver.hear("close protocol")


REFUSED = {
    "RSV1 on a ping": (frame(PING, b"", rsv=4, mask=None), 1002),
    "RSV1 on a continuation": (frame(TEXT, HELLO[:3], fin=False, rsv=4, mask=None) + frame(0, HELLO[3:], rsv=4, mask=None), 1002),
    "RSV2": (frame(TEXT, HELLO, rsv=6, mask=None), 1002),
    "garbage": (frame(BINARY, b"\xff" * 40, rsv=4, mask=None), 1007),
    "a block that ends early": (frame(BINARY, HELLO[:4], rsv=4, mask=None), 1007),
    "text that is no UTF-8": (frame(TEXT, Packer(15, True).pack(b"abc\xff"), rsv=4, mask=None), 1007),
    "a bomb": (frame(BINARY, Packer(15, True).pack(b"\0" * (64 << 20)), rsv=4, mask=None), 1009),
}


@each_way
@each_mode
@pytest.mark.parametrize("name", REFUSED)
def test_refused(server, name, deflate, pull):
    data, code = REFUSED[name]
    with client_of(server, deflate, pull=pull) as driver:
        conn, end = open_on(server, driver, f"permessage-deflate; {RESETS}")
        with conn:
            conn.send(data)
            last = end.take(conn.read)
            assert (last.opcode, int.from_bytes(last.payload[:2], "big")) == (CLOSE, code)


@each_mode
def test_a_message_in_single_octets(server, deflate):
    with client_of(server, deflate) as driver:
        conn, _ = open_on(server, driver, f"permessage-deflate; {RESETS}")
        with conn:
            conn.send_single(frame(TEXT, HELLO[:4], fin=False, rsv=4, mask=None) + frame(PING, b"", mask=None) + frame(0, HELLO[4:], mask=None))
            assert driver.hear("message") == f"message text {in_hex(b'Hello')}"
            conn.send(close(1000, mask=None))
