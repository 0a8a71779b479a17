"""kill -9 of processes that serve, under load: each is replaced, counted and named, and only its own clients notice."""
import os
import re
import signal
import socket
import time
from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from instance import alive, ask, eventually, links_of
from ports import free_port
from process_load import NEVER_QUIET, Load, fresh, keep_alive, rarely_asking

FULL = bool(os.environ.get("WM_FULL"))
KILLS = 200 if FULL else 12
CHILDREN = 8
SERVED_SECONDS = 2
PACE_SECONDS = 0.3  # a kill each: 200 in a minute


@dataclass
class Kill:
    pid: int
    time: float
    ports: set  # of the clients that it had accepted


def state_of(pid):
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def accepted_by(pid, port):
    """The clients' ports of all connections that a process holds at a port of the server."""
    inodes = set()
    for link in links_of(pid):
        match = re.match(r"socket:\[(\d+)\]", link)
        if match:
            inodes.add(match[1])
    ports = set()
    tables = [Path("/proc/net/tcp").read_text() for _ in range(2)]  # one may lack a row beside which another has gone meanwhile
    for line in "".join(tables).splitlines():
        words = line.split()
        if len(words) > 9 and words[9] in inodes and int(words[1].split(":")[1], 16) == port:
            ports.add(int(words[2].split(":")[1], 16))
    return ports


def kill_counted(pid, port):
    """Kills a process, and knows exactly which connections it had accepted: it is halted first, so that it takes no other meanwhile."""
    os.kill(pid, signal.SIGSTOP)
    eventually(lambda: state_of(pid) == "T", "a process that halts")
    ports = accepted_by(pid, port)
    kill = Kill(pid, time.monotonic(), ports)
    os.kill(pid, signal.SIGKILL)
    return kill


class Storm:
    """Kills one child after the other, each of which has served for long enough."""

    def __init__(self, instance, port):
        self.instance = instance
        self.port = port
        self.kills = []
        self._seen = {}  # when a process was first seen to serve

    def _served(self):
        now = time.monotonic()
        serving = [process["pid"] for process in self.instance.status()["processes"] if process["status"] in ("idle", "busy")]
        self._seen = {pid: self._seen.get(pid, now) for pid in serving}
        oldest = min(self._seen, key=self._seen.get, default=None)
        return oldest if oldest and now - self._seen[oldest] >= SERVED_SECONDS else None

    def run(self, kills):
        due = time.monotonic()
        while len(self.kills) < kills:
            victim = eventually(lambda: time.monotonic() >= due and self._served(), "a process that has served for long enough")
            self.kills.append(kill_counted(victim, self.port))
            del self._seen[victim]
            due += PACE_SECONDS

    def explains(self, fault):
        """Whether the connection of a fault had been accepted by a process that was killed while the connection lasted."""
        return any(fault.port in kill.ports and fault.began <= kill.time <= fault.ended for kill in self.kills)

    def survivors(self, answered):
        """Requests on new connections that were open over a kill, and had not been accepted by the victim."""
        times = [kill.time for kill in self.kills]
        count = 0
        for port, began, ended in answered:
            at = bisect_left(times, began)
            if at < len(times) and times[at] <= ended and port not in self.kills[at].ports:
                count += 1
        return count


@pytest.mark.timeout(1200 if FULL else 300)
@pytest.mark.parametrize("how", ["", ",reuse_port=1"], ids=["shared", "reuse_port"])
def test_kills_under_load__lose_nothing_but_what_the_victims_had_accepted(make, how):
    """A fault is excused only if the process that was killed held that very connection: it is halted, its sockets are listed, and only then
    it is killed. What still waited in an accept queue is another's, or its successor's, to answer."""
    instance = make(f"http://127.0.0.1:0,count={CHILDREN},name=web{how}")
    instance.start()
    address = instance.address()
    with Load(NEVER_QUIET) as load:
        load.add(keep_alive, address, copies=4)
        load.add(rarely_asking, address, copies=16)
        load.add(fresh, address, copies=4)
        storm = Storm(instance, urlsplit(address).port)
        storm.run(KILLS)
        eventually(instance.serving, "all processes")
    unexplained = [fault for fault in load.faults if fault.kind in ("refused", "hung", "wrong") or not storm.explains(fault)]
    assert unexplained == []
    survivors = storm.survivors(load.answered)
    print(f"\n{len(storm.kills)} kills, {len(load.faults)} requests of theirs, {survivors} new connections over a kill, {dict(load.totals())}")
    assert survivors > 0
    assert_counted(instance, storm.kills)
    assert instance.stop().code == 0


def assert_counted(instance, kills):
    """Each kill stands in the log and in the status, with its cause; eight processes serve, none of them killed."""
    status = instance.status()
    assert [(row["worker"], row["status"], row["count"]) for row in status["exits"]] == [("web", "killed by signal 9 (SIGKILL)", len(kills))]
    log = instance.log()
    for kill in kills:
        assert log.count(f"worker[web:{kill.pid}] killed by signal 9 (SIGKILL); another starts\n") == 1
    assert log.count("SIGKILL") == len(kills)
    pids = {process["pid"] for process in status["processes"]}
    assert len(pids) == CHILDREN and not pids & {kill.pid for kill in kills}
    text = instance.command("status").out
    assert re.search(rf"^web +killed by signal 9 \(SIGKILL\) +{len(kills)}$", text, re.M), text


CROWD = 400


def blocks(instance):
    return any(process["busy_ms"] > 0 for process in instance.status()["processes"])


@pytest.mark.parametrize("how", ["", ",reuse_port=1"], ids=["shared", "reuse_port"])
def test_kill_of_the_master_under_load__leaves_no_orphan_and_a_free_port(make, how):
    """Whoever starts it again does so at once: while the kernel still takes the old processes and their connections apart."""
    web, line = (f"127.0.0.1:{free_port()}" for _ in range(2))
    user = ",user=nobody" if os.geteuid() == 0 else ""
    instance = make(f"http://{web},count=4,name=web{how}{user}", f"text://{line},count=2,name=line{how}{user}")
    instance.start()
    with Load(NEVER_QUIET) as load:
        load.add(keep_alive, f"http://{web}", copies=4)
        for _ in range(20 if FULL else 3):
            pids = instance.children()
            assert len(pids) == 6
            crowd = [socket.create_connection(web.split(":")) for _ in range(CROWD)]
            blocked = socket.create_connection(line.split(":"))
            blocked.sendall(b"block 60000\n")
            eventually(lambda: blocks(instance), "a process that is blocked")
            answers = load.totals()["answers"]
            eventually(lambda: load.totals()["answers"] > answers + 100, "load")
            os.kill(instance.master, signal.SIGKILL)
            instance.start()
            eventually(lambda: not any(map(alive, pids)), "the end of the children", seconds=1)
            for sock in [blocked, *crowd]:
                sock.close()
    assert ask(f"text://{line}", "hello") == "hello"
    assert instance.stop().code == 0
