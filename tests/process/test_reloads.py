"""Reloads under load: no client is refused, reset or cut short, and websockets are closed with 1012 and nothing else."""
import os
import re
import subprocess
from pathlib import Path

import pytest

from instance import HANG_SECONDS, Result, alive, eventually
from process_load import Load, busy_line, fresh, fresh_line, keep_alive, pipelined, rarely_asking, websocket_echo
from push_load import PushLoad
from push_server import PushServer, clean_environment, program

FULL = bool(os.environ.get("WM_FULL"))
RELOADS = 50 if FULL else 3


def reload_again_and_again(load, command, processes):
    """One reload after the other, with requests between them."""
    for _ in range(RELOADS):
        result = command("reload")
        assert (result.code, result.err) == (0, ""), result
        assert re.fullmatch(rf"\S+: reloaded, {processes} process(es)? replaced\n", result.out)
        before = load.totals()
        eventually(lambda: load.totals() - before, "more answers")


def assert_log(log, processes):
    """As many reloads as were asked for, each process ended by itself, and no line that is more than a notice."""
    assert len(re.findall(rf": reloaded, {processes} process(es)? replaced\n", log)) == RELOADS
    assert log.count(" exited with status 0\n") >= RELOADS * processes
    assert "did not end in time" not in log
    assert not re.search(r" (warning|error): ", log), log


def assert_faultless(load):
    assert load.faults == []
    print(f"\n{RELOADS} reloads: {dict(load.totals())}")


@pytest.mark.parametrize("how", ["", ",reuse_port=1"], ids=["shared", "reuse_port"])
def test_reloads_under_load__no_client_is_refused_reset_or_cut_short(make, how):
    instance = make(f"http://127.0.0.1:0,count=4,name=web{how}", f"websocket://127.0.0.1:0,count=4,name=echo{how}", app=["drain_ms=200"])
    instance.start()
    first = instance.children()
    web, echo = instance.address("web"), instance.address("echo")
    with Load() as load:
        load.add(keep_alive, web, copies=4)
        load.add(pipelined, web, copies=2)
        load.add(fresh, web, copies=4)
        load.add(rarely_asking, web, copies=16)
        load.add(websocket_echo, echo, copies=8)
        reload_again_and_again(load, instance.command, 8)
    assert_faultless(load)
    assert load.totals()["1012"] >= RELOADS
    assert len(instance.children("web")) == len(instance.children("echo")) == 4
    assert_log(instance.log(), 8)
    status = instance.status()
    assert sorted((row["worker"], row["status"], row["count"]) for row in status["exits"]) == [
        ("echo", "exited with status 0", 4 * RELOADS), ("web", "exited with status 0", 4 * RELOADS)]
    every = {pid for _, pid, _ in instance.trace("start")}
    assert len(every) == 8 * (RELOADS + 1) and every >= set(first)
    assert {pid for pid in every if alive(pid)} == set(instance.children())
    assert instance.stop().code == 0
    assert not any(map(alive, every))


def test_reloads_under_load__with_a_port_that_is_opened_in_on_start(make, tmp_path):
    instance = make("websocket://127.0.0.1:0,count=1,name=echo", app=["drain_ms=200"], extra=["--inner", "text://127.0.0.1:0,name=inner"])
    instance.start()
    inner = instance.address("echo", 1)
    with Load() as load:
        load.add(websocket_echo, instance.address("echo"), copies=8)
        load.add(fresh_line, inner, copies=4)
        load.add(busy_line, inner, copies=4)
        reload_again_and_again(load, instance.command, 1)
    assert_faultless(load)
    assert load.totals()["1012"] >= RELOADS
    assert load.totals()["ends behind an answer"] >= 4
    assert instance.address("echo", 1) == inner
    assert {address for event, _, address in instance.trace() if event == "inner"} == {inner}
    assert_log(instance.log(), 1)
    assert instance.stop().code == 0


def test_reloads_of_the_push_server_under_load__lose_no_push_that_was_taken(tmp_path):
    log = tmp_path / "log"
    server = PushServer("--run-dir", str(tmp_path / "run"), "--log-file", str(log), "--drain", "200ms")

    def command(word):
        return Result(subprocess.run([program(), "push", "--run-dir", str(tmp_path / "run"), "--name", server.name, word], check=False,
                                     env=clean_environment(), stdin=subprocess.DEVNULL, capture_output=True, timeout=HANG_SECONDS))

    with PushLoad(server.addresses, pages=8) as load:
        eventually(lambda: len(load.ledger.registered) == 8, "pages")
        reload_again_and_again(load, command, 1)
        load.back_ends.end()
        eventually(load.ledger.settled, "each push that was taken, at its page")
    assert_faultless(load)
    assert load.ledger.unexcused() == []
    assert load.totals()["1012"] >= RELOADS
    assert_log(log.read_text(), 1)
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    assert len(children) == 1
    assert server.stop()[0] == 0
    assert not alive(int(children[0]))
