"""What clients and whoever types the command see of a reload and a stop, one step at a time."""
import os
import signal
import time

import pytest

from instance import alive, ask, eventually
from process_load import Connection, get, open_websocket, take_http_answer, take_websocket_frame
from ws_frames import CLOSE, close, text

LINE = "text://127.0.0.1:0,name=line"
WEB = "http://127.0.0.1:0,name=web"
ECHO = "websocket://127.0.0.1:0,name=echo"


@pytest.fixture
def issue(make):
    """Issues commands that run beside the test; they end with it."""
    commands = []

    def run(instance, *words):
        commands.append(instance.begin(*words))
        return commands[-1]

    yield run
    for command in commands:
        if command.poll() is None:
            command.kill()
            command.communicate()


def outcome(result):
    return result.code, result.out, result.err


@pytest.fixture
def connect():
    """Connections of clients, closed with the test."""
    connections = []

    def run(address, websocket=False):
        connections.append(Connection())
        if websocket:
            open_websocket(connections[-1], address)
        else:
            connections[-1].open(address)
        return connections[-1]

    yield run
    for connection in connections:
        connection.close()


def line_of(connection):
    while b"\n" not in connection.data:
        assert connection.receive(), f"end of stream after {connection.data!r}"
    line, _, connection.data = connection.data.partition(b"\n")
    return line


def part(connection):
    """The server has ended it, and its client does too: else the server would wait for close_timeout_ms."""
    connection.expect_end()
    connection.close()


def half_a_line(connect, address):
    """A connection that the serving process has accepted, and that is in the middle of a line."""
    connection = connect(address)
    connection.send(b"first\n")
    assert line_of(connection) == b"first"
    connection.send(b"sec")
    return connection


def handed_over(instance, times=1):
    eventually(lambda: instance.log().count(" serves in place of ") == times, "a new process that serves")


def requests(instance):
    return sum(process["requests"] or 0 for process in instance.status()["processes"])


RELOADED = (0, "test: reloaded, 1 process replaced\n", "")


def test_reload__websockets_are_closed_one_after_the_other(make, issue, connect):
    """While some have had their 1012, others are still served."""
    instance = make(ECHO, app=["drain_ms=4000"])
    instance.start()
    pages = [connect(instance.address(), websocket=True) for _ in range(24)]
    reload = issue(instance, "reload")
    rounds = []
    while pages:
        for page in pages:
            page.send(text(b"still there?"))
        still = []
        for page in pages:
            frame = take_websocket_frame(page)
            if frame.opcode != CLOSE:
                assert frame.payload == b"still there?"
                still.append(page)
                continue
            assert frame.code == 1012
            page.send(close(1012))
            part(page)
        rounds += [len(pages) - len(still)] if len(still) < len(pages) else []
        pages = still
    assert len(rounds) > 2, rounds
    assert outcome(instance.finish(reload)) == RELOADED


def test_reload__an_answer_that_is_due_comes_and_is_the_last(make, issue, connect):
    instance = make(WEB, app=["drain_ms=100"])
    instance.start()
    [old] = instance.children()
    client = connect(instance.address())
    client.send(get(b"slow/3000"))
    eventually(lambda: requests(instance) == 1, "the request")
    reload = issue(instance, "reload")
    handed_over(instance)
    other = connect(instance.address())
    other.send(get(b"pid"))
    assert int(take_http_answer(other).body) != old
    other.close()
    answer = take_http_answer(client)
    assert (answer.body, answer.closes) == (b"slow 3000", True)
    part(client)
    assert outcome(instance.finish(reload)) == RELOADED
    assert not alive(old)


LONG = ["drain_ms=60000", "reload_timeout_ms=60000"]


def test_reload__half_a_line_is_waited_for_and_served(make, issue, connect):
    instance = make(LINE, app=LONG)
    instance.start()
    client = half_a_line(connect, instance.address())
    reload = issue(instance, "reload")
    handed_over(instance)
    client.send(b"ond\n")
    assert line_of(client) == b"second"
    client.close()
    assert outcome(instance.finish(reload)) == RELOADED


@pytest.mark.parametrize("words", [["reload"], ["stop", "-g"]], ids=["reload", "stop -g"])
def test_drain__half_a_line_is_cut_off_after_drain_ms(make, issue, connect, words):
    instance = make(LINE, app=["drain_ms=300"])
    instance.start()
    client = half_a_line(connect, instance.address())
    began = time.monotonic()
    command = issue(instance, *words)
    part(client)
    assert time.monotonic() - began >= 0.3
    assert instance.finish(command).code == 0


@pytest.mark.parametrize("words", [["reload"], ["stop", "-g"]], ids=["reload", "stop -g"])
@pytest.mark.parametrize("pull", [0, 1], ids=["callbacks", "pull"])
def test_drain__busy_lines_end_behind_an_answer(make, issue, connect, words, pull):
    instance = make(LINE, app=["drain_ms=600", f"pull={pull}", "reload_timeout_ms=60000", "graceful_timeout_ms=60000"])
    instance.start()
    clients = [connect(instance.address()) for _ in range(6)]
    for client in clients:
        client.send(b"first\n")
        assert line_of(client) == b"first"
    command = issue(instance, *words)
    while clients:
        for client in clients:
            client.send(b"next\n")
        for client in clients:
            assert line_of(client) == b"next"
        for client in [client for client in clients if client.has_ended()]:
            client.close()
            clients.remove(client)
    assert instance.finish(command).code == 0


def test_reload__an_answer_of_a_line_that_comes_later_is_waited_for(make, issue, connect):
    instance = make(LINE, app=["drain_ms=100"])
    instance.start()
    client = connect(instance.address())
    client.send(b"pid\nlater 1000\n")
    assert int(line_of(client)) == instance.child()
    reload = issue(instance, "reload")
    assert line_of(client) == b"later 1000"
    part(client)
    assert outcome(instance.finish(reload)) == RELOADED


@pytest.mark.parametrize("words, app", [
    (["reload"], ["reload_timeout_ms=700", "graceful_timeout_ms=60000"]),
    (["reload", "-g"], ["reload_timeout_ms=60000", "graceful_timeout_ms=700"]),
], ids=["reload_timeout_ms", "graceful_timeout_ms"])
def test_reload__a_connection_that_is_never_quiet_is_closed_at_the_deadline(make, connect, words, app):
    instance = make(WEB, app=["drain_ms=100", *app])
    instance.start()
    [old] = instance.children()
    client = connect(instance.address())
    client.send(get(b"pid") + b"GET /half")
    assert int(take_http_answer(client).body) == old
    began = time.monotonic()
    result = instance.command(*words)
    assert outcome(result) == RELOADED
    assert time.monotonic() - began >= 0.7
    part(client)
    assert not alive(old)
    assert "did not end in time" not in instance.log()


def test_reload__one_that_comes_during_another_is_carried_out_after_it(make, issue, connect):
    instance = make(LINE, app=LONG)
    instance.start()
    client = half_a_line(connect, instance.address())
    first = issue(instance, "reload")
    handed_over(instance)
    second = instance.begin_heard(issue, instance, "reload")
    assert first.poll() is None
    client.send(b"ond\n")
    assert line_of(client) == b"second"
    client.close()
    assert outcome(instance.finish(first)) == RELOADED
    assert outcome(instance.finish(second)) == RELOADED
    pids = [pid for _, pid, _ in instance.trace("start")]
    assert len(pids) == 3
    assert [pid for pid in pids if alive(pid)] == pids[2:] == instance.children()


def test_reload__one_that_comes_during_the_start_is_carried_out_after_it(make, issue):
    instance = make(LINE, extra=["--slow-start", "100"])
    start = issue(instance, "start", "-d")
    eventually(lambda: instance.trace("start"), "a first process that starts")
    [(_, first, _)] = instance.trace("start")
    os.kill(first, signal.SIGSTOP)
    reload = instance.begin_heard(issue, instance, "reload")
    os.kill(first, signal.SIGCONT)
    assert instance.finish(start).code == 0
    assert outcome(instance.finish(reload)) == RELOADED
    assert instance.children() == [pid for _, pid, _ in instance.trace("start")][1:]


def test_reload__whose_new_process_cannot_start_fails_and_the_old_one_serves_on(make, connect, tmp_path):
    fails = tmp_path / "fails"
    instance = make(LINE, app=["drain_ms=100"], extra=["--fail-file", str(fails)])
    instance.start()
    [old] = instance.children()
    client = connect(instance.address())
    fails.touch()
    result = instance.command("reload")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("test: reload failed: a new process of worker line could not start: ")
    assert result.err.endswith("; the processes that are not replaced serve on\n")
    client.send(b"pid\n")
    assert int(line_of(client)) == int(ask(instance.address(), "pid")) == old
    assert instance.children() == [old]
    client.close()
    fails.unlink()
    assert instance.command("reload").code == 0
    assert int(ask(instance.address(), "pid")) != old


def test_reload__whose_new_process_never_gets_ready_fails_and_the_old_one_serves_on(make):
    instance = make(LINE, app=["drain_ms=100", "reload_timeout_ms=200"], extra=["--slow-start", "1000"])
    instance.start()
    [old] = instance.children()
    result = instance.command("reload")
    assert (result.code, result.out, result.err) == (
        1, "", "test: reload failed: a new process was not ready within reload_timeout_ms (200); "
        "the processes that are not replaced serve on\n")
    assert int(ask(instance.address(), "pid")) == old
    assert instance.children() == [old]
    assert [pid for _, pid, _ in instance.trace("start") if alive(pid)] == [old]


def test_reload__an_old_process_that_is_halted_is_killed_at_the_deadline(make):
    instance = make(LINE, app=["drain_ms=100", "reload_timeout_ms=500"])
    instance.start()
    [old] = instance.children()
    os.kill(old, signal.SIGSTOP)
    result = instance.command("reload")
    assert outcome(result) == RELOADED
    assert not alive(old)
    assert f"worker[line:{old}] killed by signal 9 (SIGKILL), because it did not end in time\n" in instance.log()
    assert [int(ask(instance.address(), "pid"))] == instance.children() != [old]


def test_reload__an_old_process_that_is_killed_meanwhile_has_its_successor_already(make, issue, connect):
    instance = make(LINE, app=["drain_ms=100"], extra=["--slow-start", "1500"])
    instance.start()
    [old] = instance.children()
    reload = issue(instance, "reload")
    eventually(lambda: len(instance.trace("start")) == 2, "a new process that starts")
    waiting = connect(instance.address())
    os.kill(old, signal.SIGKILL)
    assert outcome(instance.finish(reload)) == RELOADED
    new = connect(instance.address())
    new.send(b"pid\n")
    assert [int(line_of(new))] == instance.children() != [old]
    assert len(instance.trace("start")) == 2
    waiting.close()


def test_reload__a_new_process_that_is_killed_before_it_is_ready_fails_it(make, issue):
    instance = make(LINE, app=["drain_ms=100"], extra=["--slow-start", "1500"])
    instance.start()
    [old] = instance.children()
    reload = issue(instance, "reload")
    eventually(lambda: len(instance.trace("start")) == 2, "a new process that starts")
    new = instance.trace("start")[1][1]
    os.kill(new, signal.SIGKILL)
    assert outcome(instance.finish(reload)) == (1, "", "test: reload failed: a new process of worker line could not start: "
                                      "killed by signal 9 (SIGKILL); the processes that are not replaced serve on\n")
    assert instance.children() == [old]
    assert f"worker[line:{new}] killed by signal 9 (SIGKILL)\n" in instance.log()


def test_stop__websockets_hear_1001_and_an_answer_that_is_due_comes(make, issue, connect):
    instance = make(WEB, ECHO, app=["stop_timeout_ms=30000"])
    instance.start()
    pids = instance.children()
    client = connect(instance.address("web"))
    client.send(get(b"slow/2000"))
    page = connect(instance.address("echo"), websocket=True)
    eventually(lambda: requests(instance) == 1, "the request")
    stop = issue(instance, "stop")
    frame = take_websocket_frame(page)
    assert (frame.opcode, frame.code) == (CLOSE, 1001)
    page.send(close(1001))
    part(page)
    answer = take_http_answer(client)
    assert (answer.body, answer.closes) == (b"slow 2000", True)
    part(client)
    assert outcome(instance.finish(stop)) == (0, "test: stopped\n", "")
    assert not any(map(alive, pids))
