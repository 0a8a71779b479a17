"""Request and Response as plain objects: made from a buffer, read, and written out as text."""
import pytest

from php_program import request


def php(data):
    """A PHP string of these bytes."""
    data = data.encode() if isinstance(data, str) else data
    return '"' + "".join(chr(byte) if chr(byte).isalnum() else f"\\x{byte:02x}" for byte in data) + '"'


def made_from(evaluate, data, code):
    """The value of code about a $request that was made from data."""
    return evaluate(f"$request = new Request({php(data)});\nreturn {code};")


# ---- requests

def test_request__of_a_buffer(evaluate):
    data = request("POST", "/a/b%20c?x=1&y[]=2", "Foo: bar", "Cookie: k=v; l=w", body="m=n")
    told = made_from(evaluate, data, """[
        'method' => $request->method(), 'uri' => $request->uri(), 'path' => $request->path(), 'query' => $request->queryString(),
        'version' => $request->protocolVersion(), 'host' => $request->host(), 'bare' => $request->host(true),
        'get' => $request->get(), 'x' => $request->get('x'), 'none' => $request->get('none'), 'default' => $request->get('none', 'd'),
        'post' => $request->post(), 'm' => $request->post('m'), 'no post' => $request->post('none', 'd'),
        'foo' => $request->header('FOO'), 'no header' => $request->header('none'),
        'cookie' => $request->cookie(), 'k' => $request->cookie('k'), 'no cookie' => $request->cookie('none', 'd'),
        'body' => $request->rawBody(), 'head' => $request->rawHead(), 'buffer' => $request->rawBuffer(), 'text' => (string) $request]""")
    assert told == {
        "method": "POST", "uri": "/a/b%20c?x=1&y[]=2", "path": "/a/b%20c", "query": "x=1&y[]=2", "version": "1.1", "host": "localhost:8080",
        "bare": "localhost", "get": {"x": "1", "y": ["2"]}, "x": "1", "none": None, "default": "d", "post": {"m": "n"}, "m": "n",
        "no post": "d", "foo": "bar", "no header": None, "cookie": {"k": "v", "l": "w"}, "k": "v", "no cookie": "d", "body": "m=n",
        "head": data.split(b"\r\n\r\n")[0].decode(), "buffer": data.decode(), "text": data.decode()}


def test_request__minimal(evaluate):
    told = made_from(evaluate, "GET / HTTP/1.0\r\n\r\n", """[$request->method(), $request->uri(), $request->path(), $request->queryString(),
        $request->protocolVersion(), $request->host(), $request->host(true), $request->get(), $request->post(), $request->header(),
        $request->cookie(), $request->rawBody()]""")
    assert told == ["GET", "/", "/", "", "1.0", None, None, [], [], [], [], ""]


def test_request__all_headers_by_lower_case_names(evaluate):
    told = made_from(evaluate, "GET / HTTP/1.1\r\nHost: a\r\nX-One:1\r\nx-two: \t2 \t\r\nX-ONE: 3\r\nEmpty:\r\n\r\n", "$request->header()")
    assert told == {"host": "a", "x-one": "1,3", "x-two": "2", "empty": ""}


@pytest.mark.parametrize("target", ["http://b.example:81/p?q=1", "HTTP://b.example:81/p?q=1"])
def test_request__absolute_target_says_the_host(evaluate, target):
    """RFC 9112 §3.2.2"""
    told = made_from(evaluate, f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n", "[$request->host(), $request->header('host'), $request->path()]")
    assert told == ["b.example:81", "b.example:81", "/p"]


def test_request__higher_minor_version_is_1_1(evaluate):
    """RFC 9110 §2.5"""
    assert made_from(evaluate, "GET / HTTP/1.2\r\nHost: a\r\n\r\n", "$request->protocolVersion()") == "1.1"


@pytest.mark.parametrize("host, bare", [("example.com", "example.com"), ("example.com:80", "example.com"), ("127.0.0.1:65535", "127.0.0.1"),
                                        ("[::1]:8080", "[::1]"), ("[::1]", "[::1]"), ("localhost", "localhost")])
def test_request__host_without_port(evaluate, host, bare):
    assert made_from(evaluate, f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n", "[$request->host(), $request->host(true)]") == [host, bare]


@pytest.mark.differs
def test_request__path_that_begins_with_two_slashes(evaluate):
    """RFC 9112 §3.2.1: it is a path, not a host."""
    told = made_from(evaluate, "GET //a:b?c=1 HTTP/1.1\r\nHost: a\r\n\r\n", "[$request->uri(), $request->path(), $request->queryString(), $request->get()]")
    assert told == ["//a:b?c=1", "//a:b", "c=1", {"c": "1"}]


def test_request__query_and_path_are_cut_at_the_first_question_mark(evaluate):
    told = made_from(evaluate, "GET /a?b=c?d=e HTTP/1.1\r\nHost: a\r\n\r\n", "[$request->path(), $request->queryString(), $request->get()]")
    assert told == ["/a", "b=c?d=e", {"b": "c?d=e"}]


def test_request__cookie_is_raw_and_what_has_no_value_is_skipped(evaluate):
    told = made_from(evaluate, 'GET / HTTP/1.1\r\nHost: a\r\nCookie: a=1=2;b=%41 ; flag; c="q"\r\n\r\n', "$request->cookie()")
    assert {name: value.strip() for name, value in told.items()} == {"a": "1=2", "b": "%41", "c": '"q"'}


def test_request__json_and_multipart(evaluate):
    json_post = request("POST", "/", "Content-Type: application/json; charset=utf-8", body='{"key":["value"]}')
    assert made_from(evaluate, json_post, "$request->post('key')") == ["value"]
    body = '--"x\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: text/plain\r\n\r\n1\r\n--"x--\r\n'.replace('"x', "x")
    assert made_from(evaluate, request("POST", "/", 'Content-Type: multipart/form-data; boundary="x"', body=body), "$request->post()") == {"a": "1"}


def test_request__made_twice_of_the_same_bytes_is_equal(evaluate):
    assert evaluate("""$data = "GET /?a=1 HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n";
        [$one, $two] = [new Request($data), new Request($data)];
        return [$one == $two, $one->get() === $two->get(), $one->header() === $two->header()];""") == [True, True, True]


def test_request__properties_of_the_programs_own(evaluate):
    assert made_from(evaluate, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", """(function () use ($request) {
        $request->user = ['id' => 7];
        $before = isset($request->user);
        $value = $request->user['id'];
        unset($request->user);
        return [$before, $value, isset($request->user), $request->user];
    })()""") == [True, 7, False, None]


# ---- responses

def test_response__getters(evaluate):
    assert evaluate("""$response = new Response(201, ['X-foo' => 'bar'], 'hello, xiami');
        return [$response->getStatusCode(), $response->getHeaders(), $response->getHeader('X-foo'), $response->getHeader('none'),
            $response->rawBody(), $response->getReasonPhrase()];""") == [201, {"X-foo": "bar"}, "bar", None, "hello, xiami", None]


def test_response__default(evaluate):
    assert evaluate("$r = new Response(); return [$r->getStatusCode(), $r->getHeaders(), $r->rawBody()];") == [200, [], ""]


def test_response__setters_return_the_response(evaluate):
    assert evaluate("""$response = new Response();
        $same = $response->header('abc', '123')->withHeader('X-foo', 'baz')->withHeaders(['def' => '456'])->withStatus(202, 'some reason')
            ->withBody('body')->withProtocolVersion('1.0')->cookie('a', 'b')->withoutHeader('X-foo');
        return [$same === $response, $response->getHeader('abc'), $response->getHeader('X-foo'), $response->getHeader('def'),
            $response->getStatusCode(), $response->getReasonPhrase(), $response->rawBody()];""") == [
                True, "123", None, "456", 202, "some reason", "body"]


def lines_of(text):
    head, _, body = text.partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    return first, [line for line in lines if not line.startswith(("Date: ", "Server: "))], body


def test_response__as_text(evaluate):
    first, lines, body = lines_of(evaluate("""$response = new Response(200, ['X-foo' => 'bar', 'X-list' => ['a', 'b']], 'hello');
        return (string) $response;"""))
    assert (first, body) == ("HTTP/1.1 200 OK", "hello")
    assert lines == ["X-foo: bar", "X-list: a", "X-list: b", "Connection: keep-alive", "Content-Type: text/html;charset=utf-8", "Content-Length: 5"]


def test_response__without_headers_as_text(evaluate):
    first, lines, body = lines_of(evaluate("return (string) new Response(404, [], 'not here');"))
    assert (first, body) == ("HTTP/1.1 404 Not Found", "not here")
    assert sorted(lines) == ["Connection: keep-alive", "Content-Length: 8", "Content-Type: text/html;charset=utf-8"]


def test_response__overridden_headers_as_text(evaluate):
    text = evaluate("""$response = new Response(200, ['X-foo' => 'bar', 'Content-Type' => 'text/plain', 'Connection' => 'close'], 'x');
        $response->withHeader('X-foo', 'baz')->header('abc', '123')->withHeaders(['def' => '456']);
        return (string) $response;""")
    assert lines_of(text)[1] == ["X-foo: baz", "Content-Type: text/plain", "Connection: close", "abc: 123", "def: 456", "Content-Length: 1"]


def test_response__version_and_reason_as_text(evaluate):
    text = evaluate("return (string) (new Response(200))->withProtocolVersion('1.0')->withStatus(202, 'some reason')->withBody('hello, world');")
    first, lines, body = lines_of(text)
    assert (first, body) == ("HTTP/1.0 202 some reason", "hello, world")
    assert "Content-Length: 12" in lines and not [line for line in lines if line.startswith("Transfer-Encoding")]


def test_response__cookies_as_text(evaluate):
    text = evaluate("""$response = new Response();
        $response->cookie('foo', 'bar', domain: 'xia.moe', httpOnly: true);
        $response->cookie('all', 'a b', 60, '/p', 'x.y', true, true, 'Strict');
        return (string) $response;""")
    assert [line for line in lines_of(text)[1] if line.startswith("Set-Cookie")] == [
        "Set-Cookie: foo=bar; Domain=xia.moe; HttpOnly",
        "Set-Cookie: all=a%20b; Domain=x.y; Max-Age=60; Path=/p; Secure; HttpOnly; SameSite=Strict"]


def test_response__withHeaders_of_a_name_that_is_there_adds_a_line(evaluate):
    assert evaluate("return (new Response(200, ['X-a' => '1']))->withHeaders(['X-a' => '2', 'X-b' => '3'])->getHeaders();") == {
        "X-a": ["1", "2"], "X-b": "3"}


def test_response__reason_with_line_ends_is_one_line(evaluate):
    text = evaluate("return (string) (new Response())->withStatus(200, \"Fine\\r\\nX-Injected: yes\");")
    first, lines, _ = lines_of(text)
    assert first.startswith("HTTP/1.1 200 Fine") and not [line for line in lines if line.startswith("X-Injected")]


def test_response__unknown_status_has_no_reason(evaluate):
    assert evaluate("return explode(\"\\r\\n\", (string) new Response(299))[0];").rstrip() == "HTTP/1.1 299"


def test_response__bad_names_and_values_are_dropped_from_the_text(evaluate):
    text = evaluate("""return (string) new Response(200, ['X-good' => 'yes', "X-bad\\r\\nX-made" => 'up', 'X-value' => "a\\r\\nX-injected: b",
        'X-list' => ['one', "two\\nthree"], 'X:colon' => 'c'], 'safe');""")
    first, lines, body = lines_of(text)
    assert (first, body) == ("HTTP/1.1 200 OK", "safe")
    names = [line.split(":")[0] for line in lines]
    assert "X-good" in names and "X-injected" not in names and "X-made" not in names and "X" not in names and "X-value" not in names
    assert "three" not in text
