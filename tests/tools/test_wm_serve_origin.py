"""--origin: which pages may connect, what the others are told, and values that could never let a page in."""
import os
import pathlib
import re
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from push_fixtures import start  # noqa: E402, F401
from push_server import Page, clean_environment, connect, program, read_to_end  # noqa: E402
from ws_frames import request  # noqa: E402


def status(server, origin):
    with Page(server.addresses["websocket"], *([b"Origin: " + origin] if origin else [])) as page:
        return page.status


def test_origin__values_as_users_write_them_let_their_pages_in(start):
    server = start("--origin", "https://Example.COM:443/, *.example.net", "--origin", "localhost:3000")
    for origin in (b"https://example.com", b"https://a.b.example.net", b"http://a.example.net", b"http://localhost:3000", None):
        assert status(server, origin) == 101, origin
    for origin in (b"http://example.com", b"https://example.net", b"http://localhost", b"null", b"https://example.com.evil.example"):
        assert status(server, origin) == 403, origin


def test_origin__a_refused_page_is_a_body_that_names_the_flag_and_a_line_in_the_log(start):
    server = start("--origin", "https://example.com")
    bodies = []
    for _ in range(20):
        with connect(server.addresses["websocket"]) as sock:
            sock.sendall(request(extra=["Origin: http://évil\x9b.example".encode()]))
            bodies.append(read_to_end(sock).partition(b"\r\n\r\n")[2])
    assert set(bodies) == {"403: pages of the origin 'http://évil\\xc2\\x9b.example' may not connect: --origin does not name it\n".encode()}
    code, error = server.stop()
    logged = error.splitlines()
    assert code == 0 and 1 <= len(logged) < 10
    assert re.search(r"warning: refused a page of 127\.0\.0\.1:\d+: its origin 'http://évil\\xc2\\x9b\.example' is none of --origin$", logged[0]), logged


@pytest.mark.parametrize("flags, text", [
    (["--origin", "wss://example.com"], "--origin 'wss://example.com': an origin is the address of the page, not of the websocket: https://example.com"),
    (["--origin", "https://example.com/app"], "--origin 'https://example.com/app': an origin ends with its host or port, so it is https://example.com"),
    (["--origin", "null"], "--origin 'null': any web page can have that origin, in a sandboxed frame: leave --origin out to let all pages in"),
    (["--origin", "https://bücher.example"], "punycode"),
    (["--host", "https://push.example"], "--host 'https://push.example': a name as in the Host field is wanted: push.example"),
    (["--host", "*"], "--host '*': any web page could push"),
])
def test_origin__that_can_never_match_is_a_usage_error(flags, text):
    done = subprocess.run([program(), "push", "--name", f"origin-{os.getpid()}", *flags], capture_output=True, timeout=30, check=False,
                          env=clean_environment())
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().startswith("wm-serve push: ") and text in done.stderr.decode()
