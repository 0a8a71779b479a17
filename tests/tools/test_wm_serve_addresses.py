"""What a start of `wm-serve push` prints: once, and each line works where it is pasted on this machine."""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from instance import eventually  # noqa: E402
from push_fixtures import start  # noqa: E402, F401
from push_server import clean_environment, program  # noqa: E402

WM_PUSH = os.environ["WM_PUSH"]


def every_address(host):
    return ["--listen", f"WebSocket://{host}:0", "--inner", f"Text://{host}:0", "--http", f"HTTP://{host}:0", "--insecure-inner"]


def pasted(line, shell="sh"):
    """What the line does in a shell that finds wm-push."""
    path = f"{pathlib.Path(WM_PUSH).parent}:{os.environ['PATH']}"
    return subprocess.run([shell, "-c", line], capture_output=True, timeout=30, check=False, env=clean_environment() | {"PATH": path})


def line_of(server, name):
    while not any(line.startswith("  try ") for line in server.first_lines):  # the last
        line = server.process.stdout.readline().decode()
        assert line, server.wait()
        server.first_lines.append(line)
    (line,) = [line for line in server.first_lines if line.startswith(f"  {name} ")]
    return line.split(maxsplit=1)[1].strip()


def serves(server, other_than=None):
    """Whether its process serves."""
    done = subprocess.run([program(), "push", "--name", server.name, "status", "--json"], capture_output=True, timeout=30, check=False,
                          env=clean_environment())
    return done.returncode == 0 and all(row["status"] == "idle" and row["pid"] != other_than for row in json.loads(done.stdout)["processes"])


@pytest.mark.parametrize("host, shown", [("0.0.0.0", "127.0.0.1"), ("[::]", "[::1]"), ("localhost", "localhost")])
def test_lines__work_when_pasted(start, host, shown):
    server = start(*every_address(host))
    behind = "" if host == shown else f" (listens at {host})"
    for name, form in (("page", f"http://{shown}:\\d+/"), ("pages", f"ws://{shown}:\\d+"), ("inner", f"text://{shown}:\\d+")):
        assert re.fullmatch(form.replace("[", "\\[") + re.escape(behind), line_of(server, name)), server.first_lines
    assert server.post(b'{"uid":"nobody"}').status == 404, "its own Host is accepted"
    with server.page(b"uid1") as page:
        done = pasted(line_of(server, "try"))
        assert (done.returncode, done.stdout, done.stderr) == (0, b"ok\n", b"")
        assert page.message() == b'{"uid":"uid1","percent":"88%"}'
    # A browser of another machine reaches the server by the name that has led it to the page.
    body = server.post(b"", method=b"GET", path=b"/").body.decode()
    websocket, back_end = (server.addresses[scheme].split("://")[1].replace(shown if behind else "", "") for scheme in ("websocket", "text"))
    assert f"const websocket = '{websocket}';" in body and f"const backEnd = '{back_end}';" in body


def test_lines__of_unix_sockets_are_quoted_for_the_shell(start, tmp_path):
    path = tmp_path / "it's here"
    server = start("--inner", f"Text+Unix://{path}")
    assert line_of(server, "inner") == f"Text+Unix://{path}"
    with server.page(b"uid1"):
        assert pasted(line_of(server, "try")).stdout == b"ok\n"


def test_lines__come_once(start):
    server = start()
    line_of(server, "try")
    eventually(lambda: serves(server), "the first process")  # the master knows
    first = server.serving_pid
    os.kill(first, signal.SIGKILL)
    eventually(lambda: serves(server, first), "another process")
    done = subprocess.run([program(), "push", "--name", server.name, "reload"], capture_output=True, timeout=30, check=False, env=clean_environment())
    assert done.returncode == 0, done
    server.process.terminate()
    out, _ = server.process.communicate(timeout=30)
    assert out == b"", "all lines were there before"


@pytest.mark.parametrize("flags", [["-q"], ["start", "--quiet"]])
def test_quiet__prints_nothing(tmp_path, flags):
    name = f"quiet-{os.getpid()}"
    ports = ["--listen", "websocket://127.0.0.1:0", "--inner", "off", "--http", "off", "--name", name, "--run-dir", str(tmp_path)]
    done = subprocess.run([program(), "push", *flags, "-d", *ports], capture_output=True, timeout=30, check=False, env=clean_environment())
    try:
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    finally:
        subprocess.run([program(), "push", "stop", "--name", name, "--run-dir", str(tmp_path)], capture_output=True, timeout=30, check=False,
                       env=clean_environment())
