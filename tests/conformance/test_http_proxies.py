"""nginx and haproxy in front of an http worker and of wm-serve push at one port: HTTP/2, connections that are kept, health checks, websockets.

nginx runs the site of docs/guide/operate.md.
"""
import pathlib
import re
import socket
import ssl
import subprocess
import sys

import pytest
from http_answers import take_answer
from proxies import haproxy, nginx
from server_process import HANG_SECONDS, ConformanceServer
from tls_files import TlsFiles
from ws_frames import request, take_frame, text

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "support"))
from ports import free_port  # noqa: E402
from push_fixtures import start  # noqa: E402, F401
from push_lines import PUSH  # noqa: E402
from push_server import Page  # noqa: E402

NAME = "example.com"
GUIDE = (TESTS.parent / "docs/guide/operate.md").read_text("utf-8")
SITE = re.search(r"<!-- file: /etc/nginx/sites-enabled/app -->\n```nginx\n(.*?)```", GUIDE, re.DOTALL)[1]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    files = TlsFiles(tmp_path_factory.mktemp("tls"))
    files.issue("example", f"DNS:{NAME}")
    return files


@pytest.fixture
def server():
    server = ConformanceServer()
    yield server
    assert server.stop() == (0, "")


class Https:
    """nginx in front of a port, as the guide has it, and its clients."""

    def __init__(self, target, files, port, *changes):
        self.port = port
        self.files = files
        site = SITE
        places = [("443", str(port)), ("127.0.0.1:8080", f"127.0.0.1:{target}"), ("/etc/ssl/certs/example.com.pem", files.cert("example")),
                  ("/etc/ssl/private/example.com.key", files.key("example"))]  # fmt: skip
        for old, new in (*places, *changes):
            assert old in site, f"the guide has no {old}"
            site = site.replace(old, new)
        self.running = nginx(site, port)

    def __enter__(self):
        self.running.__enter__()
        return self

    def __exit__(self, *error):
        return self.running.__exit__(*error)

    def curl(self, *words):
        """What curl prints: the bodies, and what --write-out has of each."""
        trusted = ["--cacert", self.files.cert("ca"), "--resolve", f"{NAME}:{self.port}:127.0.0.1"]
        command = ["curl", "--silent", "--show-error", "--noproxy", "*", *trusted, *words]
        return subprocess.run(command, check=True, capture_output=True, timeout=HANG_SECONDS).stdout

    def url(self, path):
        return f"https://{NAME}:{self.port}{path}"

    def connect(self):
        """As browsers do for a websocket: HTTP/1.1 alone."""
        context = ssl.create_default_context(cafile=self.files.cert("ca"))
        context.set_alpn_protocols(["http/1.1"])
        sock = context.wrap_socket(socket.create_connection(("127.0.0.1", self.port), HANG_SECONDS), server_hostname=NAME)
        assert sock.selected_alpn_protocol() == "http/1.1"
        return sock


def plain(port):
    return socket.create_connection(("127.0.0.1", port), HANG_SECONDS)


def read_answer(sock, method=b"GET"):
    data = b""
    while (taken := take_answer(data, method)) is None:
        part = sock.recv(1 << 16)
        assert part, f"end of stream inside an answer: {data!r}"
        data += part
    assert taken[1] == b""
    return taken[0]


def get(sock, target, *fields):
    sock.sendall(b"\r\n".join([b"GET " + target + b" HTTP/1.1", b"Host: example.com", *fields]) + b"\r\n\r\n")
    return read_answer(sock)


def expect_echo(sock):
    """A websocket behind the proxy: its handshake, and a message there and back."""
    sock.sendall(request(b"/socket"))
    data = b""
    while b"\r\n\r\n" not in data:
        data += sock.recv(1 << 16)
    head, _, data = data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ") and b"\r\nsec-websocket-accept: " in head.lower()
    for message in (b"hello", b"x" * 70_000):
        sock.sendall(text(message))
        while (taken := take_frame(data)) is None:
            part = sock.recv(1 << 16)
            assert part
            data += part
        frame, data = taken
        assert frame.payload == message


# ---- nginx


def test_nginx__http_2_in_front_and_one_kept_connection_behind(server, certificate):
    with Https(server.port("http.tcp4"), certificate, free_port()) as https:
        before = server.accepted("http.tcp4")
        urls = [https.url(f"/page?{number}") for number in range(8)]
        told = https.curl("--http2", "--write-out", "\nhttp=%{http_version}\n", "--header", "X-Forwarded-For: 192.0.2.1", *urls)
        assert told.count(b"\nhttp=2\n") == 8, told
        assert told.count(b"\nversion=1.1\n") == 8
        forwarded = (b"X-Forwarded-For: 127.0.0.1", b"X-Forwarded-Proto: https", b"X-Forwarded-Host: example.com")
        for field in (b"Host: example.com", *forwarded):
            assert told.count(b"\nheader=" + field + b"\n") == 8, told
        assert b"header=Connection" not in told and b"header=Upgrade" not in told
        assert server.accepted("http.tcp4") - before == 1


def test_nginx__body_of_http_2_without_a_length(server, certificate, tmp_path):
    body = bytes(range(256)) * 1000
    (tmp_path / "body").write_bytes(body)
    with Https(server.port("http.tcp4"), certificate, free_port()) as https:
        without_length = ["--header", "Content-Length:", "--header", "Transfer-Encoding:"]
        told = https.curl("--http2", *without_length, "--upload-file", str(tmp_path / "body"), https.url("/up"))
        assert told.startswith(b"method=PUT\n") and told.partition(b"\n\n")[2] == body


def test_nginx__page_and_socket_share_a_location(server, certificate):
    with Https(server.port("http.tcp4"), certificate, free_port()) as https:
        with https.connect() as page, https.connect() as sock:
            assert get(page, b"/").echo["path"] == b"/"
            expect_echo(sock)
            assert get(page, b"/again").echo["path"] == b"/again"


def test_nginx__h2c_is_declined_behind_it(server, certificate):
    with Https(server.port("http.tcp4"), certificate, free_port()) as https, https.connect() as sock:
        answer = get(sock, b"/", b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk")
        assert answer.status == 200 and answer.values(b"upgrade") == []


# ---- haproxy


def test_haproxy__keeps_one_connection(server):
    with haproxy(server.port("http.tcp4")) as (port, found):
        assert found == "L7OK"
        before = server.accepted("http.tcp4")
        for number in range(8):
            with plain(port) as sock:
                for part in (b"a", b"b"):
                    assert get(sock, b"/%d%b" % (1000 + number, part)).echo["path"] == b"/%d%b" % (1000 + number, part)
        assert server.accepted("http.tcp4") - before == 1


def test_haproxy__websocket(server):
    with haproxy(server.port("http.tcp4")) as (port, _), plain(port) as page, plain(port) as sock:
        assert get(page, b"/").status == 200
        expect_echo(sock)
        assert get(page, b"/").status == 200


@pytest.mark.parametrize("check, found, status", [
    ("option httpchk GET /200", "L7OK", 200),
    ("option httpchk GET /503", "L7STS", 503),
    ("option httpchk\n    http-check send meth HEAD uri /200 ver HTTP/1.1 hdr Host lb", "L7OK", 200),
])
def test_haproxy__health_check(server, check, found, status):
    with haproxy(server.port("http.tcp4"), check) as (port, said), plain(port) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (said, int(sock.recv(12).split()[1])) == (found, status)


# ---- wm-serve push at one port


@pytest.fixture
def push(start):  # noqa: F811
    port = free_port()
    return start("--listen", f"websocket://127.0.0.1:{port}", "--http", f"http://127.0.0.1:{port}", "--origin", f"https://{NAME}")


def expect_push(server, sock):
    page = Page(None, b"Origin: https://example.com", sock=sock)
    assert page.status == 101
    page.register("uid1")
    assert server.post(PUSH).body == b"ok\n"
    assert page.message() == PUSH
    page.close()


def test_push__behind_nginx(push, certificate):
    with Https(int(push.http_host.split(b":")[1]), certificate, free_port(), ("location / {", "location = / {")) as https:
        with https.connect() as sock:
            expect_push(push, sock)
        assert b"new WebSocket" in https.curl("--http2", https.url("/"))
        for path in ("/push", "/ticket"):
            for host in (NAME, "localhost"):  # the server would take the second for its own name
                told = https.curl("--http2", "--header", f"Host: {host}", "--data", PUSH.decode(), "--write-out", "%{http_code}", https.url(path))
                assert told.endswith(b"404") and b"nginx" in told


def test_push__behind_haproxy(push):
    with haproxy(int(push.http_host.split(b":")[1]), "option httpchk GET /health") as (port, found), plain(port) as sock:
        assert found == "L7OK"
        expect_push(push, sock)
    with haproxy(int(push.http_host.split(b":")[1])) as (_, found):
        assert found == "L7OK", "OPTIONS /, its default"
