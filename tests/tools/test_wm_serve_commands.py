"""The commands of back ends: several uids, groups, online and kick, over the inner port and over POST /push, plain and in JSON."""
import json
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from push_fixtures import lines, server, shared_server, start  # noqa: E402, F401
from push_lines import MAX_PUSH  # noqa: E402
from ws_frames import CLOSE  # noqa: E402

OFFLINE = {"why": "offline", "detail": "no page of that uid is connected"}


def command(cmd, data=None, **members):
    """A line with a command; members whose value is None are left out."""
    line = {"wm": {"cmd": cmd, **{name: value for name, value in members.items() if value is not None}}}
    if data is not None:
        line["data"] = data
    return json.dumps(line, separators=(",", ":")).encode()


class Inner:
    """The inner port as the tests ask both ports: the word of the answer, and its document."""

    def __init__(self, server):
        self.lines = server.lines()

    def ask(self, line):
        word, _, document = self.lines.ask(line).partition(b" ")
        assert word in (b"ok", b"fail")
        return word == b"ok", json.loads(document) if document else None


class Http:
    STATUS = {"offline": 404, "full": 404, "bad": 400}

    def __init__(self, server):
        self.server = server

    def ask(self, line):
        answer = self.server.post(line)
        if answer.value(b"content-type") == b"application/json":
            document = json.loads(answer.body)
            assert answer.status == (self.STATUS[document["why"]] if "why" in document else 200)
            return answer.status == 200, document
        assert (answer.status, answer.body) in ((200, b"ok\n"), (404, b"fail\n")) or answer.status == 400
        return answer.status == 200, None


@pytest.fixture(params=[Inner, Http])
def port(request, server):
    return request.param(server)


# ---- several uids


def test_several_uids__each_page_gets_the_whole_line_once(server, port):
    line = b'{"uid":["a", "b","a" , 7,"nobody"], "percent":1.50}'
    with server.page(b"a") as one, server.page(b"b") as two, server.page(b"7") as three:
        assert port.ask(line) == (True, None)
        for page in (one, two, three):
            assert page.message() == line
            assert page.nothing_came()


def test_several_uids__ok_if_one_of_them_is_there(server, port):
    with server.page(b"a") as page:
        assert port.ask(b'{"uid":["nobody","a"]}') == (True, None)
        assert port.ask(b'{"uid":["nobody","none"]}') == (False, None)
        assert page.message() == b'{"uid":["nobody","a"]}'
        assert page.nothing_came()


def test_several_uids__json_tells_of_each(server, port):
    line = b'{"uid":["a","nobody","a\\u00e9\\""],"wm":{"reply":"json"}}'
    with server.page(b"a") as one, server.page(b"a") as two, server.page('aé"'.encode()) as three:
        uids = {"a": {"connections": 2}, "nobody": OFFLINE, 'aé"': {"connections": 1}}
        assert port.ask(line) == (True, {"connections": 3, "uids": uids})
        assert one.message() == two.message() == three.message() == line
    assert port.ask(b'{"uid":["nobody"],"wm":{"reply":"json"}}') == (False, {**OFFLINE, "uids": {"nobody": OFFLINE}})


def test_several_uids__a_thousand(server, port):
    uids = [f"u{number}" for number in range(999)] + ["a"]
    with server.page(b"a") as page:
        ok, document = port.ask(json.dumps({"uid": uids, "wm": {"reply": "json"}}).encode())
        assert ok and document["connections"] == 1 and len(document["uids"]) == 1000
        page.message()
        assert page.nothing_came()
    assert port.ask(json.dumps({"uid": [*uids, "b"]}).encode()) == (False, None)


def test_push_command__pages_get_the_value_alone(server, port):
    with server.page(b"a") as one, server.page(b"b") as two:
        assert port.ask(b'{"wm":{"cmd":"push","uid":["a","b"],"reply":"json"},"data": [1.50] }') == (
            True, {"connections": 2, "uids": {"a": {"connections": 1}, "b": {"connections": 1}}})
        assert one.message() == two.message() == b"[1.50]"
        assert port.ask(b'{"data":"x","wm":{"cmd":"push","uid":"b"}}') == (True, None)
        assert two.message() == b'"x"'
        assert one.nothing_came()


# ---- groups


def test_groups__join_push_leave(server, port):
    with server.page(b"a") as one, server.page(b"a") as two, server.page(b"b") as three, server.page(b"c") as four:
        assert port.ask(command("join", uid="a", group="g", reply="json")) == (True, {"connections": 2})
        assert port.ask(command("join", uid="b", group="g")) == (True, None)
        assert port.ask(command("push", group="g", reply="json", data={"n": 1})) == (True, {"connections": 3})
        assert port.ask(command("push", group="g", data={"n": 2}, **{"except": "a"})) == (True, None)
        assert port.ask(command("leave", uid="a", group="g", reply="json")) == (True, {"connections": 2})
        assert port.ask(command("push", group="g", data={"n": 3}, reply="json")) == (True, {"connections": 1})
        assert port.ask(command("leave", uid="b", group="g")) == (True, None)
        assert port.ask(command("push", group="g", data={"n": 4})) == (False, None)
        assert one.message() == two.message() == b'{"n":1}'
        assert three.messages(3) == [b'{"n":1}', b'{"n":2}', b'{"n":3}']
        for page in (one, two, three, four):
            assert page.nothing_came()


def test_groups__of_nobody(server, port):
    assert port.ask(command("join", uid="nobody", group="g")) == (False, None)
    assert port.ask(command("join", uid="nobody", group="g", reply="json")) == (False, OFFLINE)
    with server.page(b"a"):
        assert port.ask(command("leave", uid="a", group="none", reply="json")) == (
            False, {"why": "offline", "detail": "no page of that uid is in that group"})
    assert port.ask(command("push", group="none", data=1, reply="json")) == (
        False, {"why": "offline", "detail": "no page took it: none is in that group, or they read too slowly"})


def test_groups__several_uids(server, port):
    with server.page(b"a") as one, server.page(b"b") as two:
        uids = {"a": {"connections": 1}, "nobody": OFFLINE, "b": {"connections": 1}}
        assert port.ask(command("join", uid=["a", "nobody", "b"], group=42, reply="json")) == (True, {"connections": 2, "uids": uids})
        assert port.ask(command("push", group="42", data="x")) == (True, None)
        assert one.message() == two.message() == b'"x"'
        assert port.ask(command("leave", uid=["a", "b"], group=42)) == (True, None)


def test_groups__a_page_can_be_in_many_and_then_in_no_more(server, port):
    with server.page(b"a"):
        for number in range(128):
            assert port.ask(command("join", uid="a", group=number)) == (True, None)
        assert port.ask(command("join", uid="a", group="one more", reply="json")) == (
            False, {"why": "full", "detail": "no page of that uid could join: each is in as many groups as it may be"})
        assert port.ask(command("join", uid="a", group=0)) == (True, None)


# ---- online and kick


def test_online(server, port):
    assert port.ask(command("online", uid="a")) == (False, None)
    assert port.ask(command("online", uid="a", reply="json")) == (False, OFFLINE)
    with server.page(b"a") as one, server.page(b"a") as two, server.page(b"b") as three:
        assert port.ask(command("online", uid="a")) == (True, None)
        assert port.ask(command("online", uid="a", reply="json")) == (True, {"connections": 2})
        assert port.ask(command("online", uid=["a", "b", "c"], reply="json")) == (
            True, {"connections": 3, "uids": {"a": {"connections": 2}, "b": {"connections": 1}, "c": OFFLINE}})
        for page in (one, two, three):
            assert page.nothing_came()


@pytest.mark.parametrize("members, code, reason", [({}, 1008, b""), ({"code": 4003, "reason": "signed out: \u00e9"}, 4003, "signed out: \u00e9".encode()),
                                                   ({"reason": "r" * 123}, 1008, b"r" * 123)])
def test_kick__closes_every_page_of_the_uid(server, port, members, code, reason):
    with server.page(b"a") as one, server.page(b"a") as two, server.page(b"b") as three:
        assert port.ask(command("kick", uid="a", reply="json", **members)) == (True, {"connections": 2})
        for page in (one, two):
            frame = page.frame()
            assert (frame.opcode, frame.code, frame.payload[2:]) == (CLOSE, code, reason)
        assert three.nothing_came()
        assert port.ask(command("online", uid="a")) == (False, None)
    assert port.ask(command("kick", uid="a", **members)) == (False, None)


def test_kick__several_uids_plain(server, port):
    with server.page(b"a") as one, server.page(b"b") as two:
        assert port.ask(command("kick", uid=["a", "b", "c"])) == (True, None)
        assert one.close_code() == two.close_code() == 1008


# ---- what is wrong

WRONG = {
    b'{"wm":{"cmd":"poke","reply":"json"}}': "the cmd must be push, broadcast, join, leave, online, kick, ticket, explain or notify_end, at byte 13",
    b'{"wm":{"reply":"json","cmd":"join","uid":"a"}}': 'join has the form {"wm":{"cmd":"join","uid":UID,"group":GROUP}}, at byte 1',
    b'{"wm":{"reply":"json","cmd":"push","group":"g","except":["a"]},"data":1}':
        "except must be one uid, a string of 1 to 255 bytes or an integer, at byte 56",
    b'{"wm":{"reply":"json","cmd":"push","group":["g"]},"data":1}': "the group must be a string of 1 to 255 bytes, or an integer, at byte 43",
    b'{"wm":{"reply":"json","cmd":"online","uid":["a",1.5]}}': "the uid must be a string, or an integer without fraction or exponent, at byte 48",
    b'{"wm":{"reply":"json","cmd":"kick","uid":"a","code":1005}}':
        "the code must be an integer: 1000 to 1003, 1007 to 1014, or 3000 to 4999, at byte 52",
    b'{"wm":{"reply":"json","cmd":"kick","uid":"a","reason":4}}': "the reason must be a string of at most 123 bytes, at byte 54",
    b'{"wm":{"reply":"json","cmd":"online","uid":[]}}': "the list of uids is empty, name at least one, at byte 43",
}


@pytest.mark.parametrize("line, detail", WRONG.items())
def test_wrong_input__says_what_is_right_and_where(server, port, line, detail):
    with server.page(b"a") as page:
        assert port.ask(line) == (False, {"why": "bad", "detail": detail})
        assert port.ask(line.replace(b'"reply":"json",', b"").replace(b',"reply":"json"', b"")) == (False, None)
        assert page.nothing_came()


@pytest.mark.parametrize("cmd", ["notify_end", "explain"])
def test_commands_of_a_connection__are_for_the_inner_port(server, cmd):
    answer = server.post(command(cmd))
    assert (answer.status, answer.body) == (400, f"400: {cmd} is for the inner port only, at byte 0\n".encode())


# ---- explain


def failed(answer):
    word, _, document = answer.partition(b" ")
    assert word == b"fail"
    return json.loads(document)


def test_explain__failures_say_why_and_pages_get_the_line_as_before(server):
    with server.lines() as lines, server.lines() as others, server.page(b"a") as page:
        assert lines.ask(command("explain")) == b"ok"
        assert lines.ask(b'{"uid":"a"}') == b"ok"
        assert failed(lines.ask(b'{"uid":"b"}')) == OFFLINE
        assert failed(lines.ask(b'{"uid":["b"]}')) == {**OFFLINE, "uids": {"b": OFFLINE}}
        assert failed(lines.ask(b"[]")) == {"why": "bad", "detail": "not a JSON object, it must begin with {, at byte 0"}
        assert failed(lines.ask(b"x" * (MAX_PUSH + 1))) == {"why": "bad", "detail": "the line is longer than the server takes, at byte 1048576"}
        assert lines.ask(b'{"uid":["a","b"]}') == b"ok"
        assert lines.ask(b'{"uid":"a","wm":{"reply":"json"}}') == b'ok {"connections":1}'
        assert others.ask(b'{"uid":"b"}') == b"fail"
        assert page.messages(3) == [b'{"uid":"a"}', b'{"uid":["a","b"]}', b'{"uid":"a","wm":{"reply":"json"}}']


def test_explain__and_notify_end_on_one_connection(start):
    server = start()
    with server.lines() as lines:
        assert lines.ask_all(b"".join(command(cmd) + b"\n" for cmd in ("notify_end", "explain", "notify_end")), 3) == [b"ok"] * 3
        assert failed(lines.ask(b'{"uid":"b"}')) == OFFLINE
        assert server.stop()[0] == 0
        assert lines.answer() == b"end"


def test_explain__full_is_told_from_offline(start):
    server = start()
    with server.page(b"slow"), server.lines() as lines:
        assert lines.ask(command("explain")) == b"ok"
        line = b'{"uid":"slow","x":"' + b"x" * (MAX_PUSH - 1000) + b'"}'
        answer = b"ok"
        while answer == b"ok":
            answer = lines.ask(line)
        assert failed(answer) == {"why": "full", "detail": "no page took it: they read too slowly, and their queues are full"}


# ---- order


def compact(document):
    return json.dumps(document, separators=(",", ":")).encode()


def test_answers__stand_in_the_order_of_the_lines(server):
    rows = [
        (b'{"uid":["b","a"]}', b"ok"),
        (command("online", uid="b"), b"fail"),
        (command("online", uid=["a", "b"], reply="json"), b"ok " + compact({"connections": 1, "uids": {"a": {"connections": 1}, "b": OFFLINE}})),
        (b"x", b"fail"),
        (command("join", uid="a", group="g"), b"ok"),
        (b'{"uid":"b","wm":{"reply":"json"}}', b"fail " + compact(OFFLINE)),
    ]
    with server.lines() as lines, server.page(b"a"):
        assert lines.ask_all(b"".join(line + b"\n" for line, _ in rows) * 50, 300) == [answer for _, answer in rows] * 50
