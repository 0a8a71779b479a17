"""Fixtures and functions of the tests of `wm-serve pipe` and `wm-serve echo`: instances, and the programs at their other end."""
import socket
import subprocess

import pytest

from instance import HANG_SECONDS
from serve_instance import ServeInstance


@pytest.fixture
def serve(tmp_path):
    """Starts instances; each has to end well, unless the test has ended it."""
    running = []

    def make(sub, *words):
        running.append(ServeInstance(tmp_path / "run", sub, *words))
        return running[-1]

    yield make
    for instance in running:
        if instance.process.returncode is None:
            instance.stop()


@pytest.fixture
def background():
    """Starts programs that are killed at the end."""
    running = []

    def start(*command, **kwargs):
        running.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **kwargs))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.wait()


def listening(port):
    """Whether something takes connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except ConnectionRefusedError:
        return False
    return True


def run(*command, given=b""):
    return subprocess.run(command, input=given, capture_output=True, timeout=HANG_SECONDS, check=False)
