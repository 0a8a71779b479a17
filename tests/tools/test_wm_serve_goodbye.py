"""The inner port at a stop and a reload: no answer is lost, and a client that asked for it learns that nothing more was taken."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from push_server import PushServer, clean_environment, program  # noqa: E402

NOTIFY_END = b'{"wm":{"cmd":"notify_end"}}'


@pytest.fixture
def serve(tmp_path):
    servers = []

    def run(*flags):
        servers.append(PushServer("--run-dir", str(tmp_path / "run"), *flags))
        return servers[-1]

    yield run
    for server in servers:
        server.process.kill()
        server.process.communicate()


def command(server, tmp_path, *words):
    done = subprocess.run([program(), "push", "--run-dir", str(tmp_path / "run"), "--name", server.name, *words], check=False,
                          env=clean_environment(), stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert done.returncode == 0, done


@pytest.mark.parametrize("words", [["stop"], ["stop", "-g"], ["reload"]], ids=" ".join)
def test_notify_end__end_is_the_last_line(serve, tmp_path, words):
    server = serve("--drain", "100ms")
    with server.lines() as asked, server.lines() as other:
        assert [asked.ask(line) for line in (NOTIFY_END, b'{"uid":"nobody"}', NOTIFY_END)] == [b"ok", b"fail", b"ok"]
        assert other.ask(b'{"uid":"nobody"}') == b"fail"
        began = subprocess.Popen([program(), "push", "--run-dir", str(tmp_path / "run"), "--name", server.name, *words],
                                 env=clean_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        assert asked.answer() == b"end"
        assert asked.sock.recv(100) == b""
        assert other.sock.recv(100) == b""
    assert began.wait(60) == 0


def test_notify_end__is_for_the_inner_port_and_stands_alone(serve):
    server = serve()
    answer = server.post(NOTIFY_END)
    assert (answer.status, answer.body) == (400, b"400: notify_end is for the inner port only, at byte 0\n")
    with server.lines() as back_end:
        for line in (b'{"wm":{"cmd":"notify_end"},"data":1}', b'{"wm":{"cmd":"notify_end"},"uid":"u"}', b'{"wm":{"cmd":"notify_ends"}}'):
            assert back_end.ask(line) == b"fail"


def test_wm_push__lines_over_reloads_are_each_answered_once(serve, start, tmp_path):
    server = serve("--drain", "200ms")
    process = start("--json", "-q", "-l", "nobody", server=server.addresses["text"])
    for _ in range(3):
        reload = subprocess.Popen([program(), "push", "--run-dir", str(tmp_path / "run"), "--name", server.name, "reload"],
                                  env=clean_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        while reload.poll() is None:
            process.stdin.write(b"x\n" * 20)
            process.stdin.flush()
            time.sleep(0.001)  # a rate, not a wait
        assert reload.returncode == 0
    out, err = process.communicate(b"last\n", timeout=60)
    summary = json.loads(out)
    # A process that ends between two answers leaves some pushes unknown.
    assert (summary["lost"], summary["fail"] + summary["unknown"], err) == (0, summary["pushes"], b"")
    assert summary["pushes"] > 100
