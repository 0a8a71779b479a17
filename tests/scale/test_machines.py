"""The machines of the rig: they reach each other and the engine, until they are cut off, and again when that is healed."""
import contextlib
import os
import pathlib
import subprocess

import pytest

from scale.machines import ENGINE, Machines, reason_against
from scale.redis import Redis, RedisServer

OUTSIDE = os.readlink("/proc/self/ns/net")
ASK = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 0.5) as sock:
    sock.settimeout(0.5)
    sock.sendall(b"PING\\r\\n")
    print(sock.recv(64).decode().strip())
"""


@pytest.fixture(scope="module")
def network():
    if reason_against():
        pytest.skip(reason_against())
    network = Machines(3)
    yield network
    network.end()


@pytest.fixture(scope="module")
def engine(network, tmp_path_factory):
    with Redis(tmp_path_factory.mktemp("engine"), ENGINE) as engine:
        yield engine


def ask(machine, server):
    """What a server says to a program on the machine; the name of the error, if it cannot be asked."""
    done = subprocess.run([*machine.prefix, "/usr/bin/python3", "-c", ASK, server.host, str(server.port)], capture_output=True, text=True,
                          timeout=30, check=False)
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1].split(":")[0]


@pytest.fixture
def machines(network):
    yield network.machines
    for machine in network.machines:
        machine.heal()


def test_network__is_this_process_own(network):
    assert os.readlink("/proc/self/ns/net") != OUTSIDE
    assert "br0" not in pathlib.Path("/proc/1/net/dev").read_text()


@pytest.mark.parametrize("cut", [{}, {"out": False}, {"into": False}])
def test_cut__of_either_way_or_both(machines, engine, cut):
    first, second, _ = machines
    assert (ask(first, engine.server), ask(second, engine.server)) == ("+PONG", "+PONG")
    first.cut(ENGINE, **cut)
    assert (ask(first, engine.server), ask(second, engine.server)) == ("TimeoutError", "+PONG")
    first.heal()
    assert ask(first, engine.server) == "+PONG"


def test_cut__that_refuses(machines, engine):
    machines[0].cut(ENGINE, verdict="reject")
    assert ask(machines[0], engine.server) == "ConnectionRefusedError"


def test_cut__between_two_machines_leaves_the_third_and_the_judge(machines, tmp_path, engine):
    first, second, third = machines
    server = RedisServer(tmp_path, second.ip, prefix=second.prefix)
    with contextlib.closing(server):
        server.start()
        assert (ask(first, server), ask(third, server)) == ("+PONG", "+PONG")
        first.cut(second.ip)
        assert (ask(first, server), ask(third, server), ask(first, engine.server)) == ("TimeoutError", "+PONG", "+PONG")
        assert server.ask("PING") == "PONG"
