"""Pages as other programs' scripts have them: a JSON login, a ping as text, a subprotocol, large cookies; and what debug logs of them."""
import os
import pathlib
import re
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from push_fixtures import start  # noqa: E402, F401
from push_lines import PUSH  # noqa: E402
from push_server import Page, clean_environment, connect, program, read_to_end  # noqa: E402
from ws_frames import CLOSE, TEXT, binary, request, text  # noqa: E402


def test_uid_key__takes_the_uid_from_the_login(start):
    server = start("--uid-key", "user")
    with server.page() as page, server.page() as number, server.lines() as lines:
        page.register('{"type":"login", "user":"uid1", "uid":"other"}')
        number.register(b'{"\\u0075ser":42}')
        assert lines.ask(PUSH) == b"ok"
        assert page.message() == PUSH
        assert lines.ask(b'{"uid":"other"}') == b"fail"
        assert lines.ask(b'{"uid":42}') == b"ok"
        assert number.message() == b'{"uid":42}'


@pytest.mark.parametrize("first", [text("uid1"), text('{"type":"login"}'), text('{"user":""}'), text('{"user":1.5}'), text('{"user":"a","user":"b"}'),
                                   text('{"user":"a"'), text('{"user":"%s"}' % ("u" * 256)), text(""), binary(b'{"user":"a"}')])
def test_uid_key__other_first_messages_are_closed_with_1008_and_the_reason(start, uid_key_server, first):
    with uid_key_server.page() as page:
        page.send(first)
        frame = page.frame()
        assert (frame.code, frame.payload[2:]) == (1008, b'the first message is a JSON object with the uid in "user"')


@pytest.fixture(scope="module")
def uid_key_server():
    from push_server import PushServer
    server = PushServer("--uid-key", "user")
    yield server
    assert server.stop() == (0, "")


def test_json_as_uid__without_the_flag_is_taken_and_the_log_names_the_flag(start):
    server = start()
    with server.page(b'{"type":"login","user":"7\\n"}'), server.lines() as lines:
        assert lines.ask(rb'{"uid":"{\"type\":\"login\",\"user\":\"7\\n\"}"}') == b"ok"
    code, error = server.stop()
    assert code == 0
    assert re.search(r"warning: the page of 127\.0\.0\.1:\d+ has JSON as its uid: --uid-key NAME takes the uid from a member of it\n", error), error
    assert "login" not in error


def test_text_ping__is_answered_before_the_uid_and_behind_it(start):
    server = start("--text-ping", "ping=pong")
    with server.page() as page, server.lines() as lines:
        page.send(text("ping"))
        assert page.message() == b"pong"
        page.register(b"uid1")
        assert lines.ask(b'{"uid":"ping"}') == b"fail"
        assert lines.ask(PUSH) == b"ok"
        assert page.message() == PUSH
        page.send(text("ping") + text("Ping") + binary(b"ping") + text("ping"))
        assert page.messages(2) == [b"pong"] * 2
        assert page.nothing_came()


def test_text_ping__is_off_by_default(start):
    server = start()
    with server.page(b"ping"), server.lines() as lines:
        assert lines.ask(b'{"uid":"ping"}') == b"ok"


def test_text_ping__a_flood_that_reads_no_answer_is_closed(start):
    server = start("--text-ping", "p=" + "x" * 1000)
    with server.page() as page:
        page.send(text("p") * 20000)
        answers = 0
        while (frame := page.frame()).opcode == TEXT:
            answers += 1
        assert (frame.opcode, frame.code) == (CLOSE, 1013)
        assert answers < 20000
    with server.page(b"uid1"), server.lines() as lines:
        assert lines.ask(PUSH) == b"ok"


def protocols(page):
    return [line.split(b": ")[1] for line in page.head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-protocol:")]


def test_subprotocol__the_first_offered_that_is_accepted_is_answered(start):
    server = start("--subprotocol", "chat.v2", "--subprotocol", "chat.v1")
    for offer, chosen in (([b"chat.v1"], [b"chat.v1"]), ([b"other, chat.v1 ,chat.v2"], [b"chat.v1"]), ([b"other", b"chat.v2"], [b"chat.v2"]),
                          ([b"Chat.v2"], []), ([], [])):
        with Page(server.addresses["websocket"], *[b"Sec-WebSocket-Protocol: " + value for value in offer]) as page:
            assert (page.status, protocols(page)) == (101, chosen), offer


def test_subprotocol__that_is_not_accepted_is_logged_with_the_flag(start):
    server = start()
    with Page(server.addresses["websocket"], b"Sec-WebSocket-Protocol: chat") as page:
        assert (page.status, protocols(page)) == (101, [])
    code, error = server.stop()
    assert code == 0
    assert re.search(r"warning: the page of 127\.0\.0\.1:\d+ offers the subprotocol 'chat', .*--subprotocol NAME accepts it$", error, re.M), error


def handshake(server, cookie):
    with connect(server.addresses["websocket"]) as sock:
        sock.sendall(request(extra=[b"Cookie: " + b"c" * cookie]))
        return sock.recv(100).split(b" ")[1]


def test_max_header__lets_large_cookies_in_on_both_ports(start):
    server = start("--max-header", "65536")
    assert handshake(server, 60000) == b"101"
    assert server.post(b'{"uid":"nobody"}', b"Cookie: " + b"c" * 60000).status == 404
    assert handshake(server, 66000) == b"431"


@pytest.mark.parametrize("scheme", ["websocket", "http"])
def test_max_header__over_it_the_answer_has_the_number_and_the_log_names_the_flag(start, scheme):
    server = start()
    with connect(server.addresses[scheme]) as sock:
        sock.sendall(request(extra=[b"Cookie: " + b"c" * 17000]))
        assert b"longer than max_header_bytes (16384 bytes)\n" in read_to_end(sock)
    code, error = server.stop()
    assert code == 0
    assert re.search(r"warning: refused 127\.0\.0\.1:\d+: the head .* longer than 16384 bytes: --max-header takes more$", error, re.M), error


def test_debug__shows_binds_pushes_and_refusals_without_payloads(start):
    server = start("--log-level", "debug")
    with server.page(b"uid1") as page, server.page() as bad, server.lines() as lines:
        bad.send(text(""))
        assert bad.close_code() == 1008
        assert lines.ask(PUSH) == b"ok"
        assert lines.ask(b'{"uid":"no\\nbody"}') == b"fail"
        assert lines.ask(b'{"wm":{"cmd":"broadcast"},"data":"secret"}') == b"ok"
        assert server.post(b"{}").status == 400
        assert server.post(PUSH, b"Origin: http://evil.example").status == 403
        page.messages(2)
    code, error = server.stop()
    assert code == 0
    for expected in (r"debug: the page of 127\.0\.0\.1:\d+ has the uid 'uid1'$",
                     r"debug: closed the page of 127\.0\.0\.1:\d+ with 1008: the first message is the uid: 1 to 255 bytes of text$",
                     r"debug: push to 'uid1': 1 connection, 30 bytes$",
                     r"debug: push to 'no\\x0abody': 0 connections, 18 bytes$",
                     r"debug: broadcast: 1 connection, 8 bytes$",
                     r'debug: refused a push: the object has no uid, add "uid":"NAME", at byte 0$',
                     r"debug: refused a POST /push of 127\.0\.0\.1:\d+: 403: a page of another origin may not push$"):
        assert re.search(expected, error, re.M), (expected, error)
    assert "88%" not in error and "secret" not in error


@pytest.mark.parametrize("flags, text", [
    (["--text-ping", "ping"], "--text-ping takes TEXT=ANSWER, for instance ping=pong, not 'ping'"),
    (["--text-ping", "=pong"], "--text-ping takes TEXT=ANSWER, for instance ping=pong, not '=pong'"),
    (["--subprotocol", "a, b"], "--subprotocol 'a, b': one name, without spaces, commas or slashes; repeat the flag for others"),
    (["--log-level", "verbose"], "--log-level takes debug, info, warning or error, not 'verbose'"),
    (["--max-header", "10"], "--max-header takes 64 to 1048576 bytes, not 10"),
    (["--uid-key", "k" * 65], "--uid-key takes a name of 1 to 64 bytes"),
])
def test_values__that_cannot_work_are_usage_errors(flags, text):
    done = subprocess.run([program(), "push", "--name", f"clients-{os.getpid()}", *flags], capture_output=True, timeout=30, check=False,
                          env=clean_environment())
    assert (done.returncode, done.stdout, done.stderr.decode()) == (2, b"", f"wm-serve push: {text}\n")
