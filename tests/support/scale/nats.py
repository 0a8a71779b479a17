"""NATS as an engine: a server alone, and a cluster of three."""
import json
import pathlib
import urllib.error
import urllib.request

from instance import eventually
from ports import free_ports
from scale.redis import Engine
from scale.server import Server


class NatsServer(Server):
    """One nats-server; `routes` are the addresses of its cluster, its own first."""

    def __init__(self, directory, host, *flags, routes=(), prefix=()):
        self.host = host
        self.port, self.monitor = free_ports(2)
        command = [*prefix, "nats-server", "--addr", host, "--port", self.port, "--http_port", self.monitor, *flags]
        if routes:
            command += ["--cluster_name", "wm", "--cluster", f"nats://{routes[0]}", "--routes", ",".join(f"nats://{each}" for each in routes[1:])]
        super().__init__(directory, command, lambda: self.facts("varz") is not None)

    @property
    def address(self):
        return f"{self.host}:{self.port}"

    def facts(self, page):
        """What its monitoring says; None when it does not answer."""
        try:
            with urllib.request.urlopen(f"http://{self.host}:{self.monitor}/{page}", timeout=1) as answer:
                return json.load(answer)
        except (urllib.error.URLError, OSError, ValueError):
            return None

    def clients(self):
        return (self.facts("varz") or {}).get("connections", 0)


class Nats(Engine):
    """A server alone."""

    kind = "nats"

    def __init__(self, directory, host="127.0.0.1", *flags):
        self.server = NatsServer(pathlib.Path(directory) / "nats", host, *flags)
        self.servers = [self.server]
        self.server.start()

    @property
    def url(self):
        return f"nats://{self.server.address}"

    def active(self):
        return self.server


class NatsCluster(Engine):
    """Three servers, each with a route to both others; on machines, if some are given."""

    kind = "nats3"

    def __init__(self, directory, host="127.0.0.1", machines=()):
        places = [(machine.ip, machine.prefix) for machine in machines] or [(host, ())] * 3
        routes = [f"{ip}:{port}" for (ip, _), port in zip(places, free_ports(3))]
        self.servers = [NatsServer(pathlib.Path(directory) / f"nats{i}", ip, routes=routes[i:] + routes[:i], prefix=prefix)
                        for i, (ip, prefix) in enumerate(places)]
        for server in self.servers:
            server.begin()
        eventually(self.is_whole, "servers with routes to each other")

    def is_whole(self):
        return all(server.serves() and (server.facts("routez") or {}).get("num_routes", 0) >= 2 for server in self.servers)

    @property
    def url(self):
        return ",".join(f"nats://{server.address}" for server in self.servers)

    def active(self):
        """The server that most clients are connected to."""
        return max(self.servers, key=lambda server: server.clients())
