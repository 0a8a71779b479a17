"""Redis as an engine: a server alone, under Sentinel, and as a cluster; and what can be done to each."""
import pathlib
import subprocess

from instance import HANG_SECONDS, eventually
from ports import free_ports
from scale.server import Server

MASTER_NAME = "wm"
CLUSTER_NAME = "rig"  # of the hubs
DOWN_AFTER_MS = 1000  # until Sentinel, or the nodes of a cluster, take a silent server for dead
SLOTS = 16384


def redis_cli(host, port, *words, seconds=HANG_SECONDS):
    """What a server answers to a command; "" when it does not, within the time."""
    command = ["redis-cli", "-h", host, "-p", str(port), *map(str, words)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def fields(text):
    """The lines `name:value` of INFO and its like."""
    return dict(line.strip().split(":", 1) for line in text.splitlines() if ":" in line)


class RedisServer(Server):
    """One redis-server that keeps nothing on the disk."""

    def __init__(self, directory, host, *flags, port=None, prefix=()):
        self.host, self.port = host, port or free_ports(1)[0]
        command = ["redis-server", "--bind", host, "--bind-source-addr", host, "--port", self.port, "--dir", directory, "--protected-mode", "no",
                   "--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", 0, *flags]
        super().__init__(directory, [*prefix, *command], lambda: self.ask("PING", seconds=1) == "PONG")

    @property
    def address(self):
        return f"{self.host}:{self.port}"

    def ask(self, *words, seconds=HANG_SECONDS):
        return redis_cli(self.host, self.port, *words, seconds=seconds)

    def info(self, section):
        return fields(self.ask("INFO", section, seconds=1))

    def channels(self):
        """Names of the channels of hubs that someone has subscribed to here, also those of shards."""
        return {name for words in (("CHANNELS",), ("SHARDCHANNELS",)) for name in self.ask("PUBSUB", *words, "wm:*").splitlines() if name}

    def kill_subscribers(self):
        """Ends the connections that have subscribed to something; returns how many."""
        return int(self.ask("CLIENT", "KILL", "TYPE", "pubsub"))


class Engine:
    """What the engines share: they are several servers, and end together."""

    servers = ()

    def end(self):
        for server in self.servers:
            server.kill()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.end()


class Redis(Engine):
    """A server alone."""

    kind = "redis"

    def __init__(self, directory, host="127.0.0.1", *flags):
        self.server = RedisServer(pathlib.Path(directory) / "redis", host, *flags)
        self.servers = [self.server]
        self.server.start()

    @property
    def url(self):
        return f"redis://{self.server.address}"

    def active(self):
        """The server that carries the messages."""
        return self.server

    def masters(self):
        return self.servers


class Sentinel(Engine):
    """A master, a replica and three sentinels, that fail over after DOWN_AFTER_MS."""

    kind = "sentinel"

    def __init__(self, directory, host="127.0.0.1"):
        directory = pathlib.Path(directory)
        ports = free_ports(5)
        first = RedisServer(directory / "data0", host, port=ports[0])
        second = RedisServer(directory / "data1", host, "--replicaof", host, ports[0], port=ports[1])
        self.data = [first, second]
        self.sentinels = [self._sentinel(directory / f"sentinel{i}", host, port, first) for i, port in enumerate(ports[2:])]
        self.servers = [*self.data, *self.sentinels]
        for server in self.servers:
            server.start()
        eventually(self.is_whole, "a replica that is in step, and sentinels that know each other")

    @staticmethod
    def _sentinel(directory, host, port, master):
        directory.mkdir(parents=True)
        settings = directory / "sentinel.conf"
        settings.write_text(f"port {port}\nbind {host}\nbind-source-addr {host}\ndir {directory}\nprotected-mode no\n"
                            f"sentinel monitor {MASTER_NAME} {master.host} {master.port} 2\n"
                            f"sentinel down-after-milliseconds {MASTER_NAME} {DOWN_AFTER_MS}\n"
                            f"sentinel failover-timeout {MASTER_NAME} 10000\n")
        server = Server(directory, ["redis-sentinel", settings], lambda: redis_cli(host, port, "PING", seconds=1) == "PONG")
        server.host, server.port = host, port
        return server

    @property
    def url(self):
        return "redis+sentinel://" + ",".join(f"{each.host}:{each.port}" for each in self.sentinels) + f"/{MASTER_NAME}"

    @staticmethod
    def facts(sentinel):
        """What a sentinel says of the master."""
        lines = redis_cli(sentinel.host, sentinel.port, "SENTINEL", "MASTER", MASTER_NAME, seconds=1).splitlines()
        return dict(zip(lines[::2], lines[1::2]))

    def is_whole(self):
        known = [self.facts(sentinel) for sentinel in self.sentinels]
        quorum = [redis_cli(each.host, each.port, "SENTINEL", "CKQUORUM", MASTER_NAME, seconds=1) for each in self.sentinels]
        return all((facts.get("num-slaves"), facts.get("num-other-sentinels"), facts.get("flags")) == ("1", "2", "master") for facts in known) \
            and all(text.startswith("OK 3 usable") for text in quorum) and self.replica().info("replication").get("master_link_status") == "up"

    def active(self):
        """The master, as all sentinels agree; None while they do not."""
        ports = {self.facts(sentinel).get("port") for sentinel in self.sentinels}
        return next((server for server in self.data if ports == {str(server.port)}), None)

    def masters(self):
        return [self.active()]

    def replica(self):
        return next(server for server in self.data if server is not self.active())

    def await_failover(self, old):
        """Returns the new master once all sentinels name it and it has taken its role."""
        def new():
            now = self.active()
            return now if now is not None and now is not old and now.info("replication").get("role") == "master" else None
        return eventually(new, "another master")


class RedisCluster(Engine):
    """Three masters and a replica of each; a node that is silent for DOWN_AFTER_MS is replaced."""

    kind = "cluster"
    MASTERS = 3

    def __init__(self, directory, host="127.0.0.1"):
        directory = pathlib.Path(directory)
        ports = free_ports(4 * self.MASTERS)
        self.servers = [RedisServer(directory / f"node{i}", host, "--cluster-enabled", "yes", "--cluster-node-timeout", DOWN_AFTER_MS,
                                    "--cluster-port", bus, port=port) for i, (port, bus) in enumerate(zip(ports[::2], ports[1::2]))]
        for server in self.servers:
            server.start()
        self._ids = {server.ask("CLUSTER", "MYID"): server for server in self.servers}
        self._join(host, ports[1::2])

    def _join(self, host, buses):
        for server, bus in zip(self.servers[1:], buses[1:]):
            assert self.servers[0].ask("CLUSTER", "MEET", host, server.port, bus) == "OK"
        eventually(lambda: all(self._known(server) == len(self.servers) for server in self.servers), "nodes that know each other")
        masters, replicas = self.servers[:self.MASTERS], self.servers[self.MASTERS:]
        for i, master in enumerate(masters):
            first, end = (SLOTS * part // self.MASTERS for part in (i, i + 1))
            assert master.ask("CLUSTER", "ADDSLOTSRANGE", first, end - 1) == "OK"
        for master, replica in zip(masters, replicas):
            own = master.ask("CLUSTER", "MYID")
            assert replica.ask("CLUSTER", "REPLICATE", own) == "OK"
        eventually(self.is_whole, "a cluster that covers all slots, with replicas in step")

    @staticmethod
    def _known(server):
        return len([line for line in server.ask("CLUSTER", "NODES", seconds=1).splitlines() if "handshake" not in line])

    def is_whole(self):
        """Whether all nodes see all slots covered, and each master has a replica that could replace it."""
        states = [fields(server.ask("CLUSTER", "INFO", seconds=1)).get("cluster_state") for server in self.servers]
        roles = [server.info("replication") for server in self.servers]
        links = [role["master_link_status"] for role in roles if role.get("role") == "slave"]
        return states == ["ok"] * len(self.servers) and links == ["up"] * self.MASTERS

    @property
    def url(self):
        return "redis+cluster://" + ",".join(server.address for server in self.servers[:self.MASTERS])

    def slot_of(self, channel):
        return int(self._any().ask("CLUSTER", "KEYSLOT", channel))

    def _any(self, but=None):
        return next(server for server in self.servers if server is not but and server.runs() and server.ask("PING", seconds=1) == "PONG")

    def owner(self, slot, *, but=None):
        """The master of a slot, as a node says that is not `but`."""
        for line in self._any(but).ask("CLUSTER", "NODES").splitlines():
            own, _, flags, *_, = line.split()
            ranges = [word.split("-") for word in line.split()[8:] if not word.startswith("[")]
            if "master" in flags and "fail" not in flags and any(int(each[0]) <= slot <= int(each[-1]) for each in ranges):
                return self._ids[own]
        return None

    def all_slot(self):
        """That of the channel of what goes to all."""
        return self.slot_of(f"wm:{{{CLUSTER_NAME}}}")

    def active(self):
        """The master that carries what goes to all."""
        return self.owner(self.all_slot())

    def masters(self):
        return [server for server in self.servers if server.runs() and server.info("replication").get("role") == "master"]

    def await_failover(self, old, slot):
        """Returns the new master of a slot."""
        def new():
            now = self.owner(slot, but=old)
            return now if now is not old else None
        return eventually(new, f"another master of slot {slot}")

    def inboxes(self):
        """The channels of hubs' machines that are subscribed to, by the server that has them."""
        return {channel: server for server in self.servers for channel in server.channels() if ":" in channel[len("wm:"):]}

    def migrate(self, slot, to):
        """Moves a slot, which has no keys, to another master, as redis-cli does."""
        source = self.owner(slot)
        ids = {server: own for own, server in self._ids.items()}
        assert source is not to
        for server, words in ((to, ("IMPORTING", ids[source])), (source, ("MIGRATING", ids[to])), (to, ("NODE", ids[to])),
                              (source, ("NODE", ids[to]))):
            assert server.ask("CLUSTER", "SETSLOT", slot, *words) == "OK"
        eventually(lambda: all(self._sees(server, slot, to) for server in self.servers), f"slot {slot} at {to.address}, as all nodes see it")

    def _sees(self, server, slot, owner):
        """Whether a server sends who asks for the slot to its owner, or is that."""
        own = next(own for own, each in self._ids.items() if each is owner)
        for line in server.ask("CLUSTER", "NODES").splitlines():
            ranges = [word.split("-") for word in line.split()[8:] if not word.startswith("[")]
            if line.startswith(own):
                return any(int(each[0]) <= slot <= int(each[-1]) for each in ranges)
        return False
