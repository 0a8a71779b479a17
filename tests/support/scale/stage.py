"""Engines and nodes for one fault: on machines where there are some, else on this one."""
import contextlib
import pathlib

from scale.machines import ENGINE
from scale.nats import Nats, NatsCluster
from scale.nodes import NO_MACHINE, Nodes
from scale.redis import Redis, RedisCluster, Sentinel

ENGINES = {engine.kind: engine for engine in (Redis, Sentinel, RedisCluster, Nats, NatsCluster)}
NODES = 3


@contextlib.contextmanager
def joined(folder, kind, machines=(), *, spread=False):
    """An engine of a kind, and nodes that it has joined. Spread: each machine has a server of it."""
    folder = pathlib.Path(folder)
    place = {"machines": machines} if spread else {"host": ENGINE if machines else NO_MACHINE}
    with ENGINES[kind](folder / "engine", **place) as engine:
        with Nodes(folder, engine, count=NODES, machines=machines) as nodes:
            yield engine, nodes
        for machine in machines:
            machine.heal()
