"""Processes that die: log lines and restarts, and the errors of a start that fails. Also the other ways to start processes."""
import os
import re
import signal
import time

import pytest

from instance import alive, ask, connect, eventually, links_of
from ports import free_port

ONE = "text://127.0.0.1:0,count=1,name=line"
FULL = os.environ.get("WM_FULL") == "1"


def request_to_die(address, line):
    with connect(address) as sock:
        sock.sendall(line.encode() + b"\n")
        assert sock.recv(100) == b""


# ---- one death

@pytest.mark.parametrize("how, words, status", [
    ("exit 3", "exited with status 3", 3 << 8),
    ("exit 0", "exited with status 0", 0),
    ("abort", "killed by signal 6 (SIGABRT)", signal.SIGABRT),
    (signal.SIGKILL, "killed by signal 9 (SIGKILL)", signal.SIGKILL),
    (signal.SIGSEGV, "killed by signal 11 (SIGSEGV)", signal.SIGSEGV),
    (signal.SIGRTMIN, "killed by signal 34 (SIGRTMIN)", signal.SIGRTMIN),
], ids=str)
def test_death__is_in_words_in_log_and_status_and_raw_in_the_callback(make, how, words, status):
    sanitizer = os.environ.get("ASAN_OPTIONS", "") + ":handle_segv=0:handle_abort=0"  # deaths are the process's own
    instance = make(ONE, environment={"ASAN_OPTIONS": sanitizer})
    instance.start()
    pid = instance.child()
    if isinstance(how, str):
        request_to_die(instance.address(), how)
    else:
        os.kill(pid, how)
    successor = instance.successor_of(pid)
    assert f"worker[line:{pid}] {words}" in instance.log() and "; another starts\n" in instance.log()
    (row,) = instance.status()["exits"]
    assert row["worker"] == "line" and row["status"].removesuffix(", core dumped") == words and row["count"] == 1
    assert re.search(rf"^line +{re.escape(words)}(, core dumped)? +1$", instance.command("status").out, re.M)
    ((_, caller, detail),) = instance.trace("worker_exit")
    died, raw, address = detail.split()
    assert caller == instance.master and int(died) == pid and int(raw) & ~0x80 == status and address.startswith("text://127.0.0.1:")
    assert int(ask(instance.address(), "pid")) == successor


def test_deaths__of_one_kind_are_counted_together(make):
    instance = make("text://127.0.0.1:0,count=2,name=line")
    instance.start()
    for pid in instance.children():
        os.kill(pid, signal.SIGKILL)
        eventually(lambda gone=pid: len(set(instance.children()) - {gone}) == 2, "two processes")
    assert [row["count"] for row in instance.status()["exits"]] == [2]
    assert sorted(detail.split()[0] for _, _, detail in instance.trace("start")) == ["0", "0", "1", "1"]


# ---- a crash loop

def test_crash_loop__is_slowed_down_and_ends_with_its_cause(make, tmp_path):
    reason = tmp_path / "reason"
    instance = make(ONE, extra=["--fail-file", str(reason)])
    instance.start()
    pid = instance.child()
    with connect(instance.address()):
        reason.write_text("")
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: "another starts in 0.8 s" in instance.log(), "a fourth pause")
        process = eventually(lambda: [p for p in instance.status()["processes"] if p["status"] == "restarting"], "a pause")[0]
        assert process["pid"] is None and 0 <= process["restart_ms"] <= 1600
        text = eventually(lambda: re.search(r"\[restart in .*\]", instance.command("status").out), "a pause in words")[0]
        assert re.fullmatch(r"\[restart in [\d.]+ ?m?s\]", text), text
        reason.unlink()
        successor = instance.successor_of(pid)
    pauses = re.findall(r"; another starts(?: in ([\d.]+) s)?(?:: on_start of text://127[.]0[.]0[.]1:\d+ returned -1: it cannot serve)?\n",
                        instance.log())
    # The first death pauses for nothing; the second for nothing too where the killed one had lived long enough not to count.
    growing = ["", "0.1", "0.2", "0.4", "0.8"]
    assert (pauses[1:] if pauses[1] == "" else pauses)[:5] == growing, pauses
    assert int(ask(instance.address(), "pid")) == successor
    times = [int(detail.split()[0]) for _, _, detail in instance.trace("worker_exit")]
    assert len(times) == len(set(times)) >= 5


def test_crash_loop__does_not_hold_a_stop(make, tmp_path):
    reason = tmp_path / "reason"
    instance = make(ONE, extra=["--fail-file", str(reason)])
    instance.start()
    reason.write_text("")
    os.kill(instance.child(), signal.SIGKILL)
    eventually(lambda: "another starts in 0.4 s" in instance.log(), "a third pause")
    assert instance.stop().code == 0


def test_reload__while_new_processes_cannot_start_fails_and_the_old_ones_serve(make, tmp_path):
    reason = tmp_path / "reason"
    instance = make(ONE, extra=["--fail-file", str(reason)])
    instance.start()
    pid = instance.child()
    reason.write_text("")
    result = instance.command("reload")
    assert result.code == 1 and result.out == ""
    assert "reload failed: a new process of worker line could not start: on_start of text://127.0.0.1:" in result.err
    assert "serve on" in result.err and instance.child() == pid and ask(instance.address(), "pid") == str(pid)
    reason.unlink()
    instance.reload()
    assert instance.child() != pid


def test_reload__starts_at_once_what_is_in_a_pause_and_says_whether_it_could(make, tmp_path):
    reason = tmp_path / "reason"
    instance = make("text://127.0.0.1:0,count=2,name=line", extra=["--fail-file", str(reason)])
    instance.start()
    killed, other = instance.children()
    reason.write_text("")
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: "another starts in 0.4 s" in instance.log(), "a pause")
    result = instance.command("reload")
    assert (result.code, result.out) == (1, "") and "could not start: on_start of text://127.0.0.1:" in result.err, result
    assert instance.children() == [other]
    reason.unlink()
    assert instance.reload().out == "test: reloaded, 2 processes replaced\n"
    assert len({killed, other, *instance.children()}) == 4


def test_reload__of_a_program_that_listens_elsewhere_now_fails(make, tmp_path):
    worker = tmp_path / "worker"
    worker.write_text(f"text://127.0.0.1:{free_port()},count=2,name=line")
    instance = make(f"@{worker}", app=["start_method=exec"])
    instance.start()
    address, pids = instance.address(), instance.children()
    other = f"text://127.0.0.1:{free_port()}"
    worker.write_text(f"{other},count=2,name=line")
    result = instance.command("reload")
    assert (result.code, result.out) == (1, "") and f"worker 'line' listens at {other} now, which is not where it did" in result.err, result
    assert instance.children() == pids and int(ask(address, "pid")) in pids


def test_end__of_a_process_by_SIGTERM_is_no_warning(make):
    instance = make(ONE)
    instance.start()
    pid = instance.child()
    os.kill(pid, signal.SIGTERM)
    instance.successor_of(pid)
    assert f" info: worker[line:{pid}] exited with status 0; another starts\n" in instance.log()


def test_process__that_has_closed_its_channel_is_replaced(make):
    instance = make(ONE)
    instance.start()
    pid = instance.child()
    with connect(instance.address()) as sock:
        sock.sendall(b"closefrom 3\n")
        instance.successor_of(pid)
    assert f"worker[line:{pid}] killed by signal 9 (SIGKILL), because it did not end in time; another starts: " \
           "it had closed its channel to the master process\n" in instance.log()


if FULL:
    def test_crash_loop__is_forgotten_after_ten_seconds_alive(make, tmp_path):
        reason = tmp_path / "reason"
        instance = make(ONE, extra=["--fail-file", str(reason)])
        instance.start()
        for _ in range(2):
            pid = instance.child()
            before = len(instance.log())
            reason.write_text("")
            os.kill(pid, signal.SIGKILL)
            eventually(lambda start=before: "another starts in 0.4 s" in instance.log()[start:], "a third pause")
            reason.unlink()
            pid = instance.successor_of(pid)
            born = time.monotonic()
            eventually(lambda since=born: time.monotonic() - since > 11, "eleven seconds to pass")
            assert instance.child() == pid
            assert "another starts in 0.1 s" in instance.log()[before:]


# ---- the first start

def test_first_start__death_before_ready_fails_it_with_the_cause(make):
    instance = make("text://127.0.0.1:0,count=2,name=line", extra=["--slow-start", "60000"], app=["stop_timeout_ms=300"])
    start = instance.begin("start", "-d")
    pids = eventually(lambda: len(instance.trace("start")) == 2 and [pid for _, pid, _ in instance.trace("start")], "both processes")
    reload = instance.begin_heard(instance.begin, "reload")
    assert start.poll() is None
    assert {process["status"] for process in instance.status()["processes"]} == {"starting"}
    os.kill(pids[0], signal.SIGKILL)
    result = instance.finish(start)
    assert (result.code, result.out) == (1, "")
    assert f"worker[line:{pids[0]}] killed by signal 9 (SIGKILL)\n" in result.err and "test has not started" in result.err
    assert not any(map(alive, pids)) and not instance.pid_path.exists()
    ended = instance.finish(reload)
    assert (ended.code, ended.err) == (1, "test: reload failed: it is stopping\n")


def test_first_start__can_be_called_off(make):
    instance = make(ONE, extra=["--slow-start", "60000"], app=["stop_timeout_ms=300"])
    start = instance.begin("start", "-d")
    pid = eventually(lambda: instance.trace("start"), "the process")[0][1]
    start.send_signal(signal.SIGINT)
    result = instance.finish(start)
    assert result.code == 1 and "Start success" not in result.out
    eventually(lambda: not alive(pid) and not instance.pid_path.exists(), "the end of all")


# ---- threads

def test_threads__and_fork_are_refused(make):
    instance = make(ONE, extra=["--thread"])
    for flags in ([], ["-d"]):
        result = instance.command("start", *flags)
        assert (result.code, result.out) == (1, "")
        assert result.err == ("test: this process has 2 threads, and a fork takes only one of them along: start threads in on_start, or set "
                              "option start_method to exec\n")
    assert not instance.pid_path.exists() and instance.command("status").code == 3


def test_threads__and_exec_go_together(make):
    instance = make(ONE, extra=["--thread"], app=["start_method=exec"])
    instance.start()
    assert ask(instance.address(), "hello") == "hello"
    assert instance.command("status").code == 0 and instance.stop().code == 0


# ---- other ways to start processes

def serves_and_reloads(instance):
    port, pids = instance.address().rsplit(":", 1)[1], instance.children()
    assert ask(instance.address(), "hello") == "hello" and int(ask(instance.address(), "pid")) in pids
    os.kill(pids[0], signal.SIGKILL)
    eventually(lambda: len(set(instance.children()) - {pids[0]}) == 2 and instance.serving(), "a successor")
    crashed = instance.children()
    assert instance.reload().out == "test: reloaded, 2 processes replaced\n"
    assert not set(instance.children()) & set(crashed) and instance.address().endswith(":" + port)
    assert int(ask(instance.address(), "pid")) in instance.children()
    with connect(instance.address()) as sock:
        sock.sendall(b"hello\n")
        assert sock.recv(100) == b"hello\n"
        assert len(instance.command("connections").out.splitlines()) == 3
    master, last = instance.master, instance.children()
    assert instance.stop().code == 0 and not any(map(alive, last))
    eventually(lambda: not alive(master), "the end of the master")
    assert "error" not in instance.log(), instance.log()


@pytest.mark.parametrize("app", [["start_method=exec"], ["pull=1"], ["start_method=exec", "pull=1"]], ids="+".join)
@pytest.mark.parametrize("more", ["", ",reuse_port=1"])
def test_start_method__exec_and_pull_do_all_that_fork_does(make, app, more):
    instance = make(f"text://127.0.0.1:{free_port()},count=2,name=line{more}", app=app)
    instance.start()
    serves_and_reloads(instance)


@pytest.mark.parametrize("app", ["start_method=exec", "pull=1"])
def test_start_method__in_the_foreground(make, app):
    instance = make("text://127.0.0.1:0,count=2,name=line", app=[app])
    instance.start_foreground()
    assert ask(instance.address(), "hello") == "hello"
    instance.process.send_signal(signal.SIGTERM)
    assert instance.wait()[0] == 0


def test_exec__a_failing_start_says_why(make):
    instance = make(ONE, app=["start_method=exec"], extra=["--fail", "0"])
    result = instance.command("start", "-d")
    assert result.code == 1 and "on_start of text://127.0.0.1:" in result.err
    assert not instance.pid_path.exists()


def test_exec__inherits_no_descriptor_of_others(make):
    instance = make(ONE, "text://127.0.0.1:0,count=1,name=other", app=["start_method=exec"])
    instance.start()
    for worker in ("line", "other"):
        pid = instance.child(worker)
        assert not [name for name in links_of(pid) if name.endswith(".pid")]
        environment = open(f"/proc/{pid}/environ", "rb").read()
        assert b"LISTEN_" not in environment and b"NOTIFY_" not in environment
