"""frame:// and protocols of the host's own: the bytes as Python packs them."""
import pathlib
import struct
import sys

import pytest

from framings import FRAMINGS, frame, tag
from lanes import bytewise, cuts_of, run_lanes
from server_process import ConformanceServer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from certificates import client_context, make_certificate  # noqa: E402

PAYLOADS = {
    "one": [b"hello"],
    "several in one segment": [b"a", b"bc", b"def"],
    "every byte but the delimiter": [bytes(byte for byte in range(256) if byte != 0x7C)],
    "of growing length": [b"x" * n for n in range(1, 40)],
}
each_row = pytest.mark.parametrize("payloads", PAYLOADS.values(), ids=PAYLOADS.keys())
each_framing = pytest.mark.parametrize("protocol", FRAMINGS)


def stream(protocol, payloads):
    return b"".join(FRAMINGS[protocol](payload) for payload in payloads)


@each_framing
@each_row
def test_whole(servers, whole_mode, protocol, payloads):
    mode, transport = whole_mode
    with servers.get(mode).connect(f"{protocol}.{transport}") as peer:
        data, reset = peer.exchange(stream(protocol, [*payloads, b"!bye"]))
        assert (data, reset) == (stream(protocol, [*payloads, b"bye"]), False)


@each_framing
def test_cut_at_every_byte(servers, cut_mode, protocol):
    mode, transport = cut_mode
    payloads = [b"a", b"hello", b"\0\1\2\3\4\5", b"last one"]
    data = stream(protocol, [*payloads, b"!bye"])
    scripts = [*cuts_of(data), bytewise(data)]
    for parts, outcome in zip(scripts, run_lanes(servers.get(mode), f"{protocol}.{transport}", scripts)):
        assert (outcome.data, outcome.reset) == (stream(protocol, [*payloads, b"bye"]), False), f"first part {parts[0]!r}"


@pytest.mark.parametrize("protocol", ["frame", "bar", "tag"])
def test_empty_messages_are_messages(servers, whole_mode, protocol):
    mode, transport = whole_mode
    with servers.get(mode).connect(f"{protocol}.{transport}") as peer:
        assert peer.exchange(stream(protocol, [b"", b"", b"!bye"])) == (stream(protocol, [b"", b"", b"bye"]), False)


def test_a_message_that_decode_skips_is_none(servers, whole_mode):
    mode, transport = whole_mode
    with servers.get(mode).connect(f"digits.{transport}") as peer:
        assert peer.exchange(b"0000" b"0001a" b"0000" b"0004!bye") == (b"0001a" b"0003bye", False)


@pytest.mark.parametrize("protocol,over", [("frame", 1000), ("bar", 1000), ("tag", 1000 - 4), ("digits", 1000 - 4)])
@pytest.mark.parametrize("more", [0, 1])
def test_message_of_max_message_and_one_over_it(servers, whole_mode, protocol, over, more):
    """max_message counts what the host gets: without a length or a delimiter that the library takes off."""
    mode, transport = whole_mode
    payload = b"x" * (over + more)
    with servers.get(mode, "max_message=1000").connect(f"{protocol}.{transport}") as peer:
        data, reset = peer.exchange(stream(protocol, [payload, b"!bye"]))
        assert (data, reset) == (b"" if more else stream(protocol, [payload, b"bye"]), False)
        if more:
            check_error(peer, "WM_EMSGSIZE", "LIMIT")


def check_error(peer, error, reason):
    events = peer.events()
    assert [event.kind for event in events] == ["open", "error", "close"]
    assert events[1].words[0] == error
    assert events[2].words[0] == reason
    return events[1].text


@pytest.mark.parametrize("length", [0, 1, 2, 3])
def test_frame_shorter_than_its_length_is_refused(servers, whole_mode, length):
    """Workerman waits for ever at 0, and takes what follows 1 to 3 for another frame's length."""
    mode, transport = whole_mode
    with servers.get(mode).connect(f"frame.{transport}") as peer:
        data, reset = peer.exchange(frame(b"a") + struct.pack(">I", length) + frame(b"b"))
        assert (data, reset) == (frame(b"a"), False)
        assert b"below 4" in check_error(peer, "WM_EPROTOCOL", "PROTOCOL")


@pytest.mark.parametrize("length", [1005, 1 << 16, (1 << 31) - 1, 1 << 31, (1 << 32) - 1])
def test_an_announced_length_over_the_limit_is_refused_at_once(servers, whole_mode, length):
    mode, transport = whole_mode
    with servers.get(mode, "max_message=1000").connect(f"frame.{transport}") as peer:
        peer.send(struct.pack(">I", length))
        assert peer.read_until_eof() == (b"", False)
        check_error(peer, "WM_EMSGSIZE", "LIMIT")


@pytest.mark.parametrize("protocol", ["bar"])
def test_bytes_without_an_end_are_refused_at_the_limit(servers, whole_mode, protocol):
    mode, transport = whole_mode
    with servers.get(mode, "max_message=1000").connect(f"{protocol}.{transport}") as peer:
        assert peer.exchange(b"x" * (1 << 20))[0] == b""
        check_error(peer, "WM_EMSGSIZE", "LIMIT")


def test_what_input_refuses_ends_the_connection_alone(servers, whole_mode):
    mode, transport = whole_mode
    server = servers.get(mode)
    with server.connect(f"digits.{transport}") as other, server.connect(f"digits.{transport}") as peer:
        assert peer.exchange(b"0001a" b"no digits") == (b"0001a", False)
        check_error(peer, "WM_EPROTOCOL", "PROTOCOL")
        assert other.exchange(b"0002ok" b"0004!bye") == (b"0002ok" b"0003bye", False)


def test_length_behind_a_tag_reaches_the_host(servers, whole_mode):
    """The length is not at offset 0, so the host gets and sends whole messages: other tags come back as they were."""
    mode, transport = whole_mode
    sent = b"AB" + struct.pack("<H", 3) + b"abc" + b"\0\xff" + struct.pack("<H", 0)
    with servers.get(mode).connect(f"tag.{transport}") as peer:
        assert peer.exchange(sent + tag(b"!bye")) == (sent + tag(b"bye"), False)


@each_framing
def test_half_closed_peer_gets_every_echo(servers, whole_mode, protocol):
    mode, transport = whole_mode
    with servers.get(mode).connect(f"{protocol}.{transport}") as peer:
        data = stream(protocol, [b"a", b"bc"] * 500)
        peer.send(data)
        peer.half_close()
        assert peer.read_until_eof() == (data, False)


@each_framing
def test_last_message_without_its_end_is_none(servers, whole_mode, protocol):
    mode, transport = whole_mode
    with servers.get(mode).connect(f"{protocol}.{transport}") as peer:
        peer.send(stream(protocol, [b"a", b"half"])[:-1])
        peer.half_close()
        assert peer.read_until_eof() == (stream(protocol, [b"a"]), False)
        assert peer.wait_event("close").words[0] == "PEER"


@pytest.mark.parametrize("protocol,size", [("frame", 900_000), ("bar", 900_000), ("tag", 65_535), ("digits", 9999)])
def test_long_message_over_many_segments(servers, whole_mode, protocol, size):
    mode, transport = whole_mode
    payload = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    with servers.get(mode).connect(f"{protocol}.{transport}") as peer:
        assert peer.exchange(stream(protocol, [payload, b"!bye"])) == (stream(protocol, [payload, b"bye"]), False)


@pytest.fixture(scope="module", params=[False, True], ids=["callbacks", "pull"])
def tls_server(request, tmp_path_factory):
    made = make_certificate(tmp_path_factory.mktemp("frame"))
    server = ConformanceServer("--tls", f"tls_cert={made.cert}", f"tls_key={made.key}", pull=request.param)
    yield server
    assert server.stop() == (0, "")


@each_framing
def test_over_tls(tls_server, protocol):
    """The protocol of the address, and transport=ssl."""
    payloads = [b"a", b"hello", b"x" * 9000]
    plain = tls_server.connect(f"{protocol}.tls").sock
    with client_context().wrap_socket(plain, server_hostname="localhost") as sock:
        for part in bytewise(stream(protocol, payloads[:2])):
            sock.sendall(part)
        sock.sendall(stream(protocol, [payloads[2], b"!bye"]))
        data = b""
        while part := sock.recv(1 << 16):
            data += part
    assert data == stream(protocol, [*payloads, b"bye"])
