"""Back ends of a push server of which one process is frozen: what is not known is told from what is not there, in the order of the lines."""
import json
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from instance import eventually  # noqa: E402
from push_fixtures import check_end  # noqa: E402
from push_processes import TwoProcesses  # noqa: E402

MAYBE = {"why": "unknown", "detail": "a process of the server has not answered in time: a page may have it", "maybe": True}
NOT_SENT = {"why": "unknown", "detail": "a process of the server cannot be asked now, and nothing was sent to it; try again"}
OFFLINE = {"why": "offline", "detail": "no page of that uid is connected"}


@pytest.fixture
def server(tmp_path):
    two = TwoProcesses(tmp_path / "run")
    yield two
    check_end(two)


def line(uid, **members):
    return json.dumps({"uid": uid, **members}).encode()


def in_json(uid):
    return line(uid, wm={"reply": "json"})


def command(cmd, data=None, **members):
    return json.dumps({"wm": {"cmd": cmd, **members}} | ({} if data is None else {"data": data})).encode()


def document(answer, word=b"fail"):
    given, _, text = answer.partition(b" ")
    assert given == word, answer
    return json.loads(text)


def test_all_commands__reach_the_other_process(server):
    here, there = server.here, server.there
    both = {here: {"connections": 1}, there: {"connections": 1}}
    for _ in range(3):  # back ends of both
        with server.lines() as lines:
            assert lines.ask(line([here, there])) == b"ok"
            assert document(lines.ask(in_json([here, there])), b"ok") == {"connections": 2, "uids": both}
            assert document(lines.ask(command("online", uid=[here, there, "x"], reply="json")), b"ok") == {
                "connections": 2, "uids": {**both, "x": OFFLINE}}
            assert document(lines.ask(command("join", uid=[here, there], group="g", reply="json")), b"ok")["connections"] == 2
            assert document(lines.ask(command("push", 1, group="g", reply="json")), b"ok") == {"connections": 2}
            assert document(lines.ask(command("push", 2, group="g", **{"except": here}, reply="json")), b"ok") == {"connections": 1}
            assert lines.ask(command("push", 3, group="g")) == b"ok"
            assert document(lines.ask(command("leave", uid=[here, there], group="g", reply="json")), b"ok")["connections"] == 2
            assert lines.ask(command("push", 4, group="g")) == b"fail"
            assert document(lines.ask(in_json("x"))) == OFFLINE
            assert (server.post(line(there)).status, server.post(line("x")).status) == (200, 404)
    with server.lines() as lines:
        assert document(lines.ask(command("kick", uid=[here, there], reply="json")), b"ok") == {"connections": 2, "uids": both}
    for uid, count in ((here, 12), (there, 18)):
        server.page_of(uid).messages(count)
        assert server.page_of(uid).frame().code == 1008


def test_a_thousand_uids__of_a_long_line_are_all_asked_about(server):
    uids = [f"{number:040}" for number in range(998)] + [server.here, server.there]  # 44 MB to the other process
    with server.lines() as lines:
        for _ in range(2):
            answer = document(lines.ask(in_json(uids)), b"ok")
            assert answer.pop("connections") == 2
            assert answer == {"uids": {uid: {"connections": 1} if uid in (server.here, server.there) else OFFLINE for uid in uids}}
        assert lines.ask(line(uids)) == b"ok"
        assert lines.ask(line(uids[:998])) == b"fail"
    assert server.post(line(uids)).status == 200


def test_frozen_process__answers_are_unknown_and_in_order(server):
    server.freeze()
    here, there = server.here, server.there
    with server.lines() as lines:
        answers = lines.ask_all(b"".join(text + b"\n" for text in (
            in_json(there), line(here), in_json("x"), line(there), line(["x", here]), in_json([here, there]), b"{}", line("x"))), 8)
        assert document(answers[0]) == MAYBE
        assert answers[1] == b"ok"
        assert document(answers[2]) == MAYBE  # of no uid is it known where it is not
        assert answers[3:5] == [b"fail", b"ok"]
        uids = {here: {"connections": 1, "partial": True}, there: MAYBE}
        assert document(answers[5], b"ok") == {"connections": 1, "partial": True, "uids": uids}
        assert answers[6:] == [b"fail", b"fail"]
        # It has not read for so long that it is asked no more.
        assert document(lines.ask(in_json(there))) == NOT_SENT
        assert document(lines.ask(command("online", uid=here, reply="json")), b"ok") == {"connections": 1, "partial": True}
    server.thaw()
    eventually(server.is_joined, "both processes are joined")
    with server.lines() as lines:
        eventually(lambda: lines.ask(in_json(there)) == b'ok {"connections":1}', "the process is asked again")
        assert document(lines.ask(in_json("x"))) == OFFLINE


def test_frozen_process__post_says_whether_to_try_again(server):
    server.freeze()
    first = server.post(line(server.there))
    assert (first.status, first.body, first.value(b"retry-after")) == (504, b"fail\n", None)
    again = server.post(in_json(server.there))
    assert (again.status, json.loads(again.body), again.value(b"retry-after")) == (503, NOT_SENT, b"1")
    assert server.post(line(server.here)).status == 200


def test_explain__tells_unknown_from_offline(server):
    with server.lines() as before:
        assert before.ask(command("explain")) == b"ok"
        assert document(before.ask(line("x"))) == OFFLINE
    server.freeze()
    with server.lines() as lines:
        assert lines.ask(command("explain")) == b"ok"
        assert lines.ask(line(server.here)) == b"ok"
        assert document(lines.ask(line(server.there))) == MAYBE
