"""A process that is replaced because its host asks (wm_app_stop, max_requests): the successor serves first, and no accepted connection is lost."""
import os
import signal
import time

import pytest

from instance import alive, ask, eventually
from process_load import Connection, Load, fresh, get, open_websocket, take_http_answer, take_websocket_frame
from ws_frames import CLOSE, close, text

LINE = "text://127.0.0.1:0,name=line"
EXITS = 2


def asked(instance, worker=None):
    """How many processes have ended because they had asked."""
    return sum(row["count"] for row in instance.status()["exits"] if row["asked"] and worker in (None, row["worker"]))


def starts(instance):
    return [pid for _, pid, _ in instance.trace("start")]


def stop_by_http(address):
    connection = Connection()
    connection.open(address)
    connection.send(get(b"stop", True))
    assert take_http_answer(connection).body == b"stopping"
    connection.close()


def test_exits_under_load__leave_no_connection_unanswered(make):
    workers = {"shared": "", "own": ",reuse_port=1"}
    instance = make(*(f"http://127.0.0.1:0,name={name}{how}" for name, how in workers.items()), app=["drain_ms=200"])
    instance.start()
    addresses = {name: instance.address(name) for name in workers}
    with Load() as load:
        for address in addresses.values():
            load.add(fresh, address, copies=4)
        for done in range(EXITS):
            for address in addresses.values():
                stop_by_http(address)
            eventually(lambda wanted=done + 1: all(asked(instance, name) == wanted for name in workers), "the end of both")
            before = load.totals()
            eventually(lambda: load.totals() - before, "more answers")
    assert load.faults == []
    assert load.totals()["answers"] > 0
    rows = sorted((row["worker"], row["status"], row["asked"], row["count"]) for row in instance.status()["exits"])
    assert rows == [(name, "exited with status 0", True, EXITS) for name in sorted(workers)]
    assert instance.command("status").out.count("exited with status 0, as asked") == 2
    log = instance.log()
    assert log.count(" asks to be replaced: wm_app_stop\n") == log.count(" exited with status 0, as asked\n") == 2 * EXITS
    assert " warning: " not in log and "another starts" not in log and instance.trace("reload") == []


@pytest.mark.parametrize("app", [[], ["pull=1", "start_method=exec"]], ids=["callbacks", "pull"])
def test_wm_app_stop__serves_what_it_has_accepted_until_the_successor_serves_and_then_drains(make, app):
    instance = make(LINE, "websocket://127.0.0.1:0,name=echo", app=["drain_ms=2000", *app])
    began = time.monotonic()
    instance.start()
    line, echo = instance.child("line"), instance.child("echo")
    client, page = Connection(), Connection()
    client.open(instance.address("line"))
    client.send(b"stop\nstop\nhalf a ")
    open_websocket(page, instance.address("echo"))
    page.send(text(b"stop"))
    successors = [instance.successor_of(line, "line")]
    client.send(b"line\n")  # half a line waits for drain_ms
    client.expect_end_after(b"stopping\nstopping\nhalf a line\n")
    assert take_websocket_frame(page).payload == b"stopping"
    frame = take_websocket_frame(page)
    assert (frame.opcode, frame.code) == (CLOSE, 1012)
    page.send(close(1012))
    page.expect_end()
    assert time.monotonic() - began >= 1  # each serves for a second, whatever its host asks
    successors.append(instance.successor_of(echo, "echo"))
    page.close()
    client.close()
    eventually(lambda: not alive(line) and not alive(echo), "the end of both")
    assert sorted(instance.children()) == sorted(successors) and asked(instance) == 2
    assert sorted(pid for _, pid, _ in instance.trace("stop")) == sorted([line, echo]) and instance.trace("reload") == []


def test_replacement__without_a_successor_drains_and_restarts_with_a_pause(make, tmp_path):
    fails = tmp_path / "fails"
    instance = make(LINE, app=["drain_ms=2000"], extra=["--fail-file", str(fails)])
    instance.start()
    old = instance.child()
    client = Connection()
    client.open(instance.address())
    fails.touch()
    client.send(b"stop\nhalf a ")
    eventually(lambda: " drains without a successor: a new process of worker line could not start: " in instance.log(), "the failure")
    client.send(b"line\n")
    client.expect_end_after(b"stopping\nhalf a line\n")
    client.close()
    eventually(lambda: "; another starts in 0.2 s: " in instance.log(), "a pause")
    fails.unlink()
    assert instance.successor_of(old) != old
    eventually(lambda: asked(instance) == 1, "the end of the first")
    assert not alive(old)


def test_replacement__whose_successor_is_late_drains_and_leaves_it_the_place(make):
    instance = make(LINE, app=["drain_ms=0", "reload_timeout_ms=200"], extra=["--slow-start", "1000"])
    instance.start()
    old = instance.child()
    assert ask(instance.address(), "stop") == "stopping"
    successor = instance.successor_of(old)
    assert ask(instance.address(), "pid") == str(successor)
    assert " drains before its successor serves: a new process was not ready within reload_timeout_ms (200)\n" in instance.log()
    assert starts(instance) == [old, instance.child()] and asked(instance) == 1


def test_replacement__of_one_process_of_a_worker_at_a_time(make):
    instance = make(LINE + ",count=2,reuse_port=1", app=["drain_ms=0"])
    instance.start()
    asking = []  # the first two, perhaps a successor among them
    while len(asking) < 2:
        ask(instance.address(), "stop")
        asking = list({line.split("[line:")[1].split("]")[0]: 0 for line in instance.log().splitlines() if " asks to be " in line})[:2]
    eventually(lambda: asked(instance) == 2 and len(instance.children()) == 2, "the end of both")
    rows = [(event, pid) for event, pid, _ in instance.trace() if event in ("start", "stop")]
    assert [event for event, _ in rows] == ["start", "start", "start", "stop", "start", "stop"]
    assert {rows[3][1], rows[5][1]} == set(map(int, asking))


def test_replacement__gives_way_to_a_reload_and_to_a_stop(make):
    instance = make(LINE, app=["drain_ms=0"], extra=["--slow-start", "2000"])
    instance.start()
    old = instance.child()
    os.kill(old, signal.SIGUSR1)  # asks for it, too
    eventually(lambda: len(starts(instance)) == 2, "a successor that starts")
    assert ask(instance.address(), "pid") == str(old)
    assert instance.reload().out == "test: reloaded, 1 process replaced\n"  # of that successor, once it serves
    assert len(starts(instance)) == 3 and instance.children() == starts(instance)[2:]
    assert [pid for _, pid, _ in instance.trace("reload")] == starts(instance)[:2] and asked(instance) == 1
    assert ask(instance.address(), "stop") == "stopping"
    eventually(lambda: len(starts(instance)) == 4, "a successor that starts")
    assert instance.stop().code == 0
    assert not any(map(alive, starts(instance)))


def test_max_requests__replaces_the_process_after_so_many_and_up_to_a_tenth_more(make):
    instance = make(LINE + ",max_requests=100", app=["drain_ms=0"])
    instance.start()
    old = instance.child()
    client = Connection()
    client.open(instance.address())
    client.send(99 * b"a\n")
    while client.data.count(b"\n") < 99:
        client.receive()
    assert " asks to be replaced: " not in instance.log()
    client.send(11 * b"a\n")
    client.expect_end_after(110 * b"a\n")
    client.close()
    assert instance.successor_of(old) != old and asked(instance) == 1
    assert f"worker[line:{old}] asks to be replaced: max_requests\n" in instance.log()
