"""The environment of a master: closed standard descriptors, readers that close, no descriptor left, files that lead elsewhere."""
import fcntl
import os
import pathlib
import resource
import shutil
import signal
import socket
import stat
import struct
import subprocess
import time

import pytest

from instance import Instance, alive, ask, clean_environment, eventually, program

LINE = "text://127.0.0.1:0,count=1,name=line"
CLOSED = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"]


@pytest.mark.parametrize("method", ["fork", "exec"])
def test_start_d__without_standard_descriptors_holds_its_lock(make, method):
    instance = make(LINE, prefix=CLOSED, app=[f"start_method={method}"])
    instance.start()
    assert [os.readlink(f"/proc/{instance.master}/fd/{fd}") for fd in range(3)] == ["/dev/null"] * 3
    assert instance.command("start", "-d").code == 4
    assert int(ask(instance.address(), "pid")) == instance.child()
    assert instance.stop().code == 0


def test_foreground__without_standard_descriptors_serves(make):
    instance = make(LINE, prefix=CLOSED)
    instance.start_foreground()
    assert int(ask(instance.address(), "pid")) == instance.child()
    assert instance.stop().code == 0


@pytest.mark.parametrize("method", ["fork", "exec"])
def test_start__with_signals_blocked_by_the_parent_handles_them(make, method):
    instance = make(LINE, app=[f"start_method={method}"])
    result = instance.command("start", "-d", preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals()))
    assert result.code == 0, result
    master, killed = instance.master, instance.child()
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: len(instance.trace("start")) == 2, "another process, though no command wakes the master")
    eventually(lambda: instance.serving(), "it to serve")
    os.kill(instance.child(), signal.SIGTERM)
    eventually(lambda: len(instance.trace("start")) == 3, "a third one")
    os.kill(master, signal.SIGTERM)
    eventually(lambda: not alive(master), "the end")


def test_exec__what_a_process_runs_before_wm_app_main_is_none_of_the_master_s(make, tmp_path):
    said = tmp_path / "said"
    other = make(LINE, name="other", app=["start_method=exec"])
    before = f"{' '.join(other.line('status'))} 2>>{said}; echo $? >>{said}"
    instance = make(LINE, app=["start_method=exec"], extra=["--before", before], run_dir=tmp_path / "beside")
    instance.start()
    assert ask(instance.address(), "pid") == str(instance.child())
    assert set(said.read_text().splitlines()) == {f"other: not running (looked in {other.run_dir})", "3"}
    assert instance.reload().code == 0 and "killed" not in instance.log()


def test_start_d__what_runs_before_wm_app_main_does_not_answer_for_the_daemon(make, tmp_path):
    other = make(LINE, name="other", folder=tmp_path)
    before = f"{' '.join(other.line('start'))} >/dev/null 2>&1 & sleep 0.3; kill $!"
    instance = make(LINE, app=["start_method=exec"], extra=["--before", before, "--fail", "0"])
    assert instance.command("start", "-d").code == 1


def start_with_files_of_at_most(instance, size):
    return instance.command("start", "-d", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))


def test_log__at_the_limit_of_file_sizes_loses_lines_and_nothing_else(make):
    size = 1 << 20
    instance = make(LINE, app=["log_max_size=0"])
    instance.run_dir.mkdir()
    instance.log_path.write_text(size * "x")
    result = start_with_files_of_at_most(instance, size)
    assert result.code == 0, result
    pid = instance.child()
    ask(instance.address(), "listen unix:///nowhere/mark")  # which fails, and is a line of the log
    assert int(ask(instance.address(), "pid")) == pid
    assert instance.reload().code == 0 and instance.stop().code == 0
    assert instance.log() == size * "x"


def test_start__under_a_limit_of_file_sizes_that_leaves_no_room_says_so(make):
    result = start_with_files_of_at_most(make(LINE), 4096)
    assert result.code == 1 and result.err.startswith("test: no memory to share with the processes: File too large\n"), result


def first_of_a_container():
    """What a command needs in front of it to be process 1, and what another to come to it there; None where that is forbidden."""
    for way, enter in (([], []), (["--user", "--map-root-user"], ["--user", "--preserve-credentials"])):
        prefix = ["unshare", *way, "--pid", "--fork", "--kill-child", "--mount-proc"]
        if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
            return prefix, ["nsenter", *enter, "--pid", "--mount"]
    return None


def test_first_process_of_a_container__waits_for_those_whose_parents_have_died(make):
    ways = first_of_a_container()
    if ways is None:  # then it cannot be tried
        return
    prefix, enter = ways
    instance = make(LINE, prefix=prefix)
    process = instance.start_foreground()
    master = int(pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text())
    inside = [*enter, f"--target={master}", "sh", "-c"]

    def run(script):
        return subprocess.run([*inside, script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=60, check=True).stdout.decode()

    for _ in range(3):
        run("(sleep 0.1 >/dev/null &)")
    eventually(lambda: "(sleep)" not in run("cat /proc/[0-9]*/stat 2>/dev/null || true"), "their end, and nothing of them")
    assert instance.stop().code == 0


def test_foreground__outlives_a_hangup_that_was_ignored_before(make):
    instance = make(LINE)  # as nohup(1) starts it
    process = instance.start_foreground(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    assert int(ask(instance.address(), "pid")) == instance.child() and process.poll() is None
    assert instance.stop().code == 0


def test_foreground__output_without_a_reader_blocks_no_process(make):
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(write_end, b"x" * 4096)
    os.set_blocking(write_end, True)
    instance = make(LINE)
    process = instance.process = subprocess.Popen([*instance.arguments, "--", "start", "-q"], env=instance.environment, stdin=subprocess.DEVNULL,
                                                  stdout=subprocess.DEVNULL, stderr=write_end)
    os.close(write_end)
    eventually(instance.serving, "all processes")
    first = instance.child()
    os.kill(first, signal.SIGKILL)  # of which the master has something to say
    assert instance.successor_of(first)
    assert instance.stop().code == 0
    assert process.wait(timeout=60) == 0
    os.close(read_end)


def test_pid_file__that_another_process_has_locked_for_reading_is_replaced(make):
    instance = make(LINE)
    instance.run_dir.mkdir()
    instance.pid_path.write_text("1\n")
    instance.pid_path.chmod(0o644)  # as an older version has left it
    with open(instance.pid_path) as file:
        fcntl.fcntl(file, 37, struct.pack("hhqqi4x", fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0))  # F_OFD_SETLK
        assert instance.command("status").code == 3
        instance.start()
        assert instance.command("start", "-d").code == 4
        assert instance.stop().code == 0
    assert not instance.pid_path.exists()


def test_foreground__outlives_the_reader_of_its_output(make):
    instance = make(LINE)
    process = instance.start_foreground(preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL))
    process.stdout.close()
    process.stderr.close()
    first = instance.child()
    os.kill(first, signal.SIGKILL)  # of which the master has something to say
    second = instance.successor_of(first)
    assert "in use" in ask(instance.address(), f"listen {instance.address()}")  # and the child, which says so
    assert int(ask(instance.address(), "pid")) == second and process.poll() is None
    assert instance.stop().code == 0
    assert process.wait() == 0


def processor_time(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return sum(map(int, file.read().rsplit(")", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")


def test_control_socket__waits_for_a_descriptor_and_does_not_spin(make):
    instance = make(LINE)
    instance.start()
    master = instance.master
    before = resource.prlimit(master, resource.RLIMIT_NOFILE)
    resource.prlimit(master, resource.RLIMIT_NOFILE, (3, before[1]))
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
        sock.connect(str(instance.socket_path))
        spent = processor_time(master)
        time.sleep(1)  # there is nothing to wait for: it must do nothing
        assert processor_time(master) - spent < 0.15
        resource.prlimit(master, resource.RLIMIT_NOFILE, before)
        sock.settimeout(60)
        sock.sendall(b"status")
        assert sock.recv(1) == b"f"


def test_log__a_fifo_without_a_reader_is_refused(make, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    result = make(LINE, app=[f"log_file={tmp_path}/fifo"]).command("start", "-d")
    assert result.code == 1 and "fifo" in result.err


def test_log__a_link_of_one_s_own_is_followed(make, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "file")
    instance = make(LINE, app=[f"log_file={tmp_path}/link"])
    instance.start()
    assert "serves with 1 process" in (tmp_path / "file").read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root opens files that its processes may not")
def test_log__of_root_follows_no_link_of_others(public):
    folder = public.folder("nobody")
    victim = public.path / "victim"
    victim.write_text("")
    link = folder / "link"
    link.symlink_to(victim)
    os.chown(link, 65534, 65534, follow_symlinks=False)
    instance = Instance(folder, LINE + ",user=nobody", app=[f"log_file={link}"], server=public.server, environment=public.environment)
    try:
        result = instance.command("start", "-d")
        assert result.code == 1 and "link" in result.err
        assert victim.read_text() == ""
    finally:
        instance.end()


def test_stop__leaves_the_pid_file_of_another(make):
    instance = make(LINE)
    instance.start()
    master = instance.master
    instance.pid_path.unlink()
    instance.pid_path.write_text("1\n")
    os.kill(master, signal.SIGTERM)
    eventually(lambda: not alive(master), "the end of the master")
    assert instance.pid_path.exists()
    instance.pid_path.unlink()


@pytest.mark.parametrize("flags", [[], ["-d"]])
def test_start__a_thread_that_waits_for_standard_input_blocks_no_process(tmp_path, flags):
    command = [pathlib.Path(program()).with_name("stdin_server"), tmp_path / "run"]
    environment = clean_environment()
    with subprocess.Popen([*command, "start", *flags], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        try:
            lines = iter(process.stdout.readline, b"")
            assert any(b"Start success." in line for line in lines)
        finally:
            stop = subprocess.run([*command, "stop"], stdin=subprocess.DEVNULL, env=environment, timeout=60, check=False)
            process.stdin.close()
    assert stop.returncode == 0 and process.returncode == 0


def test_stop__leaves_the_control_socket_of_another(make):
    first = make(LINE)
    first.start()
    master = first.master
    first.pid_path.unlink()
    first.socket_path.unlink()
    second = make(LINE)  # of the same name: nothing says any more that one runs
    second.start()
    assert second.master != master
    os.kill(master, signal.SIGTERM)
    eventually(lambda: not alive(master), "the end of the first master")
    assert second.stop().code == 0


def reload_by_signal(master):
    os.kill(master, signal.SIGUSR1)


@pytest.mark.parametrize("what", ["run_dir", "pid_path", "socket_path"])
def test_files__that_were_removed_are_recreated(make, what):
    instance = make(LINE)
    instance.start()
    master = instance.master
    mode = instance.run_dir.stat().st_mode
    try:
        path = getattr(instance, what)
        shutil.rmtree(path) if what == "run_dir" else path.unlink()
        assert instance.command("status").code == (1 if what == "socket_path" else 3)
        reload_by_signal(master)
        eventually(lambda: instance.command("status").code == 0, "a way to the master")
        assert instance.master == master and instance.command("start", "-d").code == 4
        assert instance.run_dir.stat().st_mode == mode
        assert stat.S_IMODE(instance.pid_path.stat().st_mode) == 0o600
        assert stat.S_IMODE(instance.socket_path.stat().st_mode) == 0o600
        eventually(lambda: "reloaded, 1 process replaced" in instance.log(), "the end of the reload")
        missing = {"run_dir": f"{instance.pid_path} and {instance.socket_path}", "pid_path": instance.pid_path, "socket_path": instance.socket_path}
        assert instance.log().count("recreated after removal: ") == 1
        assert f"test: recreated after removal: {missing[what]}\n" in instance.log()
        assert instance.stop().code == 0
        assert not instance.pid_path.exists() and not instance.socket_path.exists()
    finally:
        if alive(master):
            os.kill(master, signal.SIGKILL)


def test_files__come_back_also_where_the_pid_file_is_elsewhere(make, tmp_path):
    instance = make(LINE, app=[f"pid_file={tmp_path}/own.pid"])
    instance.pid_path = tmp_path / "own.pid"
    instance.start()
    shutil.rmtree(instance.run_dir)
    reload_by_signal(instance.master)
    eventually(lambda: instance.command("status").code == 0, "a way to the master")
    assert instance.stop().code == 0


def test_pid_file__that_is_no_master_s_is_replaced(make):
    instance = make(LINE)
    instance.start()
    master = instance.master
    try:
        instance.pid_path.unlink()
        instance.pid_path.write_text("1\n")
        reload_by_signal(master)
        eventually(lambda: instance.command("status").code == 0, "a way to the master")
        assert instance.master == master and instance.stop().code == 0
    finally:
        if alive(master):
            os.kill(master, signal.SIGKILL)


def test_files__of_another_are_left_to_it(make):
    first = make(LINE)
    first.start()
    master = first.master
    first.pid_path.unlink()
    first.socket_path.unlink()
    second = make(LINE)
    second.start()
    try:
        for done in (1, 2):
            reload_by_signal(master)
            eventually(lambda: second.log().count("reloaded, 1 process replaced") == done, "a reload of the first")
        assert second.log().count(f"the pid file {first.pid_path} belongs to another process now") == 1
        assert second.master != master and second.serving()
        assert second.stop().code == 0
        reload_by_signal(master)
        eventually(lambda: first.command("status").code == 0, "a way to the first")
        assert first.master == master
        assert first.stop().code == 0
    finally:
        if alive(master):
            os.kill(master, signal.SIGKILL)
