"""Known faults of servers with a master process, one test for each of fourteen, which this library does not have."""
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import stat
import threading
import time

import pytest

from instance import HANG_SECONDS, alive, ask, connect, eventually
from ports import free_port
from push_server import Page, read_to_end

LINE = "text://127.0.0.1:0,count=2,name=line"
ONE = "text://127.0.0.1:0,count=1,name=line"
ROOT = os.geteuid() == 0


def status_of(instance, pid):
    return next((process["status"] for process in instance.status()["processes"] if process["pid"] == pid), None)


# ---- P1

def test_p01__stopped_child_is_not_replaced(make):
    instance = make(LINE, app=["stop_timeout_ms=300"])
    instance.start()
    pids = instance.children()
    os.kill(pids[0], signal.SIGSTOP)
    eventually(lambda: status_of(instance, pids[0]) == "stopped", "the child to be stopped")
    assert "[stopped]" in instance.command("status").out
    assert instance.children() == pids and len(instance.trace("start")) == 2
    silent = json.loads(instance.command("connections", "--json").out)["unanswered"]
    assert [(row["pid"], row["stopped"]) for row in silent] == [(pids[0], True)]
    os.kill(pids[0], signal.SIGCONT)
    eventually(lambda: status_of(instance, pids[0]) == "idle", "the child to go on")
    assert instance.children() == pids
    os.kill(pids[0], signal.SIGSTOP)
    result = instance.stop()
    assert (result.code, result.out) == (0, "test: stopped, 1 process killed for not ending in time\n")
    assert not any(map(alive, pids))


# ---- P2

def ways_to_run():
    yield "idle", [], [ONE], []
    yield "blocked", ["block 60000"], [ONE], []
    yield "exec", [], [ONE], ["start_method=exec"]
    yield "exec_blocked", ["block 60000"], [ONE], ["start_method=exec"]
    yield "pull", [], [ONE], ["pull=1"]
    if ROOT:
        yield "user", ["block 60000"], [ONE + ",user=nobody"], []
        yield "user_exec", ["block 60000"], [ONE + ",user=nobody"], ["start_method=exec"]


@pytest.mark.parametrize("way, requests, workers, app", ways_to_run(), ids=[way[0] for way in ways_to_run()])
def test_p02__killed_master_leaves_no_orphan_and_start_works_at_once(make, public, way, requests, workers, app):
    port = free_port()
    workers = [worker.replace(":0,", f":{port},") for worker in workers]
    instance = make(*workers, app=app, folder=public.folder(), server=public.server, environment=public.environment)
    instance.start()
    master, pids = instance.master, instance.children()
    with contextlib.ExitStack() as stack:
        for request in requests:
            sock = stack.enter_context(connect(instance.address()))
            sock.sendall(request.encode() + b"\n")
            eventually(lambda: instance.status()["processes"][0]["busy_ms"], "the callback")
        os.kill(master, signal.SIGKILL)
        eventually(lambda: not any(map(alive, [master, *pids])), "the end of all", 1)
    assert instance.command("status").code == 3
    instance.start()
    assert instance.master != master and ask(instance.address(), "hello") == "hello"
    assert instance.stop().code == 0


# ---- P3

def test_p03__failures_have_exit_codes(make):
    instance = make(ONE)
    assert instance.stop().code == 3
    instance.start()
    taken = make(instance_line(instance), name="other")
    assert [instance.command("start").code, taken.command("start").code, taken.command("start", "-d").code] == [4, 1, 1]
    assert instance.command("strat").code == 2 and instance.stop().code == 0


def instance_line(instance):
    return f"text://127.0.0.1:{instance.address().rsplit(':', 1)[1]},count=1,name=line"


# ---- P4

def test_p04__start_d_reports_what_fails_late(make):
    failing = make(LINE, name="failing", extra=["--fail", "1"])
    result = failing.command("start", "-d")
    assert result.code == 1 and "Start success" not in result.out
    assert re.fullmatch(r"failing: on_start of text://127[.]0[.]0[.]1:\d+ returned -1: it cannot serve\n", result.err), result
    assert "failing has not started" in failing.log() and "another starts" not in failing.log()
    left = [pid for _, pid, _ in failing.trace("start")]
    assert left and not any(map(alive, left)) and not failing.pid_path.exists() and not failing.socket_path.exists()

    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"text://127.0.0.1:{taken.getsockname()[1]}"
        inner = make(LINE, name="inner", extra=["--inner", f"{address},name=inner", "--fail", "-1"])
        for words in (["start"], ["start", "-d"]):
            result = inner.command(*words)
            assert (result.code, result.out, result.err) == (1, "", f"inner: Address already in use: {address}\n")

    first = make(ONE)
    first.start()
    second = make("none,count=1,name=jobs", instance_line(first), name="second", extra=["--trace", str(first.folder / "second")])
    result = second.command("start", "-d")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("second: ") and "Address already in use" in result.err and instance_port(first) in result.err
    assert not second.pid_path.exists() and not (first.folder / "second").exists() and ask(first.address(), "hello") == "hello"


def instance_port(instance):
    return instance.address().rsplit(":", 1)[1]


# ---- P5

def test_p05__files_have_the_modes_that_they_were_given(make, tmp_path):
    path = tmp_path / "line"
    instance = make(f"text+unix://{path},count=2,name=line,unix_mode=0606")
    instance.start(umask=0)
    for file, mode in ((instance.pid_path, 0o600), (instance.socket_path, 0o600), (path, 0o606), (instance.log_path, 0o640)):
        assert stat.S_IMODE(file.stat().st_mode) & ~0o020 == mode & ~0o020, file
        assert stat.S_IMODE(file.stat().st_mode) & 0o002 == mode & 0o002, file
    assert stat.S_IMODE(instance.run_dir.stat().st_mode) & 0o022 == 0
    assert instance.stop().code == 0 and not path.exists()
    instance.start(umask=0o077)
    assert stat.S_IMODE(path.stat().st_mode) == 0o606 and stat.S_IMODE(instance.pid_path.stat().st_mode) == 0o600


@pytest.mark.parametrize("option, text", [("user=nobody-of-that-name", "there is no user 'nobody-of-that-name'"),
                                          ("group=none-of-that-name", "there is no group 'none-of-that-name'")])
def test_p05__unknown_user_refuses_to_start(make, option, text):
    instance = make(ONE + "," + option)
    result = instance.command("start", "-d")
    assert (result.code, result.out) == (1, "") and f"test: worker line: {text}\n" in result.err
    assert instance.trace() == [] and not instance.pid_path.exists()


# ---- P6

def test_p06__of_many_starts_at_once_exactly_one_wins(make):
    instance = make(ONE)
    starts = [instance.begin("start", "-d") for _ in range(20)]
    results = [instance.finish(start) for start in starts]
    assert sorted(result.code for result in results) == [0] + 19 * [4], results
    master = instance.master
    assert alive(master) and instance.status()["master_pid"] == master
    assert len(instance.trace("master_start")) == 1 and instance.trace("master_start")[0][1] == master
    for result in results:
        assert result.code == 0 or f"already running (pid {master})" in result.err, result
    assert instance.stop().code == 0


def test_p06__old_pid_file_is_no_obstacle(make):
    instance = make(ONE)
    instance.start()
    master = instance.master
    os.kill(master, signal.SIGKILL)
    eventually(lambda: not alive(master), "the end of the master")
    assert instance.pid_path.exists() and instance.command("status").code == 3
    instance.start()
    assert instance.stop().code == 0
    instance.pid_path.write_text(f"{os.getpid()}\n")  # a number that another process has now
    assert instance.command("stop").code == 3
    instance.start()
    assert instance.master != os.getpid() and instance.stop().code == 0


# ---- P7

def test_p07__graceful_reload_is_bounded_and_a_second_one_queues(make):
    instance = make(ONE, app=["graceful_timeout_ms=1200", "reload_timeout_ms=5000"])
    instance.start()
    first = instance.child()
    with connect(instance.address()) as stays:
        stays.sendall(b"hello\n")
        assert stays.recv(100) == b"hello\n"
        reload = instance.begin("reload", "-g")
        eventually(lambda: len(instance.trace("start")) == 2, "the first reload")
        again = instance.begin("reload", "-g")
        results = [instance.finish(reload), instance.finish(again)]
        assert [(result.code, result.out) for result in results] == 2 * [(0, "test: reloaded, 1 process replaced\n")], results
        assert read_to_end(stays) == b""
    generations = [pid for _, pid, _ in instance.trace("start")]
    assert len(generations) == 3 and generations[0] == first
    assert instance.children() == generations[-1:] and not any(map(alive, generations[:-1]))


def test_p07__graceful_stop_is_bounded(make):
    instance = make(ONE, app=["graceful_timeout_ms=700"])
    instance.start()
    with connect(instance.address()) as stays:
        stays.sendall(b"hello\n")
        assert stays.recv(100) == b"hello\n"
        result = instance.stop("-g")  # the harness gives up if it waits for the client that stays
        assert result.code == 0, result


# ---- P8

@pytest.mark.parametrize("worker, half", [(ONE, b"a line without its end"), ("http://127.0.0.1:0,count=1,name=web", b"GET /half HTTP/1.1\r\nHost:"),
                                          ("websocket://127.0.0.1:0,count=1,name=page", b"GET / HTTP/1.1\r\nUpgrade: web"),
                                          ("http://127.0.0.1:0,count=1,name=web", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf")],
                         ids=["line", "http", "websocket", "body"])
def test_p08__half_a_packet_does_not_hang_a_stop(make, worker, half):
    instance = make(worker, app=["stop_timeout_ms=500"])
    instance.start()
    with connect(instance.address()) as sock:
        sock.sendall(half)
        eventually(lambda: instance.status()["summary"]["connections"] == 1, "the connection")
        result = instance.stop()
        assert (result.code, result.err) == (0, "") and result.out.startswith("test: stopped"), result


# ---- P9

def test_p09__stop_sends_close_frames(make):
    instance = make("websocket://127.0.0.1:0,count=1,name=page", "http://127.0.0.1:0,count=1,name=web", ONE, app=["stop_timeout_ms=30000"])
    instance.start()
    page = Page(instance.address("page"))
    page.settle()
    host, idle = instance.address("web").removeprefix("http://"), connect(instance.address("web"))
    idle.sendall(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"200 OK" in idle.recv(4096)
    late = http.client.HTTPConnection(host)
    late.request("GET", "/slow/2000")
    line = connect(instance.address("line"))
    eventually(lambda: instance.status()["summary"]["connections"] == 4, "four connections")
    stop = instance.begin("stop")
    assert page.close_code() == 1001
    page.close()
    for sock in (idle, line):
        assert read_to_end(sock) == b""
        sock.close()
    answer = late.getresponse()
    assert (answer.status, answer.read(), answer.getheader("Connection")) == (200, b"slow 2000", "close")
    result = instance.finish(stop)
    assert (result.code, result.out) == (0, "test: stopped\n")
    late.close()


# ---- P10

def test_p10__ctrl_c_stops_at_once(make):
    took = []
    for _ in range(3):  # the least of them: what the machine adds is not ours
        instance = make(LINE)
        process = instance.start_foreground()
        pids = instance.children()
        with connect(instance.address()) as client:
            client.sendall(b"hello\n")
            assert client.recv(100) == b"hello\n"
            begin = time.monotonic()
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does: master and children
            assert read_to_end(client) == b""
            process.wait(timeout=HANG_SECONDS)  # the client stays, and is not waited for
            took.append(time.monotonic() - begin)
        assert process.returncode == 0
        assert not any(map(alive, pids)) and not instance.pid_path.exists()
    assert min(took) < 1, took  # Workerman's second


# ---- P11

def test_p11__many_commands_at_once_all_get_whole_answers(make):
    instance = make("text://127.0.0.1:0,count=4,name=line")
    instance.start()
    before = sorted(os.listdir(instance.run_dir))
    asked = [instance.begin(*words) for words in 5 * [("status", "--json"), ("status",), ("connections", "--json")]]
    for number, process in enumerate(asked):
        result = instance.finish(process)
        assert result.code == 0 and result.err == "", result
        if number % 3 == 0:
            assert len(json.loads(result.out)["processes"]) == 4
        elif number % 3 == 1:
            assert result.out.count("[idle]") == 4 and result.out.endswith("[Summary]\n")
        else:
            assert json.loads(result.out) == {"connections": [], "unanswered": []}
    assert sorted(os.listdir(instance.run_dir)) == before == ["test.log", "test.pid", "test.program", "test.sock"]


# ---- P12

class Knocker(threading.Thread):
    """Connects and asks again and again; what goes wrong is kept."""

    def __init__(self, address):
        super().__init__()
        self.address, self.ends, self.wrong, self.pids = address, False, [], []

    def run(self):
        while not self.ends:
            try:
                self.pids.append(int(ask(self.address, "pid")))
            except (OSError, AssertionError) as error:
                self.wrong.append(repr(error))


@pytest.mark.parametrize("option", ["", ",reuse_port=1"])
def test_p12__reload_of_a_single_process_refuses_no_client(make, option):
    instance = make(ONE + option, app=["graceful_timeout_ms=2000"], extra=["--slow-start", "100"])
    instance.start()
    knocker = Knocker(instance.address())
    knocker.start()
    try:
        for flags in ([], ["-g"], []):
            instance.reload(*flags)
        last = instance.child()
        eventually(lambda: last in knocker.pids or knocker.wrong, "an answer of the last")
    finally:
        knocker.ends = True
        knocker.join()
    assert knocker.wrong == [] and len(set(knocker.pids)) == 4


# ---- P13

def test_p13__two_programs_share_a_port_by_reuse_port(make, tmp_path):
    port = free_port()
    workers = f"text://127.0.0.1:{port},count=1,name=line,reuse_port=1"
    first, second = (make(workers, folder=tmp_path / name, name=name) for name in ("first", "second"))
    for instance in (first, second):
        instance.folder.mkdir()
        instance.start()
    both = {str(first.child()), str(second.child())}
    seen = set()
    eventually(lambda: seen.add(ask(first.address(), "pid")) or seen == both, "answers of both")
    assert first.stop().code == 0
    assert ask(second.address(), "pid") == str(second.child())
    without = make(f"text://127.0.0.1:{port},count=1,name=line", name="without")
    assert without.command("start", "-d").code == 1


def test_p13__socket_that_was_handed_over_outlives_a_restart(make, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port, number = listener.getsockname()[1], listener.fileno()
        hand_over = f"exec 3<&{number}; export LISTEN_PID=$$ LISTEN_FDS=1; exec \"$@\""
        instance = make(f"text://127.0.0.1:{port},count=1,name=line", prefix=["bash", "-c", hand_over, "bash"])
        instance.start_foreground(pass_fds=[number])
        assert ask(instance.address(), "pid") == str(instance.child())
        assert instance.stop().code == 0
        instance.wait()
        waits = connect(f"text://127.0.0.1:{port}")  # no process serves, and no client is refused
        waits.sendall(b"hello\n")
        instance.start_foreground(pass_fds=[number])
        assert waits.recv(100) == b"hello\n"
        waits.close()
        assert instance.stop().code == 0


# ---- P14

def test_p14__the_first_timer_of_a_process_is_one_like_any_other(make):
    # Ids and the clock are the api's: tests/api/timers.c, tests/api/timer_clock.c.
    instance = make("http://127.0.0.1:0,count=1,name=web")
    instance.start()
    host = http.client.HTTPConnection(instance.address().removeprefix("http://"))
    host.request("GET", "/slow/1")
    assert host.getresponse().read() == b"slow 1"
    eventually(lambda: instance.status()["processes"][0]["timers"] == 0, "the end of its turn, in which it has answered")
    host.close()
