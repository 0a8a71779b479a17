"""Users and groups, privileged ports, and directories that cannot be written to."""
import grp
import os
import pathlib
import pwd
import signal
import subprocess

import pytest

from instance import alive, ask, eventually
from mounts import mount_prefix, with_mount

ONE = "text://127.0.0.1:0,count=1,name=line"
ROOT = os.geteuid() == 0
# For a command that is to run without root's capabilities; other users have none.
NOBODY = {"user": "nobody", "group": "nogroup", "extra_groups": []} if ROOT else {}
WHO = "nobody" if ROOT else pwd.getpwuid(os.geteuid()).pw_name


@pytest.fixture
def theirs(make, public):
    """Makes instances whose directory and program an unprivileged user can read."""
    def build(*workers, user="nobody", **kwargs):
        return make(*workers, folder=public.folder(user), server=public.server, environment=public.environment, **kwargs)
    return build


def ids_of(pid):
    """uids, gids and groups of a process."""
    lines = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
    return tuple([int(word) for word in lines[key].split()] for key in ("Uid", "Gid", "Groups"))


# ---- without root's rights

@pytest.mark.parametrize("method", ["fork", "exec"])
def test_unprivileged__starts_answers_and_stops(theirs, method):
    instance = theirs("text://127.0.0.1:0,count=2,name=line", app=[f"start_method={method}"])
    result = instance.start(**NOBODY)
    assert "Start success." in result.out and f" {WHO} " in result.out
    assert ids_of(instance.master)[0] == 4 * [pwd.getpwnam(WHO).pw_uid]
    assert int(ask(instance.address(), "pid")) in instance.children()
    assert instance.command("status", **NOBODY).code == 0
    assert instance.command("reload", **NOBODY).code == 0
    assert instance.command("stop", **NOBODY).code == 0
    assert not instance.pid_path.exists()


def first_free_port():
    return int(pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())


def test_unprivileged__port_below_1024_is_refused_with_the_reason(theirs):
    limit, prefix = min(first_free_port(), 1024), []
    if limit < 2:  # here all ports are everybody's; in a network of one's own they are not
        prefix, limit = ["unshare", "--net", "--map-root-user", "setpriv", "--bounding-set=-all", "--inh-caps=-all"], 1024
        if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode != 0:
            instance = theirs("text://127.0.0.1:1022,count=1,name=line")
            assert instance.start(**NOBODY).code == 0  # and then it is no failure either
            return
    instance = theirs("none,count=1,name=jobs", f"text://0.0.0.0:{limit - 1},count=1,name=line", prefix=prefix)
    result = instance.command("start", "-d", **NOBODY)
    assert (result.code, result.out) == (1, "")
    assert f"test: Permission denied: text://0.0.0.0:{limit - 1} (ports below 1024 need root or CAP_NET_BIND_SERVICE)" in result.err
    assert not instance.pid_path.exists() and instance.trace("start") == []


def test_unprivileged__option_user_is_a_warning_and_it_serves_as_its_own_user(theirs):
    instance = theirs(ONE + ",user=root")
    result = instance.start(**NOBODY)
    assert f"test: warning: worker line: only root can run processes as user 'root': they run as {WHO}\n" in result.err
    assert ids_of(instance.child())[0] == 4 * [pwd.getpwnam(WHO).pw_uid]
    assert f" {WHO} " in result.out


def test_unprivileged__a_read_only_directory_is_an_error(theirs):
    instance = theirs(ONE)
    instance.run_dir.mkdir(mode=0o555)
    instance.run_dir.chmod(0o555)
    result = instance.command("start", "-d", **NOBODY)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"test: cannot write the pid file {instance.pid_path}: Permission denied")


def test_unprivileged__default_directory_is_the_users_own(theirs):
    instance = theirs(ONE)
    instance.arguments = [word for word in instance.arguments if not word.startswith("run_dir=")]
    del instance.arguments[instance.arguments.index("--app", 2)]
    runtime = instance.folder / "runtime"
    runtime.mkdir()
    if ROOT:
        os.chown(runtime, pwd.getpwnam("nobody").pw_uid, -1)
    instance.environment["XDG_RUNTIME_DIR"] = str(runtime)
    instance.pid_path = runtime / "wm" / "test.pid"
    instance.start(**NOBODY)
    assert sorted(os.listdir(runtime / "wm")) == ["test.log", "test.pid", "test.program", "test.sock"]
    assert os.stat(runtime / "wm").st_mode & 0o777 == 0o700
    assert instance.command("stop", **NOBODY).code == 0


def test_other_users__may_not_command(theirs):
    if not ROOT:
        return  # there is no other user to be
    instance = theirs(ONE, user=None)
    instance.start()
    result = instance.command("stop", **NOBODY)
    assert (result.code, result.out) == (1, "")
    assert result.err == f"test: cannot read the pid file {instance.pid_path}: Permission denied: commands are for its owner, the user root\n"
    assert alive(instance.master)


# ---- as root

@pytest.mark.parametrize("method", ["fork", "exec"])
def test_option_user__applies_to_the_processes_and_not_to_the_master(theirs, method):
    instance = theirs(ONE + ",user=nobody", "none,count=1,name=jobs", app=[f"start_method={method}"])
    result = instance.start()
    me = os.geteuid()
    nobody = pwd.getpwnam("nobody") if ROOT else pwd.getpwuid(me)
    groups = sorted(os.getgrouplist(nobody.pw_name, nobody.pw_gid)) if ROOT else sorted(os.getgroups())
    for _ in ("first", "after a crash"):
        pid = instance.child("line")
        uids, gids, more = ids_of(pid)
        assert uids == 4 * [nobody.pw_uid]
        assert not ROOT or (gids == 4 * [nobody.pw_gid] and sorted(more) == groups)
        os.kill(pid, signal.SIGKILL)
        instance.successor_of(pid, "line")
    assert ids_of(instance.master)[0] == 4 * [me] and ids_of(instance.child("jobs"))[0] == 4 * [me]
    assert not ROOT or " nobody " in result.out
    assert ask(instance.address("line"), "hello") == "hello"
    instance.reload()
    assert ids_of(instance.child("line"))[0] == 4 * [nobody.pw_uid]


def test_option_group__replaces_the_users_own(theirs):
    group = grp.getgrnam("daemon") if ROOT else grp.getgrgid(os.getegid())
    instance = theirs(ONE + f",user={WHO},group={group.gr_name}")
    instance.start()
    uids, gids, _ = ids_of(instance.child())
    assert uids == 4 * [pwd.getpwnam(WHO).pw_uid] and gids == 4 * [group.gr_gid]


def test_option_user__unix_socket_is_theirs(theirs):
    path = theirs(ONE).folder / "line"
    instance = theirs(f"text+unix://{path},count=1,name=line,user=nobody,unix_mode=0600")
    instance.start()
    assert path.stat().st_uid == (pwd.getpwnam("nobody").pw_uid if ROOT else os.geteuid())
    assert ask(instance.address(), "hello") == "hello"


@pytest.mark.parametrize("option, text", [("user=nobody-there", "there is no user 'nobody-there'"),
                                          ("group=none-there", "there is no group 'none-there'"),
                                          ("user=nobody,group=none-there", "there is no group 'none-there'")])
def test_unknown_names__refuse_the_start(make, option, text):
    result = make(ONE + "," + option).command("start", "-d")
    assert (result.code, result.out) == (1, "") and f"test: worker line: {text}\n" in result.err


# ---- directories

def test_run_dir__below_a_file_is_an_error(make, tmp_path):
    (tmp_path / "file").write_text("")
    result = make(ONE, run_dir=tmp_path / "file" / "run").command("start", "-d")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"test: cannot make the directory {tmp_path}/file/run: Not a directory (option run_dir)")
    assert make(ONE, run_dir=tmp_path / "file" / "run").command("status").code == 3


def test_run_dir__that_is_missing_is_made(make, tmp_path):
    instance = make(ONE, run_dir=tmp_path / "a" / "b" / "c")
    instance.start()
    assert instance.pid_path.exists()


def test_run_dir__of_a_read_only_file_system_is_an_error(make):
    if mount_prefix() is None:  # then only the case below a file, and the unprivileged one, can be had
        return
    instance = make(ONE)
    instance.run_dir.mkdir()
    instance.prefix = with_mount("mount -t tmpfs -o ro tmpfs $1", instance.run_dir)
    result = instance.command("start", "-d")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"test: cannot write the pid file {instance.pid_path}: Read-only file system")


def test_control_socket__where_there_is_no_room_fails_the_start(make):
    instance = make(ONE)
    instance.run_dir.mkdir()
    instance.socket_path.mkdir()  # what is no socket is not removed
    result = instance.command("start", "-d")
    assert (result.code, result.out) == (1, "") and "cannot open the control socket" in result.err
    assert not instance.pid_path.exists()
    instance.socket_path.rmdir()
    instance.start()
    assert eventually(instance.serving, "it to serve")
