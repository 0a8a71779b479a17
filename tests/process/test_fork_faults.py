"""The master while fork fails, in the test server that has fault points: it says so, and those that serve go on."""
import errno
import os
import signal

from instance import ask, eventually, program

LINE = "text://127.0.0.1:0,count=2,name=line"
FAILURE = "cannot start a process: Resource temporarily unavailable"


def forks_fail(make, skip, times, *workers):
    return make(*workers, server=program("fault_server"), environment={"WM_FAULT": f"fork:{skip}:{times}:{errno.EAGAIN}"})


def test_fork_faults__start_says_so_and_leaves_nothing(make):
    instance = forks_fail(make, 1, 1, LINE)
    result = instance.command("start")
    assert result.code == 1 and FAILURE in result.err, result
    assert not instance.pid_path.exists() and not instance.socket_path.exists()


def test_fork_faults__dead_child_is_replaced_when_fork_works_again(make):
    instance = forks_fail(make, 2, 2, LINE)
    instance.start_foreground()
    dead = instance.children()[0]
    os.kill(dead, signal.SIGKILL)
    eventually(lambda: len(set(instance.children()) - {dead}) == 2, "the replacement")
    assert ask(instance.address("line"), "pid").isdigit()
    assert instance.stop().code == 0
    assert instance.wait()[2].count(FAILURE) == 2


def test_fork_faults__reload_that_fails_keeps_the_processes(make):
    instance = forks_fail(make, 2, 1, LINE)
    instance.start_foreground()
    old = instance.children()
    result = instance.command("reload")
    assert result.code == 1 and FAILURE in result.err, result
    assert instance.children() == old
    instance.reload()
    assert not set(instance.children()) & set(old)
    assert ask(instance.address("line"), "pid").isdigit()
    assert instance.stop().code == 0
