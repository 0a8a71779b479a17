"""Destructors of the program's that throw, wherever the last of an object goes: it is logged, and nothing of the batch is lost."""
import pytest

from php_program import eventually, request

pytestmark = pytest.mark.differs


@pytest.fixture
def server(program):
    return program("destructors", ports=4).start()


def await_bomb(server, of):
    text = f"deliberate exception in the destructor of {of}"
    eventually(lambda: text in (server.directory / "log").read_text(errors="replace"), f"{text!r} in the log")


def lives(server):
    """The same process serves, and ends as it should."""
    with server.connect() as peer:
        assert peer.ask("hello") == "echo hello"
    assert len(server.pids()) == 1
    assert server.stop() == 0


@pytest.mark.parametrize("ends", ["quit", "nothing"])
def test_connection__that_goes_does_not_take_the_messages_of_others(server, ends):
    with server.connect() as first, server.connect() as second, server.connect() as third:
        assert second.ask("bomb") == "echo bomb"
        assert third.ask("hello") == "echo hello"
        first.send("nap\n")
        if ends == "quit":
            second.send("quit\n")
        else:
            second.sock.close()
        third.send("one\ntwo\n")
        assert [third.read_line(), third.read_line()] == ["echo one", "echo two"]
    await_bomb(server, "a connection")
    lives(server)


def test_connection__that_was_paused(server):
    with server.connect() as peer, server.connect() as other:
        assert peer.ask("bomb") == "echo bomb"
        peer.send("pause\nquit\n")
        assert [peer.read_line(), peer.read_line()] == ["echo pause", "bye"]
        assert other.ask("hello") == "echo hello"
    await_bomb(server, "a connection")
    lives(server)


def test_callback__of_a_connection(server):
    with server.connect() as peer:
        assert peer.ask("closure") == "echo closure"
    await_bomb(server, "a callback")
    assert server.trace("closed") == [["Bomb"]]
    lives(server)


def test_timer__that_has_fired(server):
    with server.connect() as peer:
        assert peer.ask("timer") == "echo timer"
        server.await_trace("fired")
        await_bomb(server, "a timer")
        assert peer.ask("hello") == "echo hello"
    lives(server)


def test_request__that_was_answered(server):
    with server.connect(server.ports[1]) as peer, server.connect(server.ports[1]) as other:
        peer.send(request("GET", "/bomb"))
        assert peer.read_answer().body == b"/bomb"
        await_bomb(server, "a request")
        assert peer.read_to_end() == b""
        other.send(request("GET", "/next"))
        assert other.read_answer().body == b"/next"
    lives(server)


def test_request__of_a_program_of_workerman_3_does_not_cost_the_next_one(program):
    server = program("destructors", ports=4, old="yes").start()
    with server.connect(server.ports[1]) as peer, server.connect(server.ports[1]) as other:
        peer.send(request("GET", "/bomb"))
        assert peer.read_answer().body == b"/bomb"
        other.send(request("GET", "/next"))
        assert other.read_answer().body == b"/next"
        await_bomb(server, "a request")
    lives(server)


def test_handshake__that_is_through(server):
    with server.connect(server.ports[2]) as peer:
        peer.shake_hands()
        peer.say("hello")
        assert peer.read_frame() == ("text", b"hello")
        await_bomb(server, "a handshake")
    lives(server)


def test_message__of_a_protocol_in_php(server):
    with server.connect(server.ports[3]) as peer, server.connect(server.ports[3]) as other:
        peer.send("one\nbomb\nthree\n")
        assert peer.read_to_end() == b"one\nbomb\n"
        await_bomb(server, "a message")
        assert other.ask("hello") == "hello"
    lives(server)


def test_stop__with_connections_that_hold_some(server):
    with server.connect() as one, server.connect() as two:
        assert one.ask("bomb") == two.ask("bomb") == "echo bomb"
        assert server.stop() == 0
        assert one.read_to_end() == two.read_to_end() == b""
    assert server.trace("goes") == [["a connection"]] * 2
