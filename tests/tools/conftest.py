"""What the tests of the tools share: the programs under test and the servers that they talk to."""

import os
import subprocess

import pytest
from line_server import LineServer


@pytest.fixture(scope="session")
def wm_push():
    """The program under test, from WM_PUSH; a failure if that is not set."""
    path = os.environ.get("WM_PUSH")
    assert path and os.access(path, os.X_OK), "WM_PUSH must be the path of the wm-push to test"
    return os.path.abspath(path)


@pytest.fixture
def environment():
    """The environment of the program, without what a user may have set."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WM_")}
    clean["LC_ALL"] = "C"
    return clean


@pytest.fixture
def line_server():
    """Makes servers of the inner line protocol and stops them."""
    servers = []

    def make(*args, **kwargs):
        servers.append(LineServer(*args, **kwargs))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


@pytest.fixture
def push(wm_push, environment):
    """Runs wm-push to its end. `server` is a LineServer or an address."""

    def run(*arguments, server=None, stdin=b"", **kwargs):
        command = [wm_push, *arguments]
        if server is not None:
            command[1:1] = ["--server", getattr(server, "address", server)]
        kwargs.setdefault("env", environment)
        kwargs.setdefault("stdout", subprocess.PIPE)
        kwargs.setdefault("stderr", subprocess.PIPE)
        if "preexec_fn" not in kwargs and not isinstance(stdin, bytes):
            kwargs["stdin"] = stdin
        else:
            kwargs["input"] = stdin
        return subprocess.run(command, timeout=60, check=False, **kwargs)

    return run


@pytest.fixture
def start(wm_push, environment):
    """Starts wm-push with pipes and leaves it running; what is left at the end is ended."""
    running = []

    def run(*arguments, server, **kwargs):
        kwargs.setdefault("stdin", subprocess.PIPE)
        kwargs.setdefault("stdout", subprocess.PIPE)
        kwargs.setdefault("stderr", subprocess.PIPE)
        process = subprocess.Popen([wm_push, "--server", getattr(server, "address", server), *arguments], env=environment, **kwargs)
        running.append(process)
        return process

    yield run
    for process in running:
        if process.poll() is None:
            process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
