"""Services: processes of the library beside those of the workers, started, kept alive and stopped by the master."""
import contextlib
import os
import pathlib
import re
import signal
import socket

import pytest

from instance import alive, answer, ask, connect, eventually, program

WORKER = "text://127.0.0.1:0,count=2,name=web"

METHODS = pytest.mark.parametrize("method", ["fork", "exec"])


@pytest.fixture
def serve(make, tmp_path):
    def build(*workers, services=("hub",), app=(), settings=None, unready=None, **kwargs):
        extra = [word for flag, path in (("--settings-file", settings), ("--unready-file", unready)) if path for word in (flag, str(path))]
        extra += [word for name in services for word in ("--service", f"{name}={tmp_path}/{name}.service")]
        return make(*workers, server=program("service_server"), app=app, extra=extra + ["--fail-file", str(tmp_path / "fail")], **kwargs)
    return build


def greet(folder, name="hub"):
    """The pid of the service, by its own words."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(f"{folder}/{name}.service")
        word, pid, *settings = sock.makefile().read().split()
    assert word == name
    return (int(pid), *settings) if settings else int(pid)


def rows(instance, kind):
    return [row for row in instance.status()["processes"] if row.get("service", False) == (kind == "service")]


@METHODS
def test_start__status_lists_it_beside_the_workers(serve, tmp_path, method):
    instance = serve(WORKER, app=[f"start_method={method}"])
    instance.start()
    pid = greet(tmp_path)
    (row,) = rows(instance, "service")
    assert (row["pid"], row["worker"], row["status"], row["listeners"], row["workers"]) == (pid, "hub", "idle", [], 0)
    assert len(rows(instance, "worker")) == 2
    assert instance.status()["workers"] == 1
    assert int(ask(instance.address("web"), "pid")) in instance.children("web")
    text = instance.command("status").out
    assert re.search(rf"^{pid} +\S+M +- +hub +0 +0 +0 +0 +0 +\[idle\]$", text, re.M), text
    assert re.search(r"^hub +0 +0$", text, re.M), text
    assert instance.stop().code == 0


@METHODS
def test_a_service_that_dies__is_started_again(serve, tmp_path, method):
    instance = serve(WORKER, app=[f"start_method={method}"])
    instance.start()
    workers, pid = instance.children("web"), greet(tmp_path)
    os.kill(pid, signal.SIGKILL)
    successor = instance.successor_of(pid, "hub")
    assert greet(tmp_path) == successor
    assert instance.children("web") == workers
    assert f"service[hub:{pid}] killed by signal 9 (SIGKILL); another starts" in instance.log()
    assert instance.stop().code == 0


@METHODS
def test_reload__replaces_it_after_the_workers(serve, tmp_path, method):
    instance = serve(WORKER, services=("hub", "other"), app=[f"start_method={method}", "drain_ms=100"])
    instance.start()
    before = {pid: name for name in ("web", "hub", "other") for pid in instance.children(name)}
    assert instance.reload().out == "test: reloaded, 4 processes replaced\n"
    after = {pid: name for name in ("web", "hub", "other") for pid in instance.children(name)}
    assert not set(before) & set(after)
    order = re.findall(r"(\w+\[\w+):\d+\] serves in place of", instance.log())
    assert order == ["worker[web", "worker[web", "service[hub", "service[other"]
    assert after[greet(tmp_path)] == "hub" and after[greet(tmp_path, "other")] == "other"
    assert instance.stop().code == 0


@METHODS
@pytest.mark.parametrize("flags", [[], ["-g"]], ids=["stop", "graceful"])
def test_stop__ends_it_after_the_workers(serve, tmp_path, method, flags):
    instance = serve(WORKER, app=[f"start_method={method}"])
    instance.start()
    pids = instance.children()
    result = instance.stop(*flags)
    assert (result.code, result.out) == (0, "test: stopped\n")
    assert not any(map(alive, pids))
    ends = re.findall(r"(\w+)\[\w+:\d+\] exited with status 0$", instance.log(), re.M)
    assert ends == ["worker", "worker", "service"]


@METHODS
def test_a_service_that_cannot_serve__fails_the_start(serve, tmp_path, method):
    (tmp_path / "fail").touch()
    instance = serve(WORKER, app=[f"start_method={method}"])
    result = instance.command("start", "-d")
    assert result.code == 1
    assert "service[hub:" in result.err and f"{tmp_path}/fail is there" in result.err
    assert instance.command("status").code == 3


def test_a_service_that_cannot_serve__fails_the_reload_and_the_old_one_serves_on(serve, tmp_path):
    instance = serve(WORKER, app=["drain_ms=100"])
    instance.start()
    pid = greet(tmp_path)
    (tmp_path / "fail").touch()
    result = instance.command("reload")
    assert result.code == 1
    assert f"a new process of service hub could not start: {tmp_path}/fail is there" in result.err
    assert greet(tmp_path) == pid
    assert instance.stop().code == 0


def test_pull__the_host_does_not_run_in_a_service(serve, tmp_path):
    instance = serve(WORKER, app=["pull=1"])
    instance.start()
    pid = greet(tmp_path)
    assert pid in instance.children("hub") and pid not in instance.children("web")
    assert int(ask(instance.address("web"), "pid")) in instance.children("web")
    assert instance.stop().code == 0


def test_master_that_dies__takes_it_along(serve, tmp_path):
    instance = serve(WORKER)
    instance.start()
    pids = instance.children()
    os.kill(instance.master, signal.SIGKILL)
    eventually(lambda: not any(map(alive, pids)), "the end of all processes")


def holds_settings(pid):
    """Whether a process has a descriptor of the file that brings a service its settings."""
    folder = pathlib.Path(f"/proc/{pid}/fd")
    return any("wm-settings" in os.readlink(path) for path in folder.iterdir() if path.is_symlink())


@METHODS
def test_settings__reach_the_service_alone_and_are_made_for_each_start(serve, tmp_path, method):
    settings = tmp_path / "settings"
    settings.write_text("one")
    instance = serve(WORKER, app=[f"start_method={method}"], settings=settings)
    instance.start()
    pid, machine, text = greet(tmp_path)
    assert text == "one" and int(machine) >> 63 == 1
    assert [holds_settings(each) for each in instance.children("web")] == [False, False]
    settings.write_text("two")
    os.kill(pid, signal.SIGKILL)
    pid = instance.successor_of(pid, "hub")
    assert greet(tmp_path) == (pid, machine, "two")
    instance.reload()
    assert greet(tmp_path)[1:] == (machine, "two")
    assert instance.stop().code == 0


def test_settings_that_cannot_be_made__end_the_start_and_are_kept_later(serve, tmp_path):
    settings = tmp_path / "settings"
    instance = serve(WORKER, settings=settings)
    failed = instance.command("start")
    assert failed.code == 1 and f"cannot read {settings}: No such file or directory" in failed.err
    settings.write_text("one")
    instance.start()
    pid, machine, text = greet(tmp_path)
    settings.unlink()
    os.kill(pid, signal.SIGKILL)
    pid = instance.successor_of(pid, "hub")
    assert greet(tmp_path) == (pid, machine, "one")
    assert f"service hub starts with the settings of before: cannot read {settings}" in instance.log()
    assert instance.stop().code == 0


def are_told(instance, what):
    """Whether each process of the workers has been told that of the services."""
    with contextlib.ExitStack() as stack:
        lines, pids = [], set()
        while len(pids) < 2:  # both have a connection
            lines.append(stack.enter_context(connect(instance.address("web"))))
            pids.add(answer(lines[-1], "pid"))
        return {answer(line, "ready") for line in lines} == {what}


@METHODS
def test_a_service_that_is_not_ready__is_known_to_all_processes(serve, tmp_path, method):
    unready = tmp_path / "unready"
    unready.write_text("its engine\x1b is away")
    instance = serve(WORKER, app=[f"start_method={method}"], unready=unready)
    instance.start()
    assert ask(instance.address("web"), "ready") == "its engine? is away"  # told before the first accept
    unready.unlink()
    pid = greet(tmp_path)
    eventually(lambda: are_told(instance, "ready"), "it is ready")
    unready.write_text("it joins")
    os.kill(pid, signal.SIGKILL)
    instance.successor_of(pid, "hub")
    eventually(lambda: are_told(instance, "it joins"), "its successor tells")
    unready.unlink()
    instance.reload()
    eventually(lambda: are_told(instance, "ready"), "the one of the reload tells")
    assert instance.stop().code == 0


def test_a_service_that_has_told_and_does_not_run__is_not_ready(serve, tmp_path):
    unready = tmp_path / "unready"
    unready.write_text("")
    instance = serve(WORKER, unready=unready)
    instance.start()
    assert are_told(instance, "ready")
    (tmp_path / "fail").touch()
    os.kill(greet(tmp_path), signal.SIGKILL)
    eventually(lambda: are_told(instance, "service hub does not run"), "it is missed")
    (tmp_path / "fail").unlink()
    eventually(lambda: are_told(instance, "ready"), "it is back")
    assert instance.stop().code == 0


def test_status__shows_what_a_service_tells(serve, tmp_path):
    unready = tmp_path / "unready"
    unready.write_text("its engine is away")
    instance = serve(WORKER, unready=unready)
    instance.start()
    (row,) = rows(instance, "service")
    assert row["details"] == {"state": {"number": -7, "truth": False, "none": None, "why": "its engine is away"},
                              "machines": [{"name": "a\tb"}, {"name": "\x1b[31m"}]}
    os.kill(row["pid"], signal.SIGSTOP)  # nobody asks it
    text = instance.command("status").out
    os.kill(row["pid"], signal.SIGCONT)
    assert re.search(r"^state +number +truth +none +why$", text, re.M) and re.search(r"^ +-7 +no +- +its engine is away$", text, re.M), text
    assert "\x1b" not in text
    assert instance.stop().code == 0


def test_restart__with_settings_that_cannot_be_made_stops_nothing(serve, tmp_path):
    settings = tmp_path / "settings"
    settings.write_text("one")
    instance = serve(WORKER, settings=settings)
    instance.start()
    before = greet(tmp_path)
    settings.unlink()
    result = instance.command("restart", "-d")
    assert result.code == 1 and f"cannot read {settings}: No such file or directory; the one that runs is not stopped" in result.err
    assert greet(tmp_path) == before
    settings.write_text("two")
    assert instance.command("restart", "-d").code == 0
    assert greet(tmp_path)[1] != before[1] and greet(tmp_path)[2] == "two"  # a machine is new with its master
    assert instance.stop().code == 0
