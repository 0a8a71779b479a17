"""status, as text, as JSON, and again and again."""
import json
import os
import pty
import re
import select
import signal
import subprocess
import threading
import time

from instance import HANG_SECONDS, ask, connect, eventually

WORKERS = ("text://127.0.0.1:0,count=2,name=line", "http://127.0.0.1:0,count=1,name=web", "none,count=1,name=jobs")
COLUMNS = ["pid", "memory", "listening", "name", "connections", "send_fail", "timers", "total_request", "qps", "status"]


def rows_of(text):
    """The rows of processes, each as its columns; and the sum."""
    _, processes, summary = re.split(r"^-+ *PROCESS STATUS *-+\n", text, flags=re.M)
    lines = processes.splitlines()
    assert lines[0].split() == COLUMNS
    return [re.split(r"  +", line, maxsplit=len(COLUMNS) - 1) for line in lines[1:]], re.split(r"  +", summary.strip())


def counted(instance, requests):
    """The status once it says so many: a process writes what it has done at the end of the turn, when the answer has left."""
    return eventually(lambda: (status := instance.status())["summary"]["requests"] == requests and status, f"{requests} requests")


def test_text__has_a_row_a_process_an_exit_table_and_a_sum(make):
    instance = make(*WORKERS)
    instance.start()
    with connect(instance.address("line")) as sock:
        sock.sendall(b"hello\n")
        assert sock.recv(100) == b"hello\n"
        counted(instance, 1)
        result = instance.command("status")
        assert result.code == 0 and result.err == ""
        head = result.out.split("PROCESS STATUS")[0]
        assert re.search(r"^-+ *GLOBAL STATUS *-+$", head, re.M)
        assert re.search(r"^libwm/\S+ +epoll, libevent \S+ +Linux \S+$", head, re.M)
        assert f"name test   master {instance.master}   DAEMON mode\n" in head
        assert re.search(r"^start time:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}   run 0 days 0 hours   load average: [\d.]+, [\d.]+, [\d.]+$",
                         head, re.M)
        assert "3 workers    4 processes\n" in head
        assert re.search(r"^name +exit_status +exit_count\nline +0 +0\nweb +0 +0\njobs +0 +0$", head, re.M)
        rows, summary = rows_of(result.out)
    assert [int(row[0]) for row in rows] == sorted(instance.children())
    rows.sort(key=lambda row: ["line", "web", "jobs"].index(row[3]))
    assert [row[3] for row in rows] == ["line", "line", "web", "jobs"]
    assert rows[3][2] == "none" and rows[2][2].startswith("http://127.0.0.1:")
    assert all(re.fullmatch(r"\d+\.\d\dM", row[1]) for row in rows)
    assert sorted(row[4] for row in rows) == ["0", "0", "0", "1"] and sorted(row[7] for row in rows) == ["0", "0", "0", "1"]
    assert all(row[9] == "[idle]" for row in rows)
    assert summary[0] == "Summary" and summary[4] == "1" and summary[7] == "1" and summary[-1] == "[Summary]"


def test_json__has_the_same_facts(make):
    instance = make(*WORKERS)
    instance.start()
    ask(instance.address("line"), "hello")
    status = counted(instance, 1)
    assert set(status) == {"name", "version", "loop", "system", "master_pid", "daemon", "started_unix", "uptime_s", "load", "workers", "exits", "certificates",
                           "processes", "summary"}
    assert status["name"] == "test" and status["master_pid"] == instance.master and status["daemon"] is True
    assert abs(status["started_unix"] - time.time()) < 3600 and status["uptime_s"] >= 0 and len(status["load"]) == 3
    assert status["workers"] == 3 and status["exits"] == [] and len(status["processes"]) == 4
    for process in status["processes"]:
        assert set(process) == {"pid", "worker", "index", "status", "busy_ms", "restart_ms", "rss_bytes", "connections", "send_fail", "timers",
                                "requests", "qps", "hub", "workers", "listeners"}
        assert process["status"] == "idle" and process["restart_ms"] is None and process["rss_bytes"] > 100000
        for listener in process["listeners"]:
            assert set(listener) == {"name", "address", "state", "connections", "requests", "shed", "dropped", "replaced", "slow_closed"}
    states = {(process["worker"], process["index"]): process["listeners"][0]["state"] for process in status["processes"]}
    assert states == {("line", 0): "listening", ("line", 1): "listening", ("web", 0): "listening", ("jobs", 0): None}
    assert set(status["summary"]) == {"processes", "rss_bytes", "connections", "send_fail", "timers", "requests", "qps"}
    assert status["summary"]["processes"] == 4 and status["summary"]["requests"] == 1


def test_timers__are_counted_while_they_wait(make):
    instance = make("text://127.0.0.1:0,count=1,name=line")
    instance.start()
    with connect(instance.address()) as sock:
        sock.sendall(b"slow 60000\nslow 60000\npid\n")
        assert sock.recv(100)  # what was before it has been read
        eventually(lambda: instance.status()["processes"][0]["timers"] == 2, "two timers")


def test_exits__are_rows_in_words(make):
    instance = make("text://127.0.0.1:0,count=1,name=line")
    instance.start()
    pid = instance.child()
    os.kill(pid, signal.SIGKILL)
    pid = instance.successor_of(pid)
    ask_to_end(instance.address(), "exit 3")
    instance.successor_of(pid)
    assert instance.status()["exits"] == [
        {"worker": "line", "status": "killed by signal 9 (SIGKILL)", "code": None, "signal": 9, "asked": False, "count": 1},
        {"worker": "line", "status": "exited with status 3", "code": 3, "signal": None, "asked": False, "count": 1},
    ]
    text = instance.command("status").out
    assert re.search(r"^line +killed by signal 9 \(SIGKILL\) +1\nline +exited with status 3 +1$", text, re.M)


def ask_to_end(address, line):
    with connect(address) as sock:
        sock.sendall(line.encode() + b"\n")
        assert sock.recv(100) == b""


def test_qps__is_that_of_the_last_second_at_a_single_call(make):
    instance = make("text://127.0.0.1:0,count=1,name=line")
    instance.start()
    ends = threading.Event()

    def load():
        with connect(instance.address()) as sock:
            while not ends.is_set():
                sock.sendall(20 * b"x\n")
                left = 40
                while left:
                    left -= len(sock.recv(left))

    thread = threading.Thread(target=load)
    begin = time.monotonic()
    thread.start()
    try:
        eventually(lambda: time.monotonic() - begin > 1.3, "a whole second of load")
        process = instance.status()["processes"][0]
        mean = process["requests"] / (time.monotonic() - begin)
        text = instance.command("status").out
    finally:
        ends.set()
        thread.join()
    assert mean / 10 < process["qps"] <= process["requests"], (mean, process)
    assert int(rows_of(text)[0][0][8]) > 0


def test_busy__is_what_a_callback_that_does_not_return_shows(make):
    instance = make("text://127.0.0.1:0,count=2,name=line")
    instance.start()
    with connect(instance.address()) as sock:
        sock.sendall(b"block 3000\n")
        busy = eventually(lambda: [p for p in instance.status()["processes"] if p["status"] == "busy"], "a busy process")
        assert len(busy) == 1 and busy[0]["busy_ms"] >= 1000
        assert re.search(r"\[busy [1-3]s\]", instance.command("status").out)
        assert sock.recv(100) == b"blocked\n"
        eventually(lambda: all(p["status"] == "idle" for p in instance.status()["processes"]), "none to be busy")


# ---- status -d

def read_until(fd, wanted):
    data = b""
    while data.count(wanted) < 2:
        assert select.select([fd], [], [], HANG_SECONDS)[0], data
        part = os.read(fd, 65536)
        assert part, data
        data += part
    return data


def test_status_d__goes_on_into_a_pipe_until_sigint(make):
    instance = make(WORKERS[0])
    instance.start()
    process = instance.begin("status", "-d")
    data = read_until(process.stdout.fileno(), b"Summary  ")
    assert process.poll() is None
    assert b"\033" not in data and b"GLOBAL STATUS" in data.split(b"Summary  ", 1)[1]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=HANG_SECONDS)
    assert process.returncode in (0, -signal.SIGINT)
    assert instance.status()["processes"]


def test_status_d__clears_a_terminal_for_each_page(make):
    instance = make(WORKERS[0])
    instance.start()
    control, terminal = pty.openpty()
    with subprocess.Popen(instance.line("status", "-d"), env=instance.environment, stdin=terminal, stdout=terminal, stderr=terminal,
                          start_new_session=True) as process:
        os.close(terminal)
        data = read_until(control, b"Summary  ")
        os.kill(process.pid, signal.SIGINT)
        process.wait(timeout=HANG_SECONDS)
    os.close(control)
    assert data.count(b"\033[H\033[2J") == 2


def test_status_d__ends_when_the_instance_does(make):
    instance = make(WORKERS[0])
    instance.start()
    process = instance.begin("status", "-d")
    assert select.select([process.stdout], [], [], HANG_SECONDS)[0]
    assert instance.stop().code == 0
    result = instance.finish(process)
    assert result.code != 0 and result.err != "", result


def test_numbers__stay_what_json_readers_take(make):
    instance = make(*[f"none,count=1,name=w{i}" for i in range(60)])
    instance.start()
    result = instance.command("status", "--json")
    assert len(json.loads(result.out)["processes"]) == 60
