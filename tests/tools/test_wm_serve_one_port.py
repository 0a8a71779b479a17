"""Pages, GET / and POST /push at one address: --listen and --http are the same."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from ports import free_port  # noqa: E402
from push_fixtures import start  # noqa: E402, F401
from push_lines import PUSH  # noqa: E402
from push_server import Page, PushServer, connect, text  # noqa: E402
from ws_frames import request  # noqa: E402


def one_port(start, *flags, host="127.0.0.1"):
    port = free_port()
    return start("--listen", f"websocket://{host}:{port}", "--http", f"http://{host}:{port}", *flags)




def test_page_push_and_health_share_the_port(start):
    server = one_port(start)
    assert server.addresses["websocket"].split("://")[1] == server.addresses["http"].split("://")[1]
    answer = server.post(b"", method=b"GET", path=b"/")
    assert answer.status == 200 and b"new WebSocket" in answer.body
    assert server.post(b"", method=b"GET", path=b"/health").body == b"ok\n"
    page = server.page("uid1")
    assert server.post(PUSH).body == b"ok\n"
    assert page.message() == PUSH
    with server.lines() as lines:
        assert lines.ask(PUSH) == b"ok"
    assert page.message() == PUSH
    assert server.stop()[0] == 0


def test_a_socket_behind_requests_of_the_same_connection(start):
    server = one_port(start)
    sock = connect(server.addresses["http"])
    for path in (b"/", b"/health"):
        sock.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: " + server.http_host + b"\r\n\r\n")
        data = b""
        while True:
            data += sock.recv(1 << 16)
            if b"\r\n\r\n" in data:
                head, _, body = data.partition(b"\r\n\r\n")
                if len(body) == int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]):
                    break
        assert data.startswith(b"HTTP/1.1 200 ")
    page = Page(None, sock=sock)
    page.register("uid1")
    with server.lines() as lines:
        assert lines.ask(PUSH) == b"ok"
    assert page.message() == PUSH


def test_limits_of_each_hold(start):
    """A push may be longer than what a page may send."""
    server = one_port(start)
    page = server.page("uid1")
    push = b'{"uid":"uid1","x":"' + b"y" * (1 << 19) + b'"}'
    assert server.post(push).status == 200
    assert page.message() == push
    page.send(text(b"z" * ((64 << 10) + 1)))
    assert page.close_code() == 1009


def test_rules_of_each_hold(start):
    server = one_port(start, "--origin", "https://good.example")
    assert server.post(PUSH, b"Origin: https://good.example").status == 403, "a page that may listen may not push"
    assert server.post(PUSH, host=b"rebound.example").status == 403
    for origin, status in ((b"https://evil.example", b"403"), (b"https://good.example", b"101")):
        sock = connect(server.addresses["http"])
        sock.sendall(request(b"/", extra=(b"Origin: " + origin,)))
        assert sock.recv(1 << 16).split()[1] == status
        if status == b"403":
            while sock.recv(1 << 16):
                pass
        sock.close()


@pytest.mark.parametrize("wrong", [b"Sec-WebSocket-Version: 8", b"Sec-WebSocket-Key: short"])
def test_what_is_no_handshake_is_400(start, wrong):
    server = one_port(start)
    name = wrong.split(b":")[0]
    head = b"\r\n".join(wrong if line.startswith(name) else line for line in request(b"/").split(b"\r\n"))
    with connect(server.addresses["http"]) as sock:
        sock.sendall(head)
        data = b""
        while part := sock.recv(1 << 16):
            data += part
    assert data.startswith(b"HTTP/1.1 400 ") and b"\r\nSec-WebSocket-Version: 13\r\n" in data and b"no websocket handshake" in data


def test_h2c_is_declined(start):
    server = one_port(start)
    answer = server.post(b"", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__", method=b"GET", path=b"/health")
    assert (answer.status, answer.body, answer.value(b"upgrade")) == (200, b"ok\n", None)


def test_rate_connects_counts_sockets_alone(start):
    server = one_port(start, "--rate-connects", "2")
    for _ in range(5):
        assert server.post(b"", method=b"GET", path=b"/health").status == 200
    answers = []
    for _ in range(4):
        with connect(server.addresses["http"]) as sock:
            sock.sendall(request(b"/"))
            answers.append(sock.recv(1 << 16).split()[1])
    assert answers.count(b"101") >= 2 and b"429" in answers


def test_a_ticket_in_the_url(start):
    server = one_port(start, "--auth", "ticket", "--ticket-in-url")
    ticket = server.post(b'{"uid":"uid1"}', path=b"/ticket").body
    page = Page(server.addresses["http"], target=b"/?ticket=" + ticket.strip())
    page.settle()
    with server.lines() as lines:
        assert lines.ask(PUSH) == b"ok"
    assert page.message() == PUSH


def test_reload_closes_pages_and_serves_on(start):
    server = one_port(start)
    page = server.page("uid1")
    server.process.send_signal(10)
    assert page.close_code() == 1012
    assert server.post(b"", method=b"GET", path=b"/health").status == 200


def test_on_a_unix_socket(start, tmp_path):
    path = tmp_path / "push.sock"
    server = start("--listen", f"websocket+unix://{path}", "--http", f"http+unix://{path}")
    assert path.stat().st_mode & 0o777 == 0o600, "who can open it can push"
    page = Page(f"unix://{path}")
    page.register("uid1")
    with server.lines() as lines:
        assert lines.ask(PUSH) == b"ok"
    assert page.message() == PUSH


def test_at_different_addresses_of_one_port_it_says_what_to_do(start):
    port = free_port()
    with pytest.raises(AssertionError, match="give both the same address, or each a port of its own"):
        PushServer("--listen", f"websocket://0.0.0.0:{port}", "--http", f"http://127.0.0.1:{port}")
