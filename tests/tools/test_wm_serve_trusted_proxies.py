"""`wm-serve push --trusted-proxy` and `--proxy-protocol`: whose a page is behind a proxy."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from push_fixtures import start  # noqa: E402, F401
from push_server import Page, connect  # noqa: E402
from test_wm_serve_config import run  # noqa: E402


def header_of(ip):
    return f"PROXY TCP4 {ip} 10.0.0.1 50001 443\r\n".encode()


def test_proxy_header__pages_have_the_clients_address(start):
    server = start("--trusted-proxy", "127.0.0.1", "--proxy-protocol", "--max-per-ip", "1", "--log-level", "debug")
    sockets = []
    for ip in ("203.0.113.7", "203.0.113.8", "203.0.113.7"):
        sockets.append(connect(server.addresses["websocket"]))
        sockets[-1].sendall(header_of(ip))
    pages = [Page(None, sock=sock) for sock in sockets[:2]]
    assert sockets[2].recv(1) == b""  # one too many of its address
    for page in pages:
        page.register(f"uid{page.port}")
        page.sock.close()
    code, log = server.stop()
    assert code == 0
    for ip in ("203.0.113.7", "203.0.113.8"):
        assert f"the page of {ip}:50001 has the uid" in log


def test_header_line__one_too_many_gets_429(start):
    server = start("--trusted-proxy", "127.0.0.0/8,unix", "--max-per-ip", "1")
    forwarded = b"X-Forwarded-For: 192.0.2.1, 203.0.113.7"
    address = server.addresses["websocket"]
    with Page(address, forwarded) as first, Page(address, forwarded) as second, Page(address, b"X-Forwarded-For: 203.0.113.8") as other:
        assert [page.status for page in (first, second, other)] == [101, 429, 101]
    assert server.stop()[0] == 0


@pytest.mark.parametrize(
    "flags,error",
    [
        (["--proxy-protocol"], "--proxy-protocol needs --trusted-proxy LIST, the addresses of the proxies, as in 10.0.0.0/8"),
        (["--proxy-header", "Forwarded"], "--proxy-header is of no use without --trusted-proxy LIST"),
        (["--proxy-header", "Via", "--trusted-proxy", "*"], "--proxy-header takes X-Forwarded-For, Forwarded or none, not 'Via'"),
        (["--trusted-proxy", "10.0.0.1/8"], "--trusted-proxy: entry 1, '10.0.0.1/8', has bits behind its prefix: the network is '10.0.0.0/8'"),
    ],
)
def test_wrong_flags__say_what_is_right(flags, error):
    code, _, told = run("check", *flags)
    assert code != 0
    assert error in told
