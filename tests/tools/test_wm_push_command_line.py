"""wm-push: its command line, its help, and the addresses of servers and what they answer."""

import os
import pathlib
import re
import socket
import subprocess
import sys

import pytest
from line_server import OK, LineServer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from ports import free_port  # noqa: E402


@pytest.mark.parametrize(
    "arguments, part",
    [
        ([], b"UID is missing"),
        (["--all", "u", "{}"], b"--all takes no UID; leave out u"),
        (["u", "{a:", "1}"], b"""type wm-push u '{"a":1}'"""),
        (["u", "--percent"], b"unknown flag '--percent'; put --"),
        (["u", "{}", "-k", "a=1"], b"exclude each other"),
        (["u", "{}", "-l"], b"exclude each other"),
        (["-l", "u", "-k", "a=1"], b"exclude each other"),
        (["-l"], b"UID is missing"),
        (["", "{}"], b"UID is empty"),
        (["u" * 256, "{}"], b"UID has 256 bytes; it must have 1 to 255"),
        ([b"caf\xe9", "{}"], b"UID is not UTF-8 at byte offset 3"),
        (["u", "-k", "a"], b"give NAME=TEXT or NAME:=JSON"),
        (["u", "-k", "=1"], b"give NAME=TEXT or NAME:=JSON"),
        (["u", "-k", ":=1"], b"give NAME=TEXT or NAME:=JSON"),
        (["u", "-k", "a=1", "-k", "a=2"], b"given twice"),
        (["u", "-k"], b"--key"),
        (["u", "{}", "--timeout", "2"], b"give 2s, 2ms or 2m"),
        (["u", "{}", "--timeout", "0s"], b"500ms, 2s or 1m"),
        (["u", "{}", "--timeout", "-1s"], b"500ms, 2s or 1m"),
        (["u", "{}", "--timeout", "25000m"], b"500ms, 2s or 1m"),
        (["u", "{}", "--timeout", "99999999999999999999s"], b"500ms, 2s or 1m"),
        (["u", "{}", "--timeout", ""], b"--timeout is empty"),
        (["u", "{}", "--server", ""], b"--server is empty"),
        (["u", "{}", "--server", "localhost:"], b'"" is not a port'),
        (["u", "{}", "--server", "5678"], b"give 127.0.0.1:5678"),
        (["u", "{}", "--server", ":5678"], b"the host is missing"),
        (["u", "{}", "--server", "h:0"], b'"0" is not a port'),
        (["u", "{}", "--server", "h:65536"], b'"65536" is not a port'),
        (["u", "{}", "--server", "h:5678x"], b'"5678x" is not a port'),
        (["u", "{}", "--server", "::1:5678"], b"[::1]:5678"),
        (["u", "{}", "--server", "[::1"], b"[::1]:5678"),
        (["u", "{}", "--server", "[::1]5678"], b"[::1]:5678"),
        (["u", "{}", "--server", "h:1:2"], b"more than one colon"),
        (["u", "{}", "--server", "http://h:5680/push"], b"does not speak http, but the line protocol of wm-serve's --inner port; give h:5678"),
        (["u", "{}", "--server", "tcp://h:5678/push"], b'"5678/push" is not a port'),
        (["u", "{}", "--server", "u@h:5678"], b'"u@h" is not a host'),
        (["u", "{}", "--server", "unix:"], b"the path of the unix socket is missing"),
        (["u", "{}", "--server", "unix:/" + "p" * 107], b"108 bytes, that of a unix socket has at most 107"),
    ],
)
def test_usage__exit_2(push, arguments, part):
    done = push(*arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"wm-push: ") and part in done.stderr, done.stderr


def test_usage__the_environment_is_named(push, environment):
    done = push("u", "{}", env={**environment, "WM_PUSH_SERVER": "h:nonsense"})
    assert done.returncode == 2
    assert b'WM_PUSH_SERVER h:nonsense: "nonsense" is not a port' in done.stderr


def test_usage__words_that_begin_with_a_dash(push, line_server):
    server = line_server()
    assert push("--", "-u", "-1.5", server=server).returncode == 0
    assert server.bytes == b'{"uid":"-u","data":-1.5}\n'


def test_help__one_screen(push):
    for flag in ("--help", "-h"):
        done = push(flag)
        assert (done.returncode, done.stderr) == (0, b"")
        lines = done.stdout.decode().splitlines()
        assert len(lines) <= 42
        assert max(len(line) for line in lines) <= 80
        for word in ("--key", "--lines", "--all", "--server", "WM_PUSH_SERVER", "--secret-file", "WM_PUSH_SECRET_FILE", "--timeout", "--quiet", "--json", "--no-input", "@FILE", "69", "74", "75", "77"):
            assert word in done.stdout.decode()


def test_help__examples_work_as_they_stand(push, line_server, wm_push, environment):
    examples = [line.strip() for line in push("--help").stdout.decode().split("Examples:\n")[1].splitlines()]
    assert len(examples) == 3
    server = line_server()
    # make stands for any program that prints.
    shell = f'make() {{ echo built; }}; wm-push() {{ "{wm_push}" "$@"; }}\n'
    for example in examples:
        done = subprocess.run(
            ["bash", "-c", shell + example],
            env={**environment, "WM_PUSH_SERVER": server.address},
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stdout) == (0, b"ok\n"), (example, done.stderr)
    assert server.all_lines() == [
        b'{"uid":"uid1","percent":"88%"}',
        b'{"uid":"uid1","percent":"88%","done":17}',
        b'{"uid":"uid1","line":"built"}',
    ]


def test_version__of_the_headers(push):
    header = pathlib.Path(__file__).parents[2] / "include" / "wm" / "version.h"
    version = re.search(r'#define WM_VERSION "([0-9.]+)"', header.read_text(encoding="utf-8"))[1]
    done = push("--version")
    assert (done.returncode, done.stdout) == (0, f"wm-push {version}\n".encode())


# Servers



def test_server__ipv6(push, line_server):
    server = line_server(family=socket.AF_INET6, address=("::1", 0))
    assert server.address.startswith("[::1]:")
    assert push("u", "{}", server=server).returncode == 0


def test_server__a_name_with_several_addresses(push, line_server):
    assert push("u", "{}", server=f"localhost:{line_server().port}").returncode == 0


def test_server__unix_socket(push, line_server, tmp_path):
    path = str(tmp_path / "inner.sock")
    server = line_server(family=socket.AF_UNIX, address=path)
    for address in (f"unix:{path}", f"unix://{path}", f"text+unix://{path}", f"UNIX:{path}", path):
        assert push("u", "{}", server=address).stdout == b"ok\n"
    assert push("u", "{}", server="./inner.sock", cwd=tmp_path).stdout == b"ok\n"
    assert len(server.all_lines()) == 6


def test_server__abstract_unix_socket(push, line_server):
    name = f"wm-push-test-{os.getpid()}"
    line_server(family=socket.AF_UNIX, address=f"\0{name}")
    assert push("u", "{}", server=f"unix:@{name}").stdout == b"ok\n"


@pytest.mark.parametrize("form", ["text://%s", "tcp://%s", "tcp://%s/", "TEXT://%s", "Tcp://%s"])
def test_server__with_a_scheme(push, line_server, form):
    assert push("u", "{}", server=form % line_server().address).returncode == 0


@pytest.mark.parametrize("host", ["127.0.0.127", "tcp://127.0.0.127/", "TEXT://127.0.0.127"])
def test_server__a_host_alone_has_the_default_port(push, host):
    done = push("u", "{}", server=host)  # nothing listens at this address
    assert done.returncode == 69
    assert done.stderr.startswith(b"wm-push: cannot reach 127.0.0.127:5678: Connection refused"), done.stderr


def test_server__from_the_environment(push, line_server, environment):
    server = line_server()
    other = line_server()
    named = {**environment, "WM_PUSH_SERVER": server.address}
    assert push("u", "{}", env=named).returncode == 0
    assert push("u", "[]", env=named, server=other).returncode == 0
    assert (server.connections, other.connections) == (1, 1)


def test_server__absent(push, tmp_path):
    for address in (f"127.0.0.1:{free_port()}", f"localhost:{free_port()}", f"unix:{tmp_path}/none", "name.invalid:1"):
        done = push("u", "{}", server=address)
        assert (done.returncode, done.stdout) == (69, b"")
        assert b"wm-push: cannot " in done.stderr and b"\n" in done.stderr
        done = push("-l", "u", server=address, stdin=b"a\nb\n")
        assert (done.returncode, done.stdout) == (69, b"")


def test_server__closes_without_an_answer(push, line_server):
    for action in (LineServer.CLOSE, LineServer.RESET, LineServer.HALF_CLOSE):
        done = push("u", "{}", server=line_server(lambda line, number, action=action: action))
        assert (done.returncode, done.stdout) == (69, b"")
        assert b"closed the connection" in done.stderr
        assert b"1 not answered" in done.stderr


def test_server__says_something_else(push, line_server):
    done = push("u", "{}", server=line_server(lambda line, number: b"HTTP/1.1 400 \x1b[1mBad Request\r\n\r\n"))
    assert (done.returncode, done.stdout) == (69, b"")
    assert b'is not the inner port of a push server: it answered "HTTP/1.1 400 ?[1mBad Request"' in done.stderr


@pytest.mark.parametrize("answer", [b"okay\n", b"\n", b"OK\n", b"x" * 100000])
def test_server__answers_that_are_none(push, line_server, answer):
    done = push("u", "{}", server=line_server(lambda line, number: answer))
    assert (done.returncode, done.stdout) == (69, b"")
    assert b"is not the inner port of a push server" in done.stderr


def test_server__answers_what_was_not_asked(start, line_server):
    process = start("-l", "u", server=line_server(lambda line, number: OK + OK))
    process.stdin.write(b"x\n")
    process.stdin.flush()
    assert process.wait(timeout=30) == 69
    assert process.stdout.read() == b"ok\n"
    assert b"is not the inner port of a push server" in process.stderr.read()


def test_server__is_silent(push, line_server):
    done = push("--timeout", "100ms", "u", "{}", server=line_server(lambda line, number: LineServer.NOTHING))
    assert (done.returncode, done.stdout) == (75, b"")
    assert b"no answer from 127.0.0.1" in done.stderr
    assert b"within 100 ms (0 ok, 0 fail, 1 not answered)" in done.stderr


def test_server__takes_no_connection(push):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(f"\0wm-push-full-{os.getpid()}")
        listener.listen(0)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as first:
            first.connect(f"\0wm-push-full-{os.getpid()}")
            done = push("--timeout", "100ms", "u", "{}", server=f"unix:@wm-push-full-{os.getpid()}")
    assert (done.returncode, done.stdout) == (75, b"")
    assert b"no connection to" in done.stderr


def test_server__answers_late_but_in_time(start, line_server):
    server = line_server()
    server.gate.clear()
    process = start("--timeout", "20s", "u", "{}", server=server, stdin=subprocess.DEVNULL)
    assert server.lines.empty()
    server.gate.set()
    assert process.communicate(timeout=30)[0] == b"ok\n"
    assert process.returncode == 0
