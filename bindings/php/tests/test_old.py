"""Programs of Workerman 3: $_GET and its like, onMessage's array, Http::header() and its like."""
import json

import pytest

from php_program import request


@pytest.fixture(scope="module")
def old(shared_program):
    return shared_program("old", ports=4).start(ready=3)


def ask(server, target, *headers, number=0, **kwargs):
    with server.connect(server.ports[number]) as peer:
        peer.send(request(kwargs.pop("method", "GET"), target, *headers, **kwargs))
        return peer.read_answer()


def test_superglobals__of_a_form(old):
    body = "a=1&b[]=2"
    answer = ask(old, "/?page=globals&q=1", "X-One: one", "X_One: two", "Proxy: evil", "Cookie: a=b%20c; d=e",
                 "Content-Type: application/x-www-form-urlencoded; charset=utf-8", method="POST", body=body)
    get, post, both, cookies, files, raw, server, argv = json.loads(answer.body)
    assert get == {"page": "globals", "q": "1"} and post == {"a": "1", "b": ["2"]} and both == get | post
    assert cookies == {"a": "b c", "d": "e"} and files == [] and raw == body and argv
    assert server.pop("SERVER_PORT") == "8080"
    assert server == {"REQUEST_METHOD": "POST", "REQUEST_URI": "/?page=globals&q=1", "QUERY_STRING": "page=globals&q=1",
                      "SERVER_PROTOCOL": "HTTP/1.1", "SERVER_NAME": "localhost", "HTTP_HOST": "localhost:8080", "HTTP_X_ONE": "one",
                      "CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": "9", "REMOTE_ADDR": "127.0.0.1", "HTTP_USER_AGENT": ""}


def test_superglobals__of_json(old):
    answer = ask(old, "/?page=globals", "Content-Type: application/json", method="POST", body='{"a": 1}')
    assert json.loads(answer.body)[1] == {"a": 1}


def test_files__are_a_list_with_their_bytes(old):
    parts = ['Content-Disposition: form-data; name="text"\r\n\r\nsome text',
             'Content-Disposition: form-data; name="one"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nfirst',
             'Content-Disposition: form-data; name="many[]"; filename="b.bin"\r\nContent-Type: application/x-b\r\n\r\nsecond']
    body = "".join(f"--limit\r\n{part}\r\n" for part in parts) + "--limit--\r\n"
    answer = ask(old, "/?page=globals", "Content-Type: multipart/form-data; boundary=limit", method="POST", body=body)
    _, post, _, _, files, raw, server, _ = json.loads(answer.body)
    assert post == {"text": "some text"} and server["CONTENT_TYPE"] == "multipart/form-data" and raw == body
    assert files == [
        {"name": "one", "file_name": "a.txt", "file_data": "first", "file_size": 5, "file_type": "text/plain"},
        {"name": "many", "file_name": "b.bin", "file_data": "second", "file_size": 6, "file_type": "application/x-b"},
    ]


def test_files__whose_names_are_those_of_their_parts(old):
    names = ["f[tmp_name]", "f[name]", "g[tmp_name][tmp_name]"]
    body = "".join(f'--limit\r\nContent-Disposition: form-data; name="{name}"; filename="a"\r\n\r\n{number}\r\n'
                   for number, name in enumerate(names)) + "--limit--\r\n"
    answer = ask(old, "/?page=globals", "Content-Type: multipart/form-data; boundary=limit", method="POST", body=body)
    assert [(each["name"], each["file_data"]) for each in json.loads(answer.body)[4]] == [("f", "0"), ("f", "1"), ("g", "2")]


def test_superglobals__do_not_outlive_their_request(old):
    with old.connect(old.ports[0]) as peer:
        peer.send(request("POST", "/?page=globals", "X-One: one", "Content-Type: application/x-www-form-urlencoded", body="a=1"))
        peer.read_answer()
        peer.send(request("GET", "/?page=globals"))
        _, post, _, _, _, raw, server, _ = json.loads(peer.read_answer().body)
        assert post == [] and raw == "" and "HTTP_X_ONE" not in server
        peer.send(request("GET", "/?page=nothing"))
        assert peer.read_answer().body == b"[]"


def test_superglobals__of_a_handshake_and_of_a_request_are_not_mixed(old):
    with old.connect(old.ports[3]) as peer:
        peer.shake_hands("/", "X-Secret: mine")
    old.await_trace("handshake")
    assert "HTTP_X_SECRET" not in json.loads(ask(old, "/?page=globals").body)[6]
    ask(old, "/?page=globals", "X-Secret: another's")
    with old.connect(old.ports[3]) as peer:
        peer.shake_hands("/")
    assert old.await_trace("handshake", 2) == [["mine", None], [None, None]]


def test_header__sets_status_and_headers_of_one_answer(old):
    with old.connect(old.ports[0]) as peer:
        peer.send(request("GET", "/?page=headers"))
        answer = peer.read_answer()
        assert answer.status == 404
        assert json.loads(answer.body) == [False, "HTTP/1.1 404 Not Found", "x-one: 2", 2, False]
        assert answer.values(b"x-one") == [b"2"] and answer.values(b"x-two") == [b"1", b"2"] and answer.values(b"x-gone") == []
        assert answer.values(b"set-cookie") == [b"name=a%20value%3B; Max-Age=60; Path=/; HttpOnly", b"other=x"]
        peer.send(request("GET", "/?page=nothing"))
        answer = peer.read_answer()
        assert answer.status == 200 and answer.values(b"x-one") == []
        assert answer.values(b"content-type") == [b"text/html;charset=utf-8"]


@pytest.mark.parametrize("page, status", [("away", 302), ("moved", 301)])
def test_header__location_has_a_status(old, page, status):
    answer = ask(old, f"/?page={page}")
    assert answer.status == status and answer.values(b"location") == [b"/elsewhere"]


def test_sessionStart__fills_and_keeps_the_session(old):
    answer = ask(old, "/?page=visit")
    assert json.loads(answer.body) == [[False, []], {"visits": 1}, True, True, True]
    cookies = [value.split(b";")[0] for value in answer.values(b"set-cookie")]
    assert len(cookies) == 2 and b"seen=1" in cookies
    cookie = next(value.decode() for value in cookies if value.startswith(b"OLDSESSION="))
    assert json.loads(ask(old, "/?page=visit", f"Cookie: {cookie}").body)[1] == {"visits": 2}
    assert json.loads(ask(old, "/?page=visit").body)[1] == {"visits": 1}
    assert json.loads(ask(old, "/?page=visit&forget=1", f"Cookie: {cookie}").body)[1] == []
    assert json.loads(ask(old, "/?page=visit", f"Cookie: {cookie}").body)[1] == {"visits": 1}
    assert len(list(old.directory.glob("*ses*"))) >= 2


def test_responseCode__sets_a_status_that_there_is(old):
    answer = ask(old, "/?page=code")
    assert (answer.status, json.loads(answer.body)) == (404, [False, 404])


def test_sessionRegenerateId__keeps_what_is_in_the_session(old):
    answer = ask(old, "/?page=regenerate")
    before, done, after, name = json.loads(answer.body)
    assert done and before != after and name == "carol"
    assert json.loads(ask(old, "/?page=visit", f"Cookie: OLDSESSION={after}").body)[1]["name"] == "carol"
    assert "name" not in json.loads(ask(old, "/?page=visit", f"Cookie: OLDSESSION={before}").body)[1]


def session_of(answer):
    cookies = [value.split(b";")[0].decode() for value in answer.values(b"set-cookie")]
    return "Cookie: " + next(value for value in cookies if value.startswith("OLDSESSION="))


def test_session__of_an_answer_that_comes_later_is_not_the_next_client_s(old):
    with old.connect(old.ports[0]) as peer:
        peer.send(request("GET", "/?page=later&name=alice"))
        old.await_trace("later")
        other = ask(old, "/?page=login&name=bob")
        late = peer.read_answer()
    assert late.body == b"late" and other.body == b"bob"
    assert json.loads(ask(old, "/?page=visit", session_of(late)).body)[1] == {"name": "alice", "visits": 1}
    assert json.loads(ask(old, "/?page=visit", session_of(other)).body)[1] == {"name": "bob", "visits": 1}


def test_end__answers_with_its_text(old):
    answer = ask(old, "/?page=end")
    assert answer.body == b"the end" and answer.values(b"x-one") == [b"kept"]


def test_exception__answers_500_without_the_headers(program):
    server = program("old", ports=4).start(ready=3)
    answer = ask(server, "/?page=fails")
    assert answer.status == 500 and answer.values(b"x-one") == []
    assert "on purpose" in server.output()


def test_end__with_headers_that_are_no_answer_s_is_an_error_of_the_connection(program):
    server = program("old", ports=4).start(ready=3)
    pid = server.pids()
    with server.connect(server.ports[0]) as peer:
        peer.send(request("GET", "/?page=impossible"))
        assert peer.read_answer().status == 500
    assert json.loads(ask(server, "/?page=nothing").body) == [] and server.pids() == pid
    assert "the status of a response" in server.output()


def test_close__sends_the_headers_too(old):
    with old.connect(old.ports[0]) as peer:
        peer.send(request("GET", "/?page=close"))
        answer = peer.read_answer()
        assert answer.status == 403 and answer.body == b"closed"
        assert peer.read_to_end() == b""


def test_data__is_an_array_and_a_request(old):
    answer = ask(old, "/arrays?q=1", "Content-Type: application/x-www-form-urlencoded", number=1, method="POST", body="a=2")
    assert json.loads(answer.body) == [{"q": "1"}, "2", "POST", False, False, True, ["get", "post", "cookie", "server", "files"], 5, True]


def test_subclass_and_protocol__have_the_signatures_of_version_3(old):
    with old.connect(old.ports[2]) as peer, old.connect(old.ports[2]) as other:
        peer.send("abc")
        other.send("abc")
        assert peer.read_exactly(6) != other.read_exactly(6), "ids by getSocket()"
        peer.send("abc")
        assert peer.read_exactly(5).startswith(b"<cba")
    assert old.trace("runAll") == [[]] and "old cba" in old.output()


RECOGNISED = [
    ("function ($connection, $data) { $connection->send($_GET['a']); }", True),
    ("function ($connection, $data) { $connection->send($data['get']['a']); }", True),
    ("function ($connection, $anything) { $connection->send($anything [ \"server\" ]['REQUEST_URI']); }", True),
    ("function ($connection) { $connection->send($_SERVER['HTTP_HOST']); }", True),
    ("function ($connection, $data) { \\Workerman\\Protocols\\Http::header('X-One: 1'); }", True),
    ("function ($connection, $data) { $connection->send($GLOBALS['HTTP_RAW_POST_DATA']); }", True),
    ("[new OfVersion3(), 'onMessage']", True),
    ("'OfVersion3::statically'", True),
    ("new OfVersion3()", True),
    ("'of_version_3'", True),
    ("function ($connection, $request) { $_GET = $request->get(); $connection->send($_GET['a']); }", False),
    ("function ($connection, Workerman\\Protocols\\Http\\Request $request) { $connection->send($_GET['a']); }", False),
    ("function ($connection, $request) { $connection->send($_SERVER['argv'][0]); }", False),
    ("function ($connection, $request) { $connection->send('hello'); }", False),
    ("null", False),
]
OF_VERSION_3 = '''
class OfVersion3
{
    public function onMessage($connection, $data) { $this->answer($connection); }
    public static function statically($connection, $data) { }
    public function __invoke($connection, $data) { }
    private function answer($connection) { $connection->send($_POST['a']); }
}
function of_version_3($connection, $data)
{
    $connection->send($_COOKIE['a']);
}
'''


@pytest.mark.parametrize("code, is_old", RECOGNISED, ids=range(len(RECOGNISED)))
def test_program__is_recognised_by_the_code_of_its_onMessage(evaluate, code, is_old):
    made = f"{OF_VERSION_3}$worker = new Workerman\\Worker('http://127.0.0.1:1');\n$worker->onMessage =\n{code};\n"
    assert evaluate(f"{made}Libwm\\Compat3::connectionClass($worker);\nreturn Libwm\\Compat3::isEnabled();") is is_old


@pytest.mark.parametrize("version, is_old", [("^3.4", True), ("3.*", True), ("v3.5.35", True), ("^3.5 || ^4.0", False), (">=3.5", False), ("^4.1", False)])
def test_program__is_of_version_3_when_its_composer_json_asks_for_no_other(evaluate, tmp_path, version, is_old):
    (tmp_path / "composer.json").write_text(json.dumps({"require": {"workerman/workerman": version}}))
    made = "$worker = new Workerman\\Worker('http://127.0.0.1:1');\n$worker->onMessage = fn ($connection) => App::run($connection);\n"
    assert evaluate(f"{made}Libwm\\Compat3::connectionClass($worker);\nreturn Libwm\\Compat3::isEnabled();") is is_old


def test_enable__takes_what_is_not_recognised(evaluate):
    assert evaluate('''
        Libwm\\Compat3::enable();
        $request = new (Workerman\\Protocols\\Http::requestClass())("GET / HTTP/1.1\\r\\n\\r\\n");
        return [$request instanceof ArrayAccess, Libwm\\Compat3::connectionClass(new Workerman\\Worker('http://127.0.0.1:1'))];
    ''') == [True, "Libwm\\Compat3\\OldHttpConnection"]


def test_program_of_version_5__pays_nothing(program):
    server = program("modern", ports=1).start()
    assert json.loads(ask(server, "/?q=1").body) == ["Workerman\\Protocols\\Http\\Request", [], False]
    assert b"Compat3::enable()" in ask(server, "/header").body
