"""wm-serve pipe with TLS on either side, and openssl and socat at the other end."""
import hashlib
import pathlib
import random
import socket
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from certificates import make_certificate  # noqa: E402
from instance import eventually  # noqa: E402
from ports import free_port  # noqa: E402
from serve_fixtures import background, listening, run, serve  # noqa: E402, F401

MIB = 1 << 20


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("site"))


@pytest.fixture
def s_server(background):
    """Starts `openssl s_server`, which sends each line back from its end to its beginning."""

    def start(made, *flags):
        port = free_port()
        background("openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", str(made.cert), "-key", str(made.key), "-rev", "-quiet", *flags)
        eventually(lambda: listening(port), "openssl s_server")
        return f"ssl://127.0.0.1:{port}"

    return start


def keys(made):
    return ["--tls-cert", str(made.cert), "--tls-key", str(made.key)]


def nc(pipe, given):
    """What comes back, until the other side ends."""
    return run("nc", "-N", "127.0.0.1", str(pipe.port), given=given).stdout


def reset(pipe):
    """Whether a client sees a reset, and not a byte."""
    try:
        with pipe.connect() as sock:
            sock.recv(1)
            return False
    except ConnectionResetError:
        return True


# ---- FROM

def test_openssl_s_client_gets_all_bytes_and_the_close_notify(serve, background, made, tmp_path):
    port, data = free_port(), random.Random(4).randbytes(5 * MIB)
    (tmp_path / "data").write_bytes(data)
    background("socat", "-U", f"TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr", f"OPEN:{tmp_path}/data")
    eventually(lambda: listening(port), "socat")
    pipe = serve("pipe", "ssl://127.0.0.1:0", f"tcp://127.0.0.1:{port}", *keys(made))
    done = run("openssl", "s_client", "-connect", f"127.0.0.1:{pipe.port}", "-CAfile", str(made.cert), "-verify_return_error", "-verify_hostname",
               "localhost", "-quiet")
    assert done.returncode == 0 and b"unexpected eof" not in done.stderr, done.stderr
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(data).digest()


def test_the_end_of_a_tls_client_reaches_to_which_still_answers(serve, background, made):
    port, data = free_port(), random.Random(5).randbytes(5 * MIB)
    background("socat", f"TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr", "SYSTEM:sha256sum")
    eventually(lambda: listening(port), "socat")
    pipe = serve("pipe", "ssl://127.0.0.1:0", f"tcp://127.0.0.1:{port}", *keys(made))
    done = run("socat", "-t", "60", "-", f"OPENSSL:127.0.0.1:{pipe.port},cafile={made.cert},commonname=localhost", given=data)
    assert done.stdout.split()[:1] == [hashlib.sha256(data).hexdigest().encode()], done.stderr


def test_a_client_without_tls_at_an_ssl_from_makes_no_connection_to_to(serve, made):
    with socket.create_server(("127.0.0.1", 0)) as to:
        pipe = serve("pipe", "ssl://127.0.0.1:0", f"tcp://127.0.0.1:{to.getsockname()[1]}", *keys(made))
        run("curl", "-sS", f"http://127.0.0.1:{pipe.port}/")
        assert "TLS" in pipe.stop()
        to.settimeout(0)
        with pytest.raises(BlockingIOError):
            to.accept()


# ---- TO

def test_openssl_s_server_is_verified_by_tls_ca(serve, s_server, made):
    pipe = serve("pipe", "tcp://127.0.0.1:0", s_server(made), "--tls-ca", str(made.cert))
    assert nc(pipe, b"over TLS\n") == b"SLT revo\n"
    assert nc(pipe, b"again\n") == b"niaga\n"
    assert pipe.stop() == ""


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_the_next_connection_resumes_the_session(serve, background, made, version):
    port = free_port()
    background("openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", str(made.cert), "-key", str(made.key), "-www", version)
    eventually(lambda: listening(port), "openssl s_server")
    pipe = serve("pipe", "tcp://127.0.0.1:0", f"ssl://127.0.0.1:{port}", "--tls-ca", str(made.cert))
    first, second = (nc(pipe, b"GET / HTTP/1.0\r\n\r\n") for _ in range(2))
    assert b"\nNew, TLSv1" in first and b"\nReused, TLSv1" in second


def test_a_certificate_of_another_name_is_refused_and_the_log_says_whose_it_is(serve, s_server, tmp_path):
    other = make_certificate(tmp_path / "other", names="DNS:a.example")
    address = s_server(other)
    pipe = serve("pipe", "tcp://127.0.0.1:0", address, "--tls-ca", str(other.cert))
    assert reset(pipe)
    error = pipe.stop()
    assert address in error and "mismatch" in error and "a.example" in error
    pipe = serve("pipe", "tcp://127.0.0.1:0", address, "--tls-ca", str(other.cert), "--tls-server-name", "a.example")
    assert nc(pipe, b"named\n") == b"deman\n"


def test_a_certificate_of_no_ca_that_is_trusted_is_refused(serve, s_server, made, tmp_path):
    pipe = serve("pipe", "tcp://127.0.0.1:0", s_server(made), "--tls-ca", str(make_certificate(tmp_path / "ca").cert))
    for _ in range(20):
        assert reset(pipe)
    lines = [line for line in pipe.stop().splitlines() if "self-signed certificate" in line]
    assert len(lines) in (1, 2)


def test_tls_verify_off_takes_any_certificate_and_the_log_says_so_once(serve, s_server, made):
    pipe = serve("pipe", "tcp://127.0.0.1:0", s_server(made), "--tls-verify", "off")
    assert nc(pipe, b"trusted\n") == b"detsurt\n"
    assert pipe.stop().count("tls_verify is 0") == 1
    echo = serve("echo", "ssl://127.0.0.1:0", *keys(made))
    pipe = serve("pipe", "tcp://127.0.0.1:0", echo.address, "--tls-verify", "off")
    socks = [pipe.connect() for _ in range(5)]
    for sock in socks:
        sock.sendall(b"all at once")
    for sock in socks:
        assert sock.recv(1)
        sock.close()
    assert pipe.stop().count("tls_verify is 0") == 1


def test_to_that_speaks_no_tls_is_refused(serve, background):
    port = free_port()
    background("socat", f"TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr", "SYSTEM:echo no TLS")
    eventually(lambda: listening(port), "socat")
    pipe = serve("pipe", "tcp://127.0.0.1:0", f"ssl://127.0.0.1:{port}")
    assert reset(pipe)
    assert f"ssl://127.0.0.1:{port}" in pipe.stop()


