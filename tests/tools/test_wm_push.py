"""wm-push as its users see it: the bytes that the server gets, what is printed where, and the exit code."""

import json
import os
import pathlib
import re
import socket
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


# One push


def test_one_push__ok(push, line_server):
    server = line_server()
    done = push("uid1", '{"percent":"88%"}', server=server)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"ok\n", b"")
    assert server.bytes == b'{"uid":"uid1","percent":"88%"}\n'


def test_one_push__fail(push, line_server):
    done = push("uid1", "{}", server=line_server(lambda line, number: FAIL))
    assert (done.returncode, done.stdout, done.stderr) == (1, b"fail\n", b"")


@pytest.mark.parametrize("answer", [b"ok\r\n", b'ok {"conns":2}\n'])
def test_one_push__answers_with_more_to_say(push, line_server, answer):
    done = push("uid1", "{}", server=line_server(lambda line, number: answer))
    assert (done.returncode, done.stdout) == (0, b"ok\n")


@pytest.mark.parametrize(
    "body, sent",
    [
        ('<"percent":"88%">', b'{"uid":"u","percent":"88%"}'),
        ('<"a":"1 < 2 > 0","b":<"c":1>>', b'{"uid":"u","a":"1 < 2 > 0","b":{"c":1}}'),
        (' {"id":12345678901234567890,"p":1.50,"s":"a\\/b"} ', b'{"uid":"u","id":12345678901234567890,"p":1.50,"s":"a\\/b"}'),
        ('{\n  "a": 1\n}', b'{"uid":"u",   "a": 1 }'),
        ("{}", b'{"uid":"u"}'),
        ("[1,2]", b'{"uid":"u","data":[1,2]}'),
        ("[]", b'{"uid":"u","data":[]}'),
        ('"text"', b'{"uid":"u","data":"text"}'),
        ("-5", b'{"uid":"u","data":-5}'),
        ("true", b'{"uid":"u","data":true}'),
        ('{"中":"文"}', '{"uid":"u","中":"文"}'.encode()),
    ],
)
def test_one_push__the_bytes_of_a_body(push, line_server, body, sent):
    server = line_server()
    done = push("u", body, server=server)
    assert (done.returncode, done.stdout) == (0, b"ok\n"), done.stderr
    assert server.bytes == sent + b"\n"


def test_one_push__the_uid_is_escaped(push, line_server):
    server = line_server()
    uid = 'a"b\\c\n中'
    assert push(uid, "{}", server=server).returncode == 0
    assert server.bytes == '{"uid":"a\\"b\\\\c\\n中"}\n'.encode()
    assert json.loads(server.bytes)["uid"] == uid


@pytest.mark.parametrize(
    "members, sent",
    [
        (["-k", "percent=88%"], b'{"uid":"u","percent":"88%"}'),
        (["-k", "a=1", "-k", "b:=1", "--key", "c:=[1.50, 12345678901234567890]"], b'{"uid":"u","a":"1","b":1,"c":[1.50, 12345678901234567890]}'),
        (["-k", 'a=say "hi"\n\t\\'], b'{"uid":"u","a":"say \\"hi\\"\\n\\t\\\\"}'),
        (["-k", "url=http://x/?a=b&c:=d"], b'{"uid":"u","url":"http://x/?a=b&c:=d"}'),
        (["-k", "a="], b'{"uid":"u","a":""}'),
        (["-k", "a:b=1", "-k", "A:B=2"], b'{"uid":"u","a:b":"1","A:B":"2"}'),
        (["-k", "a=[x,y]"], b'{"uid":"u","a":"[x,y]"}'),
        (["-k", "o:={\n}"], b'{"uid":"u","o":{ }}'),
        (["-k", "a=<b>"], b'{"uid":"u","a":"<b>"}'),
    ],
)
def test_one_push__members(push, line_server, members, sent):
    server = line_server()
    done = push("u", *members, server=server)
    assert (done.returncode, done.stdout) == (0, b"ok\n"), done.stderr
    assert server.bytes == sent + b"\n"


def test_one_push__all_of_standard_input(push, line_server):
    for arguments in (["u", "-"], ["u"]):
        server = line_server()
        done = push(*arguments, server=server, stdin=b'{\n "a": [1,\n 2]\n}\n')
        assert (done.returncode, done.stdout) == (0, b"ok\n")
        assert server.bytes == b'{"uid":"u",  "a": [1,  2] }\n'


def test_one_push__to_every_page(push, line_server):
    server = line_server()
    assert push("--all", '{"a": 1.50, "uid":1}', server=server).returncode == 0
    assert push("--all", "-", server=server, stdin=b"[1]\n").returncode == 0
    assert push("--all", "-k", "a=1", server=server).returncode == 0
    assert server.all_lines() == [
        b'{"wm":{"cmd":"broadcast"},"data":{"a": 1.50, "uid":1}}',
        b'{"wm":{"cmd":"broadcast"},"data":[1]}',
        b'{"wm":{"cmd":"broadcast"},"data":{"a":"1"}}',
    ]


def test_one_push__quiet(push, line_server):
    for answer, code in ((OK, 0), (FAIL, 1)):
        done = push("-q", "u", "{}", server=line_server(lambda line, number, answer=answer: answer))
        assert (done.returncode, done.stdout, done.stderr) == (code, b"", b"")


def test_one_push__as_large_as_a_server_takes(push, line_server):
    server = line_server()
    room = MAX_PUSH - len('{"uid":"u","a":""}')
    assert push("u", "-", server=server, stdin=b'{"a":"' + b"x" * room + b'"}').returncode == 0
    assert len(server.bytes) == MAX_PUSH + 1
    done = push("u", "-", server=server, stdin=b'{"a":"' + b"x" * (room + 1) + b'"}')
    assert done.returncode == 65
    assert b"1048577 bytes" in done.stderr
    assert server.connections == 1


# Bodies that cannot be pushed


@pytest.mark.parametrize(
    "body, part",
    [
        ("hello", b"byte offset 0 (hello)"),
        ("", b"the body is empty"),
        ('{"a":1', b"at its end (byte offset 6)"),
        ('{"a":1} x', b"byte offset 8 (x)"),
        ('{"uid":"x","a":1}', b"remove it from the body"),
        ('{"a":1,"uid":"x"}', b"byte offset 7"),
        ('{"wm":1}', b"reserved"),
        ("<b>bold</b>", b"means { and }"),
        (b'{"a":"\xff"}', b"byte offset 6"),
        ("[" * 1000, b"byte offset 512"),
    ],
)
def test_bad_body__nothing_is_sent(push, line_server, body, part):
    server = line_server()
    done = push("u", body, server=server)
    assert (done.returncode, done.stdout) == (65, b"")
    assert done.stderr.startswith(b"wm-push: ") and part in done.stderr, done.stderr
    assert server.connections == 0


@pytest.mark.parametrize("stdin", [b"", b" \n\n"])
def test_bad_body__empty_standard_input(push, line_server, stdin):
    for arguments in (["u", "-"], ["u"], ["--all", "-"]):
        done = push(*arguments, server=line_server(), stdin=stdin)
        assert (done.returncode, done.stdout) == (65, b"")
        assert b"standard input is empty" in done.stderr


def test_bad_body__endless_standard_input(push, line_server):
    with open("/dev/zero", "rb") as zeros:
        done = push("u", "-", server=line_server(), stdin=zeros)
    assert done.returncode == 65
    assert b"exceeds the 1048576 bytes" in done.stderr


def test_bad_body__closed_standard_input(push, line_server):
    server = line_server()
    done = push("u", "-", server=server, preexec_fn=lambda: os.close(0))
    assert (done.returncode, done.stdout) == (65, b"")
    assert push("u", "{}", server=server, preexec_fn=lambda: os.close(0)).stdout == b"ok\n"


@pytest.mark.parametrize(
    "members, part",
    [
        (["a:=x"], b"not JSON at its byte offset 0"),
        (["a:="], b"byte offset 0"),
        (["uid=x"], b"remove it"),
        (["wm:=1"], b"reserved"),
        ([b"a=\xff"], b"not UTF-8 at byte offset 2"),
    ],
)
def test_bad_body__members(push, line_server, members, part):
    done = push("u", *[word for member in members for word in ("-k", member)], server=line_server())
    assert done.returncode == 65
    assert part in done.stderr, done.stderr


# The command line


@pytest.mark.parametrize(
    "arguments, part",
    [
        ([], b"UID is missing"),
        (["--all", "u", "{}"], b"--all takes BODY but no UID"),
        (["u", "{a:", "1}"], b'unexpected word "1}"; put BODY in single quotes'),
        (["u", "--percent"], b"unknown option --percent; put --"),
        (["u", "{}", "-k", "a=1"], b"exclude each other"),
        (["u", "{}", "-l"], b"exclude each other"),
        (["-l", "u", "-k", "a=1"], b"exclude each other"),
        (["-l"], b"UID is missing"),
        (["", "{}"], b"UID has 0 bytes"),
        (["u" * 256, "{}"], b"UID has 256 bytes; it must have 1 to 255"),
        ([b"caf\xe9", "{}"], b"UID is not UTF-8 at byte offset 3"),
        (["u", "-k", "a"], b"give NAME=TEXT or NAME:=JSON"),
        (["u", "-k", "=1"], b"give NAME=TEXT or NAME:=JSON"),
        (["u", "-k", ":=1"], b"give NAME=TEXT or NAME:=JSON"),
        (["u", "-k", "a=1", "-k", "a=2"], b"given twice"),
        (["u", "-k"], b"--key"),
        (["u", "{}", "--timeout", "2"], b"500ms, 2s or 1m"),
        (["u", "{}", "--timeout", "0s"], b"500ms, 2s or 1m"),
        (["u", "{}", "--timeout", "-1s"], b"500ms, 2s or 1m"),
        (["u", "{}", "--timeout", "25000m"], b"500ms, 2s or 1m"),
        (["u", "{}", "--timeout", "99999999999999999999s"], b"500ms, 2s or 1m"),
        (["u", "{}", "--timeout", ""], b"--timeout is empty"),
        (["u", "{}", "--server", ""], b"--server is empty"),
        (["u", "{}", "--server", "localhost"], b"the port is missing"),
        (["u", "{}", "--server", ":5678"], b"the host is missing"),
        (["u", "{}", "--server", "h:0"], b'"0" is not a port'),
        (["u", "{}", "--server", "h:65536"], b'"65536" is not a port'),
        (["u", "{}", "--server", "h:5678x"], b'"5678x" is not a port'),
        (["u", "{}", "--server", "::1:5678"], b"[::1]:5678"),
        (["u", "{}", "--server", "[::1]"], b"[::1]:5678"),
        (["u", "{}", "--server", "http://h:5678"], b"brackets"),
        (["u", "{}", "--server", "unix:"], b"the path of the unix socket is missing"),
        (["u", "{}", "--server", "unix:/" + "p" * 107], b"108 bytes, that of a unix socket has at most 107"),
    ],
)
def test_usage__exit_2(push, arguments, part):
    done = push(*arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"wm-push: ") and part in done.stderr, done.stderr


def test_usage__the_environment_is_named(push, environment):
    done = push("u", "{}", env={**environment, "WM_PUSH_SERVER": "nonsense"})
    assert done.returncode == 2
    assert b"WM_PUSH_SERVER nonsense: the port is missing" in done.stderr


def test_usage__words_that_begin_with_a_dash(push, line_server):
    server = line_server()
    assert push("--", "-u", "-1.5", server=server).returncode == 0
    assert server.bytes == b'{"uid":"-u","data":-1.5}\n'


def test_help__one_screen(push):
    for flag in ("--help", "-h"):
        done = push(flag)
        assert (done.returncode, done.stderr) == (0, b"")
        lines = done.stdout.decode().splitlines()
        assert len(lines) <= 40
        assert max(len(line) for line in lines) <= 80
        for word in ("--key", "--lines", "--all", "--server", "WM_PUSH_SERVER", "--timeout", "--quiet", "--json", "69", "75"):
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
    for address in (f"unix:{path}", f"unix://{path}", f"text+unix://{path}"):
        assert push("u", "{}", server=address).stdout == b"ok\n"
    assert len(server.all_lines()) == 3


def test_server__abstract_unix_socket(push, line_server):
    name = f"wm-push-test-{os.getpid()}"
    line_server(family=socket.AF_UNIX, address=f"\0{name}")
    assert push("u", "{}", server=f"unix:@{name}").stdout == b"ok\n"


def test_server__as_wm_serve_prints_it(push, line_server):
    assert push("u", "{}", server=f"text://{line_server().address}").returncode == 0


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
    assert (process.returncode, out) == (75, b"")
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
        assert done.stdout == b"ok\nfail\nok\n"
        assert b"closed the connection" in done.stderr
        assert b"(2 ok, 1 fail, 7 not answered)" in done.stderr


def test_lines__the_server_closes_while_no_line_comes(start, line_server):
    server = line_server()
    process = start("-l", "u", server=server)
    process.stdin.write(b"x\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"ok\n"
    server.stop()
    assert process.wait(timeout=30) == 69
    assert b"closed the connection (1 ok, 0 fail, 0 not answered)" in process.stderr.read()


def test_lines__the_server_stops_answering(push, line_server):
    server = line_server(lambda line, number: OK if number < 2 else LineServer.NOTHING)
    done = push("--timeout", "200ms", "-l", "u", server=server, stdin=b"x\n" * 5)
    assert (done.returncode, done.stdout) == (75, b"ok\nok\n")
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
    assert push("--json", "-q", "u", "{}", server=line_server()).stdout == b""


def test_json__lines(push, line_server):
    server = line_server(lambda line, number: alternating(line, number) if number < 3 else LineServer.CLOSE)
    done = push("--json", "-l", "u", server=server, stdin=b'a\n{"uid":1}\nb\nc\nd\n')
    assert done.returncode == 69
    documents = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["push"], each["result"]) for each in documents[:-1]] == [(1, "ok"), (2, "bad"), (3, "fail"), (4, "ok"), (5, "lost")]
    assert "remove it" in documents[1]["reason"]
    assert "closed the connection" in documents[4]["reason"]
    assert documents[-1] == {"pushes": 5, "ok": 2, "fail": 1, "bad": 1, "lost": 1, "exit": 69}


def test_json__only_the_sum(push, line_server):
    done = push("--json", "-q", "-l", "u", server=line_server(alternating), stdin=b"a\nb\n")
    assert json.loads(done.stdout) == {"pushes": 2, "ok": 1, "fail": 1, "bad": 0, "lost": 0, "exit": 3}
    done = push("--json", "-l", "u", server=f"127.0.0.1:{free_port()}", stdin=b"a\n")
    assert json.loads(done.stdout) == {"pushes": 0, "ok": 0, "fail": 0, "bad": 0, "lost": 0, "exit": 69}


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


def test_stdout__a_full_disk_is_told(push, line_server):
    with open("/dev/full", "wb") as full:
        done = push("u", "{}", server=line_server(), stdout=full)
    assert done.returncode == 0
    assert b"cannot print the answers: No space left on device" in done.stderr


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
