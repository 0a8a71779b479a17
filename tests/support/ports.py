"""Ports of the loopback for servers that are started a moment later."""
import contextlib
import pathlib
import random
import socket

FIRST = 10_000


def free_ports(count):
    """Ports that no process listens at now, all different.

    They are below those that the kernel gives to clients, and to servers that ask for port 0: any of these may be taken by another test
    before the server listens.
    """
    first_of_clients = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    candidates = range(FIRST, first_of_clients) if first_of_clients > 2 * FIRST else [0] * FIRST
    with contextlib.ExitStack() as stack:
        ports = []
        for candidate in random.SystemRandom().sample(candidates, len(candidates)):
            if len(ports) == count:
                break
            sock = stack.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                sock.bind(("127.0.0.1", candidate))
                ports.append(sock.getsockname()[1])
        return ports


def free_port():
    return free_ports(1)[0]
