"""Worker: its properties, its listeners, the signals and the commands that reach it."""
import json
import os
import signal
import socket

import pytest

from php_program import alive, children_of, eventually, title_of


@pytest.fixture
def server(program):
    return program("worker").start(ready=3)


@pytest.fixture
def listening(program):
    return program("listen").start(ready=2)


def both(server, line):
    """What each of the two processes answers, by its pid: connections are spread, so until both have answered."""
    answers = {}

    def asked():
        with server.connect() as peer:
            answers.setdefault(int(peer.ask("pid")), None)
            pid = int(peer.ask("pid"))
            answers[pid] = peer.ask(line)
        return len(answers) == 2
    eventually(asked, "both processes")
    return answers


def ask(server, line, port=None):
    with server.connect(port) as peer:
        return peer.ask(line)


def ready_pids(server, name):
    return [row[1] for row in server.rows() if row[0] == "ready" and row[2] == name]


# ---- properties

def test_worker__says_what_it_is(server):
    told = json.loads(ask(server, "worker"))
    assert told.pop("id") in (0, 1)
    socket_name = told.pop("socket")
    assert told.pop("version").count(".") == 2
    assert told == {"name": "lines", "count": 2, "same": True, "registry": {"set": "before the start"}, "started": True, "missing": False,
                    "all": ["lines"], "keys": True, "transport": "tcp", "stopping": False}
    assert socket_name == f"text://127.0.0.1:{server.port}"


def test_worker__has_a_process_for_each_id(server):
    rows = server.trace("ready")
    assert sorted(row[:2] for row in rows) == [["lines", 0], ["lines", 1], ["task", 0]]
    assert {row[-1] for row in rows} == {server.master}
    assert len(set(server.pids())) == 3
    assert set(children_of(server.master)) >= set(server.pids())


def test_worker__without_address_runs_timers(server):
    assert server.await_trace("task")[0][0] == "none"


def test_worker__properties_of_the_programs_own_are_of_one_process(server):
    with server.connect() as peer:
        assert peer.ask("set") == "in a callback"
        assert json.loads(peer.ask("worker"))["registry"] == {"set": "in a callback"}


def test_connections__have_the_one_that_closes_until_onClose_is_over(server):
    ask(server, "pid")
    assert server.await_trace("close") == [[True, True]]
    assert server.await_trace("after-close") == [[False]]


def test_titles__are_those_that_tools_look_for(server):
    assert title_of(server.master) == f"WorkerMan: master process  start_file={server.script}"
    titles = sorted(title_of(pid) for pid in server.pids())
    assert titles == [f"WorkerMan: worker process  lines text://127.0.0.1:{server.port}"] * 2 + ["WorkerMan: worker process  none none"]


# ---- files

def test_files__relative_names_are_below_the_directory_of_the_start(program):
    server = program("worker", cwd="elsewhere").start_background(ready=3)
    directory = server.directory / "elsewhere"
    assert (directory / "my.pid").read_text() == f"{server.master}\n"
    assert ask(server, "log") == "logged"
    assert "a line of the log" in eventually(lambda: (directory / "my.log").exists() and (directory / "my.log").read_text(), "the log")
    assert ask(server, "echo") == "printed"
    assert "a line of stdout\n" in eventually(lambda: (directory / "my.stdout").exists() and (directory / "my.stdout").read_text(), "the output")
    assert server.stop() == 0
    eventually(lambda: not (directory / "my.pid").exists(), "the end of the pid file")


def test_output__of_one_in_the_foreground_is_the_terminals(server):
    assert ask(server, "echo") == "printed"
    assert ask(server, "safe echo") == "printed"
    eventually(lambda: {"a line of stdout", "a line of safeEcho"} <= set(server.output().splitlines()), "the output")
    assert ask(server, "log") == "logged"
    eventually(lambda: "a line of the log" in server.output() + (server.directory / "my.log").read_text(), "the log")


# ---- stop and reload

def test_stop__calls_onWorkerStop_in_each_process_and_onMasterStop(server):
    pids = server.pids()
    with server.connect() as peer:
        peer.ask("pid")
        assert server.stop() == 0
        assert peer.read_to_end() == b""
    assert sorted(row[:2] for row in server.trace("stop")) == [["lines", 0], ["lines", 1]]
    assert len(server.trace("task-stop")) == 1
    assert [row[1] for row in server.rows() if row[0] == "master-stop"] == [server.master]
    assert server.rows()[-1][0] == "master-stop"
    assert not any(alive(pid) for pid in pids)


def test_stop__kills_what_does_not_end_in_time(program):
    server = program("worker", stop_timeout=1).start(ready=3)
    with server.connect() as peer:
        peer.send("sleep\n")
        server.await_trace("asleep")
        assert server.stop() == 0
    assert not any(alive(pid) for pid in server.pids())


def test_stop__by_a_signal_to_the_parent(server):
    assert ask(server, "end") == "ending"
    assert server.wait() == 0
    assert len(server.trace("master-stop")) == 1


@pytest.mark.parametrize("line", ["stop all", "stop all with code"])
def test_stopAll__in_a_process_ends_that_one_which_is_replaced(server, line):
    first = ready_pids(server, "lines")
    with server.connect() as peer:
        pid = int(peer.ask("pid"))
        assert peer.ask(line) == "stopping"
        peer.read_to_end()
    server.await_trace("ready", 4)
    eventually(lambda: not alive(pid), "the end of the process")
    third = ready_pids(server, "lines")[2]
    ids = {row[1]: row[3] for row in server.rows() if row[0] == "ready" and row[2] == "lines"}
    assert ids[third] == ids[pid]
    assert third not in first
    assert [row[1] for row in server.rows() if row[0] == "stop"] == [pid]
    assert [alive(each) for each in first if each != pid] == [True]
    assert alive(server.master)


def test_reload__by_a_signal_to_the_parent_replaces_every_process(server):
    first = server.pids()
    assert ask(server, "reload") == "reloading"
    server.await_trace("ready", 6)
    eventually(lambda: not any(alive(pid) for pid in first), "the end of the first processes")
    assert [row[1] for row in server.rows() if row[0] == "master-reload"] == [server.master]
    lines = {pid for pid in first if title_is_of(server, pid, "lines")}
    assert {row[1] for row in server.rows() if row[0] == "reload"} == lines
    assert {row[1] for row in server.rows() if row[0] == "stop"} == lines
    assert sorted(row[1] for row in server.trace("ready")[3:] if row[0] == "lines") == [0, 1]
    assert int(ask(server, "pid")) not in first


def title_is_of(server, pid, name):
    return any(row[0] == "ready" and row[1] == pid and row[2] == name for row in server.rows())


def test_reload__of_one_that_is_not_reloadable_calls_onWorkerReload_only(program):
    server = program("worker", reloadable="no").start(ready=3)
    first = ready_pids(server, "lines")
    os.kill(server.master, signal.SIGUSR1)
    server.await_trace("ready", 4)
    server.await_trace("reload", 2)
    assert sorted(row[:2] for row in server.trace("reload")) == [["lines", 0], ["lines", 1]]
    assert ready_pids(server, "lines") == first
    assert all(alive(pid) for pid in first)
    assert int(ask(server, "pid")) in first


def test_crash__of_a_process_is_replaced_in_its_place(server):
    pid = ready_pids(server, "lines")[0]
    os.kill(pid, signal.SIGKILL)
    server.await_trace("ready", 4)
    ids = {row[1]: row[3] for row in server.rows() if row[0] == "ready" and row[2] == "lines"}
    assert ids[ready_pids(server, "lines")[2]] == ids[pid]


# ---- listeners of a process's own

def refused(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) != 0


def test_listen__opens_a_port_in_a_running_process(listening):
    assert refused(listening.ports[1])
    assert ask(listening, "listen") == "listen done"
    assert ask(listening, "hello", listening.ports[1]) == "inner hello"
    assert listening.trace("never") == []


def test_listen__twice_is_once(listening):
    assert ask(listening, "twice") == "twice done"
    assert ask(listening, "hello", listening.ports[1]) == "inner hello"


def test_listen__at_a_port_in_use_throws(listening):
    answer = ask(listening, "taken")
    assert answer.startswith("taken failed: ") and "Address already in use" in answer
    assert ask(listening, "listen") == "listen done"


def test_listen__without_address_does_nothing(listening):
    assert ask(listening, "nowhere") == "nowhere done"


def test_unlisten__refuses_new_ones_and_keeps_old_ones(listening):
    port = listening.ports[1]
    ask(listening, "listen")
    with listening.connect(port) as old:
        assert old.ask("a") == "inner a"
        assert ask(listening, "unlisten") == "unlisten done"
        eventually(lambda: refused(port), "a closed port")
        assert old.ask("b") == "inner b"
    assert ask(listening, "listen") == "listen done"
    assert ask(listening, "c", port) == "inner c"


def test_pauseAccept__lets_new_ones_wait(listening):
    port = listening.ports[1]
    ask(listening, "listen")
    assert ask(listening, "pauseAccept") == "pauseAccept done"
    with listening.connect(port) as waiting:
        waiting.send("hello\n")
        for _ in range(10):
            assert ask(listening, "count") == "0"
        assert ask(listening, "resumeAccept") == "resumeAccept done"
        assert waiting.read_line() == "inner hello"
    assert len(listening.trace("inner-connect")) == 1


def test_pauseAccept__in_onWorkerStart_holds(listening):
    assert ask(listening, "hello", listening.ports[2]) == "paused hello"
    assert listening.events("resumed", "paused-connect") == ["resumed", "paused-connect"]


def test_stop__closes_listeners_and_connections_of_the_process(listening):
    ask(listening, "listen")
    with listening.connect(listening.ports[1]) as peer:
        assert peer.ask("a") == "inner a"
        assert listening.stop() == 0
        assert peer.read_to_end() == b""
    assert len(listening.trace("inner-close")) == len(listening.trace("inner-stop")) == 1
    assert refused(listening.ports[1])
