"""haproxy and nginx in front, which tell whose a connection or a request is: the access log has the client, not the proxy."""

import pathlib
import socket
import ssl
import sys
import time

import pytest
from proxies import haproxy, nginx
from server_process import HANG_SECONDS, ConformanceServer
from tls_files import TlsFiles
from ws_frames import request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from ports import free_port  # noqa: E402

CLIENT = "127.0.0.5"  # the proxies are 127.0.0.1
ASK = b"GET /asked HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n%s\r\n"
SENDS = ["send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options crc32c,unique-id", "send-proxy-v2-ssl"]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    files = TlsFiles(tmp_path_factory.mktemp("tls"))
    files.issue("example", "DNS:example.com")
    return files


@pytest.fixture
def start(tmp_path, files):
    servers = []

    def start(*options):
        certificate = ["--tls", f"tls_cert={files.cert('example')}", f"tls_key={files.key('example')}"]
        servers.append(ConformanceServer(*certificate, "trusted_proxies=127.0.0.1", f"access_log={tmp_path / 'access'}", *options))
        return servers[-1]

    yield start
    for server in servers:
        assert server.stop() == (0, "")


def connect(port, files=None):
    sock = socket.create_connection(("127.0.0.1", port), HANG_SECONDS, source_address=(CLIENT, 0))
    if not files:
        return sock
    return ssl.create_default_context(cafile=files.cert("ca")).wrap_socket(sock, server_hostname="example.com")


def ask(sock, fields=b"", asked=ASK):
    with sock:
        sock.sendall(asked % fields)
        answer = b""
        while b"\r\n\r\n" not in answer:
            part = sock.recv(1 << 16)
            assert part, answer
            answer += part
    return int(answer[9:12])


def logged(path, target="/asked"):
    """The address of the line about that target; checks of the proxy may have lines, too."""
    deadline = time.monotonic() + HANG_SECONDS
    while time.monotonic() < deadline:
        lines = [line for line in (path / "access").read_text("utf-8").splitlines() if target in line]
        if lines:
            return lines[-1].split()[0]
        time.sleep(0.01)
    pytest.fail(f"no line of {target}")


# ---- the PROXY protocol


@pytest.mark.parametrize("sends", SENDS)
def test_haproxy__http(start, tmp_path, sends):
    server = start("proxy_protocol=1")
    with haproxy(server.port("http.tcp4"), sends=sends) as (port, found):
        assert found == "L7OK"  # its check has a header too: LOCAL, or UNKNOWN
        assert ask(connect(port), b"X-Forwarded-For: 192.0.2.1\r\n") == 200
        assert logged(tmp_path) == CLIENT


@pytest.mark.parametrize("sends", SENDS)
def test_haproxy__tls_behind_the_header(start, tmp_path, files, sends):
    server = start("proxy_protocol=1")
    with haproxy(server.port("http.tls"), check="", mode="tcp", sends=sends) as (port, _):
        assert ask(connect(port, files)) == 200
        assert logged(tmp_path) == CLIENT


@pytest.mark.parametrize("sends", ["send-proxy", "send-proxy-v2"])
@pytest.mark.parametrize("label", ["ws.tcp4", "ws.tls"])
def test_haproxy__websocket(start, tmp_path, files, label, sends):
    server = start("proxy_protocol=1")
    with haproxy(server.port(label), check="", mode="tcp", sends=sends) as (port, _):
        with connect(port, files if label == "ws.tls" else None) as sock:
            sock.sendall(request(b"/socket"))
            assert sock.recv(1 << 16).startswith(b"HTTP/1.1 101 ")
        assert logged(tmp_path, "/socket") == CLIENT


@pytest.mark.parametrize("label,said,answer", [("text.tcp4", b"one\ntwo\n", b"one\ntwo\n"), ("raw.tcp4", b"bytes", b"bytes")])
def test_haproxy__streams(start, label, said, answer):
    server = start("proxy_protocol=1")
    with haproxy(server.port(label), check="", mode="tcp", sends="send-proxy-v2") as (port, _), connect(port) as sock:
        sock.sendall(said)
        heard = b""
        while len(heard) < len(answer):
            part = sock.recv(1 << 16)
            assert part, heard
            heard += part
        assert heard == answer


@pytest.mark.parametrize("label", ["http.tcp4", "http.tls"])
def test_nginx__streams(start, tmp_path, files, label):
    server = start("proxy_protocol=1")
    port = free_port()
    stream = f"server {{ listen 127.0.0.1:{port}; proxy_pass 127.0.0.1:{server.port(label)}; proxy_protocol on; }}"
    with nginx("", port, stream):
        assert ask(connect(port, files if label == "http.tls" else None)) == 200
        assert logged(tmp_path) == CLIENT


# ---- header lines


def test_haproxy__forwardfor(start, tmp_path):
    server = start()
    with haproxy(server.port("http.tcp4"), check="option forwardfor") as (port, _):
        assert ask(connect(port), b"X-Forwarded-For: 192.0.2.1\r\n") == 200  # the client lies
        assert logged(tmp_path) == CLIENT


SITE = """
server {
    listen 127.0.0.1:%d;
    location / {
        proxy_pass http://127.0.0.1:%d;
        proxy_set_header %s;
    }
}
"""


@pytest.mark.parametrize(
    "field,header,address",
    [
        ("X-Forwarded-For $proxy_add_x_forwarded_for", "X-Forwarded-For", CLIENT),
        ("X-Forwarded-For $remote_addr", "X-Forwarded-For", CLIENT),
        ('Forwarded "for=$remote_addr;proto=$scheme"', "Forwarded", CLIENT),
        ("X-Real-IP $remote_addr", "Forwarded", "192.0.2.9"),  # nginx passes the client's own on: it has to set what is trusted
        ("X-Forwarded-For $remote_addr", "none", "127.0.0.1"),
    ],
)
def test_nginx__header_lines(start, tmp_path, field, header, address):
    server = start(f"proxy_header={header}")
    port = free_port()
    with nginx(SITE % (port, server.port("http.tcp4"), field), port):
        assert ask(connect(port), b"X-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.9\r\n") == 200
        assert logged(tmp_path) == address


def test_others__tell_nothing(start, tmp_path):
    server = start()
    assert ask(connect(server.port("http.tcp4")), b"X-Forwarded-For: 192.0.2.1\r\n") == 200
    assert logged(tmp_path) == CLIENT
