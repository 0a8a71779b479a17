"""The push server as back ends see it: what a line does, what is answered, and what reaches the page."""
import json
import pathlib
import re
import signal
import socket
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from push_fixtures import lines, page, server, shared_server, start  # noqa: E402, F401
from push_lines import BAD_LINES, MAX_PUSH, PUSH  # noqa: E402
from push_server import MessageReader, clean_environment  # noqa: E402


@pytest.mark.parametrize(
    "line",
    [
        PUSH,
        b'{"percent":"88%","uid":"uid1"}',
        b' \t{ "uid" : "uid1" , "percent" : "88%" } \t',
        b'{"uid":"uid1","id":12345678901234567890,"price":1.50,"path":"a\\/b","e":1e2,"z":-0}',
        '{"uid":"uid1","text":"κόσμε 再見 🎉 \\u00e9 \\ud83c\\udf89"}'.encode(),
        b'{"uid":"uid1","deep":{"uid":"other","list":[1,[2,{"uid":[]}]]}}',
        b'{"uid":"uid1","deep":{"wm":1}}',
        b'{"\\u0075id":"ui\\u00641"}',
        b'{"uid":"uid1","a":1,"a":2}',
        b'{"uid":"uid1","nul":"\\u0000"}',
    ],
)
def test_push__page_gets_the_line_byte_for_byte(page, lines, line):
    assert lines.ask(line) == b"ok"
    assert page.message() == line


def test_push__page_can_parse_it(server, page, lines):
    """What the page is sent is what its own code can parse."""
    assert lines.ask(PUSH) == b"ok"
    assert json.loads(page.message()) == {"uid": "uid1", "percent": "88%"}


def test_push__cr_before_the_line_end_is_dropped(page, lines):
    assert lines.ask(PUSH + b"\r") == b"ok"
    assert page.message() == PUSH


def test_push__unknown_uid_fails(lines):
    assert lines.ask(b'{"uid":"nobody"}') == b"fail"


def test_push__integer_uid_is_its_decimal_text(server, lines):
    for uid in (b"42", b"-7", b"0", b"12345678901234567890"):
        with server.page(uid) as page:
            line = b'{"uid":' + uid + b"}"
            assert lines.ask(line) == b"ok"
            assert page.message() == line
            assert lines.ask(b'{"uid":"' + uid + b'"}') == b"ok"
            page.message()


def test_push__uids_of_every_allowed_length(server, lines):
    for uid in (b"u", b"u" * 255, "再".encode() * 85):
        with server.page(uid) as page:
            line = b'{"uid":"' + uid + b'"}'
            assert lines.ask(line) == b"ok"
            assert page.message() == line


def test_push__uid_with_a_nul_is_not_cut_at_it(server, page, lines):
    assert lines.ask(b'{"uid":"uid1\\u0000"}') == b"fail"
    assert lines.ask(b'{"uid":"uid1\\u0000more"}') == b"fail"
    assert page.nothing_came()
    with server.page(b"a\0b") as other:
        assert lines.ask(b'{"uid":"a\\u0000b"}') == b"ok"
        other.message()


def test_push__line_of_a_mebibyte(page, lines):
    line = b'{"uid":"uid1","x":"' + b"y" * (MAX_PUSH - 21) + b'"}'
    assert len(line) == MAX_PUSH
    assert lines.ask(line) == b"ok"
    assert page.message() == line


@pytest.mark.parametrize("line", BAD_LINES.values(), ids=BAD_LINES.keys())
def test_bad_line__fails_and_the_connection_lives_on(page, lines, line):
    assert lines.ask(line) == b"fail"
    assert page.nothing_came()
    assert lines.ask(PUSH) == b"ok"
    assert page.message() == PUSH


@pytest.mark.parametrize("size", [MAX_PUSH + 1, 2 << 20, 20 << 20])
def test_long_line__fails_once_and_is_skipped_to_its_end(page, lines, size):
    long_line = b'{"uid":"uid1","x":"' + b"y" * (size - 21) + b'"}'
    assert lines.ask_all(long_line + b"\n" + PUSH + b"\n" + b"x\n", 3) == [b"fail", b"ok", b"fail"]
    assert page.message() == PUSH
    assert page.nothing_came()


def test_long_line__is_not_answered_before_its_place(page, lines):
    data = PUSH + b"\n" + b"y" * (2 << 20) + b"\n" + PUSH + b"\n"
    assert lines.ask_all(data, 3) == [b"ok", b"fail", b"ok"]
    assert page.messages(2) == [PUSH, PUSH]


def test_last_line_without_its_end_is_no_push(server, page):
    with server.lines() as lines:
        lines.sock.sendall(PUSH)
        lines.sock.shutdown(socket.SHUT_WR)
        assert lines.sock.recv(100) == b""
    assert page.nothing_came()


# ---- many lines ----


def test_10000_pipelined_lines_are_answered_in_order(page, lines):
    """Every third line is invalid and every seventh for an unknown uid, so that reordered answers would be detected."""
    sent, expected, pushed = [], [], []
    for i in range(10000):
        if i % 3 == 0:
            sent.append(b"bad %d" % i)
        elif i % 7 == 0:
            sent.append(b'{"uid":"nobody%d"}' % i)
        else:
            sent.append(b'{"uid":"uid1","n":%d}' % i)
            pushed.append(sent[-1])
        expected.append(b"ok" if pushed and pushed[-1] is sent[-1] else b"fail")
    reader = MessageReader(page, len(pushed))
    assert lines.ask_all(b"\n".join(sent) + b"\n", len(sent)) == expected
    assert reader.result() == pushed


SENDS = re.compile(r"(?:sendto|sendmsg|sendmmsg|write|writev)\(\d+<(TCP:\[[^\]]*\])>", re.ASCII)


def count_sends(server, tmp_path, act):
    """The calls that send on each socket of the server while act() runs, counted by the name strace gives the socket."""
    log = tmp_path / "strace"
    tracer = subprocess.Popen(
        ["strace", "-f", "-yy", "-p", str(server.serving_pid), "-e", "trace=sendto,sendmsg,sendmmsg,write,writev", "-o", str(log)],
        stderr=subprocess.PIPE,
        env=clean_environment(),
    )
    # It says so when it is attached: only then does it see everything.
    first = tracer.stderr.readline()
    assert b"attached" in first, first
    act()
    tracer.send_signal(signal.SIGINT)
    tracer.communicate(timeout=60)
    counts = {}
    for line in log.read_text(errors="replace").splitlines():
        if match := SENDS.search(line):
            counts[match[1]] = counts.get(match[1], 0) + 1
    return counts


def test_1000_pushes_in_one_write_cost_fewer_than_50_sends(start, tmp_path):
    server = start()
    count = 1000
    line = b'{"uid":"uid1","n":%d}'
    pushed = [line % (1000 + i) for i in range(count)]
    with server.page(b"uid1") as page, server.lines() as lines:

        def act():
            lines.sock.sendall(b"\n".join(pushed) + b"\n")
            assert [lines.answer() for _ in range(count)] == [b"ok"] * count
            assert page.messages(count) == pushed

        counts = count_sends(server, tmp_path, act)
        page_calls = [calls for name, calls in counts.items() if f":{page.port}]" in name]
        line_calls = [calls for name, calls in counts.items() if f":{lines.sock.getsockname()[1]}]" in name]
        assert len(page_calls) == 1 and 0 < page_calls[0] < 50, counts
        assert len(line_calls) == 1 and 0 < line_calls[0] < 50, counts
