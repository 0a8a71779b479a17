"""wm-push: several uids, groups, the verbs, and what it says of failures; against a server that a test controls, and against wm-serve."""
import json
import pathlib
import sys

import pytest
from line_server import EXPLAIN, FAIL, OK, LineServer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from push_fixtures import check_end, server, shared_server  # noqa: E402, F401
from push_processes import TwoProcesses  # noqa: E402
from ws_frames import CLOSE  # noqa: E402


def by_uid(answers):
    """Answers for lines by the uid in them."""
    def answer(line, _number):
        document = json.loads(line)
        return answers[document.get("uid") or document["wm"]["uid"]]
    return answer


def failure(why, detail):
    return b"fail " + json.dumps({"why": why, "detail": detail}).encode() + b"\n"


OFFLINE = failure("offline", "no page of that uid is connected")
UNKNOWN = failure("unknown", "a process has not answered")


# ---- several uids


def test_uids__each_gets_a_line_of_its_own(push, line_server):
    server = line_server(by_uid({"a": OK, "b,c": FAIL, "[d]": OK, "-e": OK}))
    done = push("--uid", "a", "--uid", "b,c", "--uid", "[d]", "--uid=-e", '{"x":1.50}', server=server)
    assert (done.returncode, done.stdout, done.stderr) == (3, b"ok\nfail\nok\nok\n", b"")
    assert server.all_lines() == [b'{"uid":"a","x":1.50}', b'{"uid":"b,c","x":1.50}', b'{"uid":"[d]","x":1.50}', b'{"uid":"-e","x":1.50}']
    assert server.connections == 1


@pytest.mark.parametrize("answers, code", [((OK, OK), 0), ((FAIL, FAIL), 1), ((OK, FAIL), 3), ((OK, UNKNOWN), 75), ((FAIL, UNKNOWN), 75)])
def test_uids__exit_codes(push, line_server, answers, code):
    server = line_server(lambda line, number: answers[number])
    assert push("-q", "--uid", "a", "--uid", "b", "{}", server=server).returncode == code


def test_uids__one_is_as_the_first_word(push, line_server):
    server = line_server()
    for words in (["--uid", "online", "{}"], ["online", "{}"], ["{}", "--uid", "online"], ["--uid", "online", "-k", "a=1"]):
        assert push(*words, server=server).stdout == b"ok\n"
    assert push("-l", "--uid", "online", server=server, stdin=b"x\n").stdout == b"ok\n"
    assert server.all_lines() == [b'{"uid":"online"}'] * 3 + [b'{"uid":"online","a":"1"}', b'{"uid":"online","line":"x"}']


def test_uids__json_has_the_uid(push, line_server):
    server = line_server(by_uid({"a": OK, "b": OFFLINE, "c": UNKNOWN}))
    done = push("--json", "--uid", "a", "--uid", "b", "--uid", "c", "[1]", server=server)
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"push": 1, "uid": "a", "result": "ok"},
        {"push": 2, "uid": "b", "result": "fail", "reason": "no page of that uid is connected"},
        {"push": 3, "uid": "c", "result": "unknown", "reason": "a process has not answered"},
    ]
    assert (done.returncode, done.stderr) == (75, b"")


def test_uids__many_large_bodies_are_sent_in_bounded_memory(push, line_server, tmp_path):
    server = line_server()
    body = tmp_path / "body"
    body.write_bytes(b'"' + b"x" * 700000 + b'"')
    uids = [word for number in range(60) for word in ("--uid", f"u{number}")]
    done = push(*uids, f"@{body}", server=server)
    assert (done.returncode, done.stdout) == (0, b"ok\n" * 60)
    assert [line.partition(b",")[0] for line in server.all_lines()] == [b'{"uid":"u%d"' % number for number in range(60)]


def test_uids__a_body_that_one_of_them_cannot_have_is_sent_to_none(push, line_server):
    server = line_server()
    body = b'"' + b"x" * ((1 << 20) - 100) + b'"'
    done = push("--uid", "a", "--uid", "b" * 200, "-", server=server, stdin=body)
    assert (done.returncode, done.stdout, server.connections) == (65, b"", 0)
    assert b"the push would have" in done.stderr


def test_uids__what_is_not_sent_is_lost(push, line_server):
    server = line_server(lambda line, number: [OK, LineServer.CLOSE])
    body = '"' + "x" * 100000 + '"'
    uids = [word for number in range(30) for word in ("--uid", f"u{number}")]
    done = push("--json", *uids, body, server=server)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 69
    assert [row["uid"] for row in results] == [f"u{number}" for number in range(30)]
    assert [row["result"] for row in results] == ["ok"] + ["lost"] * 29
    assert results[-1]["reason"] == "it was not sent, as the connection is lost"


# ---- groups


def test_group__gets_the_body_alone(push, line_server):
    server = line_server()
    assert push("--group", 'g"1', '{"x": 1.50}', server=server).stdout == b"ok\n"
    assert push("--group", "g", "--except", "a", "-k", "x=1", server=server).returncode == 0
    assert push("-l", "--group", "g", server=server, stdin=b'text\n{"y":2}\n').returncode == 0
    assert server.all_lines() == [
        b'{"wm":{"cmd":"push","group":"g\\"1"},"data":{"x": 1.50}}',
        b'{"wm":{"cmd":"push","group":"g","except":"a"},"data":{"x":"1"}}',
        b'{"wm":{"cmd":"push","group":"g"},"data":{"line":"text"}}',
        b'{"wm":{"cmd":"push","group":"g"},"data":{"y":2}}',
    ]


# ---- pages that read too slowly


def test_slow__pages_get_the_same_as_without(push, line_server):
    server = line_server()
    assert push("--latest", 'per"cent', "u", '{"x": 1.50}', server=server).stdout == b"ok\n"
    assert push("u", "-k", "x=1", "--slow", "drop-oldest", server=server).returncode == 0
    assert push("--uid", "a", "--uid", "b", "--slow", "close", "5", server=server).returncode == 0
    assert push("--group", "g", "--except", "a", "--latest", "k", "{}", server=server).returncode == 0
    assert push("-l", "--all", "--slow", "drop-oldest", server=server, stdin=b"text\n").returncode == 0
    assert push("-l", "--latest", "7", "u", server=server, stdin=b'text\n{"y":2}\n').returncode == 0
    assert server.all_lines() == [
        b'{"wm":{"cmd":"push","uid":"u","key":"per\\"cent"},"data":{"uid":"u","x": 1.50}}',
        b'{"wm":{"cmd":"push","uid":"u","slow":"drop_oldest"},"data":{"uid":"u","x":"1"}}',
        b'{"wm":{"cmd":"push","uid":"a","slow":"close"},"data":{"uid":"a","data":5}}',
        b'{"wm":{"cmd":"push","uid":"b","slow":"close"},"data":{"uid":"b","data":5}}',
        b'{"wm":{"cmd":"push","group":"g","except":"a","key":"k"},"data":{}}',
        b'{"wm":{"cmd":"broadcast","slow":"drop_oldest"},"data":{"line":"text"}}',
        b'{"wm":{"cmd":"push","uid":"u","key":"7"},"data":{"uid":"u","line":"text"}}',
        b'{"wm":{"cmd":"push","uid":"u","key":"7"},"data":{"uid":"u","y":2}}',
    ]


@pytest.mark.parametrize("words, error", [
    (["--latest", "", "u", "1"], "--latest is empty; it must have 1 to 255 bytes; is a variable not set?"),
    (["--latest", "k" * 256, "u", "1"], "--latest has 256 bytes; it must have 1 to 255"),
    (["--slow", "latest", "u", "1"], "--slow latest: give close or drop-oldest; to keep the last message alone, type --latest KEY"),
    (["--slow", "close", "--latest", "k", "u", "1"],
     "--latest and --slow exclude each other: --latest keeps the last message of its KEY; leave one out"),
    (["--online", "u", "--latest", "k"], "--latest is about a push, and --online pushes nothing; leave one out"),
    (["--kick", "u", "--slow", "close"], "--slow is about a push, and --kick pushes nothing; leave one out"),
])
def test_slow__what_is_wrong_is_said(push, line_server, words, error):
    done = push(*words, server=line_server())
    assert (done.returncode, done.stderr.decode().splitlines()[0]) == (2, f"wm-push: {error}")


def test_slow__by_wm_serve(push, server):
    inner = server.addresses["text"].split("://")[1]
    with server.page(b"u") as page:
        for words in (["--latest", "percent"], ["--slow", "close"], ["--slow", "drop-oldest"]):
            assert push(*words, "u", '{"percent":1.50}', server=inner).returncode == 0
            assert page.message() == b'{"uid":"u","percent":1.50}'


# ---- verbs


def test_verbs__lines(push, line_server):
    server = line_server()
    for words in (["--online", "a", "7"], ["--kick", "a"], ["--kick", "a", "--code", "4003", "--reason", 'bye "\u00e9'], ["--join", "g", "a"],
                  ["b", "--leave", "g"], ["--online", "--", "-x", "[a,b]", "c"], ["-n", "--kick", "--uid", "b", "a"]):
        assert push(*words, server=server).returncode == 0, words
    assert server.all_lines() == [line.encode() for line in (
        '{"wm":{"cmd":"online","uid":"a","reply":"json"}}', '{"wm":{"cmd":"online","uid":"7","reply":"json"}}',
        '{"wm":{"cmd":"kick","uid":"a","reply":"json"}}',
        '{"wm":{"cmd":"kick","uid":"a","code":4003,"reason":"bye \\"\u00e9","reply":"json"}}',
        '{"wm":{"cmd":"join","uid":"a","group":"g","reply":"json"}}', '{"wm":{"cmd":"leave","uid":"b","group":"g","reply":"json"}}',
        *('{"wm":{"cmd":"online","uid":"%s","reply":"json"}}' % uid for uid in ("-x", "[a,b]", "c")),
        '{"wm":{"cmd":"kick","uid":"a","reply":"json"}}', '{"wm":{"cmd":"kick","uid":"b","reply":"json"}}')]


def test_verbs__a_uid_that_could_be_split_is_refused(push, line_server):
    server = line_server()
    done = push("--kick", "a", "b", "[c,d]", server=server)
    assert (done.returncode, done.stderr) == (2, b"wm-push: a UID in brackets needs its flag; type --uid '[c,d]'\nTry wm-push --help.\n")
    assert push("--kick", "a", "b", "c", "--uid", "[c,d]", server=server).returncode == 0
    assert [json.loads(line)["wm"]["uid"] for line in server.all_lines()] == ["a", "b", "c", "[c,d]"]


def test_verbs__names_of_verbs_are_uids_like_others(push, line_server):
    server = line_server()
    for uid in ("online", "kick", "join", "leave"):
        for body in ('{"a":1}', "42", "[1]", '"x"'):
            assert push(uid, body, server=server).returncode == 0
    assert all(line.startswith(b'{"uid":"') for line in server.all_lines())


def test_verbs__print_answers_and_counts(push, line_server):
    server = line_server(by_uid({"a": b'ok {"connections":2}\n', "b": OFFLINE, "c": b'ok {"connections":1,"partial":true}\n'}))
    done = push("--online", "a", "b", "c", server=server)
    assert (done.returncode, done.stdout, done.stderr) == (3, b"ok\nfail\nok\n", b"")
    done = push("--json", "--online", "a", "b", "c", server=server)
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"push": 1, "uid": "a", "result": "ok", "connections": 2},
        {"push": 2, "uid": "b", "result": "fail", "reason": "no page of that uid is connected"},
        {"push": 3, "uid": "c", "result": "ok", "connections": 1, "partial": True},
    ]
    assert json.loads(push("--json", "--online", "a", server=server).stdout) == {"push": 1, "result": "ok", "connections": 2}


# ---- why it failed


def test_failures__say_why_unless_no_page_is_there(push, line_server):
    for answer, code, error in ((OFFLINE, 1, b""), (FAIL, 1, b""), (failure("full", "they read too slowly"), 1, b"wm-push: they read too slowly\n"),
                                (UNKNOWN, 75, b"wm-push: a process has not answered\n"),
                                (failure("unknown", "\x1b[1m"), 75, b"wm-push: \\x1b[1m\n"), (b"fail {no JSON\n", 1, b"")):
        done = push("u", "{}", server=line_server(lambda line, number, answer=answer: answer))
        assert (done.returncode, done.stdout, done.stderr) == (code, b"fail\n", error)
        done = push("-q", "u", "{}", server=line_server(lambda line, number, answer=answer: answer))
        assert (done.returncode, done.stdout, done.stderr) == (code, b"", b"")


def test_failures__of_lines_say_it_once_in_a_row(push, line_server):
    answers = [UNKNOWN, UNKNOWN, OK, OFFLINE, failure("full", "slow"), UNKNOWN]
    done = push("-l", "u", server=line_server(lambda line, number: answers[number]), stdin=b"x\n" * 6)
    assert (done.returncode, done.stdout) == (75, b"fail\nfail\nok\nfail\nfail\nfail\n")
    assert done.stderr == b"wm-push: a process has not answered\nwm-push: slow\nwm-push: a process has not answered\n"
    done = push("--json", "-q", "-l", "u", server=line_server(lambda line, number: answers[number]), stdin=b"x\n" * 6)
    assert json.loads(done.stdout) == {"pushes": 6, "ok": 1, "fail": 2, "unknown": 3, "bad": 0, "lost": 0, "exit": 75}


def test_failures__a_server_that_does_not_explain_is_fine(push, line_server):
    for answer, code in ((OK, 0), (FAIL, 1)):
        server = line_server(lambda line, number, answer=answer: answer, explains=False, says_end=False)
        assert push("u", "{}", server=server).returncode == code
        assert push("-l", "u", server=server, stdin=b"a\nb\n").returncode == code
    assert EXPLAIN not in server.all_lines()


# ---- against wm-serve


def address_of(push_server):
    return push_server.addresses["text"].removeprefix("text://")


def test_wm_serve__verbs_and_groups(push, server):
    inner = address_of(server)
    with server.page(b"a") as one, server.page(b"b") as two:
        assert push("--online", "a", "b", "c", server=inner).stdout == b"ok\nok\nfail\n"
        assert push("--join", "g", "a", "b", server=inner).returncode == 0
        assert push("--group", "g", "--except", "b", "[1]", server=inner).returncode == 0
        assert push("--leave", "g", "a", server=inner).returncode == 0
        assert push("--group", "g", "[2]", server=inner).returncode == 0
        assert push("--uid", "a", "--uid", "b", '{"x":1}', server=inner).returncode == 0
        assert push("--kick", "a", "--code", "4000", "--reason", "bye", server=inner).stdout == b"ok\n"
        assert one.messages(2) == [b"[1]", b'{"uid":"a","x":1}']
        frame = one.frame()
        assert (frame.opcode, frame.code, frame.payload[2:]) == (CLOSE, 4000, b"bye")
        assert two.messages(2) == [b"[2]", b'{"uid":"b","x":1}']
        assert push("--kick", "a", server=inner).returncode == 1


def test_wm_serve__with_a_frozen_process_is_unknown(push, tmp_path):
    two = TwoProcesses(tmp_path / "run")
    two.freeze()
    inner, here, there = address_of(two), two.here, two.there
    done = push("--timeout", "20s", there, "{}", server=inner)
    assert (done.returncode, done.stdout) == (75, b"fail\n")
    assert done.stderr == b"wm-push: a process of the server has not answered in time: a page may have it\n"
    assert push(here, "{}", server=inner).returncode == 0
    done = push("--json", "--timeout", "20s", "--uid", here, "--uid", there, "{}", server=inner)
    assert [json.loads(line)["result"] for line in done.stdout.splitlines()] == ["ok", "unknown"]
    assert done.returncode == 75
    assert push("--timeout", "20s", "--online", there, server=inner).returncode == 75
    check_end(two)
