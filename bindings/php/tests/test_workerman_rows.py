"""The assertions of Workerman's own test suite that other files do not have, corrected where an RFC says otherwise.

What is said of HTTP is said twice: of http://, which libwm parses, and of a protocol in PHP that builds on Workerman\\Protocols\\Http.
"""
import json

import pytest

import ws_frames
from php_program import eventually

SCHEMES = {"http": 0, "Web": 1}
PAGES = {"websocket": 3, "Sock": 4}
LIMIT = 100_000


@pytest.fixture(params=SCHEMES)
def scheme(request):
    return request.param


@pytest.fixture(scope="module")
def server(shared_program):
    return shared_program("workerman_rows", ports=5).start(ready=5)


def lines(first, *fields, body=b""):
    return "\r\n".join([first, *fields, "", ""]).encode() + body


def get(*fields, target="/", version="1.1"):
    return lines(f"GET {target} HTTP/{version}", *fields)


def post(*fields, body=b"", version="1.1"):
    return lines(f"POST / HTTP/{version}", HOST, *fields, body=body)


def chunked(body, *fields, name="Transfer-Encoding"):
    return post(f"{name}: chunked", *fields, body=body)


HOST = "Host: a"
NEXT = get(HOST, target="/next")


def asked(server, scheme, *requests):
    """What the program has got of each."""
    with server.connect(server.ports[SCHEMES[scheme]]) as peer:
        peer.send(b"".join(requests))
        told = []
        for _ in requests:
            answer = peer.read_answer()
            assert answer.status == 200, answer
            told.append(json.loads(answer.body))
        return told


def refused(server, scheme, data):
    """The status of the answer to a request that must not reach the program, after which the connection ends."""
    with server.connect(server.ports[SCHEMES[scheme]]) as peer:
        peer.send(data)
        answer = peer.read_to_end()
    head = answer.partition(b"\r\n\r\n")[0]
    assert b"\r\nconnection: close" in head.lower() and answer.count(b"HTTP/1.1 4") + answer.count(b"HTTP/1.1 5") == 1, answer
    return int(head.split()[1])


# ---- which requests are taken, and where they end

HOSTS = [name + port for name in ("localhost", "example.com", "www.example.com", "127.0.0.1", "[::1]") for port in ("", ":80", ":8080", ":65535")]


@pytest.mark.parametrize("host", HOSTS)
def test_host__of_every_form_is_taken(server, scheme, host):
    first, second = asked(server, scheme, get(f"Host: {host}"), NEXT)
    assert (first["host"], second["target"]) == (host, "/next")


TAKEN = {
    "get": (get(HOST), {"method": "GET", "body": ""}),
    "length of none": (get(HOST, "Content-Length: 0"), {"method": "GET", "body": "", "length": "0"}),
    "body of get": (lines("GET / HTTP/1.1", HOST, "Content-Length: 5", body=b"hello"), {"method": "GET", "body": "hello"}),
    "patch": (lines("PATCH /p HTTP/1.1", HOST), {"method": "PATCH", "target": "/p"}),
    "other coding": (get(HOST, "X-Transfer-Encoding: gzip"), {"coding": None}),
    "names": (get(HOST, "A-b_c: d"), {"method": "GET"}),
    "long path": (lines(f"POST /{'p' * 500} HTTP/1.1", HOST, "Content-Length: 5", body=b"hello"), {"target": "/" + "p" * 500, "body": "hello"}),
}


@pytest.mark.parametrize("name", TAKEN)
def test_request__ends_where_the_next_one_begins(server, scheme, name):
    data, expected = TAKEN[name]
    first, second = asked(server, scheme, data, NEXT)
    assert {key: first[key] for key in expected} == expected and second["target"] == "/next"


def test_request__in_two_parts_behind_another_one(server, scheme):
    data = post("Content-Length: 5", body=b"hello")
    with server.connect(server.ports[SCHEMES[scheme]]) as peer:
        peer.send(get(HOST, target="/first") + data[:-8])
        assert json.loads(peer.read_answer().body)["target"] == "/first"
        peer.send(data[-8:] + NEXT)
        assert [json.loads(peer.read_answer().body)["body"] for _ in range(2)] == ["hello", ""]


OLD = {
    "minimal": (get(version="1.0"), {"method": "GET", "version": "1.0", "host": None, "connection": None}),
    "patch": (lines("PATCH / HTTP/1.0"), {"method": "PATCH", "version": "1.0"}),
    "keep-alive": (get("Connection: keep-alive", version="1.0"), {"version": "1.0", "connection": "keep-alive"}),
    "close": (get("Connection: close", version="1.0"), {"version": "1.0", "connection": "close"}),
    "body": (post("Content-Length: 5", body=b"hello", version="1.0"), {"version": "1.0", "body": "hello"}),
}


@pytest.mark.parametrize("name", OLD)
def test_request__of_http_1_0(server, scheme, name):
    data, expected = OLD[name]
    [told] = asked(server, scheme, data)
    assert {key: told[key] for key in expected} == expected


# ---- chunks

CHUNKS = {
    "one": (b"5\r\nhello\r\n0\r\n\r\n", "hello", {}),
    "several": (b"5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n", "hello world", {}),
    "none": (b"0\r\n\r\n", "", {}),
    "leading zeros": (b"0005\r\nhello\r\n000\r\n\r\n", "hello", {}),
    "upper case": (b"A\r\n0123456789\r\n0\r\n\r\n", "0123456789", {}),
    "extension": (b"5;name=value\r\nhello\r\n0\r\n\r\n", "hello", {}),
    "extensions": (b"5;a=1;b=\"2\"\r\nhello\r\n0;c\r\n\r\n", "hello", {}),
    "trailer": (b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n", "hello", {"x-sum": "1"}),
    "trailers": (b"2\r\nhe\r\n3\r\nllo\r\n0\r\nX-Sum: 1\r\nX-Other: 2\r\n\r\n", "hello", {"x-sum": "1", "x-other": "2"}),
    "no trailers": (b"5\r\nhello\r\n0\r\nContent-Length: 9\r\nauthorization: x\r\nX-Sum: 1\r\nX-Sum: 2\r\n\r\n", "hello", {"x-sum": "1,2"}),
    "padded trailer": (b"5\r\nhello\r\n0\r\nX-SUM:  \t1 \r\n\r\n", "hello", {"x-sum": "1"}),
}


@pytest.mark.parametrize("name", CHUNKS)
def test_chunks__are_joined_and_end_where_the_next_request_begins(server, scheme, name):
    body, joined, trailers = CHUNKS[name]
    first, second = asked(server, scheme, chunked(body), NEXT)
    assert (first["body"], first["length"], first["coding"]) == (joined, str(len(joined)), None)
    assert second["target"] == "/next" and second["trailers"] == []
    assert (first["trailers"] or {}) == trailers


def test_chunks__do_not_leave_their_mark_on_the_next_request(server, scheme):
    told = asked(server, scheme, chunked(b"3\r\nabc\r\n0\r\n\r\n", name="TRANSFER-encoding"), post("Content-Length: 4", body=b"body"),
                 chunked(b"3\r\nabc\r\n0\r\n\r\n"), post("Content-Length: 4", body=b"body"))
    assert [each["body"] for each in told] == ["abc", "body", "abc", "body"]


def test_chunks__of_json_are_fields(server, scheme):
    assert asked(server, scheme, chunked(b'7\r\n{"key":\r\n8\r\n"value"}\r\n0\r\n\r\n', "Content-Type: application/json"))[0]["key"] == "value"


@pytest.mark.parametrize("cut", [b"5\r\nhel", b"", b"5\r\nhello\r\n0\r\n", b"0\r\nX-Sum: 1\r\n", b"0\r\nX-S"],
                         ids=["in a chunk", "before the first", "before the last line", "behind a trailer", "in a trailer"])
def test_chunks__that_are_not_whole_wait_for_the_rest(server, scheme, cut):
    whole = {b"5\r\nhel": b"lo\r\n0\r\n\r\n", b"": b"5\r\nhello\r\n0\r\n\r\n", b"5\r\nhello\r\n0\r\n": b"\r\n",
             b"0\r\nX-Sum: 1\r\n": b"\r\n", b"0\r\nX-S": b"um: 1\r\n\r\n"}[cut]
    with server.connect(server.ports[SCHEMES[scheme]]) as peer, server.connect(server.ports[SCHEMES[scheme]]) as other:
        peer.send(chunked(cut))
        other.send(NEXT)
        assert other.read_answer().status == 200
        peer.sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            peer.sock.recv(1)
        peer.sock.settimeout(20)
        peer.send(whole)
        assert json.loads(peer.read_answer().body)["body"] == ("" if cut.startswith(b"0") else "hello")


# ---- what is refused

FIELDS = ["A b: c", "A : c", "A\t: c", " A: c", "\tA: c", "A\tb: c", ": c", "A@b: c", "A[b: c", "nothing", "X: y\r\n folded", "Ä: c",
          "A: b\rc", "A: b\0c"]
LENGTHS = ["Content-Length: abc", "Content-Length: 12abc", "Content-Length: ", "Content-Length: 1,2", "Content-Length: +1", "Content-Length: -1",
           "Content-Length: 1\r\nContent-Length: 2", "Content-Length: 1\r\nA: b\r\nContent-Length: 2", "Content-Length: 1\r\ncontent-LENGTH: 2",
           "Transfer-Encoding: chunked\r\nContent-Length: 5", "Transfer-Encoding: gzip", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked, chunked"]
WRONG_HOSTS = ["user@a", "a:b", "a b", "a:80a", "a:80:80", ":80"]
LINES = ["GET\t/ HTTP/1.1", " GET / HTTP/1.1", "GET /a b HTTP/1.1", "GET /\x7f HTTP/1.1", "GET /\x01 HTTP/1.1", "GET / http/1.1", "GET  / HTTP/1.1",
         "GET / HTTP/1.1 ", "GET /", "GET / HTTP/1", "GET"]
WRONG_CHUNKS = [b"x\r\n", b"1\r\na\n0\r\n\r\n", b"1\r\nabc\r\n0\r\n\r\n", b"-1\r\n", b"\r\n", b"0\r\nA b: c\r\n\r\n"]
MALFORMED = {
    **{f"field {field!r}": get(HOST, field) for field in FIELDS},
    **{f"length {field!r}": post(field, body=b"hello") for field in LENGTHS},
    **{f"host {host!r}": get(f"Host: {host}") for host in WRONG_HOSTS},
    **{f"line {line!r}": lines(line, HOST) for line in LINES},
    **{f"chunk {body!r}": chunked(body) for body in WRONG_CHUNKS},
    "no host": get(), "two hosts": get(HOST, HOST), "two hosts of 1.0": get(HOST, HOST, version="1.0"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_request__that_is_malformed_is_400(server, scheme, name):
    status = refused(server, scheme, MALFORMED[name])
    assert status == 400 or (status, scheme) == (501, "http") and "gzip" in name


# The parser of libwm follows the RFCs where Workerman's does not.
UNLIKE = {
    "utf-8 in the target": (get(HOST, target="/ü"), 400, "/ü"),                       # RFC 3986 §2: percent-encoded
    "absolute form": (get(HOST, target="http://a/p"), "http://a/p", 400),             # RFC 9112 §3.2.2
    "asterisk form": (lines("OPTIONS * HTTP/1.1", HOST), "*", 400),                   # RFC 9112 §3.2.4
    "empty host": (get("Host: "), "/", 400),                                          # RFC 9112 §3.2
    "comma in the host": (get("Host: a,b"), "/", 400),                                # RFC 3986 §3.2.2: a registered name may have one
    "minor version": (get(HOST, version="1.2"), "/", "/"),                            # RFC 9110 §2.5
    "major version": (get(HOST, version="2.0"), 505, 400),                            # RFC 9110 §15.6.6
    "chunk of 17 digits": (chunked(b"11111111111111111\r\n"), 413, 400),              # well-formed, and too long
    "chunk of 16 digits": (chunked(b"8000000000000000\r\n"), 413, 400),
    "unknown method": (lines("POSTS / HTTP/1.1", HOST), 501, 400),                    # RFC 9110 §9.1
    "lower-case method": (lines("get / HTTP/1.1", HOST), 501, 400),
}


@pytest.mark.differs
@pytest.mark.parametrize("name", UNLIKE)
def test_request__as_the_rfcs_say(server, scheme, name):
    data, *expected = UNLIKE[name]
    result = expected[SCHEMES[scheme]]
    if isinstance(result, int):
        assert refused(server, scheme, data) == result
    else:
        assert asked(server, scheme, data)[0]["target"] == result


@pytest.mark.parametrize("data", [
    post(f"Content-Length: {LIMIT + 1}"), post(f"Content-Length: {'9' * 36}"), chunked(b"%x\r\n" % (LIMIT + 1)),
    chunked((b"8000\r\n" + b"x" * 0x8000 + b"\r\n") * 4),
], ids=["length", "36 digits", "chunk", "chunks"])
def test_body__over_the_limit_is_413(server, scheme, data):
    assert refused(server, scheme, data) == 413


def test_head__of_any_length_up_to_its_limit(server, scheme):
    """Up to 16 KiB with its blank line; of Workerman without it."""
    def head(length):
        data = get(HOST, "A: ")
        return data.replace(b"A: ", b"A: " + b"a" * (length - len(data)))
    most = 16384 if scheme == "http" else 16383 + 4
    assert asked(server, scheme, head(most))[0]["target"] == "/"
    assert refused(server, scheme, head(most + 1)) == 431
    assert refused(server, scheme, b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"a" * 16665) == 431


# ---- websockets, of which both ends are the program's

@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("path", ["/path", "/refuse"])
def test_visitor__of_a_page(program, page, path):
    server = program("workerman_rows", ports=5).start(ready=5)
    with server.connect(server.ports[2]) as peer:
        peer.send(f"visit ws://127.0.0.1:{server.ports[PAGES[page]]}{path}\n")
        ends = [["page", ["closed"]], ["visitor", ["closed"]]]
        rows = eventually(lambda: (rows := seen(server)) and all(end in rows for end in ends) and rows, "the ends")
    of = {who: [row[0] for name, row in rows if name == who] for who in ("page", "visitor")}
    if path == "/refuse":
        assert of == {"page": ["/refuse", "closed"], "visitor": ["connected", "closed"]}
    else:
        assert of == {"page": ["/path", "hello", "goodbye", "closed"], "visitor": ["connected", "open", "Hi", "closed"]}


def seen(server):
    return [[row[0], row[2:]] for row in server.rows() if row[0] in ("page", "visitor")]


# ---- the end of a connection

def test_end__with_a_short_linger_is_soon_a_close(server):
    with server.connect(server.ports[2]) as peer:
        peer.send("end\nsecond\n")
        assert peer.read_line() == "last"
        assert peer.read_to_end() == b""
        assert server.await_trace("status") == [["CLOSED"]]
    assert (server.trace("ending"), server.trace("closed")) == ([["ENDING"]], [["CLOSED"]])
    assert [row[0] for row in server.trace("line")] == ["end"]


# ---- classes of Workerman\Protocols, and objects of http

def test_text_and_frame__of_a_message_over_the_limit(evaluate):
    assert evaluate("""use Workerman\\Protocols\\{Text, Frame};
        $made = function (): object {
            $connection = new Workerman\\Connection\\AsyncTcpConnection('tcp://127.0.0.1:1');
            $connection->maxPackageSize = 5;
            return $connection;
        };
        [$one, $two, $three] = [$made(), $made(), $made()];
        return [Text::input('four', $one), $one->getStatus(false), Text::input('five5', $two), $two->getStatus(false),
            Text::input("abcd\\n", $three), $three->getStatus(false)];""") == [0, "INITIAL", 0, "CLOSED", 5, "INITIAL"]


def test_response__withoutHeader_takes_it_out(evaluate):
    assert evaluate("return (new Response(200, ['X-foo' => 'bar', 'X-b' => '1']))->withoutHeader('X-foo')->getHeaders();") == {"X-b": "1"}


def test_event__fields_come_in_their_order(evaluate):
    assert evaluate("""return (string) new Workerman\\Protocols\\Http\\ServerSentEvents(
        ['data' => 'd', 'retry' => 5, 'id' => 7, 'event' => 'e']);""") == "event: e\nid: 7\nretry: 5\ndata: d\n\n"


def test_encode__of_a_string_has_the_headers_of_the_connection_and_is_as_that_of_a_response(evaluate):
    as_string, as_response, left = evaluate("""$connection = new Workerman\\Connection\\AsyncTcpConnection('tcp://127.0.0.1:1');
        $headers = ['X-one' => '1', 'X-list' => ['a', 'b']];
        $connection->headers = $headers;
        $string = Workerman\\Protocols\\Http::encode('hello', $connection);
        $left = $connection->headers;
        return [$string, Workerman\\Protocols\\Http::encode(new Response(200, $headers, 'hello'), $connection), $left];""")
    assert as_string == as_response and left == []
    assert as_string == ("HTTP/1.1 200 OK\r\nX-one: 1\r\nX-list: a\r\nX-list: b\r\nConnection: keep-alive\r\n"
                         "Content-Type: text/html;charset=utf-8\r\nContent-Length: 5\r\n\r\nhello")


def test_request_class__is_that_of_the_program(evaluate):
    assert evaluate("""class Own extends Request {}
        use Workerman\\Protocols\\Http;
        $connection = new Workerman\\Connection\\AsyncTcpConnection('tcp://127.0.0.1:1');
        $before = Http::requestClass();
        Http::requestClass(Own::class);
        $made = Http::decode("GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n", $connection);
        return [$before, Http::requestClass(), $made::class, $made->connection === $connection];""") == [
            "Workerman\\Protocols\\Http\\Request", "Own", "Own", True]


# ---- frames of websockets, as both classes make and read them

@pytest.mark.parametrize("size, head", [(0, 2), (125, 2), (126, 4), (130, 4), (200, 4), (65535, 4), (65536, 10)])
@pytest.mark.parametrize("name, mask", [("Websocket", 0), ("Ws", 4)])
def test_frame__of_every_form_of_length(evaluate, name, mask, size, head):
    """A client masks at random, where Workerman masks with zeros (RFC 6455 §5.3)."""
    length, first, own, read, taken, again = evaluate(f"""use Workerman\\Protocols\\{{Websocket, Ws}};
        $made = function (): object {{
            $connection = new Workerman\\Connection\\AsyncTcpConnection('tcp://127.0.0.1:1');
            $connection->context->websocketHandshake = true;
            $connection->context->websocketKey = 'k';
            return $connection;
        }};
        $data = str_repeat('x', {size});
        $frame = {name}::encode($data, $made());
        $other = {'Ws' if name == 'Websocket' else 'Websocket'}::class;
        $reader = $made();
        return [strlen($frame), ord($frame[0]), ord($frame[1]) >> 7, $other::decode($frame, $reader) === $data,
            $other::input($frame . 'more', $reader), $frame === {name}::encode($data, $made())];""")
    assert (length, first, own, read, taken) == (head + mask + size, 0x81, mask // 4, True, length)
    assert again == (mask == 0)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("data", [
    ws_frames.frame(1, b"\xcaH\xcd\xc9\xc9\x07\x00", rsv=4), ws_frames.frame(2, b"\xff\xff", rsv=4), ws_frames.frame(1, b"", rsv=4),
    ws_frames.frame(1, b"x", rsv=2),
], ids=["deflate", "no deflate", "empty", "rsv2"])
def test_compressed_frame__that_was_not_agreed_upon_is_1002(server, page, data):
    with server.connect(server.ports[PAGES[page]]) as peer, server.connect(server.ports[PAGES[page]]) as other:
        for each in (peer, other):
            each.shake_hands()
        peer.send(data)
        assert peer.read_frame() == ("close", 1002)
        other.say("hello")
        assert other.read_frame() == ("text", b"Hi")


@pytest.mark.parametrize("page", PAGES)
def test_frame__before_the_handshake_is_no_message(server, page):
    seen_before = len(server.trace("page"))
    with server.connect(server.ports[PAGES[page]]) as peer, server.connect(server.ports[PAGES[page]]) as other:
        other.shake_hands()
        other.say("hello")
        assert other.read_frame() == ("text", b"Hi")
        peer.send(ws_frames.text("hello") + b"\r\n\r\n")
        assert b"Hi" not in peer.read_to_end()
    assert [row[0] for row in server.trace("page")[seen_before:]].count("hello") == 1
