"""The conformance table for HTTP/1 framing: RFC 9112 §2-§9 and what RFC 9110 adds, one row a rule.

Each row is a stream of bytes and what must come back. An accepted row is followed by END, a request with Connection: close: that it is
answered shows that the row's request was read to its last byte and no further, and it ends the stream. A refused row sends nothing
more: the refusal must not wait for bytes that a bad request does not owe.

Where Workerman's own test-suite expects something else and the RFC does not leave the choice, the RFC has won and the row says so
("Workerman: ...").
"""
from dataclasses import dataclass, field

HOST = b"Host: a\r\n"
END = b"GET /end HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


@dataclass
class Row:
    section: str
    name: str
    data: bytes
    answers: list  # a status, or (status, {what the server must have understood})
    methods: list = field(default_factory=lambda: [b"GET"])
    interim: bool = False  # 100 Continue may come, depending on the cut
    edges: int = None  # long rows are cut only at so many first and last places

    @property
    def id(self):
        return f"{self.section} {self.name}".replace(" ", "_")


ROWS = []


def accepted(section, name, data, told=None, methods=None, **how):
    """The request in data is answered with 200, and END behind it, too."""
    first = 200 if told is None else (200, told)
    ROWS.append(Row(section, name, data + END, [first, (200, {"path": b"/end"})], methods or [b"GET"], **how))


def refused(section, name, data, status, **how):
    """The answer is an error with a body of known length and Connection: close, then the end of the stream."""
    ROWS.append(Row(section, name, data, [status], **how))


def get(*lines, target=b"/"):
    """GET with these header lines behind Host."""
    return b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def post(*lines, body=b""):
    return b"POST /p HTTP/1.1\r\n" + HOST + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


def chunked(body):
    return post(b"Transfer-Encoding: chunked", body=body)


# ---- RFC 9112 §2.2: message parsing ----

accepted("9112-2.2", "minimal", get(), {"method": b"GET", "target": b"/", "path": b"/", "query": b"", "version": b"1.1", "body": b""})
accepted("9112-2.2", "empty line before the request", b"\r\n" + get())
accepted("9112-2.2", "empty line behind a body, as old clients send it", post(b"Content-Length: 2", body=b"ab") + b"\r\n", {"body": b"ab"})
# The RFC lets a server take a bare LF as a line end; this one does not: a proxy before it may read the same bytes as one line.
refused("9112-2.2", "bare LF ends the request line", b"GET / HTTP/1.1\nHost: a\r\n\r\n", 400)
refused("9112-2.2", "bare LF ends a header line", b"GET / HTTP/1.1\r\nHost: a\n\r\n", 400)
refused("9112-2.2", "bare LF ends the header", b"GET / HTTP/1.1\r\nHost: a\r\n\n", 400)
refused("9112-2.2", "LF LF", b"GET / HTTP/1.1\n\n", 400)
refused("9112-2.2", "bare LF before the request", b"\nGET / HTTP/1.1\r\n", 400)
# A recipient must consider a bare CR invalid, or replace it.
refused("9112-2.2", "bare CR in the request line", b"GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", 400)
refused("9112-2.2", "bare CR behind the version", b"GET / HTTP/1.1\rHost: a\r\n\r\n", 400)
refused("9112-2.2", "bare CR in a value", get(b"X: a\rb"), 400)
refused("9112-2.2", "bare CR in a name", get(b"X\rY: a"), 400)
refused("9112-2.2", "CR CR LF", get(b"X: a\r"), 400)
refused("9112-2.2", "LF LF behind a value", b"GET / HTTP/1.1\r\nHost: a\n\nX: y\r\n\r\n", 400)
refused("9112-2.2", "another byte instead of LF in the empty line", b"GET / HTTP/1.1\r\nHost: a\r\n\rX", 400)
refused("9112-2.2", "CR CR in the empty line", b"GET / HTTP/1.1\r\nHost: a\r\n\r\r\n", 400)
refused("9112-2.2", "bare CR before the request", b"\rGET / HTTP/1.1\r\n", 400)
refused("9112-2.2", "space between start line and first field", b"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400)
refused("9112-2.2", "tab between start line and first field", b"GET / HTTP/1.1\r\n\tHost: a\r\n\r\n", 400)
refused("9112-2.2", "a tls client hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400)
refused("9112-2.2", "a response", b"HTTP/1.1 200 OK\r\n\r\n", 400)

# ---- RFC 9112 §2.3: versions ----

ROWS.append(Row("9112-2.3", "HTTP/1.0 without Host", b"GET / HTTP/1.0\r\n\r\n", [(200, {"version": b"1.0"})]))
for minor in (2, 9):
    data = b"GET / HTTP/1.%d\r\nHost: a\r\n\r\n" % minor
    accepted("9110-2.5", f"HTTP/1.{minor} is processed as 1.1", data, {"version": b"1.1"})
refused("9110-2.5", "HTTP/1.2 without Host", b"GET / HTTP/1.2\r\n\r\n", 400)
# Workerman: 400. RFC 9110 §15.6.6 has a status of its own for it.
refused("9112-2.3", "HTTP/2.0", b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505)
refused("9112-2.3", "HTTP/3.0", b"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505)
refused("9112-2.3", "HTTP/0.9", b"GET / HTTP/0.9\r\n\r\n", 505)
refused("9112-2.3", "no version as in HTTP/0.9", b"GET /\r\n", 400)
refused("9113-3.4", "the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505)
refused("9112-2.3", "lower case", b"GET / http/1.1\r\nHost: a\r\n\r\n", 400)
refused("9112-2.3", "HTTP/1", b"GET / HTTP/1\r\nHost: a\r\n\r\n", 400)
refused("9112-2.3", "HTTP/1.", b"GET / HTTP/1.\r\nHost: a\r\n\r\n", 400)
refused("9112-2.3", "HTTP/1.10", b"GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400)
refused("9112-2.3", "HTTP/01.1", b"GET / HTTP/01.1\r\nHost: a\r\n\r\n", 400)
refused("9112-2.3", "HTTP/1,1", b"GET / HTTP/1,1\r\nHost: a\r\n\r\n", 400)
refused("9112-2.3", "other name", b"GET / ICY/1.1\r\nHost: a\r\n\r\n", 400)

# ---- RFC 9112 §3, §3.1: request line, method ----

for method in (b"GET", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE"):
    accepted("9112-3.1", f"method {method.decode()}", method + b" /m HTTP/1.1\r\n" + HOST + b"\r\n", {"method": method}, [method, b"GET"])
accepted("9110-9.3.2", "HEAD has no body", b"HEAD /h HTTP/1.1\r\n" + HOST + b"\r\n", None, [b"HEAD", b"GET"])
# What follows CONNECT is no request, whatever the answer (RFC 9110 §9.3.6).
CONNECT = b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n"
ROWS.append(Row("9110-9.3.6", "CONNECT, and an answer of 2xx has no content", CONNECT + get(target=b"/never"), [200], [b"CONNECT"]))
ROWS.append(Row("9110-9.3.6", "CONNECT to IPv6", b"CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n\r\n", [200], [b"CONNECT"]))
for target in (b"a", b"a:", b":80", b"a:x", b"/", b"*", b"http://a:80/", b"a:80/", b"a:80?b", b"u@a:80", b"[::1]"):
    shown = target.decode().replace("/", "slash")
    refused("9112-3.2.3", f"CONNECT {shown}", b"CONNECT " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n", 400)
# Workerman: 400 for the next three. A method that is well-formed and not implemented is 501 (RFC 9112 §3.1, RFC 9110 §9.1).
refused("9112-3.1", "unknown method", b"POSTS / HTTP/1.1\r\nHost: a\r\n\r\n", 501)
refused("9112-3.1", "lower-case method: methods are case-sensitive", b"get / HTTP/1.1\r\nHost: a\r\n\r\n", 501)
refused("9112-3.1", "a method that begins as HEAD", b"HEADS / HTTP/1.1\r\nHost: a\r\n\r\n", 501)
refused("9112-3.1", "a method of one token character", b"! / HTTP/1.1\r\nHost: a\r\n\r\n", 501)
refused("9112-3.1", "a byte that is no token character", b"GE(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400)
refused("9112-3.1", "a method outside ASCII", b"G\xc3\x8bT / HTTP/1.1\r\nHost: a\r\n\r\n", 400)
refused("9112-3.1", "a method with NUL", b"GET\0 / HTTP/1.1\r\nHost: a\r\n\r\n", 400)
refused("9112-3.1", "no method", b" / HTTP/1.1\r\nHost: a\r\n\r\n", 400)
refused("9112-3.1", "space before the method", b" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400)
refused("9112-3", "two spaces behind the method", b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400)
refused("9112-3", "two spaces before the version", b"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400)
refused("9112-3", "tab behind the method", b"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400)
refused("9112-3", "tab before the version", b"GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", 400)
refused("9112-3", "space behind the version", b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400)
refused("9112-3", "a request line of one word", b"GET\r\nHost: a\r\n\r\n", 400)

# ---- RFC 9112 §3.2: request target ----

accepted("9112-3.2.1", "path and query", get(target=b"/a/b?c=d&e=%20f?g"), {"path": b"/a/b", "query": b"c=d&e=%20f?g", "target": b"/a/b?c=d&e=%20f?g"})
accepted("9112-3.2.1", "empty query", get(target=b"/a?"), {"path": b"/a", "query": b""})
accepted("9112-3.2.1", "two slashes are a path and no authority", get(target=b"//b/c"), {"path": b"//b/c"})
accepted("9112-3.2.1", "a path is not decoded", get(target=b"/%2e%2E/%41"), {"path": b"/%2e%2E/%41"})
accepted("9112-3.2.1", "500 bytes of path", get(target=b"/" + b"p" * 499), {"path": b"/" + b"p" * 499}, edges=60)
accepted("9112-3.2.1", "every octet of a path", get(target=b"/aZ09-._~!$&'()*+,;=:@/%fF"), {"path": b"/aZ09-._~!$&'()*+,;=:@/%fF"})
accepted("9112-3.2.1", "every octet of a query", get(target=b"/?aZ09-._~!$&'()*+,;=:@/?%00"), {"query": b"aZ09-._~!$&'()*+,;=:@/?%00"})
# Outside RFC 3986; the URL standard has browsers send them in a query as they are, and PHP nests names by them.
accepted("9112-3.2.1", "brackets in the query", get(target=b"/?a[]=1&b[c]=2"), {"query": b"a[]=1&b[c]=2"})
# Workerman hands them on. RFC 9112 §3: a request line that is invalid is answered with 400, and not corrected.
for octets in (b"\xe4\xb8\xad", b"\x80", b"\"", b"<", b">", b"\\", b"^", b"`", b"{", b"|", b"}", b"%", b"%4", b"%zz", b"%4g", b"%%41"):
    shown = octets.decode("latin-1").replace("\\", "backslash").replace("\xad", "")
    refused("9112-3.2", f"{shown} in the path", get(target=b"/a" + octets + b"z"), 400)
    refused("9112-3.2", f"{shown} in the query", get(target=b"/?a" + octets + b"z"), 400)
refused("9112-3.2", "brackets in the path", get(target=b"/a[]"), 400)
refused("9112-3.2", "a percent sign at the end", get(target=b"/a%"), 400)
# Workerman: 400. A server must accept the absolute form (§3.2.2), and the target's host wins over Host.
accepted("9112-3.2.2", "absolute form", get(target=b"http://a/b?c"), {"path": b"/b", "query": b"c", "target": b"http://a/b?c"})
accepted("9112-3.2.2", "absolute form with another Host", get(target=b"http://other:81/b"), {"path": b"/b", "headers": [(b"Host", b"other:81")]})
accepted("9112-3.2.2", "absolute form with an empty Host", b"GET http://other/b HTTP/1.1\r\nHost:\r\n\r\n", {"headers": [(b"Host", b"other")]})
refused("9110-7.4", "an https target without TLS", get(target=b"https://a/b"), 421)
refused("9110-7.4", "an https target without TLS, in another case", get(target=b"HTTPS://a/b"), 421)
refused("9112-3.2.2", "an octet outside the grammar behind the authority", get(target=b"http://a\"/"), 400)
accepted("9112-3.2.2", "absolute form without a path", get(target=b"http://a"), {"path": b"/", "query": b""})
accepted("9112-3.2.2", "absolute form with a query and no path", get(target=b"http://a?q"), {"path": b"/", "query": b"q"})
accepted("9112-3.2.2", "a scheme has no case", get(target=b"HTTP://a/b"), {"path": b"/b"})
accepted("9112-3.2.2", "absolute form with IPv6", get(target=b"http://[::1]:80/b"), {"path": b"/b"})
refused("9110-4.2.1", "absolute form without a host", get(target=b"http:///b"), 400)
refused("9110-4.2.4", "absolute form with user information", get(target=b"http://u:p@a/b"), 400)
refused("9112-3.2.2", "absolute form without slashes", get(target=b"http:a/b"), 400)
refused("9112-3.2.2", "absolute form still needs Host", b"GET http://a/b HTTP/1.1\r\n\r\n", 400)
# Workerman: 400. The asterisk form is for OPTIONS, and required there (§3.2.4).
accepted("9112-3.2.4", "OPTIONS asterisk", b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", {"path": b"*", "target": b"*"}, [b"OPTIONS", b"GET"])
refused("9112-3.2.4", "GET asterisk", b"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400)
refused("9112-3.2.4", "OPTIONS asterisk and more", b"OPTIONS *a HTTP/1.1\r\nHost: a\r\n\r\n", 400)
refused("9112-3.2.3", "authority form with GET", b"GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400)
refused("9112-3.2", "a relative path", b"GET a/b HTTP/1.1\r\nHost: a\r\n\r\n", 400)
refused("9112-3.2", "a query alone", b"GET ?a HTTP/1.1\r\nHost: a\r\n\r\n", 400)
refused("9112-3.2", "space in the path", b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400)
refused("9112-3.2", "DEL in the path", b"GET /a\x7f HTTP/1.1\r\nHost: a\r\n\r\n", 400)
refused("9112-3.2", "NUL in the path", b"GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n", 400)
refused("9112-3.2", "a control character in the query", b"GET /?\x01 HTTP/1.1\r\nHost: a\r\n\r\n", 400)
refused("9112-3.2", "a fragment", b"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400)
refused("9112-3.2", "CRLF in the target", b"GET /a\r\nb HTTP/1.1\r\nHost: a\r\n\r\n", 400)

# ---- RFC 9112 §3.2: Host ----

refused("9112-3.2", "HTTP/1.1 without Host", b"GET / HTTP/1.1\r\n\r\n", 400)
refused("9112-3.2", "two Host lines", get(b"Host: a"), 400)
refused("9112-3.2", "two Host lines that differ in case", get(b"HOST: b"), 400)
refused("9112-3.2", "two Host lines in HTTP/1.0", b"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400)
for host in (b"localhost", b"a.example", b"b.a.example:80", b"127.0.0.1", b"127.0.0.1:8080", b"[::1]", b"[::1]:65535", b"a-b_c.d:1", b"a:", b"a,b", b"a,b:80", b"%41", b""):
    accepted("9110-7.2", f"Host {host.decode() or 'empty'}", b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n", {"headers": [(b"Host", host)]})
# ":80" has a port without a host; an http target without a host is invalid (RFC 9110 §4.2.1).
for host in (b"u@a", b"a:b", b"a b", b"a:80a", b":80", b":", b"a, b", b"a:80:81", b"a/b", b"[::1", b"[::g]", b"::1", b"a:65536", b"http://a", b"a%2", b"a\"b"):
    refused("9110-7.2", f"Host {host.decode()}".replace("/", "slash"), b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n", 400)

# ---- RFC 9112 §5, RFC 9110 §5: fields ----

accepted("9110-5.1", "names with every token character", get(b"!#$%&'*+-.^_`|~09azAZ: v"), {"headers": [(b"Host", b"a"), (b"!#$%&'*+-.^_`|~09azAZ", b"v")]})
accepted("9110-5.5", "white space around a value is none of it", get(b"X: \t v w\t \t"), {"headers": [(b"Host", b"a"), (b"X", b"v w")]})
accepted("9110-5.5", "no white space before a value", get(b"X:v"), {"headers": [(b"Host", b"a"), (b"X", b"v")]})
accepted("9110-5.5", "a tab in a value", get(b"X: v\tw"), {"headers": [(b"Host", b"a"), (b"X", b"v\tw")]})
accepted("9110-5.5", "an empty value", get(b"X:", b"Y: "), {"headers": [(b"Host", b"a"), (b"X", b""), (b"Y", b"")]})
accepted("9110-5.5", "bytes from 0x80 in a value", get(b"X: \x80\xff\xe4\xb8\xad"), {"headers": [(b"Host", b"a"), (b"X", b"\x80\xff\xe4\xb8\xad")]})
accepted("9110-5.3", "one name twice, in order", get(b"X: 1", b"x: 2"), {"headers": [(b"Host", b"a"), (b"X", b"1"), (b"x", b"2")]})
accepted("9110-5.1", "a name that ends like another", get(b"X-Transfer-Encoding: chunked", b"X-Content-Length: 5"), {"body": b""})
for name, line in {
    "space in a name": b"a b: v",
    "space before the colon": b"X : v",
    "tab before the colon": b"X\t: v",
    "leading space": b" X: v",
    "leading tab": b"\tX: v",
    "tab in a name": b"a\tb: v",
    "empty name": b": v",
    "at sign in a name": b"a@b: v",
    "bracket in a name": b"a[b: v",
    "no colon": b"abc",
    "name outside ASCII": b"\xc3\xa9: v",
    "NUL in a name": b"a\0b: v",
}.items():
    refused("9112-5.1", name, get(line), 400)
refused("9112-5.2", "obs-fold with a space", get(b"X: a", b" b"), 400)
refused("9112-5.2", "obs-fold with a tab", get(b"X: a", b"\tb"), 400)
refused("9110-5.5", "NUL in a value", get(b"X: a\0b"), 400)
refused("9110-5.5", "a control character in a value", get(b"X: a\x01b"), 400)
refused("9110-5.5", "DEL in a value", get(b"X: a\x7fb"), 400)
refused("9110-5.5", "bare LF in a value", get(b"X: a\nb"), 400)

# ---- RFC 9112 §6.2, §6.3, RFC 9110 §8.6: Content-Length ----

accepted("9112-6.2", "Content-Length", post(b"Content-Length: 5", body=b"hello"), {"body": b"hello"})
accepted("9112-6.2", "Content-Length 0", post(b"Content-Length: 0"), {"body": b""})
accepted("9112-6.2", "leading zeros", post(b"Content-Length: 005", body=b"hello"), {"body": b"hello"})
accepted("9112-6.2", "white space around it", post(b"Content-Length: \t5 ", body=b"hello"), {"body": b"hello"})
accepted("9112-6.2", "a name in another case", post(b"cONTENT-lENGTH: 5", body=b"hello"), {"body": b"hello"})
accepted("9112-6.2", "a body that looks like a request", post(b"Content-Length: 18", body=b"GET / HTTP/1.1\r\n\r\n"), {"body": b"GET / HTTP/1.1\r\n\r\n"})
accepted("9112-6.3", "neither length nor coding: no body", post(), {"body": b""})
accepted("9110-9.3.1", "GET with a body", get(b"Content-Length: 2") + b"ab", {"body": b"ab"})
accepted("9112-6.3", "a body of every byte", post(b"Content-Length: 256", body=bytes(range(256))), {"body": bytes(range(256))}, edges=40)
for value in (b"abc", b"12abc", b"", b"-1", b"+5", b"5 5", b"0x5", b"5,5", b"1,2", b"5.0", b"5;", b"\xd9\xa5", b"\"5\""):
    refused("9110-8.6", f"Content-Length {value.decode() or 'empty'}", post(b"Content-Length: " + value, body=b"hello"), 400)
# Equal lengths may be merged (§6.3) or refused; refused, since the next reader may take either.
refused("9112-6.3", "Content-Length twice and equal", post(b"Content-Length: 5", b"Content-Length: 5", body=b"hello"), 400)
refused("9112-6.3", "Content-Length twice, apart and in another case", post(b"Content-Length: 5", b"X: y", b"content-length: 5", body=b"hello"), 400)
refused("9112-6.3", "two lengths that differ", post(b"Content-Length: 5", b"Content-Length: 6", body=b"hello!"), 400)
refused("9110-8.6", "36 digits", post(b"Content-Length: " + b"9" * 36), 413)
refused("9110-8.6", "2 to the 64 and 5 does not become 5", post(b"Content-Length: 18446744073709551621", body=b"hello"), 413)

# ---- RFC 9112 §6.1: Transfer-Encoding ----

accepted("9112-6.1", "chunked", chunked(b"5\r\nhello\r\n0\r\n\r\n"), {"body": b"hello"})
accepted("9112-6.1", "chunked in another case", post(b"TRANSFER-encoding: cHuNkEd", body=b"5\r\nhello\r\n0\r\n\r\n"), {"body": b"hello"})
accepted("9112-6.1", "white space around it", post(b"Transfer-Encoding: \tchunked ", body=b"5\r\nhello\r\n0\r\n\r\n"), {"body": b"hello"})
refused("9112-6.3", "with Content-Length behind it", post(b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n"), 400)
refused("9112-6.3", "with Content-Length before it", post(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 400)
# Workerman accepts it. §6.1: such a request is to be treated as faulty, as a server of HTTP/1.0 would not see the chunks.
refused("9112-6.1", "in HTTP/1.0", b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400)
# Workerman: 400 for both. §6.1 asks for 501 for a coding that is not understood.
refused("9112-6.1", "gzip", post(b"Transfer-Encoding: gzip", body=b"x"), 501)
refused("9112-6.1", "gzip, chunked", post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"), 501)
refused("9112-6.1", "identity, which RFC 7230 has removed", post(b"Transfer-Encoding: identity", body=b"x"), 501)
refused("9112-6.1", "xchunked", post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"), 501)
refused("9112-6.3", "chunked, gzip", post(b"Transfer-Encoding: chunked, gzip", body=b"0\r\n\r\n"), 400)
refused("9112-6.1", "chunked, chunked", post(b"Transfer-Encoding: chunked, chunked", body=b"0\r\n\r\n"), 400)
refused("9112-6.1", "chunked on two lines", post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 400)
refused("9112-6.1", "chunked and identity on two lines", post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity", body=b"0\r\n\r\n"), 400)
refused("9112-6.1", "empty", post(b"Transfer-Encoding:", body=b"0\r\n\r\n"), 400)
# RFC 9110 §5.6.1.2 has a recipient ignore empty elements. Refused all the same: a recipient that does not ignore them takes another
# coding for the last one, so the two would disagree on where the body ends.
for value in (b",", b",chunked", b", chunked", b"chunked,", b"chunked ,", b"chunked, ,"):
    refused("9112-6.1", f"an empty element, {value.decode()}", post(b"Transfer-Encoding: " + value, body=b"0\r\n\r\n"), 400)
refused("9112-6.1", "an empty line beside chunked", post(b"Transfer-Encoding: chunked", b"Transfer-Encoding:", body=b"0\r\n\r\n"), 400)
refused("9112-6.1", "a vertical tab before chunked", post(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n"), 400)
refused("9112-6.1", "a quoted coding", post(b"Transfer-Encoding: \"chunked\"", body=b"0\r\n\r\n"), 400)

# ---- RFC 9112 §7.1: chunks ----

accepted("9112-7.1", "several chunks", chunked(b"5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n"), {"body": b"hello world"})
accepted("9112-7.1", "no chunk but the last", chunked(b"0\r\n\r\n"), {"body": b""})
accepted("9112-7.1", "upper and lower case digits", chunked(b"A\r\n0123456789\r\na\r\nabcdefghij\r\n0\r\n\r\n"), {"body": b"0123456789abcdefghij"})
accepted("9112-7.1", "leading zeros", chunked(b"0005\r\nhello\r\n000\r\n\r\n"), {"body": b"hello"})
accepted("9112-7.1", "CRLF in the data", chunked(b"4\r\n\r\n\r\n\r\n0\r\n\r\n"), {"body": b"\r\n\r\n"})
accepted("9112-7.1", "chunks on GET", get(b"Transfer-Encoding: chunked") + b"2\r\nab\r\n0\r\n\r\n", {"body": b"ab"})
accepted("9112-7.1.1", "an extension", chunked(b"5;a\r\nhello\r\n0\r\n\r\n"), {"body": b"hello"})
accepted("9112-7.1.1", "extensions with values", chunked(b"5;a=b;c=\"d;\\\"e\"\r\nhello\r\n0;z\r\n\r\n"), {"body": b"hello"})
accepted("9112-7.1.1", "white space in an extension is read past (RFC 9110 5.6.3)", chunked(b"5 ; a = b\r\nhello\r\n0\r\n\r\n"), {"body": b"hello"})
accepted("9112-7.1.2", "trailers", chunked(b"5\r\nhello\r\n0\r\nX-Sum: 1\r\nY:\t2 \r\n\r\n"), {"body": b"hello"})
# RFC 9110 §6.5.1: a trailer must not be merged into the header when it is one of framing, routing or authentication.
accepted(
    "9112-7.1.2",
    "a trailer is no header",
    chunked(b"0\r\nContent-Length: 5\r\nHost: b\r\n\r\n"),
    {"body": b"", "headers": [(b"Host", b"a"), (b"Transfer-Encoding", b"chunked")]},
)
for name, body, status in (
    ("a size that is no hex", b"g\r\n", 400),
    ("an empty size", b"\r\n", 400),
    ("0x before the size", b"0x5\r\nhello\r\n", 400),
    ("a sign before the size", b"+5\r\nhello\r\n", 400),
    ("a space before the size", b" 5\r\nhello\r\n", 400),
    ("a space behind the size", b"5 \r\nhello\r\n", 400),
    ("LF behind the size", b"5\nhello\r\n", 400),
    ("CR alone behind the size", b"5\rhello\r\n", 400),
    ("LF behind the data", b"5\r\nhello\n0\r\n\r\n", 400),
    ("CR alone behind the data", b"5\r\nhello\r0\r\n\r\n", 400),
    ("another byte instead of CR behind the data", b"5\r\nhelloX\n0\r\n\r\n", 400),
    ("another byte instead of LF behind the data", b"5\r\nhello\rX0\r\n\r\n", 400),
    ("another byte instead of LF behind the size", b"5\rXhello\r\n0\r\n\r\n", 400),
    ("more data than the size says", b"5\r\nhello!\r\n0\r\n\r\n", 400),
    ("less data than the size says", b"6\r\nhello\r\n0\r\n\r\n", 400),
    ("no name in an extension", b"5;\r\nhello\r\n", 400),
    ("no value in an extension", b"5;a=\r\nhello\r\n", 400),
    ("LF in an extension", b"5;a\nb\r\nhello\r\n", 400),
    ("CR alone in an extension", b"5;a\rb\r\nhello\r\n", 400),
    ("NUL in an extension", b"5;a\0b\r\nhello\r\n", 400),
    ("LF behind the last size", b"0\n\r\n", 400),
    ("a size over 64 bits", b"10000000000000005\r\nhello\r\n", 413),
    ("the largest 64-bit size", b"ffffffffffffffff\r\nhello\r\n", 413),
    ("the largest signed size and one", b"8000000000000000\r\nhello\r\n", 413),
):
    refused("9112-7.1", name, chunked(body), status)
for name, body in {
    "a trailer without colon": b"0\r\nabc\r\n\r\n",
    "a trailer with a space before the colon": b"0\r\nX : v\r\n\r\n",
    "a trailer that is folded": b"0\r\nX: v\r\n w\r\n\r\n",
    "a trailer with NUL": b"0\r\nX: a\0b\r\n\r\n",
    "a trailer with bare LF": b"0\r\nX: v\n\r\n",
    "another byte instead of LF behind a trailer": b"0\r\nX: v\rYZ: w\r\n\r\n",
    "LF LF behind a trailer": b"0\r\nX: v\n\nY: w\r\n\r\n",
    "LF instead of the last line": b"0\r\n\n",
    "CR alone instead of the last line": b"0\r\n\rX",
}.items():
    refused("9112-7.1.2", name, chunked(body), 400)

# ---- RFC 9112 §9.3, §9.6: persistence ----

accepted("9112-9.3", "HTTP/1.1 stays open", get())
ROWS.append(Row("9112-9.3", "HTTP/1.0 closes", b"GET / HTTP/1.0\r\nHost: a\r\n\r\n" + END, [200]))
ROWS.append(Row("9112-9.3", "HTTP/1.0 with keep-alive stays open", b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + END, [200, 200]))
ROWS.append(Row("9112-9.3", "HTTP/1.0 with Keep-Alive in another case", b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n" + END, [200, 200]))
ROWS.append(Row("9112-9.3", "HTTP/1.0 with keep-alive and close", b"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n" + END, [200]))
# §9.6: what follows a request with close must not be processed.
for name, line in {
    "close": b"Connection: close",
    "close in another case": b"connection: CLOSE",
    "close in a list": b"Connection: foo , close",
    "close with keep-alive": b"Connection: keep-alive, close",
}.items():
    ROWS.append(Row("9112-9.6", name, get(line) + get(target=b"/never"), [(200, {"path": b"/"})]))
ROWS.append(Row("9112-9.6", "close on a second line", get(b"Connection: foo", b"Connection: close") + get(), [200]))
accepted("9112-9.6", "close in another name", get(b"Connection: closed", b"X-Connection: close"))
accepted("9110-7.8", "an upgrade that is not taken", get(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk"))
ROWS.append(
    Row("9112-9.6", "the application closes", get(target=b"/close") + get(target=b"/never"), [(200, {"path": b"/close"})])
)

# ---- RFC 9112 §9.3.2: pipelining ----

accepted("9112-9.3.2", "GET and GET", get(target=b"/1") + get(target=b"/2"), {"path": b"/1"})
ROWS[-1].answers.insert(1, (200, {"path": b"/2"}))
ROWS.append(
    Row(
        "9112-9.3.2",
        "answers in the order of the requests, although made in another",
        get(target=b"/late?ms=30") + post(b"Content-Length: 3", body=b"abc") + get(target=b"/late?ms=1") + get(target=b"/204") + END,
        [(200, {"query": b"ms=30"}), (200, {"body": b"abc"}), (200, {"query": b"ms=1"}), 204, (200, {"path": b"/end"})],
        edges=24,
    )
)
ROWS.append(Row("9112-9.3.2", "an error waits for the answers before it", get(target=b"/late?ms=10") + b"GET / HTTP/9.9\r\n", [(200, {"path": b"/late"}), 505], edges=24))
ROWS.append(Row("9112-9.3.2", "chunked and then another", chunked(b"1\r\na\r\n0\r\n\r\n") + post(b"Content-Length: 1", body=b"b") + END, [(200, {"body": b"a"}), (200, {"body": b"b"}), 200]))

# ---- RFC 9110 §15.3.5, §15.3.6, §15.4.5, §9.3.2: responses without a body ----

ROWS.append(Row("9110-15.3.6", "205 has no content, and says so by its length", get(target=b"/205") + END, [205, (200, {"path": b"/end"})]))
for status in (204, 205, 304):
    ROWS.append(Row("9112-6.3", f"{status} has no body", get(target=b"/%d" % status) + END, [status, (200, {"path": b"/end"})]))
    ROWS.append(Row("9112-6.3", f"{status} to HEAD", b"HEAD /%d HTTP/1.1\r\nHost: a\r\n\r\n" % status + END, [status, (200, {"path": b"/end"})], [b"HEAD", b"GET"]))
ROWS.append(Row("9110-9.3.2", "HEAD then GET", b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" + END, [200, (200, {"path": b"/end"})], [b"HEAD", b"GET"]))
ROWS.append(Row("9110-9.3.2", "an error to HEAD has no body", b"HEAD / HTTP/1.1\r\n\r\n", [400], [b"HEAD"]))
ROWS.append(Row("9110-9.3.2", "HEAD answered by wm_conn_send", b"HEAD /send HTTP/1.1\r\nHost: a\r\n\r\n" + END, [200, 200], [b"HEAD", b"GET"]))
ROWS.append(Row("9110-15", "404 of the application", get(target=b"/404") + END, [404, 200]))

# ---- RFC 9110 §10.1.1: Expect ----

accepted("9110-10.1.1", "100-continue with the body there", post(b"Expect: 100-continue", b"Content-Length: 2", body=b"ab"), {"body": b"ab"}, interim=True)
accepted("9110-10.1.1", "100-continue in another case", post(b"expect: 100-Continue", b"Content-Length: 2", body=b"ab"), {"body": b"ab"}, interim=True)
accepted("9110-10.1.1", "100-continue and chunks", post(b"Expect: 100-continue", b"Transfer-Encoding: chunked", body=b"2\r\nab\r\n0\r\n\r\n"), {"body": b"ab"}, interim=True)
accepted("9110-10.1.1", "100-continue without a body", post(b"Expect: 100-continue"), {"body": b""})
ROWS.append(
    Row(
        "9110-10.1.1",
        "100-continue is ignored in HTTP/1.0",
        b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab",
        [(200, {"body": b"ab"})],
    )
)
refused("9110-10.1.1", "another expectation", post(b"Expect: 200-ok", b"Content-Length: 2"), 417)
refused("9110-10.1.1", "two expectations", post(b"Expect: 100-continue, 200-ok", b"Content-Length: 2"), 417)
