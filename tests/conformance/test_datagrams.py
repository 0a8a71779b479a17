"""Datagrams with socat, as a client of our workers and as a server of our clients: UDP over IPv4 and IPv6, and unix sockets."""
import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

BUILD = Path(os.environ["WM_BUILD"])
HANG_SECONDS = 60


@pytest.fixture
def echo():
    """Starts the example that echoes datagrams: its address."""
    running = []

    def start(address):
        process = subprocess.Popen([BUILD / "bin" / "example_datagrams", address], stdout=subprocess.PIPE, text=True)
        running.append(process)
        line = process.stdout.readline()
        assert line.startswith("datagrams at "), line
        return line.split()[-1]
    yield start
    for process in running:
        process.terminate()
        assert process.wait(HANG_SECONDS) == 0
        process.stdout.close()


def socat(address, data, *options):
    """What comes back from that address in the half second after the data."""
    done = subprocess.run(["socat", *options, "-t", "0.5", "-", address], input=data, capture_output=True, timeout=HANG_SECONDS, check=True)
    assert done.stderr == b""
    return done.stdout


def port_of(address):
    return re.fullmatch(r"\w+://.*:(\d+)", address).group(1)


def test_udp4(echo):
    address = echo("udp://127.0.0.1:0")
    assert socat(f"UDP4:127.0.0.1:{port_of(address)}", b"hello") == b"hello"
    assert socat(f"UDP4-SENDTO:127.0.0.1:{port_of(address)}", b"x" * 8000) == b"x" * 8000


def test_udp6(echo):
    address = echo("udp://[::1]:0")
    assert socat(f"UDP6:[::1]:{port_of(address)}", b"hello") == b"hello"


def test_a_wildcard_answers_from_the_address_that_was_asked(echo):
    address = echo("udp://[::]:0")
    for target in (f"UDP4:127.0.0.1:{port_of(address)}", f"UDP4:127.0.0.3:{port_of(address)}", f"UDP6:[::1]:{port_of(address)}"):
        assert socat(target, b"hello") == b"hello"  # a connected socket takes no other address's


def test_unix(echo, tmp_path):
    path = tmp_path / "echo.sock"
    echo(f"udp+unix://{path}")
    assert socat(f"UNIX-SENDTO:{path},bind={tmp_path}/own.sock", b"hello") == b"hello"
    assert socat(f"UNIX-SENDTO:{path}", b"nobody to answer") == b""


def test_abstract(echo):
    name = f"wm-test-{os.getpid()}"
    echo(f"udp+unix://@{name}")
    assert socat(f"ABSTRACT-SENDTO:{name},bind={name}-own", b"hello") == b"hello"


def test_broadcast_and_multicast_senders_are_answered_by_unicast(echo):
    address = echo("udp://0.0.0.0:0")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.settimeout(HANG_SECONDS)
        sock.bind(("127.0.0.1", 0))
        sock.sendto(b"all", ("127.255.255.255", int(port_of(address))))
        data, peer = sock.recvfrom(100)
    assert (data, peer) == (b"all", ("127.0.0.1", int(port_of(address))))
