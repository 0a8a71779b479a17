"""--access-log: a line for each answer to a page and on the http port, in a file that a reload opens anew."""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from instance import HANG_SECONDS, eventually  # noqa: E402
from ports import free_port  # noqa: E402
from push_fixtures import start  # noqa: E402, F401
from push_lines import PUSH  # noqa: E402
from push_server import clean_environment, program  # noqa: E402

NOBODY = 65534


def lines_of(path, count):
    """So many lines, which are all that there are."""
    eventually(lambda: path.exists() and path.read_text().count("\n") >= count, f"{count} lines")
    lines = path.read_text().splitlines()
    assert len(lines) == count, lines
    return lines


def requests_of(path, count):
    """(request line, status) of lines in the combined format, in the order of their text: two ports do not wait for each other."""
    matches = [re.fullmatch(r'127\.0\.0\.1 - - \[[^\]]+\] "([^"]+)" (\d{3}) \d+ "-" "-"', line) for line in lines_of(path, count)]
    assert all(matches), path.read_text()
    return sorted((match[1], int(match[2])) for match in matches)


def run(*words, user=None):
    done = subprocess.run([program(), "push", *words], env=clean_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, user=user,
                          timeout=HANG_SECONDS, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("ports", ["two ports", "one port"])
def test_lines__are_of_pages_and_of_the_http_port(start, tmp_path, ports):
    path, port = tmp_path / "logs" / "access.log", free_port()
    one = ["--listen", f"websocket://127.0.0.1:{port}", "--http", f"http://127.0.0.1:{port}"] if ports == "one port" else []
    server = start("--access-log", str(path), *one)
    page = server.page("uid1")
    assert server.post(PUSH).body == b"ok\n"
    assert page.message() == PUSH
    assert server.post(b"", path=b"/other").status == 404
    with server.lines() as lines:
        assert lines.ask(PUSH) == b"ok"  # which is no line of the log
    assert server.stop()[0] == 0
    assert requests_of(path, 3) == [("GET / HTTP/1.1", 101), ("POST /other HTTP/1.1", 404), ("POST /push HTTP/1.1", 200)]


def test_format__json_names_the_port(start, tmp_path):
    path = tmp_path / "access.json"
    server = start("--access-log", str(path), "--access-log-format", "json")
    with server.page("uid1"):
        assert server.post(b"", method=b"GET", path=b"/health").status == 200
    assert server.stop()[0] == 0
    rows = [json.loads(line) for line in lines_of(path, 2)]
    assert {(row["worker"], row["target"], row["status"]) for row in rows} == {("pages", "/", 101), ("http", "/health", 200)}


@pytest.mark.parametrize("processes", ["1", "2"])
def test_reload__opens_the_file_anew(start, tmp_path, processes):
    path, old = tmp_path / "access.log", tmp_path / "access.log.1"
    server = start("--access-log", str(path), "--count", processes)
    assert server.post(b"", method=b"GET", path=b"/health").status == 200
    requests_of(path, 1)
    path.rename(old)
    server.process.send_signal(signal.SIGUSR1)
    eventually(path.exists, "the new file")
    assert server.post(b"", method=b"GET", path=b"/").status == 200
    assert server.stop()[0] == 0
    new, kept = path.read_text(), old.read_text()  # a process that a reload has not reached yet writes to the old one
    assert kept.count("GET /health") == 1 and "GET /health" not in new and (kept + new).count('"GET / HTTP/1.1" 200') == 1
    assert (kept + new).count("\n") == 2


@pytest.mark.parametrize("path, why", [
    ("{dir}", " is a directory: give the path of a file"),
    ("{dir}/no/such/access.log", ": there is no directory {dir}/no"),
    ("{dir}/file/access.log", ": {dir}/file is no directory"),
    ("{dir}/file/logs/access.log", ": {dir}/file is no directory"),
])
@pytest.mark.parametrize("command", ["start", "check"])
def test_path__that_no_file_can_have_is_an_error(tmp_path, command, path, why):
    (tmp_path / "file").touch()
    path, why = (text.replace("{dir}", str(tmp_path)) for text in (path, why))
    assert run(command, "--access-log", path) == (2, "", f"wm-serve push: --access-log {path}{why}\n")


@pytest.mark.parametrize("name, why", [("closed/access.log", " cannot be made in {dir}/closed: Permission denied"), ("file", " cannot be written: Permission denied")])
def test_path__that_may_not_be_written_is_an_error(tmp_path, name, why):
    (tmp_path / "closed").mkdir(mode=0o555)
    (tmp_path / "file").touch(mode=0o444)
    user = None
    if os.geteuid() == 0:  # who may write everywhere
        user = NOBODY
        for directory in (tmp_path, *list(tmp_path.parents)[:2]):  # pytest's own are closed to others
            directory.chmod(0o755)
        try:
            run("--version", user=user)
        except PermissionError:
            pytest.skip("the program is out of reach for other users")
    for command in ("start", "check"):
        assert run(command, "--access-log", str(tmp_path / name), user=user) == (
            2, "", f"wm-serve push: --access-log {tmp_path / name}{why.replace('{dir}', str(tmp_path))}\n")


@pytest.mark.parametrize("words, why", [
    (["--access-log-format", "json"], "--access-log-format is of no use without --access-log FILE"),
    (["--access-log", "/tmp/x", "--access-log-format", "xml"], "--access-log-format takes combined or json, not 'xml'"),
])
def test_format__that_has_no_meaning_is_an_error(words, why):
    for command in ("start", "check"):
        assert run(command, *words) == (2, "", f"wm-serve push: {why}\n")
