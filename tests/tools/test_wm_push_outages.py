"""wm-push -l when its server ends the connection, or is lost: what is repeated, and what is said of the rest."""

import json
import os
import signal
import sys
import threading
from pathlib import Path

from line_server import FAIL, OK, LineServer

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from ports import free_port  # noqa: E402

END_FOR_GOOD = [LineServer.REFUSE, OK + b"end\n", LineServer.HALF_CLOSE]  # behind an answer


def lines_of(server):
    return [json.loads(line)["line"] for line in server.all_lines()]


def until(number, action):
    """Answers with ok, but the line of that number with the action."""
    return lambda line, at: action if at == number else OK


def test_end__what_is_behind_it_is_repeated(push, line_server):
    server = line_server(until(3, LineServer.END))
    done = push("-l", "u", server=server, stdin=b"0\n1\n2\n3\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, 4 * b"ok\n", b"")
    assert lines_of(server) == ["0", "1", "2", "3", "3"]
    assert (server.connections, server.requests) == (2, 2)


def test_end__of_many_in_flight_each_is_answered(push, line_server):
    ends = {100, 2000, 4000}
    server = line_server(lambda line, number: LineServer.END if number in ends else FAIL if number % 2 else OK)
    done = push("-l", "u", server=server, stdin=b"".join(b"%d\n" % number for number in range(5000)))
    assert (done.returncode, done.stderr) == (3, b"")
    assert len(done.stdout.splitlines()) == 5000
    assert set(lines_of(server)) == {str(number) for number in range(5000)}
    assert server.connections == 4


def test_end__between_two_lines_is_no_loss(start, line_server):
    server = line_server(until(0, [OK + b"end\n", LineServer.HALF_CLOSE]))  # in one segment: the next line is typed behind it
    process = start("-l", "u", server=server)
    for number in range(2):
        process.stdin.write(b"%d\n" % number)
        process.stdin.flush()
        assert process.stdout.readline() == b"ok\n"
    out, err = process.communicate()
    assert (process.returncode, out, err) == (0, b"", b"")
    assert lines_of(server) == ["0", "1"]


def test_end__of_server_and_input_is_no_loss(start, line_server):
    def end_when_allowed(line, number):
        may_end.wait()
        return END_FOR_GOOD

    for at_once, last in ((True, b""), (False, b""), (False, b"\n\n")):
        may_end = threading.Event()
        server = line_server(end_when_allowed)
        process = start("--timeout", "20s", "-l", "u", server=server)
        process.stdin.write(b"0\n")
        process.stdin.flush()
        assert len(server.take()) == 1
        if at_once:
            process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
            process.stdin.close()
            may_end.set()
            process.send_signal(signal.SIGCONT)
        else:
            may_end.set()
            assert process.stdout.readline() == b"ok\n"
            process.stdin.write(last)
            process.stdin.close()
        assert process.wait(timeout=30) == 0
        assert (process.stdout.read(), process.stderr.read()) == (b"ok\n" if at_once else b"", b"")


def test_end__a_bad_line_behind_it_needs_no_server(start, line_server):
    server = line_server(lambda line, number: END_FOR_GOOD)
    process = start("--timeout", "20s", "-l", "u", server=server)
    process.stdin.write(b"0\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"ok\n"
    out, err = process.communicate(b"\xff", timeout=30)
    assert (process.returncode, out) == (65, b"fail\n")
    assert err.startswith(b"wm-push: line 2 of standard input: ")


def test_end__again_and_again_without_an_answer_is_given_up(push, line_server):
    server = line_server(lambda line, number: LineServer.END)
    done = push("--timeout", "300ms", "-l", "u", server=server, stdin=b"x\n")
    assert (done.returncode, done.stdout) == (69, b"lost\n")
    assert done.stderr.decode().startswith(f"wm-push: {server.address} ended the connection, and there is none again within 300 ms")
    assert b" (0 ok, 0 fail, 1 not answered)\n" in done.stderr


def test_end__of_connections_that_last_but_answer_nothing_is_given_up(push, line_server):
    server = line_server(lambda line, number: LineServer.END)
    server.delay = 0.21  # before each action, so that a connection lasts longer than the timeout
    done = push("--timeout", "400ms", "-l", "u", server=server, stdin=b"x\n")
    assert (done.returncode, done.stdout) == (69, b"lost\n")
    assert b"ended the connection, and there is none again within 400 ms" in done.stderr


def test_lost__lines_that_may_have_been_delivered_are_told_and_not_repeated(start, line_server):
    for says_end in (True, False):
        for action in (LineServer.CLOSE, LineServer.RESET):
            server = line_server(until(1, action), says_end=says_end)
            process = start("-l", "u", server=server)
            out = b""
            for number in range(4):
                process.stdin.write(b"%d\n" % number)
                process.stdin.flush()
                out += process.stdout.readline()
            process.stdin.close()
            assert process.wait(timeout=30) == 69
            assert out == b"ok\nlost\nok\nok\n"
            assert lines_of(server) == ["0", "1", "2", "3"]
            [error] = process.stderr.read().decode().splitlines()
            assert error.startswith(f"wm-push: {server.address} closed the connection")
            assert error.endswith(": 1 line was sent and not answered, and may have been delivered or not; they are not repeated")


def test_lost__json_counts_them(push, line_server):
    server = line_server(until(1023, LineServer.CLOSE))
    done = push("--json", "-q", "-l", "u", server=server, stdin=b"x\n" * 3000)
    summary = json.loads(done.stdout)
    assert (done.returncode, summary["exit"]) == (69, 69)
    assert summary["lost"] > 0 and summary["ok"] + summary["lost"] == summary["pushes"] == 3000
    assert f"{summary['lost']} line" in summary["reason"]
    assert len(server.all_lines()) == 3000 - summary["lost"] + 1


def test_lost__a_server_that_comes_back_in_time_gets_what_follows(start, line_server):
    address = ("127.0.0.1", free_port())
    first = line_server(address=address)
    process = start("--timeout", "30s", "-l", "u", server=first)
    process.stdin.write(b"0\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"ok\n"
    first.stop()
    process.stdin.write(b"1\n")
    process.stdin.flush()
    second = line_server(address=address)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, b"ok\n", b"")
    assert (lines_of(first), lines_of(second)) == (["0"], ["1"])


def test_one_push__is_not_repeated(push, line_server):
    server = line_server(lambda line, number: LineServer.END)
    done = push("u", "{}", server=server)
    assert (done.returncode, server.connections, server.requests) == (69, 1, 0)
