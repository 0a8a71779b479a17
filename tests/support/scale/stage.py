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
def joined(folder, kind, machines=(), count=NODES, flags=()):
    """An engine of a kind, and nodes that it has joined."""
    folder = pathlib.Path(folder)
    with ENGINES[kind](folder / "engine", ENGINE if machines else NO_MACHINE) as engine:
        with Nodes(folder, engine, count=count, machines=machines, flags=flags) as nodes:
            yield engine, nodes
        for machine in machines:
            machine.heal()
