"""What the suites of processes share."""
import os
import pathlib
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from certificates import Site  # noqa: E402
from instance import Instance, program  # noqa: E402


@pytest.fixture
def make(tmp_path):
    """Makes instances that are ended with the test; arguments as Instance takes them."""
    made = []

    def build(*workers, folder=tmp_path, **kwargs):
        made.append(Instance(folder, *workers, **kwargs))
        return made[-1]

    def end():
        while made:
            made.pop().end()

    build.end = end
    yield build
    end()


class Public:
    """A directory that all users can read, with a copy of the server, as those of the build and of pytest may be readable by root only."""

    def __init__(self, path):
        self.path = path
        path.chmod(0o755)
        build = pathlib.Path(program()).parents[1]
        self.server = shutil.copy(program(), path)
        for library in (build / "lib").glob("libwm.so.?"):
            shutil.copy(library, path)
        self.environment = {"LD_LIBRARY_PATH": str(path)}
        self.made = 0

    def folder(self, user=None):
        """Another one in it, which is that user's."""
        self.made += 1
        folder = self.path / str(self.made)
        folder.mkdir()
        if user and os.geteuid() == 0:
            shutil.chown(folder, user)
        return folder


@pytest.fixture
def public(make):
    with tempfile.TemporaryDirectory(prefix="wm-", dir="/tmp") as path:
        yield Public(pathlib.Path(path))
        make.end()  # before their directory is removed


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path / "site")
