"""A websocket client against servers of raw sockets: each rule that a server can break (RFC 6455 §4.1, §5, §7), in the very bytes."""
import base64
import os
import socket
import tempfile

import pytest
from client_process import Driver, sum_of
from client_servers import RawServer, answer, key_of
from ws_frames import BINARY, CLOSE, CONTINUATION, MASK, PING, PONG, TEXT, close, frame


def served(opcode, payload=b"", **how):
    """A server's frame."""
    return frame(opcode, payload, mask=None, **how)


@pytest.fixture
def server():
    with RawServer() as raw:
        yield raw


def open_on(server, driver, *extra):
    driver.connect()
    conn = server.accept()
    conn.send(answer(conn.read_head(), *extra))
    driver.hear("open")
    return conn


def client_of(server, *options, path="", **how):
    return Driver(f"ws://127.0.0.1:{server.port}{path}", *options, **how)


# ---- the request


def test_the_request_has_what_rfc_6455_demands(server):
    headers = "Origin: http://a.example\r\nCookie: k=v; l=w\r\nX-Empty:\r\n"
    with client_of(server, f"ws_headers={headers}", "ws_subprotocol=chat, superchat", path="/a/b?c=d&e=%20") as driver:
        driver.connect()
        with server.accept() as conn:
            head = conn.read_head()
            lines = head.decode().split("\r\n")
            assert lines[:4] == ["GET /a/b?c=d&e=%20 HTTP/1.1", f"Host: 127.0.0.1:{server.port}", "Upgrade: websocket", "Connection: Upgrade"]
            assert len(base64.b64decode(key_of(head))) == 16
            assert lines[5:] == ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: chat, superchat", *headers.split("\r\n")[:-1], "", ""]
            conn.send(answer(head, b"Sec-WebSocket-Protocol: superchat", b"Set-Cookie: s=1"))
            assert driver.hear("open") == "open superchat"
            driver.tell("header set-cookie")
            assert driver.hear("header") == "header s=1"
            driver.tell("header X-None")
            assert driver.hear("header") == "header -"
            driver.tell("header ")
            assert driver.hear("header") == "header Upgrade: websocket\r"
            assert driver.hear("Set-Cookie") == "Set-Cookie: s=1\r"


def test_each_connection_has_another_key(server):
    with client_of(server) as driver:
        keys = set()
        driver.connect()
        for _ in range(4):
            with server.accept() as conn:
                keys.add(key_of(conn.read_head()))
            driver.hear("close")
            driver.tell("connect")
        assert len(keys) == 4


def test_host__leaves_the_default_port_out_and_has_brackets():
    with RawServer(socket.AF_INET6, ("::1", 0)) as server, Driver(f"ws://[::1]:{server.port}?q") as driver:
        driver.connect()
        with server.accept() as conn:
            assert conn.read_head().startswith(f"GET /?q HTTP/1.1\r\nHost: [::1]:{server.port}\r\n".encode())
    with Driver("ws://127.0.0.1/", "proxy=socks5://127.0.0.1:1") as driver:  # port 80
        driver.connect()
        assert "ECONNREFUSED" in driver.hear("error")


def test_a_unix_socket_has_the_path_of_an_option():
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "s")
        with RawServer(socket.AF_UNIX, path) as server, Driver(f"ws+unix://{path}", "ws_path=/x?y", "ws_headers=Host: inside\r\n") as driver:
            driver.connect()
            with server.accept() as conn:
                head = conn.read_head()
                assert head.startswith(b"GET /x?y HTTP/1.1\r\nUpgrade: ") and b"\r\nHost: inside\r\n" in head
                conn.send(answer(head))
                driver.hear("open")


@pytest.mark.parametrize(
    "option, part",
    [
        ("ws_headers=A: b\r\n\r\nGET / HTTP/1.1\r\n", "header line"),
        ("ws_headers=A: b\nX: y\r\n", "CRLF"),
        ("ws_headers=A: b", "CRLF"),
        ("ws_headers=Sec-WebSocket-Key: x\r\n", "written by the library"),
        ("ws_subprotocol=a\r\nX: y", "tokens"),
        ("ws_subprotocol=a, a", "twice"),
        ("ws_path=/a b", "percent-encoded"),
        ("ws_path=/a\r\nX: y", "percent-encoded"),
        ("ws_path=a", "begins with"),
    ],
)
def test_what_would_inject_lines_is_refused(option, part):
    with Driver("ws://127.0.0.1:1/", option) as driver:
        line = driver.hear("refused")
        assert line.startswith(f"refused WM_EINVAL option '{option.split('=')[0]}': ") and part in line


@pytest.mark.parametrize(
    "address, part",
    [
        ("ws://127.0.0.1:1/a#b", "fragment"),
        ("ws://127.0.0.1:1#b", "fragment"),
        ("ws://user:secret@127.0.0.1:1/", "ws_headers"),
        ("ws://127.0.0.1:1/a b", "percent-encoded"),
        ("ws://127.0.0.1:1/\xe9", "percent-encoded"),
        ("ws://:1/", "bad host"),
        ("ws://127.0.0.1:99999/", "bad port"),
        ("ws://127.0.0.1:0/", "port 0"),
        ("websocket://127.0.0.1:1/", "of a websocket client is ws"),
    ],
)
def test_addresses_that_are_refused(address, part):
    driver = Driver(address)
    line = driver.hear("refused")
    assert line.startswith("refused WM_EADDRESS ") and part in line and "secret" not in line
    driver.process.stdin.close()
    assert driver.process.wait(30) == 1


# ---- the answer


def test_an_answer_is_taken_byte_by_byte_behind_interim_ones(server):
    with client_of(server) as driver:
        driver.connect()
        with server.accept() as conn:
            head = conn.read_head()
            conn.send_single(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + answer(head) + served(TEXT, b"first"))
            driver.hear("open")
            assert driver.hear("message") == "message text " + b"first".hex()


def test_frames_in_the_segment_of_the_answer_are_delivered_after_open(server):
    with client_of(server) as driver:
        driver.connect()
        with server.accept() as conn:
            conn.send(answer(conn.read_head()) + served(TEXT, b"one") + served(BINARY, b"two") + served(CLOSE, b"\x03\xe9bye"))
            assert conn.read_frame()[:2] == (CLOSE, b"\x03\xe9")
            conn.close()
            driver.hear("close")
            messages = ["message text " + b"one".hex(), "message binary " + b"two".hex()]
            assert driver.lines[1:] == ["connect", "open -", *messages, "close peer 1001 " + b"bye".hex()]


def test_what_was_sent_before_open_follows_the_handshake(server):
    with client_of(server) as driver:
        driver.connect()
        driver.tell("text " + b"early".hex())
        with server.accept() as conn:
            conn.send(answer(conn.read_head()))
            assert conn.read_frame()[:2] == (TEXT, b"early")


RIGHT = [b"Upgrade: websocket", b"Connection: Upgrade"]


def lines(*all_lines, start=b"HTTP/1.1 101 Switching Protocols"):
    return b"\r\n".join([start, *all_lines]) + b"\r\n\r\n"


@pytest.mark.parametrize(
    "make, code, part",
    [
        (lambda a: lines(*RIGHT, a, start=b"HTTP/1.1 200 OK"), "WM_EPROTOCOL", "answered 200 OK"),
        (lambda a: lines(b"Location: https://b.example/x", start=b"HTTP/1.1 301 Moved"), "WM_EPROTOCOL", "not followed; it names https://b.example/x"),
        (lambda a: lines(start=b"HTTP/1.1 401 Unauthorized") + b"no \x1b[1m token\r\n", "WM_EACCES", "401 Unauthorized instead of 101: no \\x1b[1m token"),
        (lambda a: lines(start=b"HTTP/1.1 403 Forbidden"), "WM_EACCES", "403"),
        (lambda a: lines(b"Sec-WebSocket-Version: 8, 7", start=b"HTTP/1.1 426 Upgrade Required"), "WM_EPROTOCOL", "version 8, 7"),
        (lambda a: lines(start=b"HTTP/1.1 503 Busy"), "WM_EPROTOCOL", "503 Busy"),
        (lambda a: lines(*RIGHT, a, start=b"HTTP/1.0 101 X"), "WM_EPROTOCOL", "HTTP/1.0"),
        (lambda a: lines(RIGHT[1], a), "WM_EPROTOCOL", "Upgrade: websocket"),
        (lambda a: lines(RIGHT[0], a), "WM_EPROTOCOL", "Connection: Upgrade"),
        (lambda a: lines(*RIGHT), "WM_EPROTOCOL", "Sec-WebSocket-Accept"),
        (lambda a: lines(*RIGHT, b"Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA="), "WM_EPROTOCOL", "Sec-WebSocket-Accept"),
        (lambda a: lines(*RIGHT, a, a), "WM_EPROTOCOL", "Sec-WebSocket-Accept"),
        (lambda a: lines(*RIGHT, a, b"Sec-WebSocket-Extensions: permessage-deflate"), "WM_EPROTOCOL", "extension"),
        (lambda a: lines(*RIGHT, a, b"Sec-WebSocket-Protocol: other"), "WM_EPROTOCOL", "subprotocol"),
        (lambda a: lines(*RIGHT, a).replace(b"\r\n", b"\n"), "WM_EPROTOCOL", "LF without CR"),
        (lambda a: lines(*RIGHT, a, b" folded"), "WM_EPROTOCOL", "obs-fold"),
        (lambda a: b"SSH-2.0-OpenSSH_9.2\r\n", "WM_EPROTOCOL", "no HTTP"),
        (lambda a: b"\x15\x03\x01\x00\x02\x02\x28", "WM_EPROTOCOL", "no HTTP"),
        (lambda a: b"HTTP/1.1 101 X\r\nA: " + b"a" * 20000, "WM_EPROTOCOL", "max_header_bytes"),
        (lambda a: b"HTTP/1.1 101 X\r\n" + b"A: b\r\n" * 200, "WM_EPROTOCOL", "max_headers"),
        (lambda a: b"HTTP/1.1 100 X\r\n\r\n" * 2000, "WM_EPROTOCOL", "max_header_bytes"),
    ],
)
def test_an_answer_that_breaks_a_rule_fails_the_connection(server, make, code, part):
    with client_of(server, "ws_subprotocol=chat") as driver:
        driver.connect()
        with server.accept() as conn:
            accept = answer(conn.read_head()).split(b"\r\n")[3]
            conn.send(make(accept))
            line = driver.hear("error")
            assert line.startswith(f"error {code} cannot connect to ws://127.0.0.1:{server.port}: ") and part in line
            assert driver.hear("close").split()[1:3] == ["protocol" if code == "WM_EPROTOCOL" else "error", "1006"]
            assert conn.read_end() == b""
        assert not any(each.startswith("open") for each in driver.lines)


def test_a_server_that_closes_before_it_answers(server):
    with client_of(server) as driver:
        driver.connect()
        with server.accept() as conn:
            conn.read_head()
            conn.send(b"HTTP/1.1 101 Switch")
        assert "WM_ECLOSED" in driver.hear("error") and driver.hear("close").startswith("close peer 1006")


def test_a_server_that_resets_before_it_has_answered(server):
    with client_of(server) as driver:
        driver.connect()
        with server.accept() as conn:
            conn.read_head()
            conn.reset()
        assert driver.hear("error").endswith(f"cannot connect to ws://127.0.0.1:{server.port}: the connection broke before it was open: Connection reset by peer")
        assert driver.hear("close").startswith("close error 1006")


def test_a_server_that_resets_behind_its_answer(server):
    """A message that waits for the open event meets the reset: the attempt has been open, or has an error."""
    with client_of(server) as driver:
        driver.connect()
        for _ in range(20):
            driver.tell("text early")
            with server.accept() as conn:
                conn.send(answer(conn.read_head()))
                conn.reset()
            driver.hear("close error 1006")
            driver.tell("connect")
        attempts = " ".join(line.split()[0] for line in driver.lines).split("close")[:20]
        assert all("open" in attempt or "error" in attempt for attempt in attempts), attempts


def test_a_server_that_is_silent_costs_connect_timeout_ms(server):
    with client_of(server, "connect_timeout_ms=200") as driver:
        driver.connect()
        with server.accept() as conn:
            conn.read_head()
            conn.send(b"HTTP/1.1 101 Switch")
            assert "connect_timeout_ms" in driver.hear("error WM_ETIMEDOUT")
            driver.hear("close timeout")
            assert conn.read_end() == b""


# ---- frames


def test_masks_differ_and_lengths_are_in_their_shortest_form(server):
    with client_of(server) as driver, open_on(server, driver) as conn:
        masks = set()
        for size in (0, 1, 125, 126, 65535, 65536, 300000):
            driver.tell(f"fill binary {size}")
            opcode, payload, mask, header = conn.read_frame()
            assert (opcode, payload) == (BINARY, b"x" * size)
            assert len(header) == (2 if size < 126 else 4 if size < 65536 else 10)
            masks.add(mask)
        for _ in range(200):  # more than one read of random bytes has
            driver.tell("text 78")
        for _ in range(200):
            masks.add(conn.read_frame()[2])
        assert len(masks) == 207 and bytes(4) not in masks
        driver.tell("get name")
        driver.hear("get")
        assert not any(line.startswith("changed") for line in driver.lines)


def test_a_slow_server_gets_all_of_it_masked(server):
    with client_of(server, "max_send_buffer=10000000") as driver, open_on(server, driver) as conn:
        for size in (3000000, 10, 2000000, 70000):
            driver.tell(f"fill text {size}")
        driver.tell("get name")
        driver.hear("get")
        for size in (3000000, 10, 2000000, 70000):
            assert conn.read_frame()[:2] == (TEXT, b"x" * size)


@pytest.mark.parametrize(
    "data, code, part",
    [
        (frame(TEXT, b"x", mask=MASK), 1002, b"masked frame from a server"),
        (frame(CLOSE, b"\x03\xe8", mask=bytes(4)), 1002, b"masked"),
        (served(TEXT, b"x", rsv=4), 1002, b"reserved bit"),
        (served(3, b"x"), 1002, b"opcode"),
        (served(11, b"x"), 1002, b"opcode"),
        (served(PING, b"x", fin=False), 1002, b"fragmented control"),
        (served(PING, b"x" * 126), 1002, b"125"),
        (served(CONTINUATION, b"x"), 1002, b"continuation"),
        (served(TEXT, b"a", fin=False) + served(TEXT, b"b"), 1002, b"inside"),
        (served(BINARY, b"x" * 125, form=16), 1002, b"shortest"),
        (served(BINARY, b"x" * 65535, form=64), 1002, b"shortest"),
        (served(TEXT, b"\xff"), 1007, b"UTF-8"),
        (served(TEXT, b"\xe4\xb8", fin=False) + served(CONTINUATION, b"x"), 1007, b"UTF-8"),
        (served(CLOSE, b"\x03"), 1002, b"one byte"),
        (served(CLOSE, b"\x03\xed"), 1002, b"close code"),
        (served(CLOSE, b"\x03\xe8\xff"), 1007, b"UTF-8"),
        (served(BINARY, b"", form=64, declared=1 << 40), 1009, b"max_message"),
    ],
)
def test_a_frame_that_breaks_a_rule_is_answered_with_its_code(server, data, code, part):
    with client_of(server) as driver, open_on(server, driver) as conn:
        conn.send(data)
        opcode, payload, _, _ = conn.read_frame()
        assert opcode == CLOSE and int.from_bytes(payload[:2], "big") == code and part in payload
        assert conn.read_end() == b""
        conn.close()
        line = driver.hear("error")
        assert line.startswith("error WM_EMSGSIZE" if code == 1009 else "error WM_EPROTOCOL")
        assert driver.hear("close").split()[1:3] == ["limit" if code == 1009 else "protocol", str(code)]


def test_fragments_with_pings_between_them_are_joined(server):
    with client_of(server) as driver, open_on(server, driver) as conn:
        data = served(TEXT, b"frag", fin=False) + served(PING, b"p" * 125) + served(CONTINUATION, b"", fin=False)
        conn.send_single(data + served(CONTINUATION, b"ments") + served(PING))
        assert conn.read_frame()[:2] == (PONG, b"p" * 125)
        assert driver.hear("message") == "message text " + b"fragments".hex()
        assert conn.read_frame()[:2] == (PONG, b"")


def test_pings_are_sent_and_a_silent_server_ends_the_connection(server):
    with client_of(server, "ping_interval_ms=50", "pong_timeout_ms=200") as driver, open_on(server, driver) as conn:
        assert conn.read_frame()[:2] == (PING, b"")
        conn.send(served(PONG))
        assert conn.read_frame()[:2] == (PING, b"")
        assert driver.hear("close").startswith("close timeout 1006")


# ---- closing


def test_a_close_frame_is_answered_and_the_server_closes_tcp_first(server):
    with client_of(server, "close_timeout_ms=60000") as driver, open_on(server, driver) as conn:
        conn.send(served(CLOSE, b"\x0f\xa1why"))
        assert conn.read_frame()[:2] == (CLOSE, b"\x0f\xa1")
        # No end of the stream from the client: it would be here before the answer to what comes next could be.
        conn.sock.setblocking(False)
        driver.tell("get name")
        driver.hear("get")
        with pytest.raises(BlockingIOError):
            conn.sock.recv(1)
        assert not any(line.startswith("close") for line in driver.lines)
        conn.close()
        assert driver.hear("close") == "close peer 4001 " + b"why".hex()


def test_close__waits_for_the_frame_and_the_end_of_the_server(server):
    with client_of(server, "close_timeout_ms=60000") as driver, open_on(server, driver) as conn:
        driver.tell("text 78")
        driver.tell("close 4000")
        assert conn.read_frame()[:2] == (TEXT, b"x")
        assert conn.read_frame()[:2] == (CLOSE, b"\x0f\xa0")
        conn.send(served(TEXT, b"late") + served(CLOSE, b"\x0f\xa0"))
        conn.sock.setblocking(False)
        driver.tell("get name")
        driver.hear("get")
        with pytest.raises(BlockingIOError):
            conn.sock.recv(1)
        conn.close()
        assert driver.hear("close").startswith("close local 4000")
        assert not any(line.startswith("message") for line in driver.lines)


@pytest.mark.parametrize("answers", [False, True])
def test_a_server_that_does_not_close_costs_close_timeout_ms(server, answers):
    with client_of(server, "close_timeout_ms=200") as driver, open_on(server, driver) as conn:
        driver.tell("close 1000")
        conn.read_frame()
        if answers:
            conn.send(served(CLOSE, b"\x03\xe8"))
        driver.hear("close local")
        assert conn.read_end() == b""


def test_a_lost_connection_has_1006(server):
    with client_of(server) as driver, open_on(server, driver) as conn:
        conn.close()
        assert driver.hear("close") == "close peer 1006 -"


# ---- against our worker


@pytest.mark.parametrize("label", ["ws", "ws+unix"])
def test_a_client_and_a_worker_exchange_every_size(servers, label):
    served_by = servers.get("callbacks")
    family, address = served_by._socket_addresses["ws.unix" if "unix" in label else "ws.tcp4"]
    where = f"ws+unix://{address}" if family == socket.AF_UNIX else f"ws://127.0.0.1:{address[1]}"
    with Driver(where) as driver:
        driver.connect()
        driver.hear("open")
        for size in (0, 125, 126, 65535, 65536, 1 << 20):
            for kind in ("text", "binary"):
                driver.tell(f"fill {kind} {size}")
                expected = sum_of(b"x" * size) if size > 1024 else (b"x" * size).hex() or "-"
                assert driver.hear("message") == f"message {kind} {expected}"
        driver.tell("text ff")
        assert "1007" in driver.hear("close")
