"""TLS of `wm-serve push`: pages by wss, the page and POST /push by https, and what check finds wrong."""
import os
import pathlib
import re
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from certificates import client_context, connect_tls, make_certificate, presented  # noqa: E402
from instance import eventually  # noqa: E402
from ports import free_port  # noqa: E402
from push_fixtures import start  # noqa: E402, F401
from push_lines import PUSH  # noqa: E402
from push_server import LineClient, clean_environment, program  # noqa: E402
from ws_frames import TEXT, request, take_frame, text  # noqa: E402


@pytest.fixture
def made(tmp_path):
    return make_certificate(tmp_path / "site")


def tls_flags(made):
    return ["--tls-cert", str(made.cert), "--tls-key", str(made.key)]


def check(*flags, **environment):
    done = subprocess.run([program(), "push", "check", *flags], capture_output=True, timeout=30, check=False, env=clean_environment() | environment)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class TlsPage:
    """A page that has come by wss."""

    def __init__(self, address, uid):
        self.sock = connect_tls(address, client_context())
        self.sock.sendall(request())
        self.data = b""
        while b"\r\n\r\n" not in self.data:
            self.data += self.receive()
        head, _, self.data = self.data.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")
        self.sock.sendall(text(uid))

    def receive(self):
        part = self.sock.recv(65536)
        assert part, "end of stream"
        return part

    def message(self):
        while True:
            frame = take_frame(self.data)
            if frame is None:
                self.data += self.receive()
                continue
            frame, self.data = frame
            if frame.opcode == TEXT:
                return frame.payload


def curl(made, url, *flags):
    done = subprocess.run(["curl", "--silent", "--show-error", "--noproxy", "*", "--cacert", made.cert, *flags, url], capture_output=True, timeout=30,
                          check=True)
    return done.stdout.decode()


def test_pages_come_by_wss_and_the_page_by_https(start, made):
    server = start(*tls_flags(made))
    wss, https = server.addresses["wss"], server.addresses["https"]
    assert server.addresses["text"].startswith("text://127.0.0.1:")
    page = TlsPage(wss, b"uid1")
    with LineClient(server.addresses["text"]) as lines:
        eventually(lambda: lines.ask(PUSH) == b"ok", "the page to be registered")
    assert page.message() == PUSH
    assert curl(made, f"{https}/push", "-d", PUSH.decode()) == "ok\n"
    assert page.message() == PUSH
    html = curl(made, https + "/")
    assert "const url = 'wss://' + withHost(websocket);" in html and wss.removeprefix("wss://") in html
    assert "connect-src 'self' ws: wss:" in curl(made, https + "/", "--head")


def test_one_port_for_both(start, made):
    port = free_port()
    server = start("--listen", f"websocket://127.0.0.1:{port}", "--http", f"http://127.0.0.1:{port}", *tls_flags(made))
    assert server.addresses["wss"].split("://")[1] == server.addresses["https"].split("://")[1]
    page = TlsPage(server.addresses["https"], b"uid1")
    with LineClient(server.addresses["text"]) as lines:
        eventually(lambda: lines.ask(PUSH) == b"ok", "the page to be registered")
    assert page.message() == PUSH
    assert curl(made, f"{server.addresses['https']}/push", "-d", PUSH.decode()) == "ok\n"
    assert page.message() == PUSH


def test_unix_socket_stays_plain(start, made, tmp_path):
    server = start(*tls_flags(made), "--http", f"http+unix://{tmp_path}/http.sock")
    assert presented(server.addresses["wss"]) == made.der
    done = subprocess.run(["curl", "-s", "--unix-socket", f"{tmp_path}/http.sock", "http://localhost/health"], capture_output=True, timeout=30, check=True)
    assert done.stdout == b"ok\n"


def test_key_in_the_certificate_file_is_enough(start, made):
    both = made.cert.with_suffix(".both")
    both.write_bytes(made.cert.read_bytes() + made.key.read_bytes())
    server = start("--tls-cert", str(both))
    assert presented(server.addresses["wss"]) == made.der


def test_protected_key_is_opened_by_its_passphrase_file(start, tmp_path):
    made = make_certificate(tmp_path / "site", passphrase="open sesame")
    secret = tmp_path / "passphrase"
    secret.write_text("open sesame\n")
    server = start(*tls_flags(made), "--tls-passphrase-file", str(secret))
    assert presented(server.addresses["https"]) == made.der


def test_check__reads_the_files_and_opens_no_port(made):
    code, out, error = check(*tls_flags(made))
    assert (code, error) == (0, "")
    assert re.search(rf"^tls-cert +{re.escape(str(made.cert))} ", out, re.MULTILINE)
    made.key.unlink()
    code, out, error = check(*tls_flags(made))
    assert code == 2 and str(made.key) in error and out == ""


def test_check__json_has_the_error(made, tmp_path):
    other = make_certificate(tmp_path / "other")
    code, out, error = check("--json", "--tls-cert", str(made.cert), "--tls-key", str(other.key))
    assert code == 2 and '"ok":false' in out and str(other.key) in out and str(other.key) in error


def test_settings__come_from_the_environment_too(made):
    code, out, _ = check(WM_PUSH_TLS_CERT=str(made.cert), WM_PUSH_TLS_KEY=str(made.key))
    assert code == 0 and "WM_PUSH_TLS_CERT" in out
    code, _, error = check(WM_PUSH_TLS_KEY=str(made.key))
    assert code == 2 and "--tls-key is set by WM_PUSH_TLS_KEY" in error


@pytest.mark.parametrize(
    "flags, wanted",
    [
        (["--listen", "wss://127.0.0.1:0"], "--listen wss://127.0.0.1:0 needs a certificate: --tls-cert FILE --tls-key FILE"),
        (["--http", "https://127.0.0.1:0"], "--http https://127.0.0.1:0 needs a certificate: --tls-cert FILE --tls-key FILE"),
        (["--tls-key", "k.pem"], "--tls-key is of no use without --tls-cert FILE, the certificate and its chain"),
        (["--tls-cert", "c.pem", "--listen", "ws+unix:///tmp/a.sock", "--http", "off"], "--tls-cert is of no use here: unix sockets have no TLS"),
        (["--tls-cert", "c.pem", "--inner", "ssl://127.0.0.1:0"], "--inner takes text://HOST:PORT or text+unix:///PATH"),
    ],
)
def test_wrong_flags__say_what_would_be_right(flags, wanted):
    code, _, error = check(*flags)
    assert code == 2 and wanted in error


def test_address_with_tls_in_its_scheme_is_the_same(start, made):
    server = start(*tls_flags(made), "--listen", "wss://127.0.0.1:0", "--http", "https://127.0.0.1:0")
    assert presented(server.addresses["wss"]) == presented(server.addresses["https"]) == made.der


def test_start__prints_the_error_of_the_library(made):
    flags = ["--listen", "websocket://127.0.0.1:0", "--inner", "off", "--http", "off", "--name", f"tls-{os.getpid()}"]
    made.key.write_text("hello\n")
    done = subprocess.run([program(), "push", *tls_flags(made), *flags], capture_output=True, timeout=30, check=False, env=clean_environment())
    assert done.returncode == 1 and done.stdout == b""
    assert str(made.key) in done.stderr.decode() and done.stderr.count(b"\n") == 1
