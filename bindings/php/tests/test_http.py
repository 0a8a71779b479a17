"""Requests and responses of PHP programs, as a client sees them."""
import json
import time

import pytest

from php_program import request


@pytest.fixture(scope="module")
def server(shared_program):
    return shared_program("http").start()


def ask(server, method, target, *headers, **kwargs):
    with server.connect() as peer:
        peer.send(request(method, target, *headers, **kwargs))
        return peer.read_answer(method)


def described(server, *args, **kwargs):
    return json.loads(ask(server, *args, **kwargs).body)


# ---- requests

def test_get__string_is_answered_with_its_length(server):
    answer = ask(server, "GET", "/")
    assert (answer.status, answer.reason, answer.body) == (200, b"OK", b"Hello Chance")
    assert answer.value(b"content-length") == b"12"
    assert answer.value(b"content-type") == b"text/html;charset=utf-8"


def test_get__nested_names_make_arrays(server):
    answer = ask(server, "GET", "/get?foo=bar&key%5B0%5D=hello&key%5B1%5D=chance&a[]=1&a[]=2&m[x][y]=z")
    assert json.loads(answer.body) == {"foo": "bar", "key": ["hello", "chance"], "a": ["1", "2"], "m": {"x": {"y": "z"}}}


def test_get__names_and_values_are_decoded_as_php_does(server):
    answer = ask(server, "GET", "/get?a.b=1&c+d=x+y&e=%C3%A9%20&f&g=&a%2Eb=2")
    assert json.loads(answer.body) == {"a_b": "2", "c_d": "x y", "e": "é ", "f": "", "g": ""}


def test_get__without_query_is_an_empty_array(server):
    assert json.loads(ask(server, "GET", "/get").body) == []


def test_post__json(server):
    sent = {"foo": "bar", "key": ["hello", "chance"], "n": 1, "deep": {"x": None}}
    answer = ask(server, "POST", "/post", "Content-Type: application/json", body=json.dumps(sent))
    assert json.loads(answer.body) == sent


@pytest.mark.parametrize("body, expected", [("{", []), ("null", []), ("1", [1]), ('"text"', ["text"])])
def test_post__json_that_is_broken_or_no_array_is_an_array(server, body, expected):
    assert json.loads(ask(server, "POST", "/post", "Content-Type: application/json", body=body).body) == expected


@pytest.mark.parametrize("headers", [["Content-Type: application/x-www-form-urlencoded"], []], ids=["typed", "untyped"])
def test_post__form_with_nested_names(server, headers):
    answer = ask(server, "POST", "/post", *headers, body="foo=bar&key[]=hello&key[]=chance&m[x]=a+b%26")
    assert json.loads(answer.body) == {"foo": "bar", "key": ["hello", "chance"], "m": {"x": "a b&"}}


def test_post__multipart_fields(server):
    parts = {"foo": "bar", "key[]": "hello", "m[x]": "two\r\nlines"}
    body = "".join(f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in parts.items()) + "--edge--\r\n"
    answer = ask(server, "POST", "/post", "Content-Type: multipart/form-data; boundary=edge", body=body)
    assert json.loads(answer.body) == {"foo": "bar", "key": ["hello"], "m": {"x": "two\r\nlines"}}


def test_header__is_found_by_any_case(server):
    assert ask(server, "POST", "/header", "foo: bar").body == b"bar"
    assert described(server, "GET", "/describe", "FOO: \t bar \t")["foo"] == "bar"


def test_header__repeated_ones_are_joined(server):
    assert described(server, "GET", "/describe", "Foo: a", "foo: b")["foo"] in ("a,b", "a, b")


def test_request__says_all_of_itself(server):
    told = described(server, "PUT", "/describe?a=1&b[]=2", "Cookie: name=value; other=a%20b; quoted=\"q\"; flag", "Foo: bar", body="raw body")
    assert told["method"] == "PUT"
    assert told["uri"] == "/describe?a=1&b[]=2"
    assert (told["path"], told["queryString"]) == ("/describe", "a=1&b[]=2")
    assert told["protocolVersion"] == "1.1"
    assert (told["host"], told["hostWithoutPort"]) == ("localhost:8080", "localhost")
    assert (told["foo"], told["missing"]) == ("bar", "default")
    assert told["cookies"] == {"name": "value", "other": "a%20b", "quoted": '"q"'}
    assert told["cookie"] == "value"
    assert told["rawBody"] == "raw body"
    assert told["get"] == {"a": "1", "b": ["2"]}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_request__of_every_method(server, method):
    assert described(server, method, "/describe")["method"] == method


def test_request__of_http_1_0(server):
    assert described(server, "GET", "/describe", version="1.0")["protocolVersion"] == "1.0"


def test_request__in_chunks_has_its_body_joined(server):
    with server.connect() as peer:
        peer.send(request("POST", "/post", "Transfer-Encoding: chunked", "Content-Type: application/json")
                  + b'8\r\n{"key":"\r\n7;x=y\r\nvalue"}\r\n0\r\n\r\n')
        assert json.loads(peer.read_answer().body) == {"key": "value"}


def test_request__cut_at_every_byte_is_the_same(server):
    data = request("POST", "/post", body="foo=bar")
    with server.connect() as peer:
        for byte in data:
            peer.send(bytes((byte,)))
        assert json.loads(peer.read_answer().body) == {"foo": "bar"}


def test_request__has_its_connection(server):
    ask(server, "GET", "/has-connection")
    assert server.await_trace("message")[-1][1] is True


def test_body__of_binary_arrives_whole(server):
    body = bytes(range(256)) * 40
    with server.connect() as peer:
        peer.send(request("POST", "/describe", "Content-Type: application/octet-stream", body=b"plain" * 20_000))
        assert json.loads(peer.read_answer().body)["rawBody"] == "plain" * 20_000
        peer.send(request("POST", "/binary", body=body) + request("GET", "/"))
        assert peer.read_answer().status == 404
        assert peer.read_answer().body == b"Hello Chance"


def test_unknown_path__is_the_programs_404(server):
    answer = ask(server, "GET", "/nowhere")
    assert (answer.status, answer.reason, answer.body) == (404, b"Not Found", b"404 not found")


# ---- connections

def test_pipeline__two_gets_are_answered_in_order(server):
    with server.connect() as peer:
        peer.send(request("GET", "/get?n=1") + request("GET", "/get?n=2"))
        assert [json.loads(peer.read_answer().body) for _ in range(2)] == [{"n": "1"}, {"n": "2"}]


def test_pipeline__post_and_get_keep_their_bodies(server):
    with server.connect() as peer:
        peer.send(request("POST", "/describe", body="a=1") + request("GET", "/describe?b=2"))
        first, second = (json.loads(peer.read_answer().body) for _ in range(2))
    assert (first["method"], first["rawBody"], first["post"], first["get"]) == ("POST", "a=1", {"a": "1"}, [])
    assert (second["method"], second["rawBody"], second["post"], second["get"]) == ("GET", "", [], {"b": "2"})


def test_pipeline__hundred_requests_in_one_segment(server):
    with server.connect() as peer:
        peer.send(b"".join(request("GET", f"/get?n={number}") for number in range(100)))
        assert [json.loads(peer.read_answer().body)["n"] for _ in range(100)] == [str(number) for number in range(100)]


def test_keep_alive__many_requests_on_one_connection(server):
    with server.connect() as peer:
        numbers = set()
        for _ in range(5):
            peer.send(request("GET", "/number"))
            numbers.add(peer.read_answer().body)
        assert len(numbers) == 1


@pytest.mark.differs
@pytest.mark.differs
def test_keep_alive__is_said_to_a_client_that_says_it(server):
    """Without it workerman/http-client makes a connection for each request."""
    with server.connect() as peer:
        for line, heard in (("Connection: keep-alive", [b"keep-alive"]), ("Foo: bar", [])):
            for target in ("/", "/response/plain", "/later", "/get?a=1"):
                peer.send(request("GET", target, line))
                assert peer.read_answer().values(b"connection") == heard, target


def test_connection_close__is_obeyed(server):
    with server.connect() as peer:
        peer.send(request("GET", "/", "Connection: close"))
        answer = peer.read_answer()
        assert answer.closes and answer.body == b"Hello Chance"
        assert peer.read_to_end() == b""


@pytest.mark.differs
def test_http_1_0__closes_after_the_answer(server):
    with server.connect() as peer:
        peer.send(request("GET", "/", version="1.0"))
        assert peer.read_answer().body == b"Hello Chance"
        assert peer.read_to_end() == b""


def test_close__with_a_response_sends_it_first(server):
    with server.connect() as peer:
        peer.send(request("GET", "/close"))
        assert peer.read_answer().body == b"the last one"
        assert peer.read_to_end() == b""


def test_bad_request__is_refused_and_does_not_reach_the_program(server):
    before = len(server.trace("message"))
    with server.connect() as peer:
        peer.send(b"GET / HTTP/1.1\r\nno colon\r\n\r\n")
        assert peer.read_to_end().startswith(b"HTTP/1.1 400 ")
    assert ask(server, "GET", "/").status == 200
    assert len(server.trace("message")) == before + 1


# ---- responses

def test_response__default(server):
    answer = ask(server, "GET", "/response/plain")
    assert (answer.status, answer.reason, answer.body) == (200, b"OK", b"")
    assert answer.value(b"content-length") == b"0"


def test_response__status_and_headers(server):
    answer = ask(server, "GET", "/response/status")
    assert (answer.status, answer.reason, answer.body) == (201, b"Created", b"made")
    assert (answer.value(b"x-one"), answer.values(b"x-many")) == (b"1", [b"a", b"b"])
    assert answer.value(b"content-length") == b"4"


def test_response__status_that_is_not_registered(server):
    assert ask(server, "GET", "/response/reason").status == 299


def test_response__type_is_the_programs(server):
    assert ask(server, "GET", "/response/type").value(b"content-type") == b"application/json"


def test_response__cookies(server):
    one, two = ask(server, "GET", "/response/cookies").values(b"set-cookie")
    name, *attributes = [part.strip() for part in one.decode().split(";")]
    assert name == "one=a%20b%3Bc"
    assert sorted(attributes, key=str.lower) == sorted(
        ["Domain=example.com", "HttpOnly", "Max-Age=3600", "Path=/path", "SameSite=Lax", "Secure"], key=str.lower)
    assert two.split(b";")[0] == b"two=2"


def test_response__long_body_arrives_whole(server):
    answer = ask(server, "GET", "/response/long")
    assert answer.value(b"content-length") == b"3000000"
    assert answer.body == b"0123456789" * 300_000


def test_response__string(server):
    assert ask(server, "GET", "/response/string").body == b"just text"


def test_response__raw_bytes_are_the_programs(server):
    with server.connect() as peer:
        peer.send(request("GET", "/raw"))
        answer = peer.read_answer()
    assert (answer.body, answer.value(b"content-type")) == (b"raw", None)


@pytest.mark.parametrize("query", ["", "?object=1"], ids=["string", "object"])
def test_response__headers_of_the_connection_go_out_once(server, query):
    with server.connect() as peer:
        peer.send(request("GET", "/extra" + query) + request("GET", "/"))
        first, second = peer.read_answer(), peer.read_answer()
    assert (first.values(b"x-extra"), first.values(b"x-list"), first.body) == ([b"one"], [b"a", b"b"], b"extra")
    assert second.values(b"x-extra") == []


@pytest.mark.differs
def test_head__has_the_head_of_get_without_body(server):
    with server.connect() as peer:
        peer.send(request("HEAD", "/") + request("GET", "/"))
        head, get = peer.read_answer("HEAD"), peer.read_answer("GET")
    assert (head.status, head.body, head.value(b"content-length")) == (200, b"", b"12")
    assert get.body == b"Hello Chance"


@pytest.mark.differs
@pytest.mark.parametrize("name, status", [("empty", 204), ("unchanged", 304)])
def test_response__without_body_by_its_status(server, name, status):
    with server.connect() as peer:
        peer.send(request("GET", f"/response/{name}") + request("GET", "/"))
        answer = peer.read_answer()
        assert (answer.status, answer.body) == (status, b"")
        assert status != 204 or answer.value(b"content-length") is None
        assert peer.read_answer().body == b"Hello Chance"


def test_injection__drops_the_header_and_nothing_else(server):
    answer = ask(server, "GET", "/response/injection")
    assert (answer.status, answer.body, answer.value(b"x-good")) == (200, b"safe", b"yes")
    assert not {name for name, _ in answer.fields} & {b"x-bad", b"x-made", b"x-split", b"x-injected", b"x-colon"}
    assert b"Injected" not in b"".join(value for _, value in answer.fields)


# ---- answers that come later

def test_later__answer_from_a_timer(server):
    began = time.monotonic()
    assert ask(server, "GET", "/later?seconds=0.05&name=one").body == b"later one"
    assert time.monotonic() - began >= 0.045


def test_later__response_sent_by_the_timer_itself(server):
    answer = ask(server, "GET", "/later-response")
    assert (answer.status, answer.value(b"x-later"), answer.body) == (202, b"yes", b"accepted")


def test_later__request_is_read_after_its_callback(server):
    with server.connect() as peer:
        peer.send(request("POST", "/later-lazy?a=1", "Foo: bar", "Cookie: name=value", body="b=2"))
        told = json.loads(peer.read_answer().body)
    assert (told["get"], told["post"], told["foo"], told["cookie"], told["rawBody"]) == ({"a": "1"}, {"b": "2"}, "bar", "value", "b=2")


@pytest.mark.differs
def test_later__answers_of_a_pipeline_keep_the_order_of_the_requests(server):
    with server.connect() as peer:
        peer.send(request("GET", "/later?seconds=0.05&name=one") + request("GET", "/") + request("GET", "/later?seconds=0.01&name=two"))
        assert [peer.read_answer().body for _ in range(3)] == [b"later one", b"Hello Chance", b"later two"]


def test_later__other_connections_are_answered_meanwhile(server):
    with server.connect() as slow:
        slow.send(request("GET", "/later?seconds=0.2&name=slow"))
        assert ask(server, "GET", "/").body == b"Hello Chance"
        assert slow.read_answer().body == b"later slow"


def test_later__peer_that_is_gone_is_no_error(server):
    with server.connect() as peer:
        peer.send(request("GET", "/later?seconds=0.02&name=gone"))
        server.await_trace("message")
    assert ask(server, "GET", "/later?seconds=0.05&name=next").body == b"later next"
