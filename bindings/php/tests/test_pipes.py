"""Connections that a program makes of its own streams, as terminals and monitors in the browser do with the pipes of a process."""
import json

import pytest


@pytest.fixture(scope="module")
def server(shared_program):
    return shared_program("pipes", ports=1).start()


@pytest.fixture
def peer(server):
    with server.connect() as made:
        yield made


def test_pipes__carry_what_is_sent_and_what_a_process_says(peer):
    assert [peer.ask("one"), peer.ask("two")] == ["one", "two"]
    assert peer.ask("address") == "a name ESTABLISHED null"


def test_pipe__that_ends_closes_the_connection_and_the_stream(server, peer):
    assert peer.ask("end") == "last"
    assert peer.read_line() == "end"
    assert server.await_trace("closed")[-1] == [False, True]


def test_client_that_goes__ends_the_process(server):
    before = len(server.trace("exit"))
    with server.connect() as peer:
        assert peer.ask("here") == "here"
    assert server.await_trace("exit", before + 1)[-1] == [0]


def test_constructor__takes_the_loop_before_the_stream(peer):
    assert [peer.ask("popen"), peer.read_line()] == ["of popen", "end"]


def test_send__to_a_stream_that_is_not_read_is_limited_and_drains(server, peer):
    results = json.loads(peer.ask("fill"))
    assert results[-1] is False and None in results
    assert len(server.await_trace("full")) == 1
    taken = results.index(None) + 1
    assert sorted([peer.read_line(), peer.read_line()]) == [f"{taken << 20} bytes", "drained"]


def test_pauseRecv__leaves_what_a_process_says_in_the_pipe(peer):
    assert [peer.ask("pause"), peer.read_line()] == ["resumes", "paused"]


@pytest.mark.differs
def test_protocol__of_such_a_connection_is_refused_by_name(peer):
    answer = peer.ask("protocol")
    assert "Workerman\\Protocols\\Text" in answer and "a stream of PHP" in answer


@pytest.mark.differs
def test_constructor__says_what_it_takes(peer):
    answer = peer.ask("wrong")
    assert "stream" in answer and "string" in answer
