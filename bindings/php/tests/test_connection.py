"""TcpConnection: framing of lines, addresses and counters, buffers, pause, limits and the ways to close."""
import json
import socket
import struct

import pytest

from php_program import Peer, alive, kill_client


@pytest.fixture(scope="module")
def server(shared_program):
    return shared_program("connection").start()


@pytest.fixture
def own_server(program):
    return program("connection").start()


# ---- text

def test_text__line_is_answered_with_a_line(server):
    with server.connect() as peer:
        assert peer.ask("echo hello") == "hello"


def test_text__line_ends_are_taken_off(server):
    with server.connect() as peer:
        peer.send("echo one\r\necho two\n")
        assert [peer.read_line(), peer.read_line()] == ["one", "two"]
        peer.send("\n")
        assert peer.read_line() == "what is ?"


def test_text__line_in_parts_is_one_message(server):
    with server.connect() as peer:
        for byte in b"echo in parts\n":
            peer.send(bytes((byte,)))
        assert peer.read_line() == "in parts"


def test_text__many_lines_in_one_segment_keep_their_order(server):
    with server.connect() as peer:
        peer.send("".join(f"echo {number}\n" for number in range(2000)))
        assert [peer.read_line() for _ in range(2000)] == [str(number) for number in range(2000)]


def test_text__raw_send_adds_nothing(server):
    with server.connect() as peer:
        peer.send("raw abc\nraw def\n")
        assert peer.read_exactly(6) == b"abcdef"


def test_text__line_over_the_limit_closes(own_server):
    with own_server.connect(own_server.ports[2]) as peer:
        assert peer.ask("x" * 90) == "got " + "x" * 90
        peer.send("y" * 200)
        assert peer.read_to_end() == b""
    own_server.await_trace("inner-close")
    assert own_server.trace("inner") == [["x" * 90]]


def test_tcp__bytes_as_they_come(server):
    with server.connect(server.ports[1]) as peer:
        peer.send(b"no line end")
        assert peer.read_exactly(15) == b"got no line end"


def test_limit__of_a_connection_in_mid_life(own_server):
    with own_server.connect() as limited, own_server.connect() as other:
        assert limited.ask("limit 50") == "limited"
        assert limited.ask("echo " + "x" * 40) == "x" * 40
        assert other.ask("echo " + "x" * 400) == "x" * 400
        limited.send("echo " + "y" * 400 + "\n")
        assert limited.read_to_end() == b""
        assert other.ask("echo live") == "live"


# ---- what a connection says of itself

def test_addresses__of_both_ends(server):
    with server.connect() as peer:
        port = peer.sock.getsockname()[1]
        assert json.loads(peer.ask("addresses")) == [
            "127.0.0.1", port, f"127.0.0.1:{port}", "127.0.0.1", server.port, f"127.0.0.1:{server.port}", True, False]


def test_addresses__of_the_peer_are_known_in_onClose(own_server):
    with own_server.connect() as peer:
        local = peer.local
    (_, status, address, sent), = own_server.await_trace("close")
    assert (status, address, sent) == (16, local, False)
    assert own_server.trace("connect")[0][1] == local


def test_state__defaults(server):
    with server.connect() as peer:
        state = json.loads(peer.ask("state"))
    assert (state["status"], state["name"], state["queue"], state["transport"]) == (2, "ESTABLISHED", 0, "tcp")
    assert state["worker"] and state["own"] and isinstance(state["id"], int) and state["id"] > 0
    assert (state["maxSendBufferSize"], state["maxPackageSize"]) == (1_048_576, 10_485_760)


def test_id__is_not_used_again(own_server):
    ids = []
    for _ in range(5):
        with own_server.connect() as peer:
            ids.append(json.loads(peer.ask("state"))["id"])
    assert len(set(ids)) == 5 and ids == sorted(ids)


def test_counters__count_bytes_of_both_directions(server):
    with server.connect() as peer:
        peer.ask("echo hello")
        read, written = json.loads(peer.ask("counters"))
    assert read == len("echo hello\n" "counters\n")
    assert written == len("hello\n")


def test_property__of_the_programs_own_stays(server):
    with server.connect() as peer, server.connect() as other:
        assert json.loads(peer.ask("property a")) == ["a", ["a"], False, "a"]
        assert json.loads(peer.ask("property b")) == ["a", ["a", "b"], False, "b"]
        assert json.loads(other.ask("property c")) == ["c", ["c"], False, "c"]


def test_callbacks__of_the_connection_alone(own_server):
    with own_server.connect() as peer, own_server.connect() as other:
        peer.send("own-callbacks\n")
        assert peer.ask("hello") == "own hello"
        assert other.ask("echo hello") == "hello"
    own_server.await_trace("own-close")
    own_server.await_trace("close")
    assert len(own_server.trace("own-close")) == len(own_server.trace("close")) == 1


# ---- buffers

def flooded(server):
    """A connection whose peer does not read, after its queue has been filled."""
    peer = Peer(server.port, receive_buffer=65536)
    peer.send("flood\n")
    server.await_trace("third")
    return peer


def test_send__says_what_has_become_of_it(own_server):
    with flooded(own_server) as peer:
        (first, queue), (second,), (third,) = (own_server.trace(event)[0] for event in ("first", "second", "third"))
        assert first is not False and queue > 1000
        assert (second, third) == (False, False)
        assert own_server.trace("error") == [[2, "send buffer full and drop package"]] * 2
        full = own_server.await_trace("full")
        assert full[0][0] > 1000
        assert own_server.trace("drain") == []
        assert peer.read_exactly(20_000_001) == b"x" * 20_000_000 + b"\n"
        assert own_server.await_trace("drain") == [[0]]
        assert peer.ask("echo after") == "after"
        assert "close" not in own_server.events("close")
        assert len(own_server.trace("full")) == 1
    own_server.await_trace("close")


def test_send__to_a_slow_reader_does_not_hold_up_others(own_server):
    with flooded(own_server), own_server.connect() as other:
        assert other.ask("echo quick") == "quick"


def test_send__small_one_is_taken(server):
    with server.connect() as peer:
        before = len(server.trace("sent"))
        peer.ask("echo hello")
        assert server.await_trace("sent", before + 1)[-1][0] in (True, None)


def test_buffers__message_over_the_limit_of_the_queue_arrives(server):
    with server.connect() as peer:
        peer.send("big 20000000\n")
        assert peer.read_exactly(20_000_001) == b"y" * 20_000_000 + b"\n"


def test_slow_reader__that_is_gone_is_closed(own_server):
    with flooded(own_server) as peer:
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    own_server.await_trace("close")
    with own_server.connect() as other:
        assert other.ask("echo live") == "live"


# ---- pause

def test_pause__holds_back_what_has_been_read(own_server):
    with own_server.connect() as peer:
        peer.send("echo before\npause 0.1\necho one\necho two\n")
        assert peer.read_line() == "before"
        peer.send("echo three\n")
        assert [peer.read_line() for _ in range(3)] == ["one", "two", "three"]
    own_server.await_trace("close")
    assert own_server.events("resume", "message") == ["message"] * 2 + ["resume"] + ["message"] * 3


def test_pause__in_a_resumed_message_holds_back_again(own_server):
    with own_server.connect() as peer:
        peer.send("pause 0.01\npause 0.01\npause 0.01\necho end\n")
        assert peer.read_line() == "end"
    assert own_server.events("resume", "message") == ["message", "resume"] * 3 + ["message"]


def test_pause__held_messages_outlive_the_peer(own_server):
    with own_server.connect() as peer:
        peer.send("busy\npause 0.05\none\ntwo\n")
        own_server.await_trace("message")
        peer.sock.shutdown(socket.SHUT_WR)
        own_server.await_trace("close")
    assert [row[0] for row in own_server.trace("message")] == ["busy", "pause 0.05", "one", "two"]
    assert own_server.events("resume", "message", "close") == ["message", "message", "resume", "message", "message", "close"]


def test_pause__does_not_stop_what_is_sent(own_server):
    with own_server.connect() as peer:
        peer.send("many 1000\npause 0.05\nmany 1\n")
        assert [peer.read_line() for _ in range(1001)] == [str(number) for number in range(1000)] + ["0"]


# ---- the end

def test_close__ends_the_stream(own_server):
    with own_server.connect() as peer:
        peer.send("close\n")
        assert peer.read_to_end() == b""
    assert len(own_server.await_trace("close")) == 1


def test_close__with_data_sends_it_first(own_server):
    with own_server.connect() as peer:
        peer.send("close-with the end\n")
        assert peer.read_to_end() == b"the end\n"
    assert len(own_server.await_trace("close")) == 1


def test_close__waits_for_what_is_queued(own_server):
    with Peer(own_server.port, receive_buffer=65536) as peer:
        peer.send("big-close\n")
        (number, name, sent), = own_server.await_trace("status-of-closing")
        assert (number, name, sent) == (8, "CLOSING", False)
        assert own_server.trace("close") == []
        assert peer.read_to_end() == b"z" * 20_000_000 + b"\nthe end\n"
    assert len(own_server.await_trace("close")) == 1


def test_close__drops_what_follows_in_the_same_read(own_server):
    with own_server.connect() as peer:
        peer.send("close-in-callbacks\necho late\n")
        assert peer.read_to_end() == b"bye\n"
    own_server.await_trace("close")
    assert own_server.trace("after") == []
    assert own_server.trace("message") == [["close-in-callbacks"]]


def test_destroy__ends_at_once_and_once(own_server):
    with own_server.connect() as peer:
        peer.send("destroy\n")
        peer.read_to_end()
    assert own_server.await_trace("destroyed") == [[16, False, False]]
    assert len(own_server.await_trace("close")) == 1
    assert own_server.events("destroyed", "close") == ["close", "destroyed"]


def test_peer__that_is_reset_in_mid_message_is_closed(own_server):
    with own_server.connect() as other:
        with own_server.connect() as peer:
            assert peer.ask("echo a") == "a"
            peer.send("echo half of a li")
            peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        own_server.await_trace("close")
        assert other.ask("echo live") == "live"
    assert [row[0] for row in own_server.trace("message")] == ["echo a", "echo live"]


def test_peer__that_is_killed_in_mid_message_is_closed(own_server):
    kill_client(own_server, "echo half", "connect")
    own_server.await_trace("close")
    assert own_server.trace("message") == []
    with own_server.connect() as other:
        assert other.ask("echo live") == "live"
    assert alive(own_server.pid)
