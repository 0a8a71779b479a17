"""Which instance a command reaches: without a name that of the program and its place, and never that of another program.

Programs are copies of the test server in directories of their own, started without option name, as a user starts them.
"""
import contextlib
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import tempfile

import pytest

from instance import HANG_SECONDS, Result, alive, ask, clean_environment, eventually, program

LINE = "text://127.0.0.1:0,count=1,name=line"
LIBRARIES = str(pathlib.Path(program()).parents[1] / "lib")


def file_name(path):
    """How the files of the program at that path are named: FNV-1a of 64 bits, its halves folded."""
    number = 0xCBF29CE484222325
    for byte in str(path).encode():
        number = (number ^ byte) * 0x100000001B3 & (1 << 64) - 1
    return f"{pathlib.Path(path).name}-{number >> 32 ^ number & 0xFFFFFFFF:08x}"


class Place:
    """The programs of a test: `run` is a command of one of them."""

    def __init__(self, path):
        self.path = path
        self.run_dir = path / "run"

    def program(self, *names):
        """A copy of the test server."""
        path = self.path.joinpath(*names)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(program(), path)
        return path

    def arguments(self, *words, options=(), worker=LINE):
        options = [f"run_dir={self.run_dir}", *options]
        return [*(word for option in options for word in ("--app", option)), "--worker", worker, "--", *words]

    def run(self, path, *words, cwd=None, prefix=(), environment=None, **kwargs):
        """environment: what is in it beside the least. PWD is what a shell sets, and subprocess does not."""
        environment = clean_environment(LD_LIBRARY_PATH=LIBRARIES, **(environment or {}))
        if "PWD" not in (environment or {}):
            environment.pop("PWD", None)
        return Result(subprocess.run([*prefix, str(path), *self.arguments(*words, **kwargs)], cwd=cwd or self.path, env=environment,
                                     stdin=subprocess.DEVNULL, capture_output=True, timeout=HANG_SECONDS, check=False))

    def pid_file(self, path):
        return self.run_dir / f"{file_name(path)}.pid"

    def program_file(self, path):
        return self.run_dir / f"{file_name(path)}.program"

    def master(self, path):
        return int(self.pid_file(path).read_text())

    def end(self):
        for file in self.path.rglob("*.pid"):
            pid = int(file.read_text())
            if alive(pid):
                os.kill(pid, signal.SIGKILL)
                eventually(lambda pid=pid: not alive(pid), "the end of a master")


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path)
    yield made
    made.end()


def started(place, path, *words, **kwargs):
    result = place.run(path, "start", "-d", *words, **kwargs)
    assert result.code == 0, result
    return result


def expect(result, code, out, err):
    """All of what it printed; None: whatever it is."""
    assert result.code == code and out in (None, result.out) and err in (None, result.err), result


def not_running(place, name="start"):
    return f"{name}: not running (looked in {place.run_dir})\n"


def listed(*lines):
    rows = "".join(f"  {path} (pid {pid}): --name {name}\n" for path, pid, name in lines)
    return f"running instances of {pathlib.Path(lines[0][0]).name}:\n{rows}"


# ---- the place

@pytest.mark.parametrize("method", ["fork", "exec"])
def test_two_programs_of_one_name__do_not_know_each_other(place, method):
    one, other = place.program("a", "start"), place.program("b", "start")
    options = [f"start_method={method}"]
    for path in (one, other):
        assert started(place, path, options=options).out.startswith("start starts in DAEMON mode\n")
    names = [file_name(one), file_name(other)]
    assert sorted(os.listdir(place.run_dir)) == sorted(f"{name}.{end}" for name in names for end in ("log", "pid", "program", "sock"))
    masters = [place.master(one), place.master(other)]
    assert masters[0] != masters[1]
    expect(place.run(one, "start", "-d", options=options), 4, "", f"start: already running (pid {masters[0]}); --name starts another beside it\n")
    expect(place.run(one, "reload", options=options), 0, "start: reloaded, 1 process replaced\n", "")
    expect(place.run(one, "stop", options=options), 0, "start: stopped\n", "")
    eventually(lambda: not alive(masters[0]), "the end of the first")
    assert alive(masters[1])
    status = place.run(other, "status", "--json", options=options)
    assert status.code == 0 and status.out.startswith('{"name":"start",'), status
    assert "reloaded" not in (place.run_dir / f"{names[1]}.log").read_text()
    expect(place.run(one, "stop", options=options), 3, "", not_running(place) + listed((other, masters[1], names[1])))
    expect(place.run(other, "stop", options=options), 0, "start: stopped\n", "")


@pytest.mark.parametrize("where", ["path", "cd"])
def test_deploy_directory__behind_a_link_keeps_its_instance(place, where):
    for release in ("1", "2"):
        place.program("releases", release, "start")
    current = place.path / "current"
    current.symlink_to("releases/1")

    def run(*words):
        if where == "path":
            return place.run(current / "start", *words)
        return place.run("./start", *words, prefix=["sh", "-c", f'cd {current} && exec "$0" "$@"'])

    assert run("start", "-d").code == 0
    master = place.master(current / "start")
    current.unlink()
    current.symlink_to("releases/2")
    expect(run("start", "-d"), 4, "", None)
    expect(run("status"), 0, None, "")
    expect(run("reload"), 0, "start: reloaded, 1 process replaced\n", "")
    assert place.master(current / "start") == master
    expect(run("restart", "-d"), 0, None, "")
    eventually(lambda: not alive(master), "the end of the first")
    assert place.master(current / "start") != master
    expect(place.run(place.path / "releases" / "2" / "start", "status"), 3, "", None)
    expect(run("stop"), 0, "start: stopped\n", "")


def test_program__is_the_same_however_its_path_is_written(place):
    path = place.program("a", "start")
    (place.path / "b").mkdir()
    started(place, "./start", cwd=path.parent)
    assert place.pid_file(path).exists()
    for given, cwd, environment in ((path, None, {}), ("a/start", None, {}), ("../a//./start", "b", {}), (f"{place.path}/b/../a/start", None, {}),
                                    ("start", "a", {"PATH": f".:{os.environ['PATH']}"}),
                                    ("start", "b", {"PATH": f"{path.parent}:{os.environ['PATH']}"})):
        # execvp(3) looks a word without a slash up in the PATH of the one that starts it
        result = place.run(given, "status", cwd=place.path / (cwd or "."), environment=environment, prefix=["env"])
        assert result.code == 0, (given, result)
    expect(place.run(path, "stop"), 0, "start: stopped\n", "")


def test_program__found_in_path_is_not_the_file_of_that_name_here(place):
    path, here = place.program("bin", "start"), place.program("here", "start")
    started(place, path)
    environment = {"PATH": f"{path.parent}:{os.environ['PATH']}"}
    expect(place.run("start", "stop", cwd=here.parent, environment=environment, prefix=["env"]), 0, "start: stopped\n", "")


def test_script__in_the_working_directory_is_the_one_of_its_path(place):
    """argv[0] is what an interpreter hands on of its command line: `start.php`, or its path."""
    for name in ("a", "b"):
        (place.path / name).mkdir()
        (place.path / name / "start.php").write_text("")

    def run(script, cwd, *words):
        return place.run(program(), *words, cwd=place.path / cwd, prefix=["bash", "-c", f'exec -a {script} "$0" "$@"'])

    script = place.path / "a" / "start.php"
    expect(run("start.php", "a", "start", "-d"), 0, None, "")
    assert place.program_file(script).read_text().splitlines()[0] == str(script)
    expect(run("start.php", "b", "stop"), 3, "", not_running(place, "start.php") + listed((script, place.master(script), file_name(script))))
    expect(run(script, ".", "reload"), 0, "start.php: reloaded, 1 process replaced\n", "")
    expect(run("../a/start.php", "b", "stop"), 0, "start.php: stopped\n", "")


# ---- what the files say

@pytest.mark.parametrize("how", ["default", "option pid_file"])
def test_pid_file__is_what_kill_takes(place, how):
    path = place.program("a", "start")
    file = place.path / "my.pid" if how == "option pid_file" else place.pid_file(path)
    options = [f"pid_file={file}"] if how == "option pid_file" else []
    started(place, path, options=options)
    master = int(file.read_text())
    assert file.read_text() == f"{master}\n" and file.stat().st_mode & 0o777 == 0o600

    def processes():
        return [row["pid"] for row in json.loads(place.run(path, "status", "--json", options=options).out)["processes"]]

    first = processes()
    subprocess.run(["sh", "-c", f"kill -USR1 $(cat {file})"], check=True, timeout=HANG_SECONDS)
    eventually(lambda: len(processes()) == 1 and processes() != first, "a reload")
    assert int(file.read_text()) == master and alive(master)
    subprocess.run(["sh", "-c", f"kill $(cat {file})"], check=True, timeout=HANG_SECONDS)
    eventually(lambda: not alive(master), "the end of the master")
    assert not file.exists() and os.listdir(place.run_dir) == [f"{file_name(path)}.log"]


def test_program_file__has_the_program_and_its_command_line(place):
    path = place.program("a", "start")
    started(place, path)
    file = place.program_file(path)
    assert file.read_text() == f"{path}\n{path} start -d\n" and file.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("how", ["default", "option pid_file"])
@pytest.mark.parametrize("removed", ["files", "program file", "directory"])
def test_files__that_were_removed_say_the_same_again(place, how, removed):
    path = place.program("a", "start")
    pid_file = place.path / "my.pid" if how == "option pid_file" else place.pid_file(path)
    options = [f"pid_file={pid_file}"] if how == "option pid_file" else []
    started(place, path, options=options)
    (program_file,) = place.run_dir.glob("*.program")
    pid, text = pid_file.read_text(), program_file.read_text()
    if removed == "directory":
        shutil.rmtree(place.run_dir)
    else:
        program_file.unlink()
    if removed == "files":
        pid_file.unlink()
    os.kill(int(pid), signal.SIGUSR1)
    eventually(lambda: pid_file.exists() and pid_file.read_text() == pid, "the pid file")
    eventually(lambda: program_file.exists() and program_file.read_text() == text, "the program file")
    eventually(lambda: place.run(path, "stop", options=options).code == 0, "a way to the master")
    assert not pid_file.exists() and not program_file.exists()


# ---- another program

@pytest.mark.parametrize("how", ["--name", "option name", "option pid_file"])
def test_command__does_not_reach_another_program(place, how):
    one, other = place.program("a", "start"), place.program("b", "start")
    flags = ["--name", "web"] if how == "--name" else []
    pid_file = place.path / "one.pid" if how == "option pid_file" else place.run_dir / "web.pid"
    options = {"--name": [], "option name": ["name=web"], "option pid_file": [f"pid_file={pid_file}"]}[how]
    started(place, one, *flags, options=options)
    master = int(pid_file.read_text())
    what = {"option pid_file": f"start: the pid file {pid_file} is held by"}.get(how, "web: the name belongs to")
    remedy = "each program needs a pid_file of its own" if how == "option pid_file" else "--name tells them apart"
    os.kill(master, signal.SIGSTOP)  # one that gets a command would not answer
    try:
        for words in (["stop"], ["stop", "-g"], ["reload"], ["restart", "-d"], ["status"], ["connections", "--json"], ["start"], ["start", "-d"]):
            expect(place.run(other, *words, *flags, options=options), 1, "",
                   f"{what} {one} (pid {master}), and this is {other}: nothing was done; {remedy}\n")
    finally:
        os.kill(master, signal.SIGCONT)
    status = place.run(one, "status", "--json", *flags, options=options)
    assert status.code == 0 and '"status":"idle"' in status.out, status
    expect(place.run(one, "stop", *flags, options=options), 0, None, "")
    started(place, other, *flags, options=options)
    expect(place.run(other, "stop", *flags, options=options), 0, None, "")


def test_command__reaches_a_master_without_a_program_file(place):
    path = place.program("a", "start")
    started(place, path, "--name", "web")
    (place.run_dir / "web.program").unlink()
    expect(place.run(place.program("b", "start"), "stop", "--name", "web"), 0, "web: stopped\n", "")


# ---- what else runs

def test_not_running__lists_what_runs_under_the_same_file_name(place):
    one, other, unlike = place.program("a", "start"), place.program("b", "start"), place.program("a", "other")
    for path, flags in ((one, ["--name", "web"]), (other, []), (unlike, [])):
        started(place, path, *flags)
    web = int((place.run_dir / "web.pid").read_text())
    rows = listed((one, web, "web"), (other, place.master(other), file_name(other)))
    for words in (["stop"], ["status"], ["reload", "-q"], ["connections"]):
        expect(place.run(one, *words), 3, "", not_running(place) + rows)
    expect(place.run(one, "stop", "--name", "web"), 0, "web: stopped\n", "")
    expect(place.run(one, "stop", "--name", file_name(other)), 0, "start: stopped\n", "")  # as the list says
    expect(place.run(one, "stop"), 3, "", not_running(place))
    expect(place.run(other, "stop"), 3, "", not_running(place))


def test_name_of_the_list__replaces_no_other_program(place):
    one, other = place.program("a", "start"), place.program("b", "start")
    started(place, other)
    master = place.master(other)
    result = place.run(one, "restart", "-d", "--name", file_name(other))
    assert result.code == 1 and f"{other} (pid {master}), and this is {one}: nothing was done" in result.err, result
    assert place.master(other) == master and alive(master)


@pytest.mark.parametrize("flags", [[], ["-d"]])
def test_address_in_use__lists_what_runs_under_the_same_file_name(place, flags):
    one, other = place.program("a", "start"), place.program("b", "start")
    started(place, one)
    address = re.search(r'"address":"([^"]+)"', place.run(one, "status", "--json").out)[1]
    result = place.run(other, "start", *flags, worker=f"{address},count=1,name=line")
    rows = listed((one, place.master(one), file_name(one)))
    assert (result.code, result.out) == (1, "") and result.err.startswith(f"start: Address already in use: {address}\n{rows}"), result
    assert ask(address, "hello") == "hello" and not place.pid_file(other).exists()


def test_address_in_use__by_another_program_lists_nothing(place):
    one, unlike = place.program("a", "start"), place.program("a", "other")
    started(place, unlike)
    address = re.search(r'"address":"([^"]+)"', place.run(unlike, "status", "--json").out)[1]
    result = place.run(one, "start", "-d", worker=f"{address},count=1,name=line")
    assert result.code == 1 and f"start: Address already in use: {address}\n" in result.err and "running" not in result.err, result


# ---- the same program elsewhere

NOBODY = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
WHO = pwd.getpwnam("nobody") if NOBODY else pwd.getpwuid(os.geteuid())


class Program:
    """A program that every user can run, in its default run_dir."""

    def __init__(self, public):
        self.path = public.folder() / "hello"
        shutil.copy(public.server, self.path)
        self.environment = clean_environment(LD_LIBRARY_PATH=str(public.path))
        self.environment.pop("XDG_RUNTIME_DIR", None)

    def run(self, *words, options=(), environment=None, **who):
        options = [word for option in options for word in ("--app", option)]
        return Result(subprocess.run([self.path, *options, "--worker", LINE, "--", *words], env=self.environment | (environment or {}), cwd="/",
                                     stdin=subprocess.DEVNULL, capture_output=True, timeout=HANG_SECONDS, check=False, **who))

    @contextlib.contextmanager
    def running(self, run_dir, **kwargs):
        started = self.run("start", "-d", "-q", **kwargs)
        assert (started.code, started.err) == (0, ""), started
        try:
            yield int(pathlib.Path(run_dir, f"{file_name(self.path)}.pid").read_text())
        finally:
            assert self.run("stop", "-q", **kwargs).code == 0
            pathlib.Path(run_dir, f"{file_name(self.path)}.log").unlink()

    def elsewhere(self, looked, pid, who, run_dir, how):
        pid = f" (pid {pid})" if pid else ""
        return f"hello: not running (looked in {looked})\nseen elsewhere:\n  {self.path}{pid} of {who} in {run_dir}: {how}\n"


@pytest.mark.skipif(not NOBODY, reason="there is no other user to be")
def test_instance_of_root__is_seen_by_another_user(public):
    hello = Program(public)
    own = f"/tmp/wm-{WHO.pw_uid}"
    with hello.running("/run/wm"):
        for words in (["status"], ["status", "--json"], ["stop"], ["reload"], ["connections"]):
            expect(hello.run(*words, **NOBODY), 3, "", hello.elsewhere(own, None, "root", "/run/wm", "ask as root"))
        expect(hello.run("status", environment={"XDG_RUNTIME_DIR": "/nowhere"}, **NOBODY), 3, "",
               hello.elsewhere("/nowhere/wm", None, "root", "/run/wm", "ask as root"))
    expect(hello.run("status", **NOBODY), 3, "", f"hello: not running (looked in {own})\n")


@pytest.mark.skipif(not NOBODY, reason="there is no other user to be")
def test_instance_of_a_user__is_seen_by_root(public):
    hello = Program(public)
    own = f"/tmp/wm-{WHO.pw_uid}"
    with hello.running(own, **NOBODY) as pid:
        expect(hello.run("status"), 3, "", hello.elsewhere("/run/wm", pid, WHO.pw_name, own, "ask as nobody, or with option run_dir"))
        expect(hello.run("status", "-q", options=[f"run_dir={own}"]), 0, None, "")


@pytest.mark.skipif(not NOBODY, reason="/run is root's")
def test_instance_of_systemd__is_seen_by_a_login_user_and_root(public):
    """RuntimeDirectory=NAME is /run/NAME, which all can read."""
    hello = Program(public)
    run_dir = pathlib.Path(tempfile.mkdtemp(prefix="wm-", dir="/run"))
    run_dir.chmod(0o755)
    options = [f"run_dir={run_dir}"]
    shutil.chown(run_dir, "nobody")
    try:
        with hello.running(run_dir, options=options, **NOBODY) as pid:
            expect(hello.run("status"), 3, "", hello.elsewhere("/run/wm", pid, "nobody", run_dir, "ask as nobody, or with option run_dir"))
            expect(hello.run("status", user="daemon", group="daemon", extra_groups=[]), 3, "",
                   hello.elsewhere(f"/tmp/wm-{pwd.getpwnam('daemon').pw_uid}", None, "nobody", run_dir, "ask as nobody"))
            expect(hello.run("status", **NOBODY), 3, "",
                   hello.elsewhere(f"/tmp/wm-{WHO.pw_uid}", pid, "nobody", run_dir, "ask with option run_dir"))
    finally:
        shutil.rmtree(run_dir)


def test_instance_of_another_environment__is_seen_by_its_user(public):
    """cron and systemd's system units have no XDG_RUNTIME_DIR."""
    hello = Program(public)
    own = f"/tmp/wm-{WHO.pw_uid}"
    session = public.folder("nobody")
    with hello.running(own, **NOBODY) as pid:
        expect(hello.run("status", environment={"XDG_RUNTIME_DIR": str(session)}, **NOBODY), 3, "",
               hello.elsewhere(f"{session}/wm", pid, WHO.pw_name, own, "ask without XDG_RUNTIME_DIR in the environment"))


def test_instance_elsewhere__that_was_killed_is_not_seen(public):
    hello = Program(public)
    own = pathlib.Path(f"/tmp/wm-{WHO.pw_uid}")
    assert hello.run("start", "-d", "-q", **NOBODY).code == 0
    master = int((own / f"{file_name(hello.path)}.pid").read_text())
    os.kill(master, signal.SIGKILL)
    eventually(lambda: not alive(master), "the end of the master")
    session = public.folder("nobody")
    expect(hello.run("status", environment={"XDG_RUNTIME_DIR": str(session)}, **NOBODY), 3, "", f"hello: not running (looked in {session}/wm)\n")
    for file in own.glob(f"{file_name(hello.path)}.*"):
        file.unlink()
