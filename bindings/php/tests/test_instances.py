"""Scripts of the same name in two directories, and the commands of one."""
import re

import pytest

from php_program import alive, eventually, title_of


@pytest.fixture
def two(program, tmp_path):
    return [program("start", directory=tmp_path / name).start_background() for name in ("one", "two")]


def ask(server):
    with server.connect() as peer:
        return peer.ask("who")


def test_two_scripts__do_not_know_each_other(two):
    one, other = two
    assert ask(one) == f"one {one.master}"
    assert ask(other) == f"two {other.master}"
    assert one.master != other.master
    assert one.command("reload").code == 0
    one.await_trace("ready", 2)
    assert len(other.pids()) == 1
    assert one.command("stop").code == 0
    eventually(lambda: not alive(one.master), "the end of the master")
    assert ask(other) == f"two {other.master}"
    assert other.command("stop").code == 0
    eventually(lambda: not alive(other.master), "the end of the master")


def test_status__is_of_its_own_script(two):
    for server in two:
        text = server.command("status").out
        assert str(server.pid) in text
        assert not [each for each in two if each is not server and re.search(rf"\b{each.pid}\b", text)]
        assert str(server.port) in text


def test_restart__in_the_background_replaces_the_master(two):
    one, other = two
    first = one.master
    assert one.command("restart", "-d").code == 0
    one.await_trace("ready", 2)
    one.background_master = one.trace("ready")[1][-1]
    assert one.master != first
    eventually(lambda: not alive(first), "the end of the first")
    assert ask(one) == f"one {one.master}"
    assert ask(other) == f"two {other.master}"


def test_script__of_a_relative_name_has_its_absolute_path_in_the_title(program):
    server = program("start", relative=True).start()
    assert title_of(server.master) == f"WorkerMan: master process  start_file={server.script}"
    assert ask(server) == f"{server.directory.name} {server.master}"


def test_daemonize__set_by_the_script_is_as_good_as_the_flag(program):
    server = program("start", daemonize="yes")
    assert server.command("start").code == 0
    server.wait_ready()
    server.background_master = server.trace("ready")[0][-1]
    assert ask(server) == f"{server.directory.name} {server.master}"


@pytest.mark.differs
def test_exit_codes(program):
    server = program("start")
    assert server.command("stop").code == 3
    assert server.command("status").code == 3
    assert server.command("reload").code == 3
    assert server.command("nonsense").code == 2
    server.start_background()
    result = server.command("start")
    assert result.code == 4, result
    assert server.command("stop").code == 0
    eventually(lambda: not alive(server.master), "the end of the master")


@pytest.mark.differs
def test_port_in_use__is_said_and_fails(program, tmp_path):
    server = program("start", directory=tmp_path / "first").start()
    second = program("start", directory=tmp_path / "second")
    second.environment["WM_TEST_PORT"] = str(server.port)
    result = second.command("start", "-d")
    assert result.code == 1
    assert "Address already in use" in result.out + result.err
    assert ask(server).startswith("first ")
