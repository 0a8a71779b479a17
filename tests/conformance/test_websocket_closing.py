"""The end of a websocket, from both sides (RFC 6455 §5.5.1, §7.1), and what lies between open and close."""
import pytest

from server_process import ConformanceServer
from ws_frames import CLOSE, PONG, binary, close, frames_of, more, ping, read_frame, shake_hands, text


@pytest.fixture
def open_socket(servers, whole_mode):
    """Opens websockets in the mode of the test; closes them behind it."""
    peers = []

    def open_one(*options):
        mode, transport = whole_mode
        peer = servers.get(mode, *options).connect(f"ws.{transport}")
        peers.append(peer)
        shake_hands([peer])
        return peer

    yield open_one
    for peer in peers:
        peer.close()


def close_event(peer):
    reason, code, _ = peer.wait_event("close").words
    return reason, int(code)


def test_peer_closes__code_is_echoed_and_the_server_ends_tcp_first(open_socket):
    peer = open_socket()
    peer.send(close(4321, b"enough"))
    answer = read_frame(peer)
    assert answer.seen() == ("close", 4321)
    # The end of the stream comes although this side has not ended its own.
    assert peer.read_until_eof() == (b"", False)
    assert close_event(peer) == ("PEER", 4321)
    assert peer.wait_event("close").text == b"enough"


def test_peer_closes_without_a_code__the_answer_has_none_or_1000(open_socket):
    peer = open_socket()
    peer.send(close())
    assert read_frame(peer).code in (None, 1000)
    assert peer.read_until_eof() == (b"", False)
    assert close_event(peer) == ("PEER", 1005)


def test_server_closes__it_waits_for_the_close_frame_of_the_peer(open_socket):
    peer = open_socket()
    peer.send(text("!close 4001 bye"))
    answer = read_frame(peer)
    assert answer.seen() == ("close", 4001)
    assert answer.payload[2:] == b"bye"
    peer.server.settle([peer])
    assert peer.is_silent(), "the server ended tcp before the closing handshake was complete (RFC 6455 §7.1.1)"
    peer.send(close(4001))
    assert peer.read_until_eof() == (b"", False)
    assert close_event(peer)[0] == "LOCAL"


def test_server_closes__messages_and_pings_behind_it_are_not_answered(open_socket):
    peer = open_socket()
    peer.send(text("!close 4001"))
    assert read_frame(peer).seen() == ("close", 4001)
    peer.send(text("late") + ping(b"late") + close(4001))
    assert peer.read_until_eof() == (b"", False)


def test_server_closes__a_fragmented_message_may_still_be_on_its_way(open_socket):
    peer = open_socket()
    peer.send(text("!close") + text("a", fin=False) + more("b", fin=False))
    assert read_frame(peer).seen() == ("close", 1000)
    peer.send(more("c") + close(1000))
    assert peer.read_until_eof() == (b"", False)


def test_both_close_at_once__neither_answers_the_other(open_socket):
    peer = open_socket()
    peer.send(text("!close 4002") + close(4003))
    data, reset = peer.read_until_eof()
    assert [each.seen() for each in frames_of(data)] == [("close", 4002)]
    assert not reset


def test_server_closes__what_was_sent_before_arrives_first(open_socket):
    peer = open_socket()
    peer.send(text("a") * 50 + text("!bye"))
    for _ in range(50):
        assert read_frame(peer).seen() == ("text", b"a")
    assert read_frame(peer).seen() == ("text", b"bye")
    assert read_frame(peer).seen() == ("close", 1000)
    peer.send(close(1000))
    assert peer.read_until_eof() == (b"", False)


def test_server_closes__a_peer_that_never_answers_is_dropped(open_socket):
    peer = open_socket("close_timeout_ms=1000")
    peer.send(text("!close 4001"))
    assert read_frame(peer).seen() == ("close", 4001)
    data, _ = peer.read_until_eof()
    assert data == b""
    close_event(peer)


def test_server_destroys__no_close_frame(open_socket):
    peer = open_socket()
    peer.send(text("!destroy"))
    assert peer.read_until_eof()[0] == b""
    assert close_event(peer) == ("LOCAL", 1006)


@pytest.mark.parametrize("sent", [b"", text("a")[:1], text("abc")[:7], text("a", fin=False), ping(b"abc")[:-1]], ids=["nothing", "one byte", "inside a frame", "inside a message", "inside a ping"])
def test_peer_ends_tcp_without_close(open_socket, sent):
    """RFC 6455 §7.1.5: 1006, and no message is made up of what did arrive."""
    peer = open_socket()
    peer.send(sent)
    peer.half_close()
    data, _ = peer.read_until_eof()
    assert [each.opcode for each in frames_of(data)] in ([], [CLOSE])
    assert close_event(peer) == ("PEER", 1006)


def test_peer_resets(open_socket):
    peer = open_socket()
    peer.send(text("a"))
    assert read_frame(peer).seen() == ("text", b"a")
    peer.reset()
    reason, code = close_event(peer)
    assert reason in ("PEER", "ERROR"), reason


def test_half_closed_peer_still_gets_its_echoes(open_socket):
    """The end of the peer's stream does not take back what it asked for."""
    peer = open_socket()
    peer.send(text("a") + text("b") + close(1000))
    peer.half_close()
    data, reset = peer.read_until_eof()
    assert [each.seen() for each in frames_of(data)] == [("text", b"a"), ("text", b"b"), ("close", 1000)]
    assert not reset


def test_events_of_a_connection_in_order(open_socket):
    peer = open_socket()
    peer.send(text("a") + close(1000))
    peer.read_until_eof()
    assert [event.kind for event in peer.events()] == ["open", "close"]


def test_broken_rule__error_event_then_close_event(open_socket):
    peer = open_socket()
    peer.send(text(b"\xff"))
    peer.read_until_eof()
    events = peer.events()
    assert [event.kind for event in events] == ["open", "error", "close"]
    assert events[1].words[0] == "WM_EPROTOCOL"
    assert events[1].text, "the event says what was wrong"


def test_message_over_the_limit__error_event_then_close_event(open_socket):
    peer = open_socket("max_message=1000")
    peer.send(binary(b"x" * 1001))
    peer.read_until_eof()
    events = peer.events()
    assert [event.kind for event in events] == ["open", "error", "close"]
    assert events[1].words[0] == "WM_EMSGSIZE"
    assert events[2].words[0] == "LIMIT"


def test_many_messages_are_answered_in_order(open_socket):
    peer = open_socket()
    count = 5000
    data, reset = peer.exchange(b"".join(text(f"message {i}") for i in range(count)) + close(1000))
    seen = [each.seen() for each in frames_of(data)]
    assert seen == [("text", b"message %d" % i) for i in range(count)] + [("close", 1000)]
    assert not reset


def test_ping_flood_is_answered_by_the_latest_at_least(open_socket):
    """RFC 6455 §5.5.3: of several pings at once the server may answer the last alone, but none out of order and none twice."""
    peer = open_socket()
    count = 2000
    data, _ = peer.exchange(b"".join(ping(b"%d" % i) for i in range(count)) + close(1000))
    frames = frames_of(data)
    assert frames[-1].seen() == ("close", 1000)
    assert all(each.opcode == PONG for each in frames[:-1])
    numbers = [int(each.payload) for each in frames[:-1]]
    assert numbers == sorted(set(numbers)) and numbers[-1] == count - 1


def test_stop_of_the_server__pages_are_told_1001():
    server = ConformanceServer()
    peers = [server.connect("ws.tcp4"), server.connect("ws.unix")]
    shake_hands(peers)
    server.end_input()
    for peer in peers:
        assert read_frame(peer).seen() == ("close", 1001)
        peer.send(close(1001))
        assert peer.read_until_eof() == (b"", False)
        assert peer.wait_event("close").words[0] == "STOP"
        peer.close()
    assert server.stop() == (0, "")


@pytest.mark.parametrize("mode", ["callbacks", "pull"])
def test_stop_of_the_server__does_not_wait_for_ever(mode):
    server = ConformanceServer("stop_timeout_ms=1000", pull=mode == "pull")
    peer = server.connect("ws.tcp4")
    shake_hands([peer])
    server.end_input()
    # This peer never answers; the server ends all the same.
    data, _ = peer.read_until_eof()
    assert [each.seen() for each in frames_of(data)] in ([("close", 1001)], [])
    assert server.stop() == (0, "")
    peer.close()
