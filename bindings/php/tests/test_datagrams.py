"""Workers of datagrams: udp:// and transport udp, with each kind of protocol."""
import json
import os
import struct

import pytest

from datagram_peer import DatagramPeer
from php_program import eventually, resident

RAW, TEXT, FRAME, SHOUT, REVERSED, BROKEN, SILENT = range(7)


@pytest.fixture(scope="module")
def server(shared_program):
    return shared_program("datagrams", ports=7).start(ready=7)


def peer_of(server, number=RAW):
    return DatagramPeer(server.ports[number])


def shout(text):
    return struct.pack(">H", len(text)) + text


def frame(text):
    return struct.pack(">I", len(text) + 4) + text


# ---- without a protocol


def test_datagrams__are_messages_and_answered(server):
    with peer_of(server) as one, peer_of(server) as other:
        one.send("from one")
        other.send("from other")
        assert (one.receive(), other.receive()) == (b"from one", b"from other")
        assert one.ask(b"\x00\xff\n\xc3") == b"\x00\xff\n\xc3"
        assert one.ask("哈囉 🎉") == "哈囉 🎉".encode()
        assert one.ask("") == b""
        assert one.ask("later on") == b"on"


def test_connection__says_where_it_comes_from_and_goes_to(server):
    with peer_of(server) as peer:
        shown = json.loads(peer.ask("who"))
    assert shown == {
        "transport": "udp", "getRemoteIp": "127.0.0.1", "remotePort": peer_port(shown), "getRemoteAddress": f"127.0.0.1:{peer_port(shown)}",
        "getLocalIp": "127.0.0.1", "getLocalPort": server.port, "getLocalAddress": f"127.0.0.1:{server.port}", "isIpV4": True, "isIpV6": False,
    }


def peer_port(shown):
    return int(shown["getRemoteAddress"].rpartition(":")[2])


def test_workers__tell_of_no_connection(server):
    with peer_of(server) as peer:
        before = json.loads(peer.ask("counts"))
        peer.ask("hello")
        after = json.loads(peer.ask("counts"))
    assert after[:3] == [0, 0, before[2] + 2]
    assert server.trace("connect") == server.trace("close") == []


@pytest.mark.differs
def test_close__sends_its_data_and_leaves_the_worker_alone(server):
    with peer_of(server) as peer, peer_of(server) as other:
        count = len(server.trace("sent-after-close"))
        assert peer.ask("close goodbye") == b"goodbye"
        assert server.await_trace("sent-after-close", count + 1)[count] == [False, ""]
        assert peer.ask("again") == b"again"
        assert other.ask("hello") == b"hello"


@pytest.mark.parametrize("size, sent", [(0, True), (60000, True), (65507, True), (65508, False), (100000, False)])
def test_send__says_whether_it_fits_into_a_datagram(server, size, sent):
    with peer_of(server) as peer:
        count = len(server.trace("sent"))
        peer.send(f"size {size}")
        assert server.await_trace("sent", count + 1)[count] == [size, sent]
        assert peer.receive() == b"x" * size if sent else peer.ask("next") == b"next"


def test_large__datagrams_come_whole(server):
    with peer_of(server) as peer:
        data = os.urandom(60000).replace(b" ", b"_")
        assert peer.ask(data) == data


def test_connection__that_was_kept_answers_also_when_many_others_have_come(server):
    with peer_of(server) as kept:
        kept.send("keep")
        assert kept.ask("hello") == b"hello"
        for _ in range(1500):  # more than libwm remembers
            with peer_of(server) as other:
                other.ask("x")
        with peer_of(server) as other:
            assert json.loads(other.ask("kept at last")) == [True]
        assert kept.receive() == b"at last"


@pytest.mark.differs
def test_exception__ends_nothing(server):
    with peer_of(server) as peer:
        peer.send("throw")
        assert peer.ask("still here") == b"still here"
    assert "deliberate exception in onMessage" in server.output()
    assert len(server.trace("ready")) == 7


def test_worker__without_on_message_drops_what_comes(server):
    with peer_of(server, SILENT) as peer, peer_of(server) as other:
        peer.send("nobody hears this")
        assert other.ask("hello") == b"hello"


# ---- protocols


def test_text__has_a_message_for_each_whole_line(server):
    with peer_of(server, TEXT) as peer:
        peer.send(b"one\ntwo\r\nincomplete")
        assert [peer.receive(), peer.receive()] == [b"one\n", b"two\n"]
        assert peer.ask(b"next\n") == b"next\n"


def test_frame__has_a_message_for_each_whole_frame(server):
    with peer_of(server, FRAME) as peer:
        peer.send(frame(b"one") + frame(b"") + frame(b"cut off")[:3])
        assert [peer.receive(), peer.receive()] == [frame(b"one"), frame(b"")]
        assert peer.ask(frame(b"next")) == frame(b"next")


def test_own_protocol__loops_over_the_datagram(server):
    with peer_of(server, SHOUT) as peer:
        peer.send(shout(b"one") + shout(b"skip") + shout(b"two") + b"\0")
        assert [peer.receive(), peer.receive()] == [shout(b"ONE"), shout(b"TWO")]
        peer.send(shout(b"nothing"))  # of which encode() makes nothing
        assert peer.ask(shout(b"next")) == shout(b"NEXT")


@pytest.mark.differs
@pytest.mark.parametrize("number, cut, whole, answer", [
    (SHOUT, shout(b"cut off")[:-1], shout(b"next"), shout(b"NEXT")), (FRAME, frame(b"cut off")[:-1], frame(b"next"), frame(b"next")),
    (FRAME, b"\0\0\0\2", frame(b"next"), frame(b"next"))], ids=["own", "frame", "frame whose length is none"])
def test_message__that_its_datagram_does_not_hold_is_dropped(server, number, cut, whole, answer):
    with peer_of(server, number) as peer:
        peer.send(cut)
        assert peer.ask(whole) == answer


@pytest.mark.differs
def test_own_protocol__that_throws_loses_the_rest_of_its_datagram(server):
    with peer_of(server, SHOUT) as peer:
        peer.send(shout(b"before") + shout(b"throw") + shout(b"behind"))
        assert peer.receive() == shout(b"BEFORE")
        assert peer.ask(shout(b"next")) == shout(b"NEXT")


def test_own_protocol__without_input_gets_the_datagram(server):
    with peer_of(server, REVERSED) as peer:
        peer.send("bad")
        assert peer.ask("hello") == b"hello!"


@pytest.mark.differs
@pytest.mark.parametrize("wrong", ["negative", "float", "null", "text", "beyond", "throw"])
def test_input__that_says_what_cannot_be_costs_its_datagram(server, wrong):
    with peer_of(server, BROKEN) as peer:
        peer.send(wrong)
        assert peer.ask("right") == b"right"


# ---- the process


@pytest.mark.differs
def test_stop__in_a_callback_replaces_the_process(program):
    server = program("datagrams", ports=7).start(ready=7)
    with peer_of(server) as peer:
        peer.send("stop")
    eventually(lambda: len(server.trace("ready")) == 8, "the successor of the process that has stopped")
    with peer_of(server) as peer:
        assert peer.ask("hello") == b"hello"
    assert server.stop() == 0


def test_memory__is_flat_over_a_hundred_thousand_datagrams(program):
    server = program("datagrams", ports=7).start(ready=7)
    counts = []
    with peer_of(server) as peer:
        for part in range(3):
            for number in range(0, 50000 if part else 5000, 50):
                for each in range(50):
                    peer.send(f"datagram {number + each}")
                for each in range(50):
                    assert peer.receive() == b"datagram %d" % (number + each)
            told = json.loads(peer.ask("counts"))
            counts.append((told[3], resident(told[4])))
    assert counts[2][0] - counts[0][0] < 100_000, counts
    assert counts[2][1] - counts[0][1] < 2_000_000, counts
