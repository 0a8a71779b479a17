"""permessage-deflate (RFC 7692) as a server: agreements, windows, context takeover, fragments, and what is malformed, malicious or too long."""
import os
import struct
import threading
import zlib

import pytest
from deflate_peer import RESETS, DeflatePeer, Packer, open_with, parameters_of, sample, take_all
from lanes import bytewise, cuts_of, run_lanes
from ws_frames import BINARY, CLOSE, PING, PONG, TEXT, binary, close, frame, frames_of, more, ping, request, text

LIMIT = 200_000
MODES = ("shared", "own")
SIZES = (1, 16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072)
HELLO = b"\xf2\x48\xcd\xc9\xc9\x07\x00"
each_mode = pytest.mark.parametrize("deflate", MODES)


def serve(servers, mode, deflate, *options):
    return servers.get(mode, f"deflate={deflate}", "deflate_min=0", f"max_message={LIMIT}", *options)


def code_of(message):
    assert message.opcode == CLOSE
    return struct.unpack(">H", message.payload[:2])[0]


# ---- the handshake

ANSWERS = {  # offer: (shared, own); None: declined
    "permessage-deflate": (RESETS, ""),
    "permessage-deflate; client_max_window_bits": (RESETS, ""),
    "permessage-deflate; client_max_window_bits=10": (f"{RESETS}; client_max_window_bits=10", "client_max_window_bits=10"),
    "permessage-deflate; server_max_window_bits=8": (f"{RESETS}; server_max_window_bits=8", "server_max_window_bits=8"),
    "permessage-deflate; server_no_context_takeover": (RESETS, "server_no_context_takeover"),
    "permessage-deflate; client_no_context_takeover": (RESETS, "client_no_context_takeover"),
    'x-other; a="b", permessage-deflate; server_max_window_bits="9"': (f"{RESETS}; server_max_window_bits=9", "server_max_window_bits=9"),
    "permessage-deflate; server_max_window_bits=16": (None, None),
    "permessage-deflate; unknown": (None, None),
    "permessage-deflate; client_max_window_bits; client_max_window_bits": (None, None),
    "x-other": (None, None),
}


@each_mode
def test_agreements(servers, cut_mode, deflate):
    mode, transport = cut_mode
    server = serve(servers, mode, deflate)
    for offer, answers in ANSWERS.items():
        wanted = answers[MODES.index(deflate)]
        with server.connect(f"ws.{transport}") as peer:
            agreed = open_with(peer, offer)
            assert (agreed is None) == (wanted is None), offer
            if wanted is not None:
                assert agreed == dict(each.partition("=")[::2] for each in wanted.split("; ") if each), offer
            peer.send(frame(TEXT, HELLO, rsv=4) + close(1000))
            messages = take_all(peer, DeflatePeer(agreed or {}))
            if agreed is None:  # RSV1 without an extension (RFC 6455 §5.2)
                assert [code_of(each) for each in messages] == [1002]
            else:
                assert (messages[0].payload, code_of(messages[1])) == (b"Hello", 1000)


@each_mode
def test_malformed_offers_fail_the_handshake(servers, deflate):
    server = serve(servers, "callbacks", deflate)
    for line in ("permessage-deflate;", "permessage-deflate; a=", 'permessage-deflate; a="', "permessage-deflate client_max_window_bits"):
        with server.connect("ws.tcp4") as peer:
            data, _ = peer.exchange(request(extra=[b"Sec-WebSocket-Extensions: " + line.encode()]))
            assert data.startswith(b"HTTP/1.1 400 ") and b"Sec-WebSocket-Extensions is malformed" in data, line


def test_off_by_default(servers):
    server = servers.get("callbacks", f"max_message={LIMIT}")
    with server.connect("ws.tcp4") as peer:
        assert open_with(peer, "permessage-deflate") is None
        peer.send(frame(TEXT, HELLO, rsv=4))
        assert [code_of(each) for each in take_all(peer, DeflatePeer({}))] == [1002]


def test_windows_beyond_the_total_are_declined(servers):
    server = servers.get("callbacks", "deflate=own", "deflate_min=0", "max_deflate_total=400000")
    with server.connect("ws.tcp4") as first, server.connect("ws.tcp4") as second, server.connect("ws.tcp4") as third:
        assert open_with(first, "permessage-deflate") == {}
        assert open_with(second, "permessage-deflate") is None
        assert open_with(third, f"permessage-deflate; {RESETS}") is not None  # it has no windows of its own
        for peer in (first, second, third):
            peer.send(close(1000))
            peer.wait_event("close")
    with server.connect("ws.tcp4") as again:
        assert open_with(again, "permessage-deflate") == {}


# ---- messages

OFFERS = [
    "permessage-deflate",
    "permessage-deflate; server_no_context_takeover",
    "permessage-deflate; client_no_context_takeover",
    f"permessage-deflate; {RESETS}",
    *(f"permessage-deflate; server_max_window_bits={bits}; client_max_window_bits={bits}" for bits in range(8, 16)),
    f"permessage-deflate; {RESETS}; server_max_window_bits=8; client_max_window_bits=8",
]


@each_mode
@pytest.mark.parametrize("offer", OFFERS)
def test_messages_of_all_sizes(servers, cut_mode, deflate, offer):
    mode, transport = cut_mode
    server = serve(servers, mode, deflate)
    with server.connect(f"ws.{transport}") as peer:
        end = DeflatePeer(open_with(peer, offer))
        samples = [(TEXT if turn % 2 else BINARY, sample(size, turn)) for size in SIZES for turn in range(4)]
        sent = samples + [(BINARY, os.urandom(size)) for size in SIZES] + [(TEXT, b""), (TEXT, "é中😀".encode() * 200)]
        data = b"".join(end.message(opcode, payload, 1 + at % 3) for at, (opcode, payload) in enumerate(sent))
        sender = threading.Thread(target=peer.send, args=(data + close(1000),))
        sender.start()
        messages = take_all(peer, end)
        sender.join()
        assert [(each.opcode, each.payload) for each in messages[:-1]] == sent
        long = [each for each in messages[: len(samples)] if len(each.payload) >= 1024]
        assert all(each.compressed and each.wire < 0.8 * len(each.payload) for each in long)


@each_mode
def test_context_is_taken_over_where_agreed(servers, deflate):
    server = serve(servers, "callbacks", deflate)
    with server.connect("ws.tcp4") as peer:
        end = DeflatePeer(open_with(peer, "permessage-deflate"))
        payload = os.urandom(500)
        peer.send(end.message(BINARY, payload * 2) + end.message(BINARY, payload * 2) + close(1000))
        first, second, _ = take_all(peer, end)
        assert first.payload == second.payload == payload * 2
        assert second.wire < 50 if deflate == "own" else second.wire == first.wire


@each_mode
def test_plain_messages_and_control_frames_between(servers, cut_mode, deflate):
    mode, transport = cut_mode
    server = serve(servers, mode, deflate)
    with server.connect(f"ws.{transport}") as peer:
        end = DeflatePeer(open_with(peer, "permessage-deflate"))
        packed = end.packer.pack(sample(3000))
        data = frame(TEXT, packed[:100], fin=False, rsv=4) + ping(b"1") + more(packed[100:200], fin=False) + more(b"", fin=False)
        data += ping(b"2") + more(packed[200:]) + text("plain") + text("in ", fin=False) + ping(b"3") + more("parts") + end.message(BINARY, b"\xff" * 300)
        peer.send(data + close(1000))
        messages = take_all(peer, end)
        assert [each.payload for each in messages if each.opcode == PONG] == [b"1", b"2", b"3"]
        assert [each.payload for each in messages[:-1] if each.opcode != PONG] == [sample(3000), b"plain", b"in parts", b"\xff" * 300]


@each_mode
def test_final_and_stored_blocks(servers, deflate):
    server = serve(servers, "callbacks", deflate)
    whole = zlib.compressobj(9, zlib.DEFLATED, -15)
    final = whole.compress(sample(5000)) + whole.flush(zlib.Z_FINISH)
    rows = [
        (HELLO, b"Hello"),
        (b"\x00\x05\x00\xfa\xffHello\x00", b"Hello"),
        (b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", b"Hello"),
        (b"\xf3\x48\xcd\xc9\xc9\x07\x00", b"Hello"),
        (b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", b"Hello"),
        (b"\x00", b""),
        (final + b"\x00", sample(5000)),
        (final + HELLO, sample(5000) + b"Hello"),
    ]
    with server.connect("ws.tcp4") as peer:
        end = DeflatePeer(open_with(peer, "permessage-deflate"))
        peer.send(b"".join(frame(TEXT, data, rsv=4) for data, _ in rows) + close(1000))
        assert [each.payload for each in take_all(peer, end)[:-1]] == [payload for _, payload in rows]


def test_what_is_short_or_does_not_shrink_is_sent_as_it_is(servers):
    server = servers.get("callbacks", "deflate=shared", "deflate_min=200")
    with server.connect("ws.tcp4") as peer:
        end = DeflatePeer(open_with(peer, "permessage-deflate"))
        sent = [b"a" * 199, b"a" * 200, os.urandom(1000)]
        peer.send(b"".join(end.message(BINARY, each) for each in sent) + close(1000))
        messages = take_all(peer, end)[:-1]
        assert [each.payload for each in messages] == sent
        assert [each.compressed for each in messages] == [False, True, False]


# ---- what ends the connection

BOMB = Packer(15, True).pack(b"\0" * (64 << 20))
REFUSED = {
    "RSV1 on a ping": (frame(PING, b"", rsv=4), 1002),
    "RSV1 on a close": (frame(CLOSE, b"\x03\xe8", rsv=4), 1002),
    "RSV1 on a continuation": (frame(TEXT, HELLO[:3], fin=False, rsv=4) + more(HELLO[3:], rsv=4), 1002),
    "RSV1 on a continuation of a plain message": (text("a", fin=False) + more(HELLO, rsv=4), 1002),
    "RSV2": (frame(TEXT, HELLO, rsv=6), 1002),
    "RSV3": (frame(TEXT, HELLO, rsv=5), 1002),
    "garbage": (binary(b"\xff" * 40, rsv=4), 1007),
    "a block that ends early": (binary(HELLO[:4], rsv=4), 1007),
    "nothing at all": (binary(b"", rsv=4) + binary(b"\xff", rsv=4), 1007),
    "a window that was never filled": (binary(b"\xf2\x00\x11\x00\x00", rsv=4), 1007),
    "lengths that differ": (binary(b"\x00\x05\x00\x00\x00Hello\x00", rsv=4), 1007),
    "text that is no UTF-8": (text(Packer(15, True).pack(b"abc\xff"), rsv=4), 1007),
    "text that ends inside a character": (text(Packer(15, True).pack(b"a" * 9000 + b"\xe4\xb8"), rsv=4), 1007),
    "one byte over the limit": (binary(Packer(15, True).pack(b"a" * (LIMIT + 1)), rsv=4), 1009),
    "a bomb": (binary(BOMB, rsv=4), 1009),
    "compressed bytes over the limit": (frame(BINARY, b"", rsv=4, declared=2 * LIMIT), 1009),
}


@each_mode
@pytest.mark.parametrize("name", REFUSED)
def test_refused(servers, cut_mode, deflate, name):
    mode, transport = cut_mode
    data, code = REFUSED[name]
    server = serve(servers, mode, deflate)
    with server.connect(f"ws.{transport}") as peer:
        end = DeflatePeer(open_with(peer, "permessage-deflate"))
        peer.send(data)
        assert code_of(take_all(peer, end)[-1]) == code
        assert peer.wait_event("close").words[0] == ("LIMIT" if code == 1009 else "PROTOCOL")


def test_messages_at_the_limit_pass(servers):
    server = serve(servers, "pull", "own")
    with server.connect("ws.unix") as peer:
        end = DeflatePeer(open_with(peer, "permessage-deflate"))
        sent = [b"a" * LIMIT, os.urandom(LIMIT)]
        sender = threading.Thread(target=peer.send, args=(b"".join(end.message(BINARY, each) for each in sent) + close(1000),))
        sender.start()
        assert [each.payload for each in take_all(peer, end)[:-1]] == sent
        sender.join()


def test_a_stream_is_the_same_wherever_it_is_cut(servers, cut_mode):
    mode, transport = cut_mode
    server = serve(servers, mode, "shared", "deflate_min=1000")
    packed = Packer(15, True).pack(b"Hello " * 20)
    data = frame(TEXT, packed[:5], fin=False, rsv=4) + ping(b"p") + more(packed[5:]) + text("x") + binary(HELLO, rsv=4) + close(1000)

    def shake_hands(peers):
        for peer in peers:
            assert open_with(peer, "permessage-deflate") is not None

    scripts = [*cuts_of(data), bytewise(data)]
    for outcome in run_lanes(server, f"ws.{transport}", scripts, shake_hands):
        seen = sorted(each.seen() for each in frames_of(outcome.data))
        assert seen == sorted([("pong", b"p"), ("text", b"Hello " * 20), ("text", b"x"), ("binary", b"Hello"), ("close", 1000)])


def test_parameters_of_an_answer():
    assert parameters_of(b"HTTP/1.1 101 x\r\nSec-WebSocket-Extensions: permessage-deflate; a=1; b\r\n\r\n") == {"a": "1", "b": ""}
