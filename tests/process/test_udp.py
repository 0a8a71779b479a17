"""Datagrams under a master: a reload and a kill lose none that is in the kernel's queue, sources stay with their process, listings."""
import os
import re
import signal
import socket

import pytest

from instance import HANG_SECONDS, alive, eventually
from ports import free_port


def peer(address, bind=None):
    """A socket that is connected to udp://127.0.0.1:PORT or udp+unix:///PATH."""
    rest = address.split("://")[1]
    unix = "unix://" in address
    sock = socket.socket(socket.AF_UNIX if unix else socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(HANG_SECONDS)
    if unix:
        sock.bind(bind or b"")
        sock.connect(rest)
    else:
        host, port = rest.rsplit(":", 1)
        sock.connect((host, int(port)))
    return sock


def ask(sock, line):
    sock.send(line.encode())
    return sock.recv(65536).decode().rstrip("\n")


@pytest.mark.parametrize("how", ["", ",reuse_port=1"], ids=["shared", "reuse_port"])
@pytest.mark.parametrize("command", ["reload", "kill"])
def test_replacement__loses_no_datagram_of_the_queue(make, command, how):
    instance = make(f"text://127.0.0.1:0,transport=udp,name=line{how}", app=["drain_ms=0"])
    instance.start()
    address, pid = instance.address(), instance.child()
    with peer(address) as sock:
        assert ask(sock, "hello\n") == "hello"
        os.kill(pid, signal.SIGSTOP)  # it reads no more
        numbers = [str(i) for i in range(100)]
        for number in numbers:
            sock.send(number.encode() + b"\n")
        if command == "kill":
            os.kill(pid, signal.SIGKILL)
            instance.successor_of(pid)
        else:
            os.kill(pid, signal.SIGCONT)
            instance.reload()
        assert [sock.recv(100).decode().rstrip("\n") for _ in numbers] == numbers
        eventually(lambda: not alive(pid), "the end of the old process")
        assert ask(sock, "pid\n") == str(instance.child())
    assert instance.address() == address
    assert instance.stop().code == 0
    assert " error: " not in instance.log()


def test_reuse_port__a_source_stays_with_its_process(make):
    instance = make("text://127.0.0.1:0,transport=udp,count=3,name=line,reuse_port=1")
    instance.start()
    for _ in range(8):
        with peer(instance.address()) as sock:
            assert len({ask(sock, "pid\n") for _ in range(5)}) == 1
    assert instance.stop().code == 0


def test_tcp_and_udp_of_one_port(make):
    port = free_port()
    instance = make(f"text://127.0.0.1:{port},name=stream", f"text://127.0.0.1:{port},transport=udp,name=datagrams")
    instance.start()
    instance.reload()
    with peer(instance.address("datagrams")) as sock:
        assert ask(sock, "pid\n") == str(instance.child("datagrams"))
    with socket.create_connection(("127.0.0.1", int(port)), timeout=HANG_SECONDS) as stream:
        stream.sendall(b"pid\n")
        assert stream.recv(100).decode() == f"{instance.child('stream')}\n"
    assert instance.stop().code == 0


def test_unix__file_and_listings(make, tmp_path):
    path = tmp_path / "line.sock"
    instance = make(f"text+unix://{path},transport=udp,name=line", "udp://127.0.0.1:0,name=bytes")
    instance.start()
    with peer(instance.address("line"), str(tmp_path / "peer.sock")) as sock, peer(instance.address("bytes")) as other:
        assert ask(sock, "hello\n") == "hello"
        instance.reload()
        assert ask(sock, "again\n") == "again"
        assert ask(other, "bytes") == "bytes"
        listed = instance.command("connections")
        assert listed.code == 0, listed
        lines = [line.split() for line in listed.out.splitlines() if "ESTABLISHED" in line]
        assert sorted((line[line.index("unix" if "unix" in line else "udp")] for line in lines)) == ["udp", "unix"], listed.out
        assert "%s:%d" % other.getsockname() in listed.out
    listeners = [row for process in instance.status()["processes"] for row in process["listeners"]]
    assert [row["state"] for row in listeners] == ["listening"] * 2, listeners
    assert instance.stop().code == 0
    assert not path.exists()


def test_start__shows_what_is_served_over_datagrams(make):
    instance = make("text://127.0.0.1:0,transport=udp,name=line")
    assert re.search(r"\nudp +\w+ +line +text://127\.0\.0\.1:[1-9]\d* +1 +\[OK\]", instance.start().out)
    assert instance.stop().code == 0
