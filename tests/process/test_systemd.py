"""Under systemd: the units that are installed, sockets that are handed over, and notifications to the service manager.

Where systemd does not run, its programs do: systemd-analyze reads the units, systemd-socket-activate hands sockets over.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

from instance import HANG_SECONDS, all_serve, ask, connect, eventually, program as server_program
from ports import free_port

BUILD = pathlib.Path(os.environ["WM_BUILD"])
ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*words, **kwargs):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=HANG_SECONDS, check=False,
                          env=os.environ | {"LC_ALL": "C", "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0"}, **kwargs)


# ---- the units

@pytest.fixture
def units(tmp_path):
    """The service as it is installed, but for where the program is, and its socket."""
    text = (BUILD / "systemd" / "wm-serve-push.service").read_text()
    assert "@" not in text.replace("@system-service", "")
    service = tmp_path / "wm-serve-push.service"
    service.write_text(re.sub(r"^(Exec\w+=)\S*/wm-serve ", rf"\1{BUILD}/bin/wm-serve ", text, flags=re.M))
    return service, pathlib.Path(shutil.copy(ROOT / "systemd" / "wm-serve-push.socket", tmp_path))


def test_units__are_right_for_systemd(units):
    result = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *units)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_service__has_few_rights(units):
    result = run("systemd-analyze", "security", "--offline=yes", "--threshold=25", units[0])
    assert result.returncode == 0, result


def test_service__reload_has_the_flags_of_start(units):
    lines = dict(line.split("=", 1) for line in units[0].read_text().splitlines() if line.startswith("Exec"))
    assert lines["ExecStart"].replace(" start ", " reload ") == lines["ExecReload"]


def allowed_calls(name="@system-service"):
    """The system calls of a set of systemd, with those of the sets in it."""
    calls = set()
    for word in run("systemd-analyze", "syscall-filter", name).stdout.splitlines()[1:]:
        word = word.strip()
        if word.startswith("@"):
            calls |= allowed_calls(word)
        elif word and not word.startswith("#"):
            calls.add(word)
    return calls


def test_service__makes_no_system_call_that_it_forbids_itself(tmp_path):
    trace, line = tmp_path / "calls", ["push", "--listen=websocket://127.0.0.1:0", "--inner=text://127.0.0.1:0", "--http=off",
                                       f"--run-dir={tmp_path}/run"]
    program = BUILD / "bin" / "wm-serve"
    # A sanitizer's search for leaks is a debugger, which strace has no room for.
    environment = os.environ | {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}

    def serving():
        result = run(program, *line, "status", "--json")
        return result.returncode == 0 and all_serve(json.loads(result.stdout))

    with subprocess.Popen(["strace", "-f", "-qq", "-o", trace, program, *line, "start"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, env=environment, start_new_session=True) as process:
        try:
            eventually(lambda: process.poll() is not None or serving(), "it to serve")
            for command in ("reload", "connections", "stop"):
                result = run(program, *line, command)
                assert result.returncode == 0, result
            assert process.wait(timeout=HANG_SECONDS) == 0
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
    calls = {match[1] for match in re.finditer(r"^\d+ +(\w+)\(", trace.read_text(), re.M)}
    assert {"accept4", "clone", "epoll_wait"} & calls and calls - allowed_calls() == set()


# ---- sockets that are handed over

def with_sockets(*sockets, names=None):
    """A command prefix that hands these over as descriptors from 3 on (sd_listen_fds(3)), and what Popen needs for it."""
    numbers = [sock.fileno() for sock in sockets]
    high = [f"exec {100 + i}<&{number}" for i, number in enumerate(numbers)]
    low = [f"exec {3 + i}<&{100 + i} {100 + i}<&-" for i in range(len(numbers))]
    names = [f"export LISTEN_FDNAMES={names}"] if names else []
    script = "; ".join([*high, *low, *names, f"export LISTEN_PID=$$ LISTEN_FDS={len(numbers)}", 'exec "$@"'])
    return ["bash", "-c", script, "bash"], {"pass_fds": numbers}


@pytest.mark.parametrize("app", [[], ["start_method=exec"]], ids=["fork", "exec"])
@pytest.mark.parametrize("more", ["", ",reuse_port=1"])
def test_activation__by_address(make, app, more):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        prefix, kwargs = with_sockets(listener)
        port = listener.getsockname()[1]
        instance = make(f"text://127.0.0.1:{port},count=2,name=line{more}", "text://127.0.0.1:0,count=1,name=other", app=app, prefix=prefix)
        instance.start_foreground(**kwargs)
        assert instance.address("line") == f"text://127.0.0.1:{port}"
        assert int(ask(instance.address("line"), "pid")) in instance.children("line")
        instance.reload()
        assert int(ask(instance.address("line"), "pid")) in instance.children("line")
        assert instance.stop().code == 0
        assert "warning" not in instance.wait()[2]


@pytest.mark.parametrize("app", [[], ["start_method=exec"]], ids=["fork", "exec"])
def test_activation__reaches_one_that_goes_into_the_background(make, app):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        prefix, kwargs = with_sockets(listener)
        port = listener.getsockname()[1]
        instance = make(f"text://127.0.0.1:{port},count=1,name=line", app=app, prefix=prefix)
        result = instance.command("start", "-d", **kwargs)
        assert (result.code, result.err) == (0, ""), result
        assert int(ask(f"text://127.0.0.1:{port}", "pid")) == instance.child()
        assert instance.stop().code == 0


def test_activation__by_name_whatever_the_address(make):
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        prefix, kwargs = with_sockets(one, two, names="second:first")
        instance = make("text://127.0.0.1:0,count=1,name=first", "text://127.0.0.1:0,count=1,name=second", prefix=prefix)
        instance.start_foreground(**kwargs)
        for listener, worker in ((one, "second"), (two, "first")):
            address = f"text://127.0.0.1:{listener.getsockname()[1]}"
            assert ask(address, "pid") == str(instance.child(worker)) and instance.address(worker) == address


def test_activation__of_a_unix_socket_leaves_its_file(make, tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "line"))
        listener.listen()
        prefix, kwargs = with_sockets(listener)
        instance = make(f"text+unix://{tmp_path}/line,count=1,name=line", prefix=prefix)
        instance.start_foreground(**kwargs)
        assert ask(instance.address(), "pid") == str(instance.child())
        assert instance.stop().code == 0
        assert (tmp_path / "line").is_socket()


def test_activation__of_a_port_that_no_worker_has_is_a_warning(make):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        prefix, kwargs = with_sockets(listener)
        instance = make("text://127.0.0.1:0,count=1,name=line", prefix=prefix)
        instance.start_foreground(**kwargs)
        assert ask(instance.address(), "hello") == "hello" and instance.stop().code == 0
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        assert f"test: warning: socket activation gave {address}, which no worker listens at\n" in instance.wait()[2]


def test_activation__of_an_inner_port(make):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        prefix, kwargs = with_sockets(listener)
        inner = f"text://127.0.0.1:{listener.getsockname()[1]}"
        instance = make("text://127.0.0.1:0,count=1,name=line", f"{inner},count=0,name=spare", extra=["--inner", inner], prefix=prefix)
        instance.start_foreground(**kwargs)
        assert ask(inner, "pid") == str(instance.child()) and instance.trace("inner_failed") == []
        instance.reload()
        assert ask(inner, "pid") == str(instance.child())


def test_activation__meant_for_another_process_is_left_alone(make):
    instance = make("text://127.0.0.1:0,count=1,name=line", environment={"LISTEN_PID": "1", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "line"})
    instance.start()
    assert ask(instance.address(), "hello") == "hello"


@pytest.mark.parametrize("named", [False, True], ids=["by_address", "by_name"])
def test_socket_activate__keeps_the_port_over_a_restart_of_the_program(make, named):
    port = free_port()
    again = 'for i in 1 2; do bash -c \'export LISTEN_PID=$$; exec "$@"\' bash "$@" || exit; done'
    name = ["--fdname=line"] if named else []
    prefix = ["systemd-socket-activate", f"--listen=127.0.0.1:{port}", *name, "bash", "-c", again, "bash"]
    instance = make(f"text://127.0.0.1:{0 if named else port},count=1,name=line", prefix=prefix)
    process = instance.process = instance.begin("start")
    address = f"text://127.0.0.1:{port}"
    with eventually(lambda: connected(address), "the port to be open") as first:  # the first client starts it
        first.sendall(b"pid\n")
        pid = int(first.recv(100))
        assert pid == instance.child() and instance.address() == address
    master = instance.master
    assert instance.stop().code == 0
    assert int(ask(address, "pid")) != pid  # not refused, though the service may not run yet
    assert instance.master != master and instance.stop().code == 0
    assert process.wait(timeout=HANG_SECONDS) == 0
    instance.wait()


def connected(address):
    try:
        return connect(address)
    except ConnectionRefusedError:
        return None


# ---- notification

@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    """The socket of a service manager, and its name for NOTIFY_SOCKET."""
    name = f"{tmp_path}/notify" if request.param == "path" else f"@wm-test-{os.getpid()}-{tmp_path.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(HANG_SECONDS)
        sock.bind(name.replace("@", "\0", 1))
        yield sock, name


def told(sock):
    """The next notification, as a dictionary."""
    return dict(line.split("=", 1) for line in sock.recv(4096).decode().splitlines())


def test_notification__waits_for_services_that_are_not_ready(make, manager, tmp_path):
    sock, name = manager
    unready, greeter = tmp_path / "unready", f"{tmp_path}/hub.service"
    unready.write_text("the engine is away")
    instance = make("text://127.0.0.1:0,count=2,name=line", server=server_program("service_server"), environment={"NOTIFY_SOCKET": name},
                    extra=["--service", f"hub={greeter}", "--unready-file", str(unready)])

    def turns(text):
        unready.write_text(text)
        with socket.socket(socket.AF_UNIX) as asked:
            asked.connect(greeter)
            asked.recv(100)
    instance.start_foreground()
    assert told(sock) == {"STATUS": "3 processes started, not ready: the engine is away"}
    assert int(told(sock)["EXTEND_TIMEOUT_USEC"]) > 10_000_000
    instance.reload()
    turns("it joins")
    assert told(sock) == {"STATUS": "3 processes started, not ready: it joins"}  # and nothing of the reload
    turns("")
    assert told(sock) == {"READY": "1", "MAINPID": str(instance.master), "STATUS": "3 processes started"}
    turns("the engine is away")
    assert told(sock) == {"STATUS": "3 processes started, not ready: the engine is away"}
    turns("")
    assert told(sock) == {"STATUS": "3 processes started"}
    instance.reload()
    assert told(sock)["RELOADING"] == "1" and told(sock)["READY"] == "1"
    assert instance.stop().code == 0
    assert told(sock) == {"STOPPING": "1"}
    instance.wait()


@pytest.mark.parametrize("app", [[], ["start_method=exec"]], ids=["fork", "exec"])
def test_notification__of_a_whole_life(make, manager, app):
    sock, name = manager
    instance = make("text://127.0.0.1:0,count=2,name=line", app=app, environment={"NOTIFY_SOCKET": name})
    instance.start_foreground()
    ready = told(sock)
    assert ready["READY"] == "1" and int(ready["MAINPID"]) == instance.master and ready["STATUS"] == "2 processes started"
    before = monotonic_usec()
    instance.reload()
    reloading = told(sock)
    assert reloading["RELOADING"] == "1" and before <= int(reloading["MONOTONIC_USEC"]) <= monotonic_usec()
    assert told(sock)["READY"] == "1"
    if app:  # in a copy by fork(2) the environment at the start of the program is all that can be seen
        for pid in instance.children():
            assert b"NOTIFY_SOCKET" not in pathlib.Path(f"/proc/{pid}/environ").read_bytes()
    assert instance.stop().code == 0
    assert told(sock)["STOPPING"] == "1"
    instance.wait()
    sock.settimeout(0)
    with pytest.raises(BlockingIOError):
        sock.recv(1)


def monotonic_usec():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


def test_notification__comes_when_all_serve_and_not_before(make, manager):
    sock, name = manager
    instance = make("text://127.0.0.1:0,count=1,name=line", extra=["--slow-start", "300"], environment={"NOTIFY_SOCKET": name})
    instance.start()
    assert int(told(sock)["MAINPID"]) == instance.master
    assert [event for event, _, _ in instance.trace()] == ["master_start", "start"] and instance.serving()


def test_notification__of_a_start_that_fails_is_none(make, manager):
    sock, name = manager
    instance = make("text://127.0.0.1:0,count=1,name=line", extra=["--fail", "0"], environment={"NOTIFY_SOCKET": name})
    assert instance.command("start").code == 1
    sock.settimeout(0)
    with pytest.raises(BlockingIOError):
        sock.recv(1)


def test_notification__to_a_manager_that_has_ended_blocks_nothing(make, tmp_path):
    instance = make("text://127.0.0.1:0,count=1,name=line", environment={"NOTIFY_SOCKET": f"{tmp_path}/gone"})
    instance.start()
    assert instance.reload().code == 0 and instance.stop().code == 0
