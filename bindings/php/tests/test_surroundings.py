"""What callbacks may do beside serving: processes, blocking clients, files, code that a reload loads anew."""
import os
import signal

import pytest


@pytest.fixture
def server(program):
    made = program("surroundings")
    (made.directory / "code.php").write_text("<?php return 'old';")
    return made.start(ready=3)


def ask(server, line):
    with server.connect() as peer:
        return peer.ask(line)


@pytest.mark.parametrize("line, answer", [
    ("shell", "from the shell, code 7"), ("process", "through a pipe, code 0"), pytest.param("http", "answer to /path", marks=pytest.mark.differs), ("text", "inner hello"),
    ("file", "of the program here")])
def test_callback__uses_the_system(server, line, answer):
    assert ask(server, line) == answer
    assert ask(server, "code") == "old"


def test_signal__of_the_programs_own_is_handled(server):
    assert ask(server, "signal") == "the signal"


def test_fork__child_that_exits_leaves_the_process_and_its_connections(server):
    pids = server.pids()
    with server.connect() as peer, server.connect() as other:
        assert other.ask("code") == "old"
        peer.send("fork\n")
        assert [peer.read_line(), peer.read_line()] == ["before", "code 5"]
        assert peer.ask("fork and wait") == "waited"
        assert peer.ask("code") == "old"
        assert other.ask("code") == "old"
    assert server.pids() == pids


def test_reload__loads_code_that_onWorkerStart_includes(server):
    assert ask(server, "code") == "old"
    (server.directory / "code.php").write_text("<?php return 'new';")
    os.kill(server.master, signal.SIGUSR1)
    server.await_trace("ready", 6)
    assert ask(server, "code") == "new"


def test_random__numbers_differ_after_a_reload(server):
    first = ask(server, "random")
    os.kill(server.master, signal.SIGUSR1)
    server.await_trace("ready", 6)
    assert ask(server, "random") != first
