"""Sessions: their cookie, where they are stored, ids that a client makes up."""
import json
import os
import re
import time

import pytest

from php_program import eventually, request

ID = re.compile(r"[A-Za-z0-9,-]{16,256}")


@pytest.fixture(scope="module")
def server(shared_program):
    return shared_program("sessions", kind="files").start()


def ask(server, target, *headers, cookie=None):
    """The answer, and the cookies that it sets, by their names: [value, attributes...]."""
    with server.connect() as peer:
        peer.send(request("GET", target, *headers, *([f"Cookie: {cookie}"] if cookie else [])))
        answer = peer.read_answer()
    pairs = [value.decode().split("; ") for value in answer.values(b"set-cookie")]
    return answer, {pair.split("=")[0]: [pair.split("=")[1], *attributes] for pair, *attributes in pairs}


def told(server, target, session=None):
    return json.loads(ask(server, target, cookie=session and f"PHPSID={session}")[0].body)


def begun(server, **_):
    """The id of a session that has foo."""
    answer, cookies = ask(server, "/set")
    assert json.loads(answer.body) == cookies["PHPSID"][0]
    return cookies["PHPSID"][0]


def stored(server):
    return {path.name.removeprefix("session_") for path in (server.directory / "sessions").iterdir()}


# ---- what a client sees

def test_session__is_there_for_the_next_request_until_it_is_pulled(server):
    session = begun(server)
    assert [told(server, f"/{path}", session) for path in ("get", "pull", "get")] == ["bar", "bar", "none"]


def test_cookie__is_sent_once_and_hidden_from_scripts(server):
    answer, cookies = ask(server, "/set")
    session, *attributes = cookies["PHPSID"]
    assert len(answer.values(b"set-cookie")) == 1
    assert ID.fullmatch(session) and attributes == ["Path=/", "HttpOnly"]
    assert ask(server, "/get", cookie=f"PHPSID={session}")[1] == {}
    assert ask(server, "/get", cookie=f'PHPSID="{session}"')[1] == {}


def test_cookie__is_not_sent_for_requests_without_a_session(server):
    assert ask(server, "/")[1] == {}


def test_cookie__stands_beside_those_of_the_response(server):
    assert set(ask(server, "/response")[1]) == {"PHPSID", "own"}


def test_cookie__has_the_attributes_of_the_program(shared_program):
    server = shared_program("sessions", kind="cookie").start()
    for target in ("/set", "/regenerate", "/regenerate?twice=1&delete=1", f"/switch?id={'a' * 32}"):
        answer, cookies = ask(server, target)
        assert len(answer.values(b"set-cookie")) == 1
        assert cookies["OWN"][1:] == ["Domain=example.com", "Max-Age=7200", "Path=/path", "Secure", "SameSite=Strict"]


def test_later__session_of_an_answer_that_comes_later(server):
    answer, cookies = ask(server, "/later")
    assert told(server, "/get", cookies["PHPSID"][0]) == "later" and json.loads(answer.body) == cookies["PHPSID"][0]


@pytest.mark.differs
def test_cookie__never_goes_to_the_next_response(server):
    """Behind a proxy the next request of a connection may be another client's."""
    with server.connect() as peer:
        peer.send(request("GET", "/raw") + request("GET", "/"))
        assert [peer.read_answer().values(b"set-cookie") for _ in range(2)] == [[], []]
        peer.send(request("GET", "/too-late"))
        assert peer.read_answer().body == b"sent"
    eventually(lambda: "use its session before send()" in server.output(), "the log")


def test_session__has_the_methods_of_workerman(server):
    has_a, has_b, b_exists, z_exists, everything, session, without_a, is_refreshed, empty = told(server, "/api")
    assert (has_a, has_b, b_exists, z_exists) == (True, False, True, False)
    assert (everything, without_a) == ({"a": 1, "b": None, "c": [1, 2]}, {"b": None, "c": [1, 2]})
    assert (is_refreshed, empty) == (True, [])
    assert session not in stored(server)


# ---- ids

@pytest.mark.differs
@pytest.mark.parametrize("given", ["0123456789abcdef0123456789abcdef", "a" * 48, "../../../etc/passwd-0123456789", "..%2f..%2fetc%2fpasswd0", "short",
                                   "a" * 257, "%00" * 16, "é" * 16, ""])
def test_id__that_a_client_has_made_up_is_replaced(server, given):
    answer, cookies = ask(server, "/set", cookie=f"PHPSID={given}")
    assert ID.fullmatch(cookies["PHPSID"][0]) and cookies["PHPSID"][0] != given
    assert json.loads(answer.body) in stored(server)


def test_id__of_a_session_without_data_stays(server):
    session = ask(server, "/id")[1]["PHPSID"][0]
    assert told(server, "/id", session) == session
    assert session not in stored(server)


def test_ids__are_different(server):
    assert len({ask(server, "/id")[1]["PHPSID"][0] for _ in range(50)}) == 50


@pytest.mark.parametrize("delete", ["", "1"])
def test_regenerate__keeps_the_data_under_a_new_id(server, delete):
    session = begun(server)
    answer, cookies = ask(server, f"/regenerate?delete={delete}", cookie=f"PHPSID={session}")
    fresh, is_told, is_another, data = json.loads(answer.body)
    assert (is_told, is_another, data) == (True, True, {"foo": "bar"})
    assert fresh != session and cookies["PHPSID"][0] == fresh
    assert told(server, "/get", fresh) == "bar"
    assert (session in stored(server)) == (delete == "")


def test_regenerate__twice_sends_one_cookie(server):
    answer, cookies = ask(server, "/regenerate?twice=1", cookie=f"PHPSID={begun(server)}")
    assert len(answer.values(b"set-cookie")) == 1
    assert json.loads(answer.body)[0] == cookies["PHPSID"][0]


def test_switch__has_the_data_of_the_other_and_saves_the_old(server):
    first, second = begun(server), begun(server)
    ask(server, "/set?name=only&value=second", cookie=f"PHPSID={second}")
    answer, cookies = ask(server, f"/switch?id={second}", cookie=f"PHPSID={first}")
    assert json.loads(answer.body) == {"foo": "bar", "only": "second"}
    assert cookies["PHPSID"][0] == second
    assert told(server, "/get?name=unsaved", first) == "kept"


def test_switch__to_what_is_no_id_is_refused(server):
    assert ask(server, "/switch?id=..%2F..%2F..%2Fetc%2Fpasswd")[0].status == 500
    assert "a session id has 16 to 256 letters" in server.output()


# ---- files

def test_file__is_for_its_user_alone(server):
    path = server.directory / "sessions" / f"session_{begun(server)}"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_file__of_an_old_session_is_not_read(server):
    session = begun(server)
    path = server.directory / "sessions" / f"session_{session}"
    os.utime(path, (0, time.time() - 1001))
    assert told(server, "/get", session) == "none"


@pytest.mark.parametrize("content", [b"", b"garbage", b"i:1;", b'O:8:"stdClass":0:{}', b'a:1:{s:3:"foo";O:7:"Witness":0:{}}'])
def test_file__that_is_damaged_is_an_empty_session(server, content):
    session = begun(server)
    (server.directory / "sessions" / f"session_{session}").write_bytes(content)
    assert ask(server, "/get?name=none", cookie=f"PHPSID={session}")[0].body == b'"none"'


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a file to another user")
def test_file__of_another_user_is_not_read(server):
    session = begun(server)
    path = server.directory / "sessions" / f"session_{session}"
    os.chown(path, 12345, 12345)
    assert told(server, "/get", session) == "none"


def test_file__that_cannot_be_written_is_told(program):
    server = program("sessions", kind="files").start()
    (server.directory / "sessions").rmdir()
    assert ask(server, "/set")[0].status == 200
    eventually(lambda: "a session cannot be stored in" in server.output(), "the log")


def test_files__of_two_requests_at_a_time_are_whole(server):
    session = begun(server)
    with server.connect() as one, server.connect() as two:
        for number in range(50):
            for peer in (one, two):
                peer.send(request("GET", f"/set?value={str(number) * 1000}", f"Cookie: PHPSID={session}"))
        for peer in (one, two):
            for _ in range(50):
                peer.read_answer()
    assert told(server, "/get", session) == "49" * 1000
    assert not [name for name in stored(server) if "." in name]


# ---- handlers

def test_handler__of_the_program(program):
    server = program("sessions", kind="memory").start()
    session = begun(server)
    assert told(server, "/get", session) == "bar"
    assert server.trace("handler") == [[{"some": "thing"}]]
    assert server.await_trace("touched") == [[session]]
    assert server.await_trace("gc", 2)[0] == [1440]


@pytest.mark.parametrize("code, words", [
    ("Session::handlerClass('stdClass');", "does not implement"),
    ("Session::handlerClass(Session\\RedisSessionHandler::class); new Session('0123456789abcdef');", "not in this version"),
])
def test_handler__that_is_none_is_told(evaluate, code, words):
    assert words in evaluate(f"""use Workerman\\Protocols\\Http\\Session;
        try {{ {code} return 'accepted'; }} catch (Throwable $error) {{ return $error->getMessage(); }}""")


def test_session__that_unserialize_has_made_writes_nothing(evaluate):
    assert evaluate(r"""use Workerman\Protocols\Http\Session;
        $made = unserialize('O:32:"Workerman\Protocols\Http\Session":2:{s:9:"sessionId";s:3:"bad";s:8:"needSave";b:1;}');
        unset($made);
        return 'survived';""") == "survived"
