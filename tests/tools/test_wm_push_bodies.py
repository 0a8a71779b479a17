"""wm-push: one push, the bytes that the server gets for it, and bodies that cannot be pushed."""

import json
import os

import pytest
from line_server import FAIL, OK

MAX_PUSH = 1 << 20


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
