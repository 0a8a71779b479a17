"""wm-serve echo: every protocol sends back what comes, to the programs that people try things out with."""
import hashlib
import pathlib
import random
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from instance import HANG_SECONDS  # noqa: E402
from push_server import connect  # noqa: E402
from serve_instance import ServeInstance  # noqa: E402
from ws_frames import BINARY, TEXT, close, frame, request, take_frame, text  # noqa: E402


@pytest.fixture(scope="module")
def echo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("echo")
    server = ServeInstance(folder / "run", "echo", "tcp://127.0.0.1:0", "text://127.0.0.1:0", "http://127.0.0.1:0", "websocket://127.0.0.1:0",
                           "frame://127.0.0.1:0", f"unix://{folder}/echo.sock")
    yield server
    assert server.stop() == ""


def address_of(echo, scheme):
    return next(address for address in echo.addresses if address.startswith(scheme + "://"))


def run(*command, given=b""):
    return subprocess.run(command, input=given, capture_output=True, timeout=HANG_SECONDS, check=False).stdout


def nc(address, given):
    host, port = address.split("://")[1].split(":")
    return run("nc", "-N", host, port, given=given)


def test_tcp__bytes_and_the_end(echo):
    data = random.Random(3).randbytes(20 << 20)
    got = nc(address_of(echo, "tcp"), data)
    assert hashlib.sha256(got).digest() == hashlib.sha256(data).digest()


def test_unix__bytes_and_the_end(echo):
    path = address_of(echo, "unix").split("://")[1]
    assert run("socat", "-", f"UNIX-CONNECT:{path}", given=b"over a unix socket") == b"over a unix socket"


def test_text__lines(echo):
    assert nc(address_of(echo, "text"), b"one\r\ntwo\nhalf") == b"one\ntwo\n"


def test_frame__messages_behind_their_length(echo):
    message = b"\0\0\0\x09hello" + b"\0\0\0\x04"
    assert nc(address_of(echo, "frame"), message) == message


def test_http__the_body_with_its_type_or_what_was_asked_for(echo):
    url = address_of(echo, "http")
    assert run("curl", "-sS", f"{url}/a?b=c") == b"GET /a?b=c\n"
    assert run("curl", "-sS", "-X", "DELETE", f"{url}/a") == b"DELETE /a\n"
    answer = run("curl", "-sSi", "-H", "Content-Type: application/json", "-d", '{"a":1}', f"{url}/")
    assert b"content-type: application/json\r\n" in answer.lower() and answer.endswith(b'\r\n\r\n{"a":1}')


def test_websocket__texts_and_binary_messages(echo):
    with connect(address_of(echo, "ws")) as sock:
        sock.sendall(request())
        data = b""
        while b"\r\n\r\n" not in data:
            data += sock.recv(65536)
        head, data = data.split(b"\r\n\r\n", 1)
        assert head.startswith(b"HTTP/1.1 101 ")
        sock.sendall(text(b"hello") + frame(BINARY, b"\0\1\2"))
        got = []
        while len(got) < 2:
            taken = take_frame(data)
            if taken is None:
                data += sock.recv(65536)
                continue
            found, data = taken
            got.append((found.opcode, found.payload))
        assert got == [(TEXT, b"hello"), (BINARY, b"\0\1\2")]
        sock.sendall(close(1000))
        while sock.recv(65536):
            pass


def test_status_names_each_listener(echo):
    out = echo.command("status").stdout
    for name in ("echo tcp", "echo text", "echo http", "echo websocket"):
        assert name in out
