"""The push server as its administrator sees it: flags, exit codes, signals, sockets."""
import contextlib
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from instance import without_other_instances  # noqa: E402
from push_fixtures import lines, page, server, shared_server, start  # noqa: E402, F401
from push_lines import PUSH  # noqa: E402
from push_server import LineClient, Page, clean_environment, connect, program  # noqa: E402


def run(*flags):
    if "push" in flags:
        flags = [*flags, "--name", f"flags-{os.getpid()}"]
    done = subprocess.run([program(), *flags], capture_output=True, timeout=30, check=False, env=clean_environment())
    return done.returncode, done.stdout.decode(), done.stderr.decode()


LOOPBACK = {"--listen": "websocket://127.0.0.1:0", "--inner": "text://127.0.0.1:0", "--http": "http://127.0.0.1:0"}


def push_flags(**changed):
    flags = LOOPBACK | {f"--{name}": value for name, value in changed.items()}
    return ["push", *(word for pair in flags.items() for word in pair)]


@pytest.mark.parametrize("name", ["inner", "http"])
@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "192.0.2.1", "example.com", "127.0.0.1.example.com"])
def test_open_inner_ports_are_refused(name, host):
    scheme = "text" if name == "inner" else name
    code, _, error = run(*push_flags(**{name: f"{scheme}://{host}:0"}))
    assert code == 2
    assert f"--{name}" in error
    assert "--insecure-inner" in error


def test_insecure_inner__allows_it(start):
    server = start("--inner", "text://0.0.0.0:0", "--insecure-inner")
    port = server.addresses["text"].rsplit(":", 1)[1]
    with LineClient(f"text://127.0.0.1:{port}") as lines:
        assert lines.ask(PUSH) == b"fail"


def test_open_listen__warns_once(start):
    server = start("--listen", "websocket://0.0.0.0:0")
    code, error = server.stop()
    assert code == 0
    assert error.count("\n") == 1 and "--listen" in error and "uid" in error


def test_count_beyond_what_a_hub_joins__is_refused():
    code, _, error = run(*push_flags(count="129"))
    assert code == 2
    assert "no more than 128 processes can share uids" in error


@pytest.mark.parametrize(
    "flags, named",
    [
        (push_flags(listen="text://127.0.0.1:0"), "--listen"),
        (push_flags(inner="http://127.0.0.1:0"), "--inner"),
        (push_flags(http="text://127.0.0.1:0"), "--http"),
        (push_flags(listen="127.0.0.1:1234"), "--listen"),
        (push_flags(listen="websocket://127.0.0.1"), "127.0.0.1"),
        (push_flags(listen="websocket://127.0.0.1:70000"), "70000"),
        (push_flags(listen="websocket://127.0.0.1:0/path"), "/path"),
        (push_flags(count="0"), "--count"),
        (push_flags(count="x"), "--count"),
        (["push", "--nothing"], "--nothing"),
        (["push", "--uid-timeout", "soon"], "--uid-timeout"),
        (["push", "--deamon"], "unknown flag '--deamon': did you mean '--daemon'?"),
        (["push", "--lisen=websocket://127.0.0.1:0"], "unknown flag '--lisen': did you mean '--listen'?"),
        (["push", "--listen", "--inner", "off"], "--listen needs a value, not the flag --inner; type --listen ADDRESS"),
        (["push", "-daemon"], "unknown flag '-daemon': did you mean '--daemon'?"),
        (["push", "chekc"], "unknown command 'chekc': did you mean 'check'?"),
        (["push", "logs"], "unknown command 'logs'"),
        (["push", "start", "now"], "unexpected word 'now'"),
        (["puhs"], "did you mean 'push'?"),
        (["stpo"], "wm-serve push stop"),
        (["--listen", "websocket://127.0.0.1:0", "push"], "wm-serve push --listen"),
        (["--vresion"], "did you mean '--version'?"),
        ([], "sub-command is required: wm-serve push"),
    ],
)
def test_usage_error__exit_2_and_what_is_wrong(flags, named):
    code, output, error = run(*flags)
    assert (code, output) == (2, "")
    assert named in error


def test_flag_at_the_end_without_a_value__exit_2_and_how_to_write_it():
    done = subprocess.run([program(), "push", "--listen"], capture_output=True, text=True, check=False, timeout=30, env=clean_environment())
    assert (done.returncode, done.stderr) == (2, "wm-serve push: --listen needs a value: --listen ADDRESS\nTry wm-serve push --help.\n")


def test_help__fits_a_screen_with_three_examples():
    code, output, error = run("push", "--help")
    assert (code, error) == (0, "")
    assert len(output.splitlines()) <= 64
    examples = output[output.index("Examples:") :]
    assert len(re.findall(r"^ +wm-(?:serve|push) ", examples, re.M)) == 3


def test_name__is_the_same_from_everywhere(tmp_path):
    run_dir = ["--run-dir", str(tmp_path)]

    def command(path, *words, cwd=tmp_path):
        done = subprocess.run([path, *push_flags(), *run_dir, *words], env=clean_environment(), cwd=cwd, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False, timeout=30)
        return done.returncode, done.stdout, done.stderr

    code, _, error = command(program(), "start", "-d", cwd="/")
    assert (code, error) == (0, "")
    try:
        assert sorted(os.listdir(tmp_path)) == [f"wm-serve-push.{end}" for end in ("log", "pid", "program", "sock")]
        code, output, error = command(program(), "status", "--name", "other")
        assert (code, output) == (3, "")
        row = rf"  {re.escape(program())} \(pid \d+\): --name wm-serve-push\n"
        assert re.fullmatch(rf"other: not running \(looked in /\S+\)\nrunning instances of wm-serve:\n{row}", error)
    finally:
        result = command(os.path.relpath(program(), tmp_path), "stop")
    assert result == (0, "wm-serve-push: stopped\n", "")


@pytest.mark.parametrize("name, code, text", [
    ("push", 3, "push: not running (looked in {run_dir})\n"),
    ("wm-serve-push", 3, "wm-serve-push: not running (looked in {run_dir})\n"),
    ("--name", 1, "wm-serve-push: the name belongs to {wm_serve} (pid {pid}), and this is {program}: nothing was done; --name tells them apart\n"),
])
def test_other_program__does_not_reach_it(start, tmp_path, name, code, text):
    """A program that has the name of the sub-command, or of the instance."""
    run_dir = tmp_path / "run"
    server = start("--run-dir", str(run_dir), "--name", "wm-serve-push")
    other = shutil.copy(pathlib.Path(os.environ["WM_BUILD"]) / "bin" / "process_server", tmp_path / name.lstrip("-"))
    flags = ["--name", "wm-serve-push"] if name == "--name" else []
    values = {"run_dir": run_dir, "wm_serve": program(), "program": other, "pid": server.process.pid}
    for words in (["stop"], ["reload"], ["status"]):
        done = subprocess.run([other, "--app", f"run_dir={run_dir}", "--worker", "text://127.0.0.1:0,name=a", "--", *words, *flags],
                              env=clean_environment() | {"LD_LIBRARY_PATH": f"{os.environ['WM_BUILD']}/lib"}, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False, timeout=30)
        assert (done.returncode, done.stdout, done.stderr) == (code, "", text.format(**values))
    assert server.process.poll() is None and server.stop() == (0, "")


@pytest.mark.parametrize("name", ["listen", "inner", "http"])
def test_port_in_use__exit_1_and_nothing_keeps_running(name, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        scheme = {"listen": "websocket", "inner": "text"}.get(name, name)
        address = f"{scheme}://127.0.0.1:{taken.getsockname()[1]}"
        code, output, error = run(*push_flags(**{name: address}), "--run-dir", str(tmp_path))
        assert (code, output) == (1, "")
        assert without_other_instances(error) == f"flags-{os.getpid()}: Address already in use: {address}\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal__exit_0_and_pages_are_told_1001(start, number):
    server = start()
    with server.page(b"uid1") as page, server.page() as unnamed, server.lines() as lines:
        assert lines.ask(PUSH) == b"ok"
        page.message()
        server.process.send_signal(number)
        assert page.close_code() == 1001
        assert unnamed.close_code() == 1001
        assert server.wait() == (0, "")
        assert lines.sock.recv(1) == b""


def test_signal__a_page_that_does_not_answer_holds_nothing_up_for_ever(start):
    server = start()
    with server.page(b"uid1") as page:
        server.process.terminate()
        assert server.wait() == (0, "")
        assert page.frame().code == 1001


def test_drain__spreads_the_pages_of_a_reload(start):
    server = start("--drain", "2s")
    with contextlib.ExitStack() as stack:
        pages = [stack.enter_context(server.page(b"uid%d" % i)) for i in range(16)]
        waiting = {page.sock: page for page in pages}
        told = []
        with subprocess.Popen([program(), "push", "--name", server.name, "reload"], stdout=subprocess.PIPE, env=clean_environment()) as reload:
            while waiting:
                for sock in select.select(list(waiting), [], [])[0]:
                    told.append(time.monotonic())
                    assert waiting.pop(sock).close_code() == 1012
            assert reload.communicate(timeout=30)[0].decode() == f"{server.name}: reloaded, 1 process replaced\n"
        assert max(told) - min(told) > 0.5  # at random moments of 2 s, so with 16 of them nearly all of it



    server = start("--origin", "https://example.com", "--origin", "http://localhost:8080")
    address = server.addresses["websocket"]
    for origin, status in ((b"https://example.com", 101), (b"http://localhost:8080", 101), (b"https://evil.example", 403), (b"null", 403)):
        with Page(address, b"Origin: " + origin) as page:
            assert page.status == status, origin
    # Browsers always send it; other clients could send any origin.
    with Page(address) as page:
        assert page.status == 101


def test_unix_paths__work_and_are_for_the_owner_alone(start, tmp_path):
    names = {"listen": "websocket", "inner": "text", "http": "http"}
    flags = [word for name, scheme in names.items() for word in (f"--{name}", f"{scheme}+unix://{tmp_path}/{name}")]
    server = start(*flags)
    for name in ("inner", "http"):
        assert stat.S_IMODE(os.stat(tmp_path / name).st_mode) == 0o600
    with server.page(b"uid1") as page, server.lines() as lines:
        assert lines.ask(PUSH) == b"ok"
        assert page.message() == PUSH
    assert server.stop() == (0, "")
    assert list(tmp_path.iterdir()) == [], "sockets are removed with their server"


def test_first_lines_say_where_it_listens(server):
    for scheme in ("http", "websocket", "text"):
        port = server.addresses[scheme].rsplit(":", 1)[1]
        assert int(port) > 0
        connect(server.addresses[scheme]).close()


def test_garbage_on_every_port_ends_nothing(start):
    server = start()
    with server.page(b"uid1") as page, server.lines() as lines:
        for scheme in ("websocket", "http", "text"):
            for garbage in (b"", b"\0", b"\xff" * 100, b"GET ", b"\x16\x03\x01\x02\x00", os.urandom(100)):
                with connect(server.addresses[scheme]) as sock:
                    sock.sendall(garbage)
        assert lines.ask(PUSH) == b"ok"
        assert page.message() == PUSH
    code, error = server.stop()
    assert code == 0
    known = ("that speaks TLS", "TLS on a port without it", "refused a line of")
    assert all(any(text in line for text in known) for line in error.splitlines()), error
