"""The faults of the rig: what each does to an engine, a network or a node while pushes are on their way, and what it may cost.

A fault is a generator: what is before its `yield` makes it, what is behind ends it. Between the two are `hold` seconds; a fault without
a length ends at once.
"""
import contextlib
import os
import signal
import time
from dataclasses import dataclass
from typing import Callable

from hub_load import HubLoad
from scale.machines import ENGINE

PAGES, UIDS = 240, 160  # the pages of one uid are on two machines
LOAD = {"pages": PAGES, "uids": UIDS, "back_ends": 6, "rate": 150, "fresh": 20, "broadcast_ms": 500, "hang_ms": 10_000, "faults": True}
CALM_SECONDS = 1.5
FORGET_SECONDS = 30  # until the others take a node that does not come back for dead
REDIS = ("redis", "sentinel", "cluster")
ENGINES = (*REDIS, "nats", "nats3")
FAIL_OVER = ("sentinel", "cluster")


@dataclass
class Fault:
    name: str
    make: Callable  # of the rig
    engines: tuple = ENGINES
    hold: float = 0
    settle: float = 6
    bites: bool = True  # whether pushes must notice it
    kills: bool = False  # whether connections may end by it
    children_killed: int = 0  # by it, as their master reports
    victim_has_lines: bool = True  # whether the node that it is about takes pushes
    network: bool = False  # whether it needs machines
    spread: bool = False  # whether each of these has a server of the engine

    @property
    def key(self):
        """Its name as that of a file."""
        return self.name.replace(" ", "_").replace(",", "")


class Rig:
    """What a fault is made to. The last node is the victim where it is about one."""

    def __init__(self, engine, nodes, load):
        self.engine, self.nodes, self.load = engine, nodes, load
        self.victim = nodes[-1]

    def kill(self, pid):
        self.load.killed(pid)
        os.kill(pid, signal.SIGKILL)


# ---- the engine

def engine_killed(rig):
    server = rig.engine.active()
    slot = rig.engine.all_slot() if rig.engine.kind == "cluster" else 0
    server.kill()
    if rig.engine.kind == "cluster":
        rig.engine.await_failover(server, slot)
    elif rig.engine.kind == "sentinel":
        rig.engine.await_failover(server)
    elif rig.engine.kind != "nats3":
        time.sleep(3)
    yield
    if rig.engine.kind in ("redis", "nats"):
        server.start()


def engine_frozen(rig):
    server = rig.engine.active()
    server.freeze()
    yield
    server.thaw()


def engine_flushed(rig):
    for server in rig.engine.masters():
        assert server.ask("FLUSHALL") == "OK"
    yield


def subscribers_killed(rig):
    assert sum(server.kill_subscribers() for server in rig.engine.masters()) > 0
    yield


def inbox_moved(rig):
    channel, server = next(iter(sorted(rig.engine.inboxes().items())))
    rig.engine.migrate(rig.engine.slot_of(channel), next(other for other in rig.engine.masters() if other is not server))
    yield


def all_moved(rig):
    server = rig.engine.active()
    rig.engine.migrate(rig.engine.all_slot(), next(other for other in rig.engine.masters() if other is not server))
    yield


# ---- the network

def cut(**how):
    def make(rig):
        rig.victim.machine.cut(ENGINE, **how)
        yield
        rig.victim.machine.heal()
    return make


def split(rig):
    """The victim and its server of the engine are alone: servers and nodes of both sides go on, and keep what the others do not get."""
    for node in rig.nodes[:-1]:
        rig.victim.machine.cut(node.machine.ip)
    yield
    rig.victim.machine.heal()


# ---- a node

def node_killed(rig):
    rig.victim.kill(rig.load.killed)
    yield
    rig.victim.start()


def node_frozen(rig):
    rig.victim.freeze()
    yield
    rig.victim.thaw()


def service_killed(rig):
    rig.kill(rig.victim.service())
    yield


def worker_killed(rig):
    rig.kill(rig.victim.worker())
    yield


FAULTS = [
    Fault("engine SIGKILL", engine_killed),
    Fault("engine SIGSTOP 5 s", engine_frozen, hold=5, settle=14),
    Fault("FLUSHALL", engine_flushed, engines=REDIS, bites=False),
    Fault("CLIENT KILL TYPE pubsub", subscribers_killed, engines=REDIS),
    Fault("slot of an inbox moved", inbox_moved, engines=("cluster",)),
    Fault("slot of all moved", all_moved, engines=("cluster",)),
    Fault("partition of a node, 6 s", cut(), hold=6, network=True),
    Fault("partition, only what it sends, 6 s", cut(into=False), hold=6, network=True),
    Fault("partition, only what it gets, 6 s", cut(out=False), hold=6, network=True),
    Fault("partition by REJECT, 6 s", cut(verdict="reject"), hold=6, settle=10, network=True),
    Fault("split with its engine, 6 s", split, engines=("nats3",), hold=6, settle=14, network=True, spread=True),
    Fault("node SIGKILL, another at 5 s", node_killed, hold=5, settle=FORGET_SECONDS, kills=True, victim_has_lines=False),
    Fault("node SIGSTOP 6 s", node_frozen, hold=6, victim_has_lines=False),
    Fault("wm-hub SIGKILL", service_killed, bites=False, children_killed=1),
    Fault("child SIGKILL", worker_killed, bites=False, kills=True, children_killed=1),
]


def run(fault, engine, joined, seed=1):
    """Makes the fault under load; the verdict of the judge."""
    nodes = joined.nodes
    lines_at = nodes if fault.victim_has_lines else nodes[:-1]
    with HubLoad(*nodes, lines_at=lines_at, kills=fault.kills, seed=seed, **LOAD) as load:
        rig = Rig(engine, nodes, load)
        time.sleep(CALM_SECONDS)
        steps = fault.make(rig)
        load.fault(fault.name)
        began = time.monotonic()
        next(steps)
        time.sleep(fault.hold)
        with contextlib.suppress(StopIteration):
            next(steps)
        load.healed()
        lasted = time.monotonic() - began
        time.sleep(fault.settle)
        report = load.verdict()
    report["lasted_s"] = lasted
    report["ended"] = joined.ended()
    return report


def violations(fault, report):
    """What was wrong, by name: the judge's, and that a fault was none."""
    found = {name: count for name, count in report["violations"].items() if count}
    if len(report["ended"]) > fault.children_killed:
        found["ended_by_itself"] = len(report["ended"]) - fault.children_killed
    if report["counts"].get("unwell_before_faults"):
        found["unwell_before"] = report["counts"]["unwell_before_faults"]
    if fault.bites and not report["counts"].get("unwell"):
        found["not_noticed"] = 1
    if not report["counts"].get("ok"):
        found["no_ok"] = 1
    return found
