"""Health checks of load balancers, on the ports that speak HTTP, and what a port says to a request that is not for it."""
import pathlib
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "support"), str(TESTS / "conformance")]

from http_answers import take_answer  # noqa: E402
from push_fixtures import server, shared_server  # noqa: E402, F401
from push_lines import MAX_PUSH  # noqa: E402
from push_server import connect, read_to_end  # noqa: E402

# What haproxy sends by default with `option httpchk`, and others.
CHECKS = {
    "haproxy": b"OPTIONS / HTTP/1.0\r\n\r\n",
    "GET": b"GET / HTTP/1.1\r\nHost: 192.0.2.1\r\nConnection: close\r\n\r\n",
    "HEAD": b"HEAD / HTTP/1.1\r\nHost: 192.0.2.1\r\nConnection: close\r\n\r\n",
    "GET of HTTP/1.0": b"GET / HTTP/1.0\r\n\r\n",
}


def ask(server, scheme, data):
    with connect(server.addresses[scheme]) as sock:
        sock.sendall(data)
        got = read_to_end(sock)
    answer, rest = take_answer(got, data.split(b" ")[0])
    assert rest == b""
    return answer


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS.keys())
def test_check__of_the_websocket_port_is_426(server, check):
    answer = ask(server, "websocket", check)
    assert (answer.status, answer.value(b"upgrade")) == (426, b"websocket")
    assert answer.body == (b"" if check.startswith(b"HEAD") else b"this is a websocket port: Upgrade: websocket is missing (RFC 6455 4.2.1)\n")


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS.keys())
def test_check__of_the_http_port_is_2xx(server, check):
    assert ask(server, "http", check).status == (204 if check.startswith(b"OPTIONS") else 200)


@pytest.mark.parametrize("method, host, body", [(b"GET", b"192.0.2.1", b"ok\n"), (b"HEAD", b"lb.example:81", b""), (b"GET", b"127.0.0.1", b"ok\n")])
def test_health__is_200_under_any_host(server, method, host, body):
    answer = ask(server, "http", method + b" /health HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
    assert (answer.status, answer.body) == (200, body)


@pytest.mark.parametrize("target, allow", [(b"/", b"GET, HEAD, OPTIONS"), (b"/push", b"POST, OPTIONS"), (b"/health", b"GET, HEAD, OPTIONS"),
                                           (b"*", b"GET, HEAD, POST, OPTIONS")])
def test_options__names_the_methods_and_lets_no_page_push(server, target, allow):
    answer = ask(server, "http", b"OPTIONS " + target + b" HTTP/1.1\r\nHost: " + server.http_host +
                 b"\r\nOrigin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\nConnection: close\r\n\r\n")
    assert (answer.status, answer.value(b"allow"), answer.body) == (204, allow, b"")
    assert answer.value(b"access-control-allow-origin") is None


def test_limit__of_a_push_is_in_the_413(server):
    answer = server.post(b"x" * (MAX_PUSH + 1))
    assert (answer.status, answer.body) == (413, "RFC 9110 §15.5.14: body longer than max_message (1048576 bytes)\n".encode())


@pytest.mark.parametrize("request_line", [b"POST /push HTTP/1.1", b"GET / HTTP/1.1"])
def test_body__at_the_websocket_port_is_a_413_that_says_so(server, request_line):
    answer = ask(server, "websocket", request_line + b"\r\nHost: a\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\nhello")
    assert (answer.status, answer.body) == (413, b"this is a websocket port: its requests have no body (RFC 6455 4.1)\n")
