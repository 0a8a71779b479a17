"""Start and stop in the background and in the foreground, as a user of the commands sees them."""
import os
import signal
import socket
import stat

import pytest

from instance import alive, ask, connect, eventually
from ports import free_port
from push_server import Page

LINE = "text://127.0.0.1:0,count=2,name=line"


def test_start_d__returns_when_all_serve_and_stop_leaves_nothing(make):
    instance = make(LINE)
    result = instance.start()
    assert "Start success." in result.out and result.err == ""
    pids = instance.children()
    assert len(pids) == 2
    assert int(ask(instance.address(), "pid")) in pids
    assert stat.S_IMODE(os.stat(instance.pid_path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(instance.socket_path).st_mode) == 0o600
    master = instance.master
    result = instance.stop()
    assert (result.code, result.out, result.err) == (0, "test: stopped\n", "")
    assert not instance.pid_path.exists() and not instance.socket_path.exists()
    eventually(lambda: not any(map(alive, [*pids, master])), "the end of all")


def written(path):
    """A stale pid file is made anew: for a moment there is none."""
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


def test_start__after_a_kill_waits_for_ports_that_are_still_held(make):
    """After the pid file of a killed master a start expects that its children may still be ending."""
    port = free_port()
    instance = make(f"text://127.0.0.1:{port},name=line")
    instance.run_dir.mkdir()
    instance.pid_path.write_text("999999\n")
    with socket.create_server(("127.0.0.1", port)):
        start = instance.begin("start", "-d")
        eventually(lambda: written(instance.pid_path) not in ("", "999999\n"), "the lock of the new master")
    assert instance.finish(start).code == 0
    assert ask(f"text://127.0.0.1:{port}", "hello") == "hello"
    assert instance.stop().code == 0


def test_start__with_a_wrong_call_in_a_child_that_polls_fails_with_its_text(make):
    instance = make(LINE, app=["pull=1"], extra=["--wrong-option", "cuont"])
    result = instance.command("start", "-d")
    assert result.code == 1 and "\ntest: wm_app_set_int has failed: unknown option 'cuont'" in result.err, result
    assert not instance.pid_path.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT], ids=["SIGTERM", "SIGQUIT"])
def test_foreground__signal_to_the_process_group_restarts_no_process(make, number):
    instance = make("text://127.0.0.1:0,count=4,name=line")
    process = instance.start_foreground()
    os.killpg(process.pid, number)
    code, _, err = instance.wait()
    assert code == 0 and "starts" not in err and "warning" not in err and len(instance.trace("start")) == 4, err


def test_stop_g__lists_the_processes_that_drain_and_a_stop_after_it_closes_connections(make):
    instance = make("websocket://127.0.0.1:0,count=1,name=page", LINE, app=["drain_ms=60000", "graceful_timeout_ms=120000", "stop_timeout_ms=60000"])
    instance.start()
    with Page(instance.address("page")) as page:
        page.settle()
        graceful = instance.begin("stop", "-g")
        eventually(lambda: [row["status"] for row in instance.status()["processes"]] == ["draining"], "the others to have ended")
        stop = instance.begin("stop")
        assert page.close_code() == 1001
    assert [instance.finish(command).out for command in (graceful, stop)] == 2 * ["test: stopped\n"]
    assert "killed" not in instance.log()


def test_foreground__ctrl_backslash_lets_clients_finish(make):
    instance = make("text://127.0.0.1:0,count=1,name=line", app=["drain_ms=30000", "graceful_timeout_ms=60000"])
    process = instance.start_foreground()
    with connect(instance.address()) as client:
        client.sendall(b"pid\nslow 500\n")
        assert client.recv(100) == b"%d\n" % instance.child()
        os.killpg(process.pid, signal.SIGQUIT)  # as a terminal does: master and children
        assert client.recv(100) == b"slow 500\n"
    code, _, err = instance.wait()
    assert code == 0 and " stops gracefully\n" in err


def test_foreground__ctrl_c_stops_at_once(make):
    instance = make(LINE)
    process = instance.start_foreground()
    pids = instance.children()
    process.send_signal(signal.SIGINT)
    code, out, err = instance.wait()
    assert code == 0
    assert "Press Ctrl+C to stop. Start success." in out
    assert not any(map(alive, pids))
