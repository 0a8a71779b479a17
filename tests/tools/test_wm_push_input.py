"""wm-push: standard input and files as body: when they are read, how long, and what is said meanwhile."""

import os
import subprocess

import pytest
from terminal import run_on_terminal

WAITING = b"wm-push: BODY is missing: waiting for it on standard input (-n: do not)\n"


def test_one_push__all_of_standard_input(push, line_server):
    for arguments in (["u", "-"], ["u"]):
        server = line_server()
        done = push(*arguments, server=server, stdin=b'{\n "a": [1,\n 2]\n}\n')
        assert (done.returncode, done.stdout) == (0, b"ok\n")
        assert server.bytes == b'{"uid":"u",  "a": [1,  2] }\n'


@pytest.mark.parametrize("stdin", [b"", b" \n\n"])
def test_input__empty_standard_input(push, line_server, stdin):
    for arguments in (["u", "-"], ["u"], ["--all", "-"]):
        done = push(*arguments, server=line_server(), stdin=stdin)
        assert (done.returncode, done.stdout) == (65, b"")
        assert b"standard input is empty" in done.stderr


def test_input__endless_standard_input(push, line_server):
    with open("/dev/zero", "rb") as zeros:
        done = push("u", "-", server=line_server(), stdin=zeros)
    assert done.returncode == 65
    assert b"exceeds the 1048576 bytes" in done.stderr


def test_input__closed_standard_input(push, line_server):
    server = line_server()
    done = push("u", "-", server=server, preexec_fn=lambda: os.close(0))
    assert (done.returncode, done.stdout) == (65, b"")
    assert push("u", "{}", server=server, preexec_fn=lambda: os.close(0)).stdout == b"ok\n"


# A body that is missing


def test_input_in_place__a_wait_is_told_after_a_second(start, line_server):
    server = line_server()
    process = start("--timeout", "60s", "u", server=server)
    assert process.stderr.readline() == WAITING
    process.stdin.write(b'{"a":1}')
    process.stdin.close()
    assert process.wait(timeout=30) == 0
    assert (process.stdout.read(), process.stderr.read()) == (b"ok\n", b"")
    assert server.all_lines() == [b'{"uid":"u","a":1}']


def test_input_in_place__the_default_timeout_covers_the_wait(start, line_server):
    server = line_server()
    process = start("u", server=server)
    assert process.wait(timeout=30) == 75
    assert process.stderr.read() == WAITING + (
        b"wm-push: BODY is missing, and nothing came from standard input for 2000 ms; "
        b"type wm-push u '{\"percent\":\"88%\"}', or - as BODY to wait without a limit\n"
    )
    assert server.connections == 0


def test_input_in_place__silence_is_limited_not_the_whole(start, line_server):
    server = line_server()
    process = start("--timeout", "900ms", "u", server=server)
    for part in b'{"a"', b":", b"1", b"}":
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.3)
        process.stdin.write(part)
        process.stdin.flush()
    process.stdin.close()
    assert process.wait(timeout=30) == 0
    assert process.stderr.read() == b""


def test_input_in_place__no_input_means_that_it_is_not_read(push, wm_push, environment, line_server):
    server = line_server()
    for arguments in (["-n", "u"], ["--no-input", "--all"]):
        done = push(*arguments, server=server, stdin=b'{"a":1}')
        assert done.returncode == 2
        assert b"BODY is missing" in done.stderr and b"with -n, standard input is not read" in done.stderr
    assert server.connections == 0
    # A loop keeps its lines, also where a variable that should be BODY is not set.
    loop = f'while read -r uid; do "{wm_push}" -n "$uid" $BODY; echo "$uid"; done'
    named = {**environment, "WM_PUSH_SERVER": server.address}
    done = subprocess.run(["bash", "-c", loop], input=b"a\nb\n", env=named, capture_output=True, check=False, timeout=60)
    assert done.stdout == b"a\nb\n"
    assert push("-n", "u", "{}", server=server).returncode == 0


# A body that is asked for


def test_input__what_was_asked_for_is_waited_for_in_silence(start, line_server):
    process = start("u", "-", server=line_server())
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=2.2)  # longer than the default timeout
    out, err = process.communicate(b"{}", timeout=30)
    assert (process.returncode, out, err) == (0, b"ok\n", b"")


def test_input__a_given_timeout_covers_it(start, line_server, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    held = os.open(tmp_path / "fifo", os.O_RDWR)
    for body, name in (("-", "standard input"), ("@-", "standard input"), (f"@{tmp_path}/fifo", f"{tmp_path}/fifo")):
        process = start("--timeout", "100ms", "u", body, server=line_server())
        assert process.wait(timeout=30) == 75
        assert process.stderr.read().decode() == f"wm-push: nothing came from {name} for 100 ms; give it longer with --timeout\n"
    os.close(held)


def test_input__a_given_timeout_covers_a_fifo_without_a_writer(push, line_server, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    server = line_server()
    done = push("--timeout", "100ms", "u", "@fifo", server=server, cwd=tmp_path)
    assert (done.returncode, server.connections) == (75, 0)
    assert done.stderr == b"wm-push: nothing came from fifo for 100 ms; give it longer with --timeout\n"


def test_input__the_writer_of_a_fifo_is_waited_for(start, line_server, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    server = line_server()
    for body, code in ((b'{"a":1}', 0), (b"", 65)):
        process = start("u", f"@{tmp_path}/fifo", server=server)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.2)
        with open(tmp_path / "fifo", "wb") as writer:
            writer.write(body)
        assert process.wait(timeout=30) == code
    assert server.all_lines() == [b'{"uid":"u","a":1}']


def test_input__json_tells_of_the_timeout(start, line_server):
    process = start("--json", "--timeout", "100ms", "u", "-", server=line_server())
    assert process.wait(timeout=30) == 75
    assert process.stdout.read().startswith(b'{"push":1,"result":"bad","reason":"nothing came from standard input')


# Files


def test_file__is_the_body(push, line_server, tmp_path):
    server = line_server()
    (tmp_path / "body.json").write_bytes(b'{\n "a": 1\n}\n')
    assert push("u", "@body.json", server=server, cwd=tmp_path).stdout == b"ok\n"
    assert push("--all", f"@{tmp_path}/body.json", server=server).stdout == b"ok\n"
    assert push("u", "@-", server=server, stdin=b"[1]").stdout == b"ok\n"
    assert server.all_lines() == [
        b'{"uid":"u",  "a": 1 }',
        b'{"wm":{"cmd":"broadcast"},"data":{  "a": 1 }}',
        b'{"uid":"u","data":[1]}',
    ]


@pytest.mark.parametrize(
    "content, error",
    [
        (b"", "body.json is empty; it must contain a JSON value"),
        (b"hello", "body.json: the body is not JSON: at byte offset 0 (hello)"),
        ("too long", "the body in body.json exceeds the 1048576 bytes that the server accepts"),
        (None, "cannot open body.json: No such file or directory"),
    ],
)
def test_file__what_is_wrong_names_it(push, line_server, tmp_path, content, error):
    if content is not None:
        (tmp_path / "body.json").write_bytes(b"x" * ((1 << 20) + 1) if content == "too long" else content)
    server = line_server()
    done = push("u", "@body.json", server=server, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (65, b"")
    assert done.stderr.decode().startswith(f"wm-push: {error}")
    assert server.connections == 0


# Terminals


def test_terminal__no_body_is_a_usage_error(wm_push, environment):
    for arguments in (["u"], ["--all"], []):
        code, shown = run_on_terminal([wm_push, *arguments], environment)
        assert code == 2
        assert b"is missing" in shown
        assert b"Usage: wm-push" in shown


def test_terminal__typing_is_invited(wm_push, environment, line_server):
    server = line_server()
    environment["WM_PUSH_SERVER"] = server.address
    code, shown = run_on_terminal([wm_push, "u", "-"], environment, typed=b'{"a":1}\n\x04')
    assert code == 0
    assert b"reading the body from the terminal; Ctrl-D ends" in shown
    code, shown = run_on_terminal([wm_push, "-l", "u"], environment, typed=b"hello\n\x04")
    assert code == 0
    assert b"reading lines from the terminal; Ctrl-D ends" in shown
    assert server.all_lines() == [b'{"uid":"u","a":1}', b'{"uid":"u","line":"hello"}']
