"""What `status` asks of the processes that it shows: nothing. They share memory with the master, and sleep on while it reads."""
import os
import pathlib
import resource

import pytest

from instance import answer, connect, eventually

CHILDREN = 8
CONNECTIONS = 10_000 if os.environ.get("WM_FULL") else 1_000
OTHER_DESCRIPTORS = 200  # of the test and of a server, beyond its connections
LINE = f"text://127.0.0.1:0,count={CHILDREN},name=line"
CALLS = 10


@pytest.fixture(autouse=True)
def descriptors():
    """Enough of them, here and in the servers that are started from here."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    # A server keeps a tenth for what is not a connection, and one process may get them all.
    wanted = max(before[0], CONNECTIONS * 10 // 9 + OTHER_DESCRIPTORS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(before[1], wanted)))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.fixture
def opened():
    """Opens the connections at an instance's port; all are counted by its status, and its processes sleep, when it returns."""
    sockets = []

    def open_all(instance):
        address = instance.address()
        sockets.extend(connect(address) for _ in range(CONNECTIONS))
        eventually(lambda: instance.status()["summary"]["connections"] == CONNECTIONS, "all connections in the status")
        eventually(lambda: all(map(sleeps, instance.children())), "the sleep of all processes")
        return sockets

    yield open_all
    for sock in sockets:
        sock.close()


def sleeps(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "S"


def switches(pid):
    """How often the process's first thread, the loop's, was taken off a processor: what runs shows here when it sleeps again."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return [int(line.split()[1]) for line in lines if "ctxt_switches" in line]


def ask_status(instance):
    """Both forms, as often as it takes to find a process that is woken now and then."""
    for _ in range(CALLS):
        for flags in ((), ("--json",)):
            result = instance.command("status", *flags)
            assert result.code == 0 and result.err == "", result


def test_status__no_process_runs_for_it(make, opened):
    instance = make(LINE)
    instance.start()
    sockets = opened(instance)
    pids = instance.children()
    assert len(pids) == CHILDREN

    before = {pid: switches(pid) for pid in pids}
    ask_status(instance)
    assert {pid: switches(pid) for pid in pids} == before

    asked = answer(sockets[0], "pid")
    eventually(lambda: switches(int(asked)) != before[int(asked)], "a switch of the one that was asked")
    assert instance.stop().code == 0


def test_status__no_process_makes_a_system_call_for_it(make, opened, tmp_path):
    # Traced from its start on, as attaching to a process wakes it. LeakSanitizer cannot do its work beside a tracer.
    environment = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
    traced = make(LINE, prefix=("strace", "-ff", "-qq", "-o", tmp_path / "calls"), environment=environment)
    instance = make(LINE)  # the same one, asked without a tracer
    assert instance.socket_path == traced.socket_path
    traced.start_foreground()
    sockets = opened(instance)
    pids = instance.children()
    assert len(pids) == CHILDREN
    calls = {pid: (tmp_path / f"calls.{pid}").read_text for pid in pids}

    before = {pid: read() for pid, read in calls.items()}
    assert all(text.count("\n") for text in before.values())
    ask_status(instance)
    after = {pid: read()[len(before[pid]):] for pid, read in calls.items()}
    assert after == dict.fromkeys(pids, "")

    # The tracer sees what is done: the call of the one that is asked, and of no other.
    asked = int(answer(sockets[0], "pid"))
    after = {pid: read()[len(before[pid]):] for pid, read in calls.items()}
    assert f"{asked}\\n" in after.pop(asked)
    assert after == dict.fromkeys(after, "")
    assert instance.stop().code == 0
