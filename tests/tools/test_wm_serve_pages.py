"""The push server as pages see it: uids, delivery, and closes."""
import pathlib
import socket
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from push_fixtures import lines, page, server, shared_server, start  # noqa: E402, F401
from push_lines import PUSH  # noqa: E402
from ws_frames import CLOSE, PING, TEXT, binary, close, more, pong, text  # noqa: E402


def test_two_tabs_with_one_uid_both_get_it(server, lines):
    with server.page(b"tabs") as older, server.page(b"tabs") as newer:
        line = b'{"uid":"tabs","n":1}'
        assert lines.ask(line) == b"ok"
        assert older.message() == line
        assert newer.message() == line


@pytest.mark.parametrize("how", ["close frame", "end of tcp", "reset"])
@pytest.mark.parametrize("leaves", ["older", "newer"])
def test_one_tab_leaves_and_the_other_stays_reachable(server, lines, how, leaves):
    """The page of the example this server is made after forgets the newer tab when the older one closes."""
    older, newer = server.page(b"leave"), server.page(b"leave")
    gone, stays = (older, newer) if leaves == "older" else (newer, older)
    if how == "close frame":
        gone.send(close(1001))
        assert gone.frame().opcode == CLOSE
    elif how == "reset":
        gone.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    gone.close()
    stays.settle()
    line = b'{"uid":"leave","n":1}'
    assert lines.ask(line) == b"ok"
    assert stays.message() == line
    stays.send(close(1000))
    assert stays.frame().opcode == CLOSE
    assert stays.frame() is None
    assert lines.ask(line) == b"fail"
    stays.close()


def test_17th_tab_replaces_the_oldest(server, lines):
    tabs = [server.page(b"sixteen") for _ in range(16)]
    line = b'{"uid":"sixteen"}'
    assert lines.ask(line) == b"ok"
    assert [tab.message() for tab in tabs] == [line] * 16
    tabs.append(server.page(b"sixteen"))
    assert tabs[0].close_code() == 1008
    assert lines.ask(line) == b"ok"
    assert [tab.message() for tab in tabs[1:]] == [line] * 16
    for tab in tabs:
        tab.close()


def test_page_is_sent_nothing_but_pushes(page):
    assert page.nothing_came()


def test_only_the_first_message_of_a_page_is_a_uid(server, lines):
    with server.page(b"first") as page:
        page.send(text("second") + text("{}") + binary(b"\0"))
        page.settle()
        assert lines.ask(b'{"uid":"second"}') == b"fail"
        assert lines.ask(b'{"uid":"first"}') == b"ok"
        assert page.message() == b'{"uid":"first"}'


def test_uid_in_fragments_is_one_uid(server, lines):
    with server.page() as page:
        page.send(text("frag", fin=False) + more("ment"))
        page.settle()
        assert lines.ask(b'{"uid":"fragment"}') == b"ok"
        page.message()


@pytest.mark.parametrize(
    "first", [text(""), binary(b"uid1"), text("u" * 256), text("再" * 86), binary(b"")], ids=["empty", "binary", "256 bytes", "258 bytes", "empty binary"]
)
def test_bad_uid__closed_with_1008(server, first):
    with server.page() as page:
        page.send(first)
        assert page.close_code() == 1008


def test_page_that_never_says_its_uid_is_closed_and_may_try_again(start):
    server = start("--uid-timeout", "1s")
    with server.page() as silent, server.page(b"uid1") as named:
        assert silent.close_code() == 1013
        assert named.nothing_came()
    assert server.stop() == (0, "")


@pytest.mark.parametrize("size, code", [(64 << 10, None), ((64 << 10) + 1, 1009)])
def test_message_of_a_page_over_64_kib__1009(server, size, code):
    with server.page(b"big") as page:
        page.send(text("x" * size))
        if code is None:
            page.settle()
        else:
            assert page.close_code() == code


def test_page_without_uid_gets_no_broadcast(server, lines, page):
    with server.page() as unnamed:
        assert lines.ask(b'{"wm":{"cmd":"broadcast"},"data":1}') == b"ok"
        assert page.message() == b"1"
        assert unnamed.nothing_came()


@pytest.mark.parametrize(
    "value", [b'{"a": 1.50,"b":"x\\/y"}', b"12345678901234567890", b'"text"', b"[1, 2 ,3]", b"null", b"true", '"再見"'.encode(), b"{}"]
)
def test_broadcast__every_page_gets_the_value_byte_for_byte(server, lines, page, value):
    with server.page(b"other") as other:
        assert lines.ask(b'{"wm":{"cmd":"broadcast"},"data":' + value + b"}") == b"ok"
        assert page.message() == value
        assert other.message() == value
        assert lines.ask(b'{ "data" : ' + value + b' , "wm" : { "cmd" : "broadcast" } }') == b"ok"
        assert page.message() == value
        assert other.message() == value


def test_broadcast__to_nobody_fails(start):
    with start().lines() as lines:
        assert lines.ask(b'{"wm":{"cmd":"broadcast"},"data":1}') == b"fail"


def test_slow_reader__is_dropped_with_1013_and_the_others_live(start):
    server = start()
    slow, quick = server.page(b"both"), server.page(b"both")
    pushed = [b'{"uid":"both","n":%d,"x":"%s"}' % (i, b"y" * 100_000) for i in range(200)]
    with server.lines() as lines:
        # 20 MB: more than the sockets' buffers and max_send_buffer together. The quick tab takes each, so each is ok.
        for line in pushed:
            assert lines.ask(line) == b"ok"
            assert quick.message() == line
        taken = 0
        while (frame := slow.frame()) is not None and frame.opcode == TEXT:
            assert frame.payload == pushed[taken], "a slow page has gaps at its end only"
            taken += 1
        assert frame is None or frame.code == 1013
        assert 0 < taken < len(pushed)
        quick.send(close(1000))
        assert quick.frame().opcode == CLOSE
        assert quick.frame() is None
        slow.close()
        with server.page(b"new") as page:
            assert lines.ask(b'{"uid":"new"}') == b"ok"
            page.message()
    quick.close()
    assert server.stop() == (0, "")


def test_back_end_that_reads_no_answers_does_not_stop_the_others(server, lines, page):
    with server.lines() as deaf:
        deaf.sock.setblocking(False)
        data = b"x\n" * 100_000
        for _ in range(400):
            try:
                deaf.sock.send(data)
            except BlockingIOError:
                break
        assert lines.ask(PUSH) == b"ok"
        assert page.message() == PUSH


def test_ping__unanswered_ends_the_page_and_answered_does_not(start):
    server = start("--ping", "1s", "--pong-timeout", "1s")
    with server.page(b"deaf") as deaf, server.page(b"alive") as alive:
        assert deaf.raw_frame().opcode == PING
        frame = alive.raw_frame()
        assert frame.opcode == PING
        alive.send(pong(frame.payload))
        # The page that answered is still there when the other one has gone.
        while (frame := deaf.raw_frame()) is not None:
            assert frame.opcode in (PING, CLOSE)
        with server.lines() as lines:
            assert lines.ask(b'{"uid":"alive"}') == b"ok"
            assert alive.message() == b'{"uid":"alive"}'
            assert lines.ask(b'{"uid":"deaf"}') == b"fail"
