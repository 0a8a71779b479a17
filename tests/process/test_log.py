"""The log and the file for standard output: lines, rotation, full disks."""
import os
import pathlib
import re
import signal

from instance import ask, connect, eventually
from mounts import mount_prefix, with_mount

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} (\d+) (debug|info|warning|error): (.+)")


def lines_of(path):
    """The lines of a log, each of them whole: (pid, level, text)."""
    text = path.read_text()
    assert text == "" or text.endswith("\n"), text[-200:]
    rows = []
    for line in text.splitlines():
        match = LINE.fullmatch(line)
        assert match, f"no line of a log: {line!r}"
        rows.append((int(match[1]), match[2], match[3]))
    return rows


def write_line(sock, mark):
    """Has the process of that connection write a line to the log: a socket in a missing directory cannot be opened."""
    sock.sendall(f"listen unix:///nowhere/{mark}\n".encode())


def answer(sock):
    data = b""
    while not data.endswith(b"\n"):
        part = sock.recv(4096)
        assert part, data
        data += part
    return data


def connection_to_each(instance, *workers):
    """A connection to the process of each of these workers."""
    return {instance.child(worker): connect(instance.address(worker)) for worker in workers}


def marks_in(*paths):
    return [mark for path in paths if path.exists() for _, _, text in lines_of(path) for mark in re.findall(r"/nowhere/(\S+)", text)]


# ---- lines

def test_lines__have_time_with_zone_pid_and_level(make):
    instance = make("text://127.0.0.1:0,count=2,name=line")
    instance.start()
    master, pids = instance.master, instance.children()
    with connect(instance.address()) as sock:
        write_line(sock, "mark")
        answer(sock)
    os.kill(pids[0], signal.SIGKILL)
    instance.successor_of(pids[0])
    assert instance.stop().code == 0
    rows = lines_of(instance.log_path)
    assert rows[0] == (master, "info", "test serves with 2 processes") and rows[-1] == (master, "info", "test has stopped")
    (written,) = [row for row in rows if "/nowhere/" in row[2]]
    assert written[0] in pids and written[1] == "error" and "No such file or directory" in written[2]
    assert (master, "warning", f"worker[line:{pids[0]}] killed by signal 9 (SIGKILL); another starts") in rows


def test_lines_of_the_host__reach_the_log_of_a_daemon(make):
    instance = make("text://127.0.0.1:0,count=1,name=host")
    instance.start()
    with connect(instance.address()) as sock:
        sock.sendall(b"log from the host\n")
        assert answer(sock) == b"logged\n"
    assert (instance.child(), "info", "from the host") in lines_of(instance.log_path)
    assert instance.stop().code == 0


def test_log_level__drops_lines_of_master_and_processes(make):
    instance = make("text://127.0.0.1:0,count=1,name=quiet", app=["log_level=warning"])
    instance.start()
    with connect(instance.address()) as sock:
        sock.sendall(b"log from the host\n")
        assert answer(sock) == b"logged\n"
        write_line(sock, "mark")
        answer(sock)
    assert instance.stop().code == 0
    rows = lines_of(instance.log_path)
    assert [level for _, level, _ in rows] == ["error"] and "/nowhere/mark" in rows[0][2]


def test_control_characters__begin_no_line(make):
    name = "a\nb\r\x1b[2Jc"
    instance = make(f"text://127.0.0.1:0,count=1,name={name}")
    instance.start()
    pid = instance.child()
    os.kill(pid, signal.SIGKILL)
    instance.successor_of(pid)
    text = instance.log()
    assert "\x1b" not in text and "\r" not in text
    assert any(f"worker[a b  [2Jc:{pid}] killed" in row[2] for row in lines_of(instance.log_path))
    assert "\x1b" not in instance.command("status").out


def test_foreground__log_goes_to_standard_error_and_into_log_file(make, tmp_path):
    instance = make("text://127.0.0.1:0,count=1,name=line", app=[f"log_file={tmp_path}/logs/own"])
    instance.start_foreground()
    assert instance.stop().code == 0
    _, _, err = instance.wait()
    assert err == (tmp_path / "logs" / "own").read_text() and "test has stopped" in err
    assert not instance.log_path.exists()


# ---- rotation

def test_rotation__loses_and_tears_no_line_of_several_writers(make):
    workers = ("a", "b", "c")
    instance = make(*[f"text://127.0.0.1:0,count=1,name={name}" for name in workers], app=["log_max_size=20000"])
    instance.start()
    old = pathlib.Path(f"{instance.log_path}.1")
    socks = connection_to_each(instance, *workers)
    wanted, after = [], []
    while len(after) < 10 * len(socks):
        rotated = old.exists()
        for pid, sock in socks.items():
            mark = f"{pid}-{len(wanted)}"
            write_line(sock, mark)
            wanted.append(mark)
            if rotated:
                after.append(mark)
        for sock in socks.values():
            answer(sock)
    assert sorted(marks_in(old, instance.log_path)) == sorted(wanted)
    assert set(after[-3:]) <= set(marks_in(instance.log_path))  # all of them go on in the new file
    assert old.stat().st_size >= 20000
    for sock in socks.values():
        sock.close()


def test_rotation__leaves_a_link_alone(make, tmp_path):
    instance = make("text://127.0.0.1:0,count=1,name=line", app=["log_max_size=300"])
    instance.run_dir.mkdir()
    instance.log_path.symlink_to(tmp_path / "real")
    instance.start()
    for _ in range(3):
        instance.reload()
    assert instance.stop().code == 0
    assert instance.log_path.is_symlink() and sorted(os.listdir(instance.run_dir)) == ["test.log"]
    text = (tmp_path / "real").read_text()
    assert len(text) > 600 and text.count("test: reloaded, 1 process replaced\n") == 3 and text.endswith(": test has stopped\n")


def test_rotation__that_fails_says_so_once_and_comes_when_it_can(make):
    instance = make("text://127.0.0.1:0,count=1,name=line", app=["log_max_size=300"])
    old = pathlib.Path(f"{instance.log_path}.1")
    old.mkdir(parents=True)
    instance.start()
    for _ in range(3):
        instance.reload()
    for _ in range(20):
        instance.status()
    assert instance.log().count(f"cannot rename {instance.log_path}: Is a directory: the log stays as long as it is\n") == 1
    assert instance.log().count("\n") < 30
    old.rmdir()
    instance.reload()
    eventually(old.is_file, "the rotation")
    assert "cannot rename" in old.read_text() and "cannot rename" not in instance.log()


def test_rotation__late_writer_does_not_cause_another(make):
    instance = make(*[f"text://127.0.0.1:0,count=1,name={name}" for name in ("quick", "late")], app=["log_max_size=5000"])
    instance.start()
    old = pathlib.Path(f"{instance.log_path}.1")
    quick, late = connection_to_each(instance, "quick", "late").values()
    late.sendall(b"block 700\nlisten unix:///nowhere/late\n")
    wanted = ["late"]
    while not old.exists():
        wanted.append(f"quick-{len(wanted)}")
        write_line(quick, wanted[-1])
        answer(quick)
    while not any(mark.startswith("behind") for mark in marks_in(instance.log_path)):  # until it goes on in the new file
        wanted.append(f"behind-{len(wanted)}")
        write_line(quick, wanted[-1])
        answer(quick)
    answer(late)
    eventually(lambda: "late" in marks_in(old, instance.log_path), "the late line")
    quick.close()
    late.close()
    instance.reload()  # the message of the late process is read before
    assert sorted(marks_in(old, instance.log_path)) == sorted(wanted)
    assert wanted[-1] in marks_in(instance.log_path)


def test_reload__goes_on_in_a_new_file_after_a_rename(make):
    instance = make("text://127.0.0.1:0,count=1,name=line", "text://127.0.0.1:0,count=1,name=stays,reloadable=0")
    instance.start()
    old = instance.log_path.rename(instance.run_dir / "old")
    with connect(instance.address("stays")) as sock:
        write_line(sock, "before")
        answer(sock)
        assert marks_in(old) == ["before"] and not instance.log_path.exists()
        instance.reload()
        write_line(sock, "stays")
        answer(sock)
    with connect(instance.address("line")) as sock:
        write_line(sock, "line")
        answer(sock)
    assert marks_in(instance.log_path) == ["stays", "line"] and marks_in(old) == ["before"]
    assert "test: reloaded, 1 process replaced" in [row[2] for row in lines_of(instance.log_path)]


# ---- no room

def lost_lines(path):
    return [row for row in lines_of(path) if re.fullmatch(r"\d+ lines before this one were lost: No space left on device", row[2])]


def test_full__is_a_warning_and_what_was_lost_is_counted_when_there_is_room(make, tmp_path):
    link = tmp_path / "log"
    link.symlink_to("/dev/full")
    instance = make("text://127.0.0.1:0,count=1,name=line,reloadable=0", app=[f"log_file={link}"])
    result = instance.start()
    assert f"test: warning: cannot write to {link}: No space left on device; lines are lost until there is room\n" in result.err
    with connect(instance.address()) as sock:
        for mark in ("one", "two"):
            write_line(sock, mark)
            answer(sock)
        link.unlink()
        link.symlink_to(tmp_path / "room")
        instance.reload()
        write_line(sock, "three")
        answer(sock)
    rows, (master, pid) = lines_of(tmp_path / "room"), (instance.master, instance.child())
    lost = {row[0]: int(row[2].split()[0]) for row in lost_lines(tmp_path / "room")}
    assert lost == {master: 2, pid: 2}  # of the master: that it serves, and that it reloads
    assert [row[0] for row in rows][:1] == [master] and marks_in(tmp_path / "room") == ["three"]


def test_full_disk__is_a_warning_and_what_was_lost_is_counted_when_there_is_room(make, tmp_path):
    if mount_prefix() is None:  # then /dev/full, above, is all that can be had
        return
    disk = tmp_path / "disk"
    disk.mkdir()
    fill = "mount -t tmpfs -o size=64k tmpfs $1; dd if=/dev/zero of=$1/filler bs=4k 2>/dev/null || true"
    instance = make("text://127.0.0.1:0,count=1,name=line", app=[f"log_file={disk}/log"], prefix=with_mount(fill, disk))
    result = instance.start()
    assert f"test: warning: cannot write to {disk}/log: No space left on device; lines are lost until there is room\n" in result.err
    inside = pathlib.Path(f"/proc/{instance.master}/root{disk}")
    with connect(instance.address()) as sock:
        write_line(sock, "one")
        answer(sock)
        (inside / "filler").unlink()
        write_line(sock, "two")
        answer(sock)
    assert [row[0] for row in lost_lines(inside / "log")] == [instance.child()] and marks_in(inside / "log") == ["two"]
    assert ask(instance.address(), "hello") == "hello" and instance.stop().code == 0


def test_log_file__that_cannot_be_opened_fails_the_start(make, tmp_path):
    for option in ("log_file", "stdout_file"):
        result = make("none,count=1,name=jobs", app=[f"{option}={tmp_path}"]).command("start", "-d")
        assert (result.code, result.out) == (1, "") and f"test: cannot write to {tmp_path}: Is a directory\n" in result.err


# ---- standard output

def test_stdout_file__gets_what_processes_print_and_is_opened_anew_by_a_reload(make, tmp_path):
    out = tmp_path / "out"
    instance = make("text://127.0.0.1:0,count=1,name=line", app=[f"stdout_file={out}"], extra=["--say", "hello there"])
    result = instance.start()
    assert result.out.count("hello there\n") == 1 and out.read_text() == ""  # the output of the first start goes to the terminal
    instance.reload()
    old = out.rename(tmp_path / "old")
    instance.reload()
    eventually(lambda: old.read_text() == "hello there\n", "what the second process has printed")
    assert instance.stop().code == 0
    assert out.read_text() == "hello there\n" and old.read_text() == "hello there\n"


def test_daemon__keeps_no_terminal(make):
    instance = make("text://127.0.0.1:0,count=1,name=line")
    instance.start()
    for pid in (instance.master, instance.child()):
        assert [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in range(3)] == 3 * ["/dev/null"]
        assert pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[4] == "0"  # no controlling terminal
