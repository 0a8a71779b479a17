"""The hub's service: the process that joins the processes of a push server, seen by its operators and by the pages and back ends around it."""
import json
import os
import pathlib
import shutil
import signal
import subprocess

import pytest

from instance import eventually, links_of
from push_server import HANG_SECONDS, PushServer, clean_environment, program

COUNT = 3


@pytest.fixture
def run_dir(tmp_path):
    return str(tmp_path / "run")


@pytest.fixture
def serve(run_dir):
    servers = []

    def build(*flags, count=COUNT):
        server = PushServer("--run-dir", run_dir, "--count", str(count), "--drain", "200ms", *flags)
        servers.append(server)
        eventually(lambda: count == 1 or is_joined(server, run_dir), "all are joined")  # its first process has announced it
        return server
    yield build
    for server in servers:
        if server.process.poll() is None:
            server.stop()


def command(server, run_dir, *words):
    return subprocess.run([program(), "push", *words, "--run-dir", run_dir, "--name", server.name], env=clean_environment(),
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=HANG_SECONDS, check=True).stdout.decode()


def processes(server, run_dir):
    return json.loads(command(server, run_dir, "status", "--json"))["processes"]


def service(server, run_dir):
    (row,) = [row for row in processes(server, run_dir) if row.get("service")]
    return row


def pages(server, run_dir):
    return [row for row in processes(server, run_dir) if not row.get("service")]


def is_joined(server, run_dir):
    rows = processes(server, run_dir)
    return len(rows) == COUNT + 1 and all(row["hub"] and row["hub"]["joined"] == (COUNT if row.get("service") else 1) for row in rows)


def push(lines, uid):
    """(ok or fail, the JSON behind it)"""
    word, _, answer = lines.ask(json.dumps({"uid": uid, "wm": {"reply": "json"}}).encode()).partition(b" ")
    return word.decode(), json.loads(answer)


def spread_pages(server, run_dir):
    """A page in each process, by its uid."""
    held = {}
    while not all(row["listeners"][0]["connections"] for row in pages(server, run_dir)):
        assert len(held) < 50 * COUNT, "a process got no page"
        uid = f"u{len(held)}"
        held[uid] = server.page(uid.encode())
    return held


def stop(server, held):
    """Closes the pages first: they answer no close, so their processes would end at the deadline, half a second before they are killed."""
    for page in held.values():
        page.close()
    return server.stop()


def test_status__shows_who_is_joined(serve, run_dir):
    server = serve()
    row = service(server, run_dir)
    assert (row["worker"], row["status"], row["listeners"]) == ("hub", "idle", [])
    assert row["hub"]["processes"] == row["hub"]["joined"] == row["hub"]["resyncs"] == COUNT
    assert [each["hub"]["joined"] for each in pages(server, run_dir)] == [1] * COUNT
    text = command(server, run_dir, "status")
    assert f"hub    {row['pid']}" in text and "resyncs" in text
    assert server.stop() == (0, "")


def test_one_process__has_no_service(serve, run_dir):
    server = serve(count=1)
    (row,) = processes(server, run_dir)
    assert row["hub"] is None
    assert server.stop() == (0, "")


def test_every_back_end_reaches_every_page(serve, run_dir):
    server = serve()
    held = spread_pages(server, run_dir)
    for _ in range(4 * COUNT):
        with server.lines() as lines:
            for uid, page in held.items():
                assert push(lines, uid) == ("ok", {"connections": 1})
                assert json.loads(page.message())["uid"] == uid
            assert push(lines, "nobody")[1]["why"] == "offline"
            answer = lines.ask(b'{"wm":{"cmd":"broadcast","reply":"json"},"data":"all"}')
            assert answer == b'ok {"connections":%d}' % len(held)
            assert {page.message() for page in held.values()} == {b'"all"'}
    assert stop(server, held) == (0, "")


def test_a_service_that_dies__is_joined_again(serve, run_dir):
    server = serve()
    held = spread_pages(server, run_dir)
    for _ in range(3):
        os.kill(service(server, run_dir)["pid"], signal.SIGKILL)
        eventually(lambda: is_joined(server, run_dir), "all are joined")
        with server.lines() as lines:
            assert {push(lines, uid)[0] for uid in held} == {"ok"}
            assert push(lines, "nobody")[1]["why"] == "offline"
    assert stop(server, held)[0] == 0


def test_ctrl_backslash__is_for_the_master_alone(serve, run_dir):
    server = serve()
    held = spread_pages(server, run_dir)
    pid = service(server, run_dir)["pid"]
    os.kill(pid, signal.SIGQUIT)  # as a terminal does, to all
    with server.lines() as lines:
        assert [push(lines, uid)[0] for uid in held for _ in range(3)] == ["ok"] * 3 * len(held)
    row = service(server, run_dir)
    assert (row["pid"], row["status"], row["hub"]["resyncs"]) == (pid, "idle", COUNT)
    assert stop(server, held) == (0, "")


def test_a_reload__leaves_the_service_that_is_installed(serve, run_dir):
    server = serve()
    pid = service(server, run_dir)["pid"]
    with server.lines() as lines:
        assert "3 processes replaced" in command(server, run_dir, "reload")
        lines.close()
    assert service(server, run_dir)["pid"] == pid
    eventually(lambda: is_joined(server, run_dir), "all are joined")
    assert server.stop() == (0, "")


def test_a_reload__replaces_a_service_of_another_installation(tmp_path, run_dir, monkeypatch):
    root = pathlib.Path(program()).parent.parent
    for folder in ("bin", "lib", "libexec"):
        shutil.copytree(root / folder, tmp_path / "at" / folder, ignore=lambda _, names: [
            name for name in names if not name.startswith(("libwm.so", "wm"))])
    monkeypatch.setenv("WM_SERVE", str(tmp_path / "at" / "bin" / "wm-serve"))
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path / "at" / "lib"))
    server = PushServer("--run-dir", run_dir, "--count", str(COUNT))
    eventually(lambda: is_joined(server, run_dir), "all are joined")
    pid = service(server, run_dir)["pid"]
    helper = tmp_path / "at" / "libexec" / "wm" / "wm-hub"
    shutil.copy(helper, tmp_path / "new")
    os.rename(tmp_path / "new", helper)
    assert "4 processes replaced" in command(server, run_dir, "reload")
    assert service(server, run_dir)["pid"] != pid
    eventually(lambda: is_joined(server, run_dir), "all are joined")
    assert server.stop() == (0, "")


def test_a_frozen_service__leaves_each_process_its_own_pages(serve, run_dir):
    server = serve()
    held = spread_pages(server, run_dir)
    pid = service(server, run_dir)["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        with server.lines() as lines:
            answers = [push(lines, uid) for uid in held]
        assert "ok" in {word for word, _ in answers}  # those of the process that this back end is with
        assert {answer["why"] for word, answer in answers if word == "fail"} == {"unknown"}
    finally:
        os.kill(pid, signal.SIGCONT)
    eventually(lambda: is_joined(server, run_dir), "all are joined")
    with server.lines() as lines:
        assert {push(lines, uid)[0] for uid in held} == {"ok"}
    assert stop(server, held)[0] == 0


def test_the_service__is_a_program_of_its_own_with_nothing_of_the_host(serve, run_dir):
    server = serve()
    pid = service(server, run_dir)["pid"]
    assert pathlib.Path(f"/proc/{pid}/exe").readlink().name == "wm-hub"
    names = {word.split(b"=")[0] for word in pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") if word}
    assert names == {b"WM_FDS", b"WM_CHILD"}
    links = links_of(pid)
    assert not [link for link in links if "wm-serve" in link]
    # Standard streams, the channel, a link to each process, and what a loop has: no listener, no socket of a client, no pid file.
    assert len([link for link in links if link.startswith("socket:")]) == 1 + COUNT
    assert server.stop() == (0, "")


def test_a_program_without_the_helper__runs_the_service_itself(tmp_path, run_dir, monkeypatch):
    """As one that the library is linked into."""
    copy = tmp_path / "alone" / "bin" / "wm-serve"
    copy.parent.mkdir(parents=True)
    shutil.copy(program(), copy)
    libraries = copy.parent.parent / "lib"
    libraries.mkdir()
    for library in (pathlib.Path(program()).parent.parent / "lib").glob("libwm.so*"):
        shutil.copy(library, libraries / library.name, follow_symlinks=True)
    monkeypatch.setenv("WM_SERVE", str(copy))
    monkeypatch.setenv("LD_LIBRARY_PATH", str(libraries))
    server = PushServer("--run-dir", run_dir, "--count", str(COUNT))
    eventually(lambda: is_joined(server, run_dir), "all are joined")
    pid = service(server, run_dir)["pid"]
    assert pathlib.Path(f"/proc/{pid}/exe").readlink().name == "wm-serve"
    with server.page(b"uid1") as page, server.lines() as lines:
        assert push(lines, "uid1")[0] == "ok"
        assert page.message()
    code, error = server.stop()
    assert code == 0 and "wm-hub is not installed" in error


def test_the_helper_by_hand__says_what_it_is(serve, run_dir):
    server = serve()
    helper = os.readlink(f"/proc/{service(server, run_dir)['pid']}/exe")
    result = subprocess.run([helper], env=clean_environment(), capture_output=True, timeout=HANG_SECONDS, check=False)
    assert result.returncode == 2 and b"by itself" in result.stderr
    assert server.stop() == (0, "")
