"""Machines of a test: network namespaces on a bridge, in a network of the calling process's own, and what cuts them off from each other.

Addresses: JUDGE is the calling process's, ENGINE is one more of it for the engine, and machines are at HOSTS + 1, + 2, ... So a cut between a
machine and the engine leaves the judge's own connections alone. Nothing of it is seen by other processes, and it vanishes with those in it.
"""
import ctypes
import os
import subprocess

from instance import HANG_SECONDS
from own_machine import LIBC, PRIVATE, open_ports, unshare

NETWORK = "10.77.0"
JUDGE, ENGINE = f"{NETWORK}.1", f"{NETWORK}.2"
HOSTS = 10
NAMES = "/run/netns"  # where ip(8) keeps the names of namespaces


def run(*words, text=None):
    done = subprocess.run([str(word) for word in words], input=text, capture_output=True, text=True, timeout=HANG_SECONDS, check=False)
    assert done.returncode == 0, f"{words}: {done.stderr}"
    return done.stdout


def reason_against():
    """Why this process cannot make machines; "" when it can."""
    if os.geteuid() != 0:
        return "machines of a test are network namespaces, which need root"
    return ""


class Machine:
    """One of them. `prefix` stands in front of a command that runs on it."""

    def __init__(self, number):
        self.name = f"m{number}"
        self.ip = f"{NETWORK}.{HOSTS + number}"
        self.prefix = ["ip", "netns", "exec", self.name]
        run("ip", "netns", "add", self.name)
        run("ip", "link", "add", f"v{number}", "type", "veth", "peer", "name", "eth0", "netns", self.name)
        run("ip", "link", "set", f"v{number}", "master", "br0", "up")
        for words in (("link", "set", "lo", "up"), ("addr", "add", f"{self.ip}/24", "dev", "eth0"), ("link", "set", "eth0", "up")):
            run("ip", "-n", self.name, *words)

    def _rules(self, text):
        run(*self.prefix, "nft", "-f", "-", text=text)

    def cut(self, ip, *, out=True, into=True, verdict="drop"):
        """Packets to an address, from there, or both, are dropped; or refused: `verdict` "reject"."""
        chains = [("output", f"ip daddr {ip}")] * out + [("input", f"ip saddr {ip}")] * into
        rules = {"drop": ["drop"], "reject": ["tcp flags rst accept", "meta l4proto tcp reject with tcp reset"]}[verdict]  # its resets pass
        self._rules("table inet cut {\n" + "".join(
            f"chain {hook} {{\ntype filter hook {hook} priority 0\n" + "".join(f"{match} {rule}\n" for rule in rules) + "}\n"
            for hook, match in chains) + "}\n")

    def heal(self):
        """Ends all cuts of this machine."""
        self._rules("flush ruleset\n")


class Machines:
    """`count` of them, and the network between. The calling process stays in it: there is no way back."""

    def __init__(self, count):
        if not unshare():
            raise PermissionError(f"no namespaces: {os.strerror(ctypes.get_errno())}")
        open_ports()
        self._mount_names()
        run("ip", "link", "add", "br0", "type", "bridge")
        for ip in (JUDGE, ENGINE):
            run("ip", "addr", "add", f"{ip}/24", "dev", "br0")
        run("ip", "link", "set", "br0", "up")
        self.machines = [Machine(number) for number in range(1, count + 1)]

    @staticmethod
    def _mount_names():
        os.makedirs(NAMES, exist_ok=True)
        for mount in ((None, b"/", None, PRIVATE, None), (b"none", os.fsencode(NAMES), b"tmpfs", 0, None)):
            if LIBC.mount(*mount[:3], ctypes.c_ulong(mount[3]), mount[4]) != 0:
                raise OSError(ctypes.get_errno(), "mount")

    def end(self):
        """What runs on a machine must have ended."""
        for machine in self.machines:
            run("ip", "netns", "del", machine.name)
        run("ip", "link", "del", "br0")
