"""The answers of the inner port and of POST /push in JSON, and what the log says of lines that are refused."""
import json
import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from push_fixtures import lines, page, server, shared_server, start  # noqa: E402, F401
from push_lines import MAX_PUSH, PUSH  # noqa: E402

JSON = b'"wm":{"reply":"json"}'
KICK_FORM = 'kick has the form {"wm":{"cmd":"kick","uid":UID,"code":4000,"reason":TEXT}}; code and reason are optional'


def failed(answer):
    word, _, document = answer.partition(b" ")
    assert word == b"fail"
    return json.loads(document)


def test_json_reply__counts_the_connections_and_the_page_gets_the_line_as_it_came(server, lines):
    line = b'{"uid":"tabs", "percent":1.50, ' + JSON + b"}"
    with server.page(b"tabs") as one, server.page(b"tabs") as two:
        assert lines.ask(line) == b'ok {"connections":2}'
        assert one.message() == two.message() == line
        answer = server.post(line)
        assert (answer.status, answer.value(b"content-type"), answer.body) == (200, b"application/json", b'{"connections":2}\n')
        assert one.message() == two.message() == line


def test_json_reply__of_a_broadcast(server, page, lines):
    with server.page(b"other") as other:
        assert lines.ask(b'{"wm":{"cmd":"broadcast","reply":"json"},"data":[1]}') == b'ok {"connections":2}'
        assert page.message() == other.message() == b"[1]"


def test_json_reply__offline(server, lines):
    expected = {"why": "offline", "detail": "no page of that uid is connected"}
    assert failed(lines.ask(b'{"uid":"nobody",' + JSON + b"}")) == expected
    answer = server.post(b'{"uid":"nobody",' + JSON + b"}")
    assert (answer.status, json.loads(answer.body)) == (404, expected)
    with server.page() as unnamed:
        unnamed.settle()
        assert failed(lines.ask(b'{"wm":{"cmd":"broadcast","reply":"json"},"data":1}')) == {"why": "offline", "detail": "no page is connected"}


BAD = {
    b"{" + JSON + b"}": 'the object has no uid, add "uid":"NAME", at byte 0',
    b"{" + JSON + b',"uid":1.5}': "the uid must be a string, or an integer without fraction or exponent, at byte 29",
    b"{" + JSON + b',"uid":"uid1"': 'the text ends in the middle of a value, a closing ", ] or } is missing, at byte 35',
    b'{"uid":"uid1","wm":{"reply":"json","cmd":"kick"}}': KICK_FORM + ", at byte 1",
    b'{"wm":{"cmd":"kick","reply":"json"},"uid":"uid1"}': KICK_FORM + ", at byte 36",
}


@pytest.mark.parametrize("line, detail", BAD.items())
def test_json_reply__bad_says_what_and_where(server, page, lines, line, detail):
    assert failed(lines.ask(line)) == {"why": "bad", "detail": detail}
    answer = server.post(line)
    assert (answer.status, json.loads(answer.body)) == (400, {"why": "bad", "detail": detail})
    assert page.nothing_came()


@pytest.mark.parametrize("line", [b'{"uid":"uid1",,' + JSON + b"}", b'{"uid":"uid1","wm":{"reply":"xml"}}', b'{"uid":"uid1","wm":{}}', b'{"a":1}'])
def test_json_reply__that_was_not_asked_for_or_not_read_is_a_plain_fail(lines, line):
    assert lines.ask(line) == b"fail"


@pytest.mark.parametrize("broadcast", [False, True])
def test_json_reply__full_is_told_from_offline(start, broadcast):
    server = start()
    with server.page(b"slow"), server.lines() as lines:
        fill = b'"' + b"x" * (MAX_PUSH - 1000) + b'"'
        line = b'{"wm":{"cmd":"broadcast","reply":"json"},"data":' + fill + b"}" if broadcast else b'{"uid":"slow",' + JSON + b',"x":' + fill + b"}"
        answers = [lines.ask(line) for _ in range(30)]
    first = next(answer for answer in answers if answer != b'ok {"connections":1}')
    assert failed(first) == {"why": "full", "detail": "no page took it: they read too slowly, and their queues are full"}


def test_bad_lines__are_logged_once_a_second_escaped_with_reason_and_place(start):
    server = start()
    with server.lines() as lines:
        for line in (b'{"uid":"a" "\x1b[2J\xff', *[b"x"] * 20):
            assert lines.ask(line) == b"fail"
        assert lines.ask(PUSH) == b"fail"  # is no bad line
    code, error = server.stop()
    logged = error.splitlines()
    assert code == 0 and 1 <= len(logged) < 10
    assert re.search(r"warning: text://127\.0\.0\.1:\d+: refused a line of 127\.0\.0\.1:\d+: expected a comma or a closing bracket, at byte 11: "
                     r'\{"uid":"a" "\\x1b\[2J\\xff$', logged[0]), logged


def test_long_line__is_logged_with_the_limit(start):
    server = start()
    with server.lines() as lines:
        assert lines.ask(b"x" * (MAX_PUSH + 1)) == b"fail"
    assert "it is longer than 1048576 bytes" in server.stop()[1]
