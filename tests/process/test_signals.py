"""Signals that a host handles in the loops of its processes (wm_signal_add), beside those that the library handles."""
import os
import signal

import pytest

from instance import ask, eventually

METHODS = pytest.mark.parametrize("app", [("start_method=fork",), ("start_method=exec",), ("start_method=fork", "pull=1")], ids="-".join)
WORKER = "text://127.0.0.1:0,count=2,name=line"


def pids_of(instance, number):
    return [pid for _, pid, got in instance.trace("signal") if got == str(int(number))]


def caught_by(pid):
    """The signals that a process has handlers for (proc(5))."""
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        return int(next(line.split()[1] for line in lines if line.startswith("SigCgt")), 16)


@METHODS
def test_signal__reaches_the_process_that_gets_it_and_its_successor(make, app):
    instance = make(WORKER, app=app, extra=["--signal", str(int(signal.SIGWINCH))])
    instance.start()
    first, second = instance.children()
    os.kill(first, signal.SIGWINCH)
    eventually(lambda: pids_of(instance, signal.SIGWINCH) == [first], "the signal")
    os.kill(first, signal.SIGKILL)
    successor = instance.successor_of(first)
    os.kill(successor, signal.SIGWINCH)
    eventually(lambda: pids_of(instance, signal.SIGWINCH) == [first, successor], "the signal of the successor")
    assert second in instance.children()
    assert instance.stop().code == 0


def test_signal__is_not_handled_in_the_master(make):
    instance = make(WORKER, extra=["--signal", str(int(signal.SIGRTMIN))])
    instance.start()
    bit = 1 << (signal.SIGRTMIN - 1)
    assert caught_by(instance.children()[0]) & bit and not caught_by(instance.master) & bit
    assert instance.stop().code == 0


@METHODS
def test_sigchld__tells_a_process_of_its_child_and_leaves_the_masters_alone(make, app):
    instance = make(WORKER, app=app, extra=["--signal", str(int(signal.SIGCHLD))])
    instance.start()
    children = set(instance.children())
    assert ask(instance.address(), "spawn 7") == "7"
    assert set(instance.children()) == children
    victim = children.pop()
    os.kill(victim, signal.SIGKILL)
    instance.successor_of(victim)  # the master still sees its children
    assert instance.stop().code == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1, signal.SIGPIPE], ids=lambda number: number.name)
def test_signal__of_the_library_fails_the_start(make, number):
    instance = make(WORKER, extra=["--signal", str(int(number))])
    result = instance.command("start", "-d")
    assert result.code == 1 and f"the processes of wm_app_main handle {number.name} themselves" in result.err, result
    assert instance.command("status").code == 3


@METHODS
def test_signal__of_the_library_is_refused_in_a_process(make, app):
    instance = make(WORKER, app=app)
    instance.start()
    assert ask(instance.address(), "signal 15") == "the processes of wm_app_main handle SIGTERM themselves: use wm_worker_on_stop"
    assert ask(instance.address(), "signal 10") == "the processes of wm_app_main handle SIGUSR1 themselves: use wm_worker_on_reload"
    assert ask(instance.address(), "signal 28") == "handled"
    assert instance.stop().code == 0
