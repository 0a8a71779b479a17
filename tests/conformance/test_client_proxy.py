"""Clients through proxies: tinyproxy (CONNECT) and microsocks (SOCKS5), and raw sockets that answer wrongly, in part, or not at all."""
import socket

import pytest
from client_process import Driver
from client_servers import RawServer, answer
from proxies import free_port, microsocks, tinyproxy
from ws_frames import TEXT, frame


@pytest.fixture
def server():
    with RawServer() as raw:
        yield raw


def exchange(server, address, proxy):
    """A websocket through the proxy, with frames both ways."""
    with Driver(address, f"proxy={proxy}") as driver:
        driver.connect()
        with server.accept() as conn:
            head = conn.read_head()
            conn.send(answer(head) + frame(TEXT, b"hello", mask=None))
            assert driver.hear("message") == "message text " + b"hello".hex()
            driver.tell("fill text 70000")
            assert conn.read_frame()[:2] == (TEXT, b"x" * 70000)
            driver.tell("get proxy")
            assert "secret" not in driver.hear("get")
        driver.hear("close")
        return head


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_connect_through_tinyproxy(server, host):
    with tinyproxy() as port:
        head = exchange(server, f"ws://{host}:{server.port}/p", f"http://127.0.0.1:{port}")
        assert f"\r\nHost: {host}:{server.port}\r\n".encode() in head


def test_connect_with_a_login(server):
    with tinyproxy("BasicAuth user secret") as port:
        exchange(server, f"ws://127.0.0.1:{server.port}", f"http://user:secret@127.0.0.1:{port}")
        for login in ("", "user:wrong@"):
            with Driver(f"ws://127.0.0.1:{server.port}", f"proxy=http://{login}127.0.0.1:{port}") as driver:
                driver.connect()
                line = driver.hear("error WM_EACCES")
                assert "the proxy answered 4" in line and "wrong" not in line


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_socks5_through_microsocks(server, scheme, host):
    with microsocks() as port:
        exchange(server, f"ws://{host}:{server.port}", f"{scheme}://127.0.0.1:{port}")


def test_socks5_with_a_login(server):
    with microsocks("-u", "user", "-P", "se@cret") as port:
        exchange(server, f"ws://127.0.0.1:{server.port}", f"socks5://user:se%40cret@127.0.0.1:{port}")
        with Driver(f"ws://127.0.0.1:{server.port}", f"proxy=socks5://127.0.0.1:{port}") as driver:
            driver.connect()
            assert "wants a login" in driver.hear("error WM_EACCES")
        with Driver(f"ws://127.0.0.1:{server.port}", f"proxy=socks5://user:wrong@127.0.0.1:{port}") as driver:
            driver.connect()
            line = driver.hear("error WM_EACCES")
            assert "refused user and password" in line and "wrong" not in line and "user:***@" in line


def test_socks5_tells_why_it_cannot_connect():
    with microsocks() as port, Driver(f"ws://127.0.0.1:{free_port()}", f"proxy=socks5://127.0.0.1:{port}") as driver:
        driver.connect()
        assert "connection refused" in driver.hear("error WM_ECONNREFUSED")


def test_text_and_tcp_go_through_proxies_too(server):
    with microsocks() as socks, tinyproxy() as http:
        for address, sent in ((f"text://127.0.0.1:{server.port}", b"hi\n"), (f"tcp://127.0.0.1:{server.port}", b"hi")):
            for proxy in (f"socks5://127.0.0.1:{socks}", f"http://127.0.0.1:{http}"):
                with Driver(address, f"proxy={proxy}") as driver:
                    driver.connect()
                    driver.tell("text " + b"hi".hex())  # held until the tunnel stands
                    with server.accept() as conn:
                        assert conn.read(len(sent)) == sent
                        conn.send(sent)
                        assert driver.hear("message").endswith(b"hi".hex())


# ---- proxies that are wrong

OK = b"HTTP/1.1 200 OK\r\n\r\n"
SOCKS_OK = b"\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"


@pytest.mark.parametrize("scheme, said", [("http", OK), ("socks5", SOCKS_OK)])
@pytest.mark.parametrize("single", [False, True])
def test_what_the_target_says_behind_the_proxys_answer_is_delivered(server, scheme, said, single):
    with Driver("text://192.0.2.1:7", f"proxy={scheme}://127.0.0.1:{server.port}") as driver:
        driver.connect()
        with server.accept() as conn:
            (conn.send_single if single else conn.send)(said + b"early\nlate")
            assert driver.hear("message") == "message text " + b"early".hex()
            conn.send(b"r\n")
            assert driver.hear("message") == "message text " + b"later".hex()
            first = conn.read(1)
            assert first == (b"C" if scheme == "http" else b"\x05")


@pytest.mark.parametrize(
    "scheme, said, code, part",
    [
        ("http", b"<html>", "WM_EPROTOCOL", "no HTTP"),
        ("http", b"HTTP/1.1 407 Login\r\nProxy-Authenticate: Basic realm=\"a\"\r\n\r\n", "WM_EACCES", "it wants Basic realm=\"a\""),
        ("http", b"HTTP/1.1 502 Bad\x1b[31m\r\n\r\n", "WM_EPROTOCOL", "no HTTP"),
        ("http", b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "WM_ECONNREFUSED", "502 Bad Gateway"),
        ("http", b"HTTP/1.1 302 Found\r\nLocation: x\r\n\r\n", "WM_ECONNREFUSED", "302 Found"),
        ("http", b"HTTP/1.1 200 OK\r\nA: " + b"a" * 20000, "WM_EPROTOCOL", "max_header_bytes"),
        ("http", b"HTTP/1.1 100 X\r\n\r\n" * 2000, "WM_EPROTOCOL", "max_header_bytes"),
        ("http", SOCKS_OK, "WM_EPROTOCOL", "no HTTP"),
        ("socks5", OK, "WM_EPROTOCOL", "does not speak SOCKS5"),
        ("socks5", b"\x04\x5a", "WM_EPROTOCOL", "does not speak SOCKS5"),
        ("socks5", b"\x05\x03", "WM_EPROTOCOL", "not offered"),
        ("socks5", b"\x05\x00\x05\x02", "WM_EACCES", "not allowed by its rules"),
        ("socks5", b"\x05\x00\x05\x63", "WM_EPROTOCOL", "unknown code 99"),
        ("socks5", b"\x05\x00\x05\x00\x00\x09", "WM_EPROTOCOL", "malformed"),
    ],
)
def test_a_proxy_that_answers_wrongly(server, scheme, said, code, part):
    with Driver("ws://192.0.2.1:7", f"proxy={scheme}://user:secret@127.0.0.1:{server.port}") as driver:
        driver.connect()
        with server.accept() as conn:
            conn.send(said + (b"\0" if said.endswith(b"\x09") else b""))
            line = driver.hear("error")
            assert line.startswith(f"error {code} cannot connect to ws://192.0.2.1:7 through {scheme}://user:***@127.0.0.1:{server.port}: ")
            assert part in line and "secret" not in line and "\x1b" not in line
            driver.hear("close")


@pytest.mark.parametrize("scheme, said", [("http", b""), ("http", b"HTTP/1.1 200 O"), ("socks5", b""), ("socks5", b"\x05"), ("socks5", SOCKS_OK[:6])])
@pytest.mark.parametrize("closes", [False, True])
def test_a_proxy_that_says_half_of_it_or_nothing(server, scheme, said, closes):
    with Driver("ws://192.0.2.1:7", "connect_timeout_ms=150", f"proxy={scheme}://127.0.0.1:{server.port}") as driver:
        driver.connect()
        with server.accept() as conn:
            conn.send(said)
            if closes:
                conn.sock.shutdown(socket.SHUT_WR)
            line = driver.hear("error")
            assert ("WM_ECLOSED" in line or "WM_ETIMEDOUT" in line) if closes else ("WM_ETIMEDOUT" in line and "connect_timeout_ms" in line)
            driver.hear("close")


@pytest.mark.parametrize(
    "proxy, part",
    [
        ("127.0.0.1:8080", "is http://HOST:PORT"),
        ("ftp://127.0.0.1:1", "is http://HOST:PORT"),
        ("https://127.0.0.1:1", "over TLS"),
        ("http://127.0.0.1", "no port"),
        ("http://127.0.0.1:1/path", "more than a host and a port"),
        ("http://user@127.0.0.1:1", "USER:PASSWORD"),
        ("http://us%3aer:secret@127.0.0.1:1", "has a ':'"),
        ("socks5://user:sec%0d%0aret@127.0.0.1:1", "USER:PASSWORD"),
        ("socks5://user:" + "s" * 256 + "@127.0.0.1:1", "255 bytes"),
    ],
)
def test_options_that_are_refused(proxy, part):
    with Driver("ws://127.0.0.1:1", f"proxy={proxy}") as driver:
        line = driver.hear("refused")
        assert line.startswith("refused WM_EINVAL option 'proxy'") and part in line and "secret" not in line


def test_a_unix_socket_has_no_proxy():
    with Driver("unix:///run/none", "proxy=http://127.0.0.1:1") as driver:
        assert "unix socket" in driver.hear("refused WM_EINVAL")
