"""Every command, in success and in failure: its exit code, and what it says where.

0 done, 1 failed, 2 usage, 3 not running, 4 already running. What was asked for goes to standard output, what went wrong to standard error.
"""
import fcntl
import os
import re
import signal
import socket
import struct
import subprocess

import pytest

from instance import HANG_SECONDS, Instance, alive, ask, eventually
from ports import free_port

LINE = "text://127.0.0.1:0,count=1,name=line"

# words, exit code, pattern of standard output, pattern of standard error; "" is nothing at all, None anything.
WHILE_NOTHING_RUNS = [
    ("", 2, "", r"usage: process_server COMMAND"),
    ("-d", 2, "", r"usage: process_server COMMAND[^\0]*: '-d' alone is no command: 'start -d' starts it in the background\n$"),
    ("help", 0, r"usage: process_server COMMAND[^\0]*exit codes: 0 done, 1 failed, 2 usage, 3 not running, 4 already running", ""),
    ("--help", 0, "usage: ", ""),
    ("-h start", 0, "usage: ", ""),
    ("stop", 3, "", r"^test: not running \(looked in /\S+\)\n$"),
    ("stop -g", 3, "", r"^test: not running \(looked in /\S+\)\n$"),
    ("stop -q", 3, "", r"^test: not running \(looked in /\S+\)\n$"),
    ("reload", 3, "", r"^test: not running \(looked in /\S+\)\n$"),
    ("reload -g", 3, "", r"^test: not running \(looked in /\S+\)\n$"),
    ("status", 3, "", r"^test: not running \(looked in /\S+\)\n$"),
    ("status -d", 3, "", r"^test: not running \(looked in /\S+\)\n$"),
    ("status --json", 3, "", r"^test: not running \(looked in /\S+\)\n$"),
    ("connections", 3, "", r"^test: not running \(looked in /\S+\)\n$"),
    ("connections --json --sort pid", 3, "", r"^test: not running \(looked in /\S+\)\n$"),
    ("stop --name other", 3, "", r"^other: not running \(looked in /\S+\)\n$"),
    ("satus", 2, "", "unknown command 'satus': did you mean 'status'[?]"),
    ("start stop", 2, "", "'stop' is a second command after 'start'"),
    ("start -g", 2, "", "'start' takes no '-g': it belongs to stop, restart and reload"),
    ("stop -d", 2, "", "'stop' takes no '-d': it belongs to start, restart and status"),
    ("reload -dgq", 2, "", "'reload' takes no '-d'"),
    ("start --json", 2, "", "'start' takes no '--json': it belongs to status and connections"),
    ("status -d --json", 2, "", "'-d' or '--json', not both"),
    ("status --sort pid", 2, "", "'status' takes no '--sort'"),
    ("connections --sort send", 2, "", "unknown column 'send': did you mean 'send-q'[?]"),
    ("connections --worker", 2, "", "'--worker' needs a value"),
    ("start -x", 2, "", "unknown flag '-x'"),
    ("start --demon", 2, "", "unknown flag '--demon': did you mean '--daemon'[?]"),
    ("start --name ../x", 2, "", "'../x' is no name: 1-64 of A-Z a-z 0-9"),
    ("start --name .x", 2, "", "is no name"),
    ("start --name " + 65 * "x", 2, "", "is no name"),
]

WHILE_IT_RUNS = [
    ("start", 4, "", r"^test: already running \(pid \d+\); --name starts another beside it\n$"),
    ("start -d", 4, "", r"^test: already running \(pid \d+\)"),
    ("start -dq", 4, "", r"^test: already running \(pid \d+\)"),
    ("reload", 0, "^test: reloaded, 1 process replaced\n$", ""),
    ("reload -g", 0, "^test: reloaded, 1 process replaced\n$", ""),
    ("reload -gq", 0, "", ""),
    ("-q reload", 0, "", ""),
    ("status", 0, r"GLOBAL STATUS[^\0]*PROCESS STATUS", ""),
    ("status -q", 0, "PROCESS STATUS", ""),
    ("status --json", 0, r'^\{"name":"test",.*\}\n$', ""),
    ("connections", 0, r"CONNECTION STATUS[^\0]*Foreign Address  Uid\n$", ""),
    ("connections --json", 0, r'^\{"connections":\[\],"unanswered":\[\]\}\n$', ""),
    ("--worker line connections --sort=send-q", 0, "CONNECTION STATUS", ""),
    ("reload --name other", 3, "", r"^other: not running \(looked in /\S+\)\nrunning instances of process_server:\n  /\S+/process_server \(pid \d+\): --name test\n$"),
    ("stopp", 2, "", "did you mean 'stop'[?]"),
]


def check(result, code, out, err):
    assert result.code == code, result
    for text, pattern in ((result.out, out), (result.err, err)):
        if pattern == "":
            assert text == "", result
        elif pattern is not None:
            assert re.search(pattern, text), result


@pytest.mark.parametrize("words, code, out, err", WHILE_NOTHING_RUNS, ids=[row[0][:30] or "none" for row in WHILE_NOTHING_RUNS])
def test_while_nothing_runs(make, words, code, out, err):
    instance = make(LINE)
    check(instance.command(*words.split()), code, out, err)
    assert not instance.pid_path.exists() and not instance.socket_path.exists()


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    instance = Instance(tmp_path_factory.mktemp("running"), LINE)
    instance.start()
    yield instance
    assert instance.stop().code == 0
    instance.end()


@pytest.mark.parametrize("words, code, out, err", WHILE_IT_RUNS, ids=[row[0] for row in WHILE_IT_RUNS])
def test_while_it_runs(running, words, code, out, err):
    master = running.master
    check(running.command(*words.split()), code, out, err)
    assert running.master == master and alive(master)


# ---- start and stop

@pytest.mark.parametrize("flags", [["-d"], ["--daemon"], ["-d", "--name=test"]])
def test_start_d__prints_the_workers_and_how_to_stop(make, flags):
    instance = make(LINE)
    result = instance.command("start", *flags)
    assert result.code == 0 and result.err == ""
    assert result.out.startswith("test starts in DAEMON mode\n")
    assert re.search(r"proto +user +worker +listen +count +state\ntcp +\w+ +line +text://127\.0\.0\.1:[1-9]\d* +1 +\[OK\]", result.out)
    stop = re.search(r'Input "(.*)" to stop[.] Start success[.]\n$', result.out)[1]
    assert stop.endswith("-- stop" + (" --name=test" if "--name=test" in flags else ""))
    check(instance.stop(), 0, "^test: stopped\n$", "")


@pytest.mark.parametrize("flags", ["-dq", "-qd", "-d -q", "-q --daemon"])
def test_start_q__says_nothing(make, flags):
    instance = make(LINE)
    check(instance.command(*flags.split(), "start"), 0, "", "")
    assert ask(instance.address(), "hello") == "hello"
    check(instance.stop("-q"), 0, "", "")
    assert not instance.pid_path.exists()


def test_start__in_the_foreground_says_how_to_stop(make):
    instance = make(LINE)
    instance.start_foreground()
    check(instance.command("start"), 4, "", "already running")
    check(instance.stop(), 0, "^test: stopped\n$", "")
    code, out, err = instance.wait()
    assert code == 0 and "Press Ctrl+C to stop. Start success.\n" in out
    assert "test starts in DEBUG mode" in out and "error" not in err


@pytest.mark.parametrize("flags", [["-g"], ["--graceful"], ["-qg"]])
def test_stop_g__waits_for_connected_clients(make, flags):
    instance = make(LINE, app=["graceful_timeout_ms=30000"])
    instance.start()
    pid = instance.child()
    result = instance.stop(*flags)
    check(result, 0, "" if "-qg" in flags else "^test: stopped\n$", "")
    assert not alive(pid)


# ---- restart

@pytest.mark.parametrize("words", [["restart", "-d"], ["restart", "-g", "-d"], ["-dgq", "restart"], ["restart", "-gqd"]])
def test_restart__is_a_stop_and_a_start(make, words):
    instance = make(f"text://127.0.0.1:{free_port()},count=1,name=line")
    instance.start()
    master, pid = instance.master, instance.child()
    result = instance.command(*words)
    quiet = any("q" in word for word in words if word.startswith("-"))
    check(result, 0, "" if quiet else "^test: stopped\n[^\0]*Start success[.]\n$", "")
    assert not alive(pid)
    eventually(lambda: not alive(master), "the end of the first")
    assert instance.master != master and int(ask(instance.address(), "pid")) == instance.child()
    check(instance.stop(), 0, None, "")


def test_restart__of_nothing_just_starts(make):
    instance = make(LINE)
    check(instance.command("restart", "-d"), 0, r"^test starts in DAEMON mode\n[^\0]*Start success[.]\n$", "")
    assert ask(instance.address(), "hello") == "hello"


def test_restart__in_the_foreground_takes_the_place_of_one_in_the_background(make):
    instance = make(LINE)
    instance.start()
    master = instance.master
    instance.process = instance.begin("restart")
    eventually(lambda: not alive(master) and instance.socket_path.exists() and instance.serving(), "the new one")
    assert instance.master == instance.process.pid
    instance.process.send_signal(signal.SIGINT)
    code, out, _ = instance.wait()
    assert code == 0 and "test: stopped" in out and "test starts in DEBUG mode" in out


def test_commands__to_a_master_that_is_stopped_say_how_it_goes_on(make):
    instance = make(LINE)
    instance.start()
    master = instance.master
    os.kill(master, signal.SIGSTOP)
    check(instance.command("status"), 1, "", f"master process {master} is stopped, as by Ctrl[+]Z: fg or kill -CONT has it go on")
    os.kill(master, signal.SIGCONT)
    check(instance.command("status"), 0, "PROCESS STATUS", "")


def test_restart__names_the_command_that_stops_it(make):
    instance = make(LINE)
    result = instance.command("restart", "-d", "-g")
    assert result.code == 0 and re.search(r'Input ".* -- stop" to stop', result.out), result


@pytest.mark.parametrize("flags, options, wrong", [
    (["--thread"], [], r"this process has \d+ threads"),
    ([], ["log_file=/dev/null/x"], "cannot write to /dev/null/x: "),
    ([], ["stdout_file=/dev/null/x"], "cannot write to /dev/null/x: "),
    (["--worker", "none,user=nobody-of-that-name"], [], "worker none: "),
    (["--worker", "text://no.such.host.invalid:1"], [], ".*text://no.such.host.invalid:1"),
], ids=["threads", "log", "output", "user", "address"])
def test_restart__that_cannot_start_again_stops_nothing(make, flags, options, wrong):
    instance = make(LINE)
    instance.start()
    master, arguments = instance.master, list(instance.arguments)
    instance.arguments += flags + [word for option in options for word in ("--app", option)]
    check(instance.command("restart", "-d"), 1, "", f"^test: {wrong}.*; the one that runs is not stopped\n$")
    instance.arguments = arguments
    assert instance.master == master and instance.serving()
    assert instance.stop().code == 0


def test_restart__into_the_background_looks_for_the_log_that_it_will_have(make):
    instance = make(LINE)
    process = instance.start_foreground()
    instance.log_path.mkdir()
    check(instance.command("restart", "-d"), 1, "", f"cannot write to {instance.log_path}: Is a directory; the one that runs is not stopped\n$")
    assert process.poll() is None and instance.serving()
    assert instance.stop().code == 0


def test_start__that_is_called_off_says_so(make):
    instance = make(LINE, extra=["--slow-start", "60000"], app=["stop_timeout_ms=300"])
    start = instance.begin("start", "-d")
    eventually(lambda: instance.trace("start"), "the process")
    instance.stop()
    result = instance.finish(start)
    assert result.code == 1 and "test: it was stopped before it served\n" in result.err, result


# ---- names and paths

def test_pid_files__of_two_with_one_name_do_not_make_them_one(make, tmp_path):
    first, second = (make(LINE, app=[f"pid_file={tmp_path}/{name}.pid"]) for name in ("first", "second"))
    for instance, name in ((first, "first"), (second, "second")):
        instance.pid_path = tmp_path / f"{name}.pid"
    first.start()
    check(second.command("start", "-d"), 4, "", f"another master process answers at the control socket {first.socket_path}")
    assert first.serving()
    first.socket_path.unlink()
    second.start()
    check(first.command("stop"), 1, "", f"the control socket {first.socket_path} is that of process {second.master}, not of the master process {first.master}")
    assert second.serving() and second.stop().code == 0
    os.kill(first.master, signal.SIGUSR1)  # which has its socket made again
    eventually(lambda: first.command("status").code == 0, "a way to the first")
    assert first.stop().code == 0


def test_name__makes_a_second_instance_beside_the_first(make):
    first = make(LINE)
    other = make(LINE, name="other")
    second = make(LINE)
    second.arguments = first.arguments  # the same program: only --name tells them apart
    first.start()
    check(first.command("start", "-d", "--name", "other"), 0, "^other starts in DAEMON mode", "")
    try:
        assert first.master != other.master
        assert first.status()["name"] == "test" and other.status()["name"] == "other"
        assert ask(first.address(), "pid") == str(first.child())
        assert ask(other.address(), "pid") == str(other.child()) != str(first.child())
        check(first.command("stop", "--name=other"), 0, "^other: stopped\n$", "")
        assert alive(first.master) and not other.pid_path.exists()
    finally:
        other.end()


def test_option_name__that_is_none_is_refused(make):
    instance = make(LINE, app=["name=a/b"])
    check(instance.command("start", "-d"), 2, "", "bad name 'a/b'")


def test_run_dir__too_long_for_a_socket_is_refused(make, tmp_path):
    instance = make(LINE, run_dir=tmp_path / (100 * "x"))
    for verb in ("start", "stop", "status"):
        result = instance.command(verb)
        check(result, 2, "", "path of the control socket is too long, at most 107 bytes: /")
        assert "run_dir" in result.err
    assert os.listdir(tmp_path) == []


def test_run_dir__that_is_not_absolute_is_refused(make):
    check(make(LINE, app=["run_dir=run"]).command("status"), 2, "", "run_dir 'run' is not absolute")


def test_pid_file__that_is_not_absolute_is_refused(make):
    for verb in ("start", "status", "stop"):
        check(make(LINE, app=["pid_file=a.pid"]).command(verb), 2, "", "pid_file 'a.pid' is not absolute")


@pytest.mark.parametrize("flags", [["-d"], []])
def test_pid_file__of_another_name_is_an_error(make, tmp_path, flags):
    path = tmp_path / "one.pid"
    instance = make(LINE, app=[f"pid_file={path}"])
    instance.pid_path = path
    instance.start()
    check(instance.command("start", *flags, "--name", "b"), 4, "", rf"^b: already running \(pid {instance.master}\): it holds the pid file {path}\n$")
    assert instance.stop().code == 0


# ---- output that cannot be written

@pytest.mark.parametrize("words", ["status", "status -d", "status --json", "connections", "connections --json"])
def test_output__that_cannot_be_written_is_a_failure(running, words):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(running.line(*words.split()), env=running.environment, stdin=subprocess.DEVNULL, stdout=full,
                              stderr=subprocess.PIPE, timeout=HANG_SECONDS, check=False)
    assert done.returncode == 1
    assert done.stderr.decode() == "test: cannot write to standard output: No space left on device\n"


def test_stop__whose_text_cannot_be_written_has_stopped(make):
    instance = make(LINE)
    instance.start()
    with open("/dev/full", "wb") as full:
        done = subprocess.run(instance.line("stop"), env=instance.environment, stdin=subprocess.DEVNULL, stdout=full, timeout=HANG_SECONDS,
                              check=False)
    assert done.returncode == 0 and not instance.pid_path.exists()


# ---- commands at the same time

@pytest.mark.parametrize("words", [["stop"], ["stop", "-q"]])
def test_stop__that_another_has_come_before_is_done(make, words):
    instance = make(LINE)
    for _ in range(5):
        instance.start()
        for result in [instance.finish(process) for process in [instance.begin(*words) for _ in range(10)]]:
            assert result.code in (0, 3), result
            assert re.fullmatch(r"test: not running \(looked in /\S+\)\n", result.err) if result.code == 3 else result.err == "", result
            assert result.out == "" if result.code == 3 or "-q" in words else result.out.startswith("test: stopped"), result
        assert not instance.pid_path.exists() and not instance.socket_path.exists()


def fake_master(instance):
    """Locks the pid file as a master does, and listens at the control socket."""
    instance.run_dir.mkdir()
    file = open(instance.pid_path, "w", encoding="ascii")
    file.write(f"{os.getpid()}\n")
    file.flush()
    fcntl.fcntl(file, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))  # F_OFD_SETLK
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(str(instance.socket_path))
    listener.listen()
    listener.settimeout(HANG_SECONDS)
    return file, listener


# A master that ends at the worst moment: the command has reached it, and gets no answer.
@pytest.mark.parametrize("words, code, out, err", [
    ("stop", 0, "^test: stopped\n$", ""),
    ("stop -gq", 0, "", ""),
    ("status", 3, "", r"^test: not running \(looked in /\S+\)\n$"),
    ("connections --json", 3, "", r"^test: not running \(looked in /\S+\)\n$"),
    ("reload", 1, "", "^test: the master process has ended without an answer\n$"),
])
@pytest.mark.parametrize("hears", [True, False])
def test_master__that_ends_without_an_answer(make, words, code, out, err, hears):
    instance = make(LINE)
    file, listener = fake_master(instance)
    process = instance.begin(*words.split())
    connection, _ = listener.accept()
    connection.settimeout(HANG_SECONDS)
    if hears:
        assert connection.recv(4096).decode().startswith(words.split()[0])
    listener.close()
    instance.socket_path.unlink()
    instance.pid_path.unlink()
    file.close()
    connection.close()
    check(instance.finish(process), code, out, err)


def test_status_d__says_that_the_instance_has_ended(make):
    instance = make(LINE)
    instance.start()
    process = instance.begin("status", "-d")
    assert process.stdout.read(1)
    assert instance.stop().code == 0
    result = instance.finish(process)
    assert result.code == 3 and result.err.startswith("test: not running (looked in "), result


def test_commands__that_are_too_many_hear_so(make):
    instance = make(LINE, app=["reload_timeout_ms=60000"])
    instance.start()
    pid = instance.child()
    os.kill(pid, signal.SIGSTOP)  # so that a reload waits for it
    waiting = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(64)]
    for sock in waiting:
        sock.settimeout(HANG_SECONDS)
        sock.connect(str(instance.socket_path))
        sock.send(b"reload")
        assert sock.recv(4096).startswith(b"p")  # patience
    for words in ("status", "stop", "connections --json"):
        check(instance.command(*words.split()), 1, "", "^test: too many commands at once: try again\n$")
    for sock in waiting:
        sock.close()
    eventually(lambda: instance.command("status").code == 0, "room for a command")
    os.kill(pid, signal.SIGCONT)
    assert instance.stop().code == 0


# ---- failures of a running master

def test_control_socket__that_was_removed_is_an_error(make):
    instance = make(LINE)
    instance.start()
    os.unlink(instance.socket_path)
    check(instance.command("status"), 1, "", f"cannot reach the master process {instance.master} at ")
    os.kill(instance.master, signal.SIGTERM)
    eventually(lambda: not instance.pid_path.exists(), "the end")


def test_client_that_asks_for_nothing__does_not_hold_the_master(make):
    instance = make(LINE)
    instance.start()
    silent = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(8)]
    for sock in silent:
        sock.settimeout(HANG_SECONDS)
        sock.connect(str(instance.socket_path))
    silent[0].send(b"nonsense")
    assert silent[0].recv(4096) != b""
    check(instance.command("status"), 0, "PROCESS STATUS", "")
    check(instance.stop(), 0, "^test: stopped\n$", "")
    for sock in silent:
        sock.close()
