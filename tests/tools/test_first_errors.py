"""The first errors of a beginner: what is typed, the exit code and the whole text, from the tables in first_errors/.

A table is made of blocks, separated by an empty line; lines that begin with # above a block are comments:

    # The shell takes the quotes.
    $ wm-push uid1 {"percent":"88%"}
    exit 65
    > a line of standard output
    a line of standard error

The command runs by `bash -c` in an empty directory of its own, with the tools in PATH, ./echo (tests/support/echo_server.c) beside it, and
/dev/null as standard input. A block that names them has site.pem and site.key, and those of other. These stand for what differs from run to run:

    {dir}                    the directory, which is also HOME, TMPDIR and XDG_RUNTIME_DIR
    {run_dir}                where an instance's files are by default
    {version}                the version of the tools
    {free_port}              a port that no process listens at
    {listen} {inner} {http}  HOST:PORT of a running `wm-serve push`, which has no page
    {pid} {time}             in the text: a process id, and the time that begins a line of the log
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from certificates import make_certificate  # noqa: E402
from instance import without_other_instances  # noqa: E402
from ports import free_port  # noqa: E402
from push_fixtures import shared_server  # noqa: E402, F401

TABLES = pathlib.Path(__file__).with_name("first_errors")
VERSION_HEADER = pathlib.Path(__file__).parents[2] / "include" / "wm" / "version.h"
PATTERNS = {"{pid}": r"\d+", "{time}": r"\d{4}-\d\d-\d\d[ T][\d:.+Z-]+"}
SERVER_PORTS = {"{listen}": "websocket", "{inner}": "text", "{http}": "http"}


class Block:
    """One row of a table."""

    def __init__(self, table, text):
        lines = text.strip("\n").split("\n")
        while lines[0].startswith("#"):
            lines.pop(0)
        assert len(lines) > 1 and lines[0].startswith("$ ") and re.fullmatch(r"exit \d+", lines[1]), f"{table}: not a block:\n{text}"
        self.name = f"{table}: {lines[0][2:]}"
        self.command = lines[0][2:]
        self.code = int(lines[1].split()[1])
        self.output = [line[1:].removeprefix(" ") for line in lines[2:] if line.startswith(">")]
        self.error = [line for line in lines[2:] if not line.startswith(">")]


def read_blocks():
    blocks = []
    for path in sorted(TABLES.glob("*.txt")):
        parts = re.split(r"\n\n+(?=[#$])", path.read_text(encoding="utf-8").strip("\n"))
        blocks += [Block(path.stem, part) for part in parts if not all(line.startswith("#") for line in part.split("\n"))]
    return blocks


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    for name in ("site", "other"):
        make_certificate(folder, name)
    return folder


@pytest.fixture(name="place")
def make_place(tmp_path, block, request):
    """The directory of a command, with ./echo in it."""
    if "site." in block.command:
        shutil.copytree(request.getfixturevalue("certificates"), tmp_path, dirs_exist_ok=True)
    shutil.copy(pathlib.Path(os.environ["WM_BUILD"]) / "bin" / "echo_server", tmp_path / "echo")
    return tmp_path


def values_of(block, place, request):
    """What stands for the names in braces."""
    values = {"{dir}": str(place), "{run_dir}": "/run/wm" if os.geteuid() == 0 else f"{place}/wm", "{version}": re.search(r'#define WM_VERSION "([0-9.]+)"', VERSION_HEADER.read_text(encoding="utf-8"))[1]}
    if "{free_port}" in block.command:
        values["{free_port}"] = str(free_port())
    for name, scheme in SERVER_PORTS.items():
        if name in block.command:
            values[name] = request.getfixturevalue("shared_server").addresses[scheme].split("://")[1]
    return values


def fill(text, values):
    for name, value in values.items():
        text = text.replace(name, value)
    return text


def assert_text(actual, lines, values):
    expected = fill("".join(line + "\n" for line in lines), values)
    pattern = re.escape(expected)
    for name, matches in PATTERNS.items():
        pattern = pattern.replace(re.escape(name), matches)
    if not re.fullmatch(pattern, actual):
        assert actual == expected


@pytest.mark.parametrize("block", read_blocks(), ids=lambda block: block.name)
def test_first_error(block, place, request):
    values = values_of(block, place, request)
    tools = os.path.dirname(os.path.abspath(os.environ["WM_PUSH"]))
    environment = {"PATH": f"{tools}:/usr/bin:/bin", "LC_ALL": "C.UTF-8", **dict.fromkeys(("HOME", "TMPDIR", "XDG_RUNTIME_DIR"), str(place))}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"):
        if name in os.environ:
            environment[name] = os.environ[name]
    done = subprocess.run(
        ["bash", "-c", fill(block.command, values)],
        cwd=place,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert_text(without_other_instances(done.stderr), block.error, values)
    assert_text(done.stdout, block.output, values)
    assert done.returncode == block.code
