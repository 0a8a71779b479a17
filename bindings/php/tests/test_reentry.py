"""Callbacks that act on connections and timers whose events are already under way."""
import pytest

from php_program import eventually


@pytest.fixture
def server(program):
    return program("reentry").start()


def while_busy(server, peers, lines):
    """Sends while the process is in a callback, so that it finds all of it at once."""
    with server.connect() as first:
        first.send("busy\n")
        server.await_trace("message")
        for peer, line in zip(peers, lines):
            peer.send(line)
        first.send("done\n")
        assert first.read_line() == "echo done"


@pytest.mark.parametrize("line", ["destroy others", "close others"])
def test_others__closed_with_messages_under_way_get_none_after_onClose(server, line):
    peers = [server.connect() for _ in range(10)]
    server.await_trace("connect", 10)
    with server.connect() as first:
        first.send("busy\n")
        server.await_trace("message")
        for number, peer in enumerate(peers):
            peer.send("one\n" + (f"{line}\n" if number == 5 else "") + "two\nthree\n")
        peers[5].send("live\n")
        while peers[5].read_line() != "echo live":
            pass
    server.await_trace("close", 10)
    for peer in peers:
        peer.sock.close()
    server.await_trace("close", 11)
    assert sorted(row[0] for row in server.trace("close")) == list(range(1, 12))
    assert {row[1] for row in server.trace("close")} == {1}
    closed = set()
    for event, _, number, *_ in (row for row in server.rows() if row[0] in ("message", "close")):
        assert event == "close" or number not in closed
        closed |= {number} if event == "close" else set()


def test_others__paused_with_messages_under_way_get_them_later(server):
    with server.connect() as one, server.connect() as other:
        server.await_trace("connect", 2)
        while_busy(server, [one, other], ["pause others\n", "held\n" * 3])
        assert [other.read_line() for _ in range(3)] == ["echo held"] * 3
        assert one.ask("live") == "echo live"


def test_callback__changed_in_mid_segment(server):
    with server.connect() as peer:
        peer.send("a\nanother callback\nb\nc\n")
        assert [peer.read_line() for _ in range(3)] == ["echo a", "another b", "another c"]


def test_messages__of_a_peer_that_is_gone_come_before_onClose(server):
    with server.connect() as peer:
        peer.send("busy\nquiet\nquiet\nquiet\n")
        server.await_trace("message")
    server.await_trace("close")
    assert server.events("message", "close") == ["message"] * 4 + ["close"]


def test_onClose__can_send_to_the_others(server):
    with server.connect() as one, server.connect() as other:
        assert one.ask("a") == "echo a"
        other.send("tell\n")
        assert one.read_line() == "gone 2"
        assert other.read_to_end() == b""


def test_timers__del_of_one_that_is_due_in_the_same_turn(server):
    with server.connect() as peer:
        peer.send("timers\n")
        assert peer.read_line().startswith("timer ")
        assert peer.ask("a") == "echo a"
    assert len(server.trace("timer")) == 1


def test_sleep__sends_before_it(server):
    with server.connect() as peer:
        assert peer.ask("sleep") == "before the sleep"
        assert server.trace("awake") == []
        server.await_trace("awake")
        assert peer.ask("a") == "echo a"


def test_close__by_a_timer_that_calls_the_connection(server):
    with server.connect() as peer:
        peer.send("close in timer\n")
        assert peer.read_to_end() == b"by the timer\n"


def test_stopAll__in_mid_segment(server):
    first = server.pid
    with server.connect() as peer:
        peer.send("a\nstop all\nb\n")
        assert peer.read_to_end().startswith(b"echo a\n")
    server.await_trace("ready", 2)
    with server.connect() as peer:
        assert peer.ask("c") == "echo c"
    assert server.pid != first


def test_broadcast__to_five_hundred(server):
    peers = [server.connect() for _ in range(500)]
    eventually(lambda: len(server.trace("connect")) == 500, "all of them")
    peers[0].send("tell\n")
    assert [peer.read_line() for peer in peers[1:]] == ["gone 1"] * 499
    for peer in peers:
        peer.sock.close()
    server.await_trace("close", 500)
