"""Workers that run as another user."""
import os
import pathlib
import pwd
import tempfile

import pytest


@pytest.fixture
def directory():
    """One in which every user can write."""
    with tempfile.TemporaryDirectory(prefix="wm-", dir="/tmp") as path:
        os.chmod(path, 0o777)
        yield pathlib.Path(path)


def test_user__is_that_of_the_worker_if_root_starts_it(program, directory):
    user = pwd.getpwnam("nobody")
    server = program("rights", directory=directory, user=user.pw_name)
    server.trace_path.touch()
    server.trace_path.chmod(0o666)
    server.start()
    expected = (user.pw_uid, user.pw_gid) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    assert server.trace("ready")[0][:2] == [*expected]
    assert os.stat(f"/proc/{server.master}").st_uid == os.geteuid()


@pytest.mark.differs
def test_user__that_there_is_not_is_refused_if_root_starts_it(program, directory):
    server = program("rights", directory=directory, user="no-such-user")
    if os.geteuid() != 0:
        server.start()
        return
    result = server.command("start", "-d")
    assert result.code == 1 and "no-such-user" in result.out + result.err, result
