"""Directories that belong to another user, who puts links in the place of files while a master starts, reloads and stops: what the links lead
to is never touched. As another user than root the thief is the same user, and the same links are in the way."""
import os
import pathlib
import pwd
import signal
import subprocess
import sys

import pytest

from instance import eventually

ROOT = os.geteuid() == 0
ROUNDS = 10
# Arguments: what the links lead to, and the names. A link stands at a name for a moment, or until the next round.
THIEF = """
import os, sys
target, names = sys.argv[1], sys.argv[2:]
print("begins", flush=True)
turn = 0
while True:
    for name in names:
        turn += 1
        try:
            if turn % 3 == 0:
                os.rename(name, name + ".stolen")
            os.symlink(target, name + ".link")
            os.rename(name + ".link", name)
            if turn % 2 == 0:
                os.unlink(name)
        except OSError:
            pass
"""


class Thief:
    def __init__(self, target, names, user):
        who = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if ROOT else {}
        self.process = subprocess.Popen([sys.executable, "-c", THIEF, str(target), *map(str, names)], stdout=subprocess.PIPE, cwd="/", **who)
        assert self.process.stdout.readline() == b"begins\n"

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture
def treasure(public):
    """A directory with a file, which nobody but the user of the master may change."""
    folder = public.folder()
    (folder / "file").write_text("all of it")
    (folder / "file").chmod(0o600)
    os.utime(folder / "file", (1, 1))
    before = state_of(folder)
    yield folder
    assert state_of(folder) == before


def state_of(folder):
    state = [(folder / "file").read_text(), sorted(os.listdir(folder))]
    for path in (folder, folder / "file"):
        found = path.stat()
        state.append((found.st_mode, found.st_uid, found.st_gid, int(found.st_mtime) if path != folder else 0))
    return state


def rounds(instance):
    """Starts and stops while the thief is at work. Each may fail, as the files are stolen; the master is ended by its id."""
    for _ in range(ROUNDS):
        process = instance.begin("start")
        eventually(lambda: process.poll() is not None or instance.trace_path.exists() and instance.trace_path.stat().st_size > 0, "a start or an error")
        for sign in (signal.SIGUSR1, signal.SIGTERM):
            if process.poll() is None:
                process.send_signal(sign)
        instance.finish(process)
        instance.trace_path.unlink(missing_ok=True)


@pytest.mark.parametrize("what", ["run_dir", "unix socket"])
def test_thief__in_its_own_directory_changes_nothing_elsewhere(make, public, treasure, what):
    theirs, ours = public.folder("nobody"), public.folder()
    path = (theirs if what == "unix socket" else ours) / "line"
    instance = make(f"text+unix://{path},count=1,name=line,unix_mode=0666,user=nobody", folder=ours, server=public.server,
                    environment=public.environment, run_dir=theirs if what == "run_dir" else ours / "run",
                    app=[f"log_file={theirs / 'test.log'}"])
    names = [instance.pid_path, instance.socket_path, instance.run_dir / "test.program", theirs / "test.log"] if what == "run_dir" else [path]
    with Thief(treasure / "file", names, "nobody"):
        rounds(instance)


def test_thief__of_the_directory_itself_changes_nothing_elsewhere(make, public, treasure):
    if not ROOT:
        return  # links of the master's own user are followed
    theirs, ours = public.folder("nobody"), public.folder()
    instance = make("none,count=1,name=jobs", folder=ours, server=public.server, environment=public.environment, run_dir=theirs / "run")
    with Thief(treasure, [instance.run_dir], "nobody"):
        rounds(instance)


@pytest.mark.parametrize("option", ["run_dir", "log_file", "address"])
def test_link_of_another_user__on_the_way_is_refused(make, public, treasure, option):
    if not ROOT:
        return
    theirs, ours = public.folder("nobody"), public.folder()
    link = theirs / "link"
    link.symlink_to(treasure)
    os.chown(link, pwd.getpwnam("nobody").pw_uid, -1, follow_symlinks=False)
    worker = f"text+unix://{link}/line,count=1,name=line" if option == "address" else "none,count=1,name=jobs"
    instance = make(worker, folder=ours, server=public.server, environment=public.environment,
                    run_dir=link / "run" if option == "run_dir" else ours / "run", app=[f"log_file={link}/log"] if option == "log_file" else [])
    result = instance.command("start", "-d")
    assert result.code == 1 and "Too many levels of symbolic links" in result.err, result
    os.chown(link, 0, 0, follow_symlinks=False)  # a link of root's is followed
    instance.start()
    assert instance.stop().code == 0
    for path in ("line", "log", "run/test.log"):
        pathlib.Path(treasure / path).unlink(missing_ok=True)
    if (treasure / "run").exists():
        (treasure / "run").rmdir()
