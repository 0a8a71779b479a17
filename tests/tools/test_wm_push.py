"""wm-push -l as its users see it: the bytes that the server gets, what is printed where, and the exit code; and what both ways print."""

import json
import os
import pathlib
import subprocess
import sys

import pytest
from line_server import FAIL, OK, LineServer
from terminal import run_on_terminal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from ports import free_port  # noqa: E402

MAX_PUSH = 1 << 20


def alternating(_line, number):
    return OK if number % 2 == 0 else FAIL


# Lines of standard input


def test_lines__each_is_a_push(push, line_server):
    server = line_server()
    done = push("-l", "u", server=server, stdin=b'make: done\n\n{"a":1.50}\r\n[1]\n<"b":2>\n  \n{"broken\n7')
    assert (done.returncode, done.stdout, done.stderr) == (0, b"ok\n" * 7, b"")
    assert server.all_lines() == [
        b'{"uid":"u","line":"make: done"}',
        b'{"uid":"u","a":1.50}',
        b'{"uid":"u","line":"[1]"}',
        b'{"uid":"u","b":2}',
        b'{"uid":"u","line":"  "}',
        b'{"uid":"u","line":"{\\"broken"}',
        b'{"uid":"u","line":"7"}',
    ]
    assert server.connections == 1


def test_lines__to_every_page(push, line_server):
    server = line_server()
    assert push("-l", "--all", server=server, stdin=b'x\n{"a":1}\n').returncode == 0
    assert server.all_lines() == [b'{"wm":{"cmd":"broadcast"},"data":{"line":"x"}}', b'{"wm":{"cmd":"broadcast"},"data":{"a":1}}']


def test_lines__go_out_as_they_come(start, line_server):
    server = line_server()
    process = start("-l", "u", server=server)
    for number in range(5):
        process.stdin.write(b"line %d\n" % number)
        process.stdin.flush()
        assert server.take() == [b'{"uid":"u","line":"line %d"}' % number]
        assert process.stdout.readline() == b"ok\n"
    process.stdin.write(b"no end of line")
    process.stdin.close()
    assert server.take() == [b'{"uid":"u","line":"no end of line"}']
    assert process.stdout.read() == b"ok\n"
    assert process.wait(timeout=30) == 0


def test_lines__do_not_wait_for_answers(start, line_server):
    held = []

    def answer(line, _number):
        held.append(line)
        return OK * 100 if len(held) == 100 else LineServer.NOTHING

    process = start("-l", "u", server=line_server(answer))
    out, err = process.communicate(b"x\n" * 100, timeout=60)
    assert (process.returncode, out, err) == (0, b"ok\n" * 100, b"")


def test_lines__in_flight_are_bounded(start, line_server, tmp_path):
    # A server that reads without answering gets 1024 pushes and no more.
    server = line_server(lambda line, number: LineServer.NOTHING)
    file = tmp_path / "many"
    file.write_bytes(b"x\n" * 5000)
    with file.open("rb") as lines:
        process = start("--timeout", "500ms", "-l", "u", server=server, stdin=lines)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (75, 1024 * b"lost\n")
    assert b"(0 ok, 0 fail, 1024 not answered)" in err
    assert len(server.all_lines()) == 1024


def test_lines__many_and_large_against_a_slow_reader(push, line_server):
    # Both directions are full at times: neither side may wait for the other for good.
    server = line_server(alternating)
    lines = b"".join(b"%06d %s\n" % (number, b"x" * 2000) for number in range(20000))
    done = push("-l", "u", server=server, stdin=lines)
    assert (done.returncode, done.stderr) == (3, b"")
    assert done.stdout == b"ok\nfail\n" * 10000
    received = server.all_lines()
    assert len(received) == 20000
    assert all(line.startswith(b'{"uid":"u","line":"%06d ' % number) for number, line in enumerate(received))


def test_lines__exit_codes(push, line_server):
    for answer, code in ((lambda line, number: OK, 0), (lambda line, number: FAIL, 1), (alternating, 3)):
        assert push("-q", "-l", "u", server=line_server(answer), stdin=b"a\nb\nc\n").returncode == code


def test_lines__quiet(push, line_server):
    done = push("-q", "-l", "u", server=line_server(), stdin=b"a\nb\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_lines__none(push, line_server):
    for stdin in (b"", b"\n\r\n"):
        done = push("-l", "u", server=line_server(), stdin=stdin)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    done = push("-l", "u", server=line_server(), preexec_fn=lambda: os.close(0))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_lines__a_bad_one_is_told_and_the_rest_goes_on(push, line_server):
    server = line_server()
    done = push("-l", "u", server=server, stdin=b'a\n\n{"uid":"x"}\ncaf\xe9\n' + b"y" * (MAX_PUSH + 1) + b"\nlast\n")
    assert done.returncode == 65
    assert done.stdout == b"ok\nfail\nfail\nfail\nok\n"
    assert server.all_lines() == [b'{"uid":"u","line":"a"}', b'{"uid":"u","line":"last"}']
    errors = done.stderr.splitlines()
    assert len(errors) == 3
    assert errors[0].startswith(b"wm-push: line 3 of standard input: ") and b"remove it" in errors[0]
    assert errors[1].startswith(b"wm-push: line 4 of standard input: ") and b"byte offset 3" in errors[1]
    assert errors[2].startswith(b"wm-push: line 5 of standard input: ") and b"more than the 1048576 bytes" in errors[2]


def test_lines__more_bad_ones_than_fit_in_flight(push, line_server):
    server = line_server()
    done = push("-l", "u", server=server, stdin=b'{"uid":1}\n' * 3000 + b"last\n" + b'{"uid":1}\n' * 3000)
    assert done.returncode == 65
    assert done.stdout == b"fail\n" * 3000 + b"ok\n" + b"fail\n" * 3000
    assert server.all_lines() == [b'{"uid":"u","line":"last"}']


def test_lines__an_endless_one_takes_bounded_memory(start, line_server):
    server = line_server()
    process = start("-l", "u", server=server)
    block = b"x" * (1 << 20)
    for _ in range(400):
        process.stdin.write(block)
    process.stdin.write(b"\nlast\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"fail\n"
    assert process.stdout.readline() == b"ok\n"
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        peak_kib = int(next(line for line in status if line.startswith("VmHWM:")).split()[1])
    assert peak_kib < 150 * 1024
    process.stdin.close()
    assert process.wait(timeout=30) == 65
    assert server.all_lines() == [b'{"uid":"u","line":"last"}']


def test_lines__the_server_closes_midway(push, line_server):
    for action in (LineServer.CLOSE, LineServer.HALF_CLOSE):
        server = line_server(lambda line, number, action=action: alternating(line, number) if number < 3 else action)
        done = push("-l", "u", server=server, stdin=b"x\n" * 10)
        assert done.returncode == 69
        assert done.stdout == b"ok\nfail\nok\n" + 7 * b"lost\n"
        assert b"closed the connection" in done.stderr
        assert b"(2 ok, 1 fail, 7 not answered)" in done.stderr


def test_lines__the_server_closes_while_no_line_comes(start, line_server):
    server = line_server()
    process = start("--timeout", "300ms", "-l", "u", server=server)
    process.stdin.write(b"x\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"ok\n"
    server.stop()
    assert process.wait(timeout=30) == 69
    err = process.stderr.read()
    assert b"closed the connection, and there is none again within 300 ms: cannot reach " in err
    assert b" (1 ok, 0 fail, 0 not answered)" in err


def test_lines__the_server_stops_answering(push, line_server):
    server = line_server(lambda line, number: OK if number < 2 else LineServer.NOTHING)
    done = push("--timeout", "200ms", "-l", "u", server=server, stdin=b"x\n" * 5)
    assert (done.returncode, done.stdout) == (75, b"ok\nok\n" + 3 * b"lost\n")
    assert b"(2 ok, 0 fail, 3 not answered)" in done.stderr


def test_lines__a_pause_of_the_input_is_no_timeout(start, line_server):
    server = line_server()
    process = start("--timeout", "50ms", "-l", "u", server=server)
    process.stdin.write(b"x\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"ok\n"
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.5)  # ten timeouts long
    process.stdin.write(b"y\n")
    process.stdin.close()
    assert process.stdout.read() == b"ok\n"
    assert process.wait(timeout=30) == 0


# JSON output


def test_json__one_push(push, line_server):
    cases = ((OK, 0, "ok"), (FAIL, 1, "fail"), (LineServer.CLOSE, 69, "lost"))
    for answer, code, result in cases:
        done = push("--json", "u", "{}", server=line_server(lambda line, number, answer=answer: answer))
        assert done.returncode == code
        document = json.loads(done.stdout)
        assert (document["push"], document["result"]) == (1, result)
        assert ("reason" in document) == (code == 69)
        assert done.stdout.count(b"\n") == 1
    done = push("--json", "u", "hello", server=line_server())
    assert done.returncode == 65
    assert json.loads(done.stdout)["result"] == "bad"
    assert "byte offset 0" in json.loads(done.stdout)["reason"]


def test_json__lines(push, line_server):
    server = line_server(lambda line, number: alternating(line, number) if number < 3 else LineServer.CLOSE)
    done = push("--json", "-l", "u", server=server, stdin=b'a\n{"uid":1}\nb\nc\nd\n')
    assert done.returncode == 69
    documents = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["push"], each["result"]) for each in documents[:-1]] == [(1, "ok"), (2, "bad"), (3, "fail"), (4, "ok"), (5, "lost")]
    assert "remove it" in documents[1]["reason"]
    assert "closed the connection" in documents[4]["reason"]
    assert documents[-1] == {"pushes": 5, "ok": 2, "fail": 1, "unknown": 0, "bad": 1, "lost": 1, "exit": 69, "reason": documents[4]["reason"] + " (2 ok, 1 fail, 1 not answered)"}


def test_json__only_the_sum(push, line_server):
    done = push("--json", "-q", "-l", "u", server=line_server(alternating), stdin=b"a\nb\n")
    assert json.loads(done.stdout) == {"pushes": 2, "ok": 1, "fail": 1, "unknown": 0, "bad": 0, "lost": 0, "exit": 3}
    done = push("--json", "-q", "-l", "u", server=line_server(), stdin=b'a\n{"uid":1}\n')
    assert json.loads(done.stdout) == {"pushes": 2, "ok": 1, "fail": 0, "unknown": 0, "bad": 1, "lost": 0, "exit": 65}


def test_json__an_unreachable_server_is_told_in_each_way(push):
    server = f"127.0.0.1:{free_port()}"
    done = push("--json", "u", "{}", server=server)
    reason = json.loads(done.stdout)["reason"]
    assert reason.startswith(f"cannot reach {server}: ")
    for flags in (["--json"], ["--json", "-q"]):
        done = push(*flags, "u", "{}", server=server)
        assert (done.returncode, json.loads(done.stdout)) == (69, {"push": 1, "result": "lost", "reason": reason})
        assert done.stderr.decode() == f"wm-push: {reason}\n"
        done = push(*flags, "-l", "u", server=server, stdin=b"a\n")
        counts = {"pushes": 0, "ok": 0, "fail": 0, "unknown": 0, "bad": 0, "lost": 0, "exit": 69}
        assert (done.returncode, json.loads(done.stdout)) == (69, {**counts, "reason": reason})
        assert done.stderr.decode() == f"wm-push: {reason}\n"


def test_json__quiet_has_only_what_was_not_answered(push, line_server):
    for answer in (OK, FAIL):
        assert push("--json", "-q", "u", "{}", server=line_server(lambda line, number, answer=answer: answer)).stdout == b""
    for body, server, result in (("{}", line_server(lambda line, number: LineServer.CLOSE), "lost"), ("[", line_server(), "bad")):
        assert json.loads(push("--json", "-q", "u", body, server=server).stdout)["result"] == result


# Standard output and terminals


def test_stdout__a_reader_who_leaves_stops_no_push(start, line_server):
    server = line_server()
    process = start("-l", "u", server=server)
    process.stdout.close()
    for number in range(3):
        process.stdin.write(b"%d\n" % number)
        process.stdin.flush()
        server.take()
    process.stdin.close()
    assert process.wait(timeout=30) == 0
    assert process.stderr.read() == b""
    assert len(server.all_lines()) == 3


@pytest.mark.parametrize("arguments", [["u", "{}"], ["--json", "u", "{}"], ["-l", "u"], ["--json", "-l", "u"], ["--json", "-q", "-l", "u"]])
def test_stdout__a_full_disk_is_a_failure(push, line_server, arguments):
    server = line_server()
    with open("/dev/full", "wb") as full:
        done = push(*arguments, server=server, stdin=b"{}\n", stdout=full)
    assert (done.returncode, done.stderr) == (74, b"wm-push: cannot print the answers: No space left on device\n")
    assert server.all_lines() == [b'{"uid":"u"}']


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_stdout__a_full_disk_is_a_failure_of_help(push, flag):
    with open("/dev/full", "wb") as full:
        done = push(flag, stdout=full)
    assert (done.returncode, done.stderr) == (74, b"wm-push: cannot write to standard output: No space left on device\n")


def test_stdout__what_need_not_be_printed_cannot_fail(push, line_server):
    with open("/dev/full", "wb") as full:
        assert push("-q", "u", "{}", server=line_server(), stdout=full).returncode == 0


def test_terminal__progress_of_a_file(wm_push, environment, line_server, tmp_path):
    file = tmp_path / "lines"
    file.write_bytes(b"x\n" * 2000)
    environment["WM_PUSH_SERVER"] = line_server().address
    with file.open("rb") as lines, (tmp_path / "out").open("wb") as out:
        code, shown = run_on_terminal([wm_push, "-l", "u"], environment, stdin=lines, stdout=out)
    assert code == 0
    assert b"pushed, 0 failed" in shown
    assert shown.endswith(b"\r\x1b[K")  # it leaves no trace
    assert (tmp_path / "out").read_bytes() == b"ok\n" * 2000


def test_terminal__no_progress_elsewhere(wm_push, push, environment, line_server, tmp_path):
    file = tmp_path / "lines"
    file.write_bytes(b"x\n" * 2000)
    server = line_server()
    with file.open("rb") as lines:
        assert push("-l", "u", server=server, stdin=lines).stderr == b""
    environment["WM_PUSH_SERVER"] = server.address
    read_end, write_end = os.pipe()
    os.write(write_end, b"x\n" * 100)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        code, shown = run_on_terminal([wm_push, "-q", "-l", "u"], environment, stdin=pipe)
    assert (code, shown) == (0, b"")
