"""wm-serve echo: every protocol sends back what comes, to the programs that people try things out with."""
import asyncio
import hashlib
import pathlib
import random
import ssl
import subprocess
import sys

import pytest
import websockets

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from certificates import host_and_port, make_certificate  # noqa: E402
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


# ---- TLS

@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def tls_echo(tmp_path_factory, made):
    server = ServeInstance(tmp_path_factory.mktemp("echo") / "run", "echo", "ssl://127.0.0.1:0", "https://127.0.0.1:0", "wss://127.0.0.1:0", "tcp://127.0.0.1:0",
                           "--tls-cert", str(made.cert), "--tls-key", str(made.key))
    yield server
    assert server.stop() == ""


def test_ssl__bytes_to_socat_and_the_end(tls_echo, made):
    _, port = host_and_port(address_of(tls_echo, "ssl"))
    data = random.Random(6).randbytes(5 << 20)
    got = run("socat", "-t", "60", "-", f"OPENSSL:127.0.0.1:{port},cafile={made.cert},commonname=localhost", given=data)
    assert hashlib.sha256(got).digest() == hashlib.sha256(data).digest()


def test_ssl__lines_to_openssl_s_client(tls_echo, made):
    host, port = host_and_port(address_of(tls_echo, "ssl"))
    command = ["openssl", "s_client", "-connect", f"{host}:{port}", "-CAfile", str(made.cert), "-verify_return_error", "-verify_hostname", "localhost", "-quiet"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as client:
        for line in (b"one\n", b"two\n"):
            client.stdin.write(line)
            client.stdin.flush()
            assert client.stdout.readline() == line
        client.kill()


def test_https__curl_gets_its_body_back(tls_echo, made):
    _, port = host_and_port(address_of(tls_echo, "https"))
    body = b"x" * (3 << 20)
    assert run("curl", "-sS", "--cacert", str(made.cert), "--data-binary", "@-", f"https://localhost:{port}/", given=body) == body


def test_wss__python_websockets_gets_its_messages_back(tls_echo, made):
    _, port = host_and_port(address_of(tls_echo, "wss"))

    async def talk():
        context = ssl.create_default_context(cafile=made.cert)
        async with websockets.connect(f"wss://localhost:{port}/", ssl=context) as page:
            for message in ("text", b"\0\1\2", "y" * 300000):
                await page.send(message)
                assert await asyncio.wait_for(page.recv(), HANG_SECONDS) == message

    asyncio.run(talk())


def test_plain_bytes_beside_tls(tls_echo):
    assert nc(address_of(tls_echo, "tcp"), b"plain") == b"plain"


def test_status_names_each_listener(echo):
    out = echo.command("status").stdout
    for name in ("echo tcp", "echo text", "echo http", "echo websocket"):
        assert name in out


def test_as_many_addresses_as_are_given(tmp_path):
    server = ServeInstance(tmp_path / "run", "echo", *["tcp://127.0.0.1:0"] * 20)
    ports = {address.rsplit(":", 1)[1] for address in server.addresses}
    answers = [nc(address, b"bytes") for address in server.addresses]
    assert server.stop() == ""
    assert len(ports) == 20 and set(answers) == {b"bytes"}
