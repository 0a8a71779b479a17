"""The engines of the rig are real: they come up, lose and move what a fault says, and come back."""
import contextlib
import socket
import subprocess
import time

import pytest

from instance import HANG_SECONDS, eventually
from scale.nats import Nats, NatsCluster
from scale.redis import Redis, RedisCluster, Sentinel


class RedisSubscriber:
    """A subscriber of one channel."""

    def __init__(self, server, channel, verb="SUBSCRIBE"):
        self.sock = socket.create_connection((server.host, server.port), HANG_SECONDS)
        self.sock.sendall(f"{verb} {channel}\r\n".encode())
        self.read_until(b":1\r\n")

    def read_until(self, end):
        data = b""
        while not data.endswith(end):
            part = self.sock.recv(4096)
            if not part:
                return data + b"<end>"
            data += part
        return data

    def close(self):
        self.sock.close()


@pytest.fixture
def redis(tmp_path):
    with Redis(tmp_path) as engine:
        yield engine


@pytest.fixture
def sentinel(tmp_path):
    with Sentinel(tmp_path) as engine:
        yield engine


@pytest.fixture
def cluster(tmp_path):
    with RedisCluster(tmp_path) as engine:
        yield engine


def test_redis__is_killed_started_again_and_frozen(redis):
    server = redis.server
    assert server.ask("SET", "a", "b") == "OK" and server.ask("FLUSHALL") == "OK" and server.ask("EXISTS", "a") == "0"
    server.kill()
    assert server.ask("PING") == "" and not server.runs()
    server.start()
    server.freeze()
    assert server.ask("PING", seconds=0.5) == ""
    server.thaw()
    eventually(lambda: server.ask("PING") == "PONG", "an answer of the server that was frozen")


def test_redis__ends_the_connections_of_subscribers_only(redis):
    with contextlib.closing(RedisSubscriber(redis.server, "wm:{a}")) as subscriber, \
            socket.create_connection((redis.server.host, redis.server.port)) as other:
        assert redis.server.channels() == {"wm:{a}"}
        assert redis.server.kill_subscribers() == 1
        assert subscriber.read_until(b"never").endswith(b"<end>")
        other.sendall(b"PING\r\n")
        assert other.recv(64) == b"+PONG\r\n"


def test_sentinel__fails_over_while_the_old_master_is_frozen(sentinel):
    old = sentinel.active()
    old.freeze()
    new = sentinel.await_failover(old)
    assert new.ask("PUBLISH", "x", "y") == "0"
    old.thaw()
    eventually(lambda: old.info("replication").get("role") == "master", "the second master that the old one is at first")
    eventually(lambda: old.info("replication").get("role") == "slave", "the old master as a replica")


def test_sentinel__fails_over_when_the_master_is_killed(sentinel):
    old = sentinel.active()
    old.kill()
    new = sentinel.await_failover(old)
    assert (old.runs(), new.ask("PUBLISH", "x", "y")) == (False, "0")


def test_cluster__moves_the_slot_of_a_channel_and_its_subscribers_are_told(cluster):
    channel = "wm:{default:00000000000000aa}"
    slot = cluster.slot_of(channel)
    old = cluster.owner(slot)
    to = next(server for server in cluster.servers[:3] if server is not old)
    with contextlib.closing(RedisSubscriber(old, channel, "SSUBSCRIBE")) as subscriber:
        assert cluster.inboxes() == {channel: old}
        cluster.migrate(slot, to)
        assert "sunsubscribe" in subscriber.read_until(b":0\r\n").decode()
    assert cluster.owner(slot) is to and cluster.is_whole()
    assert to.ask("SPUBLISH", channel, "x") == "0"
    assert "MOVED" in subprocess.run(["redis-cli", "-p", str(old.port), "SPUBLISH", channel, "x"], capture_output=True, text=True).stdout


def test_cluster__replaces_a_master_that_is_frozen(cluster):
    old = cluster.active()
    slot = cluster.all_slot()
    old.freeze()
    new = cluster.await_failover(old, slot)
    assert new in cluster.servers[3:]
    old.thaw()
    eventually(cluster.is_whole, "the old master as a replica")
    assert cluster.active() is new


def subscribed(server, subject):
    sock = socket.create_connection((server.host, server.port), HANG_SECONDS)
    sock.sendall(f'CONNECT {{"verbose":false}}\r\nSUB {subject} 1\r\nPING\r\n'.encode())
    data = b""
    while b"PONG\r\n" not in data:
        data += sock.recv(4096)
    return sock


@pytest.mark.parametrize("make", [Nats, NatsCluster])
def test_nats__carries_a_message_between_its_servers(tmp_path, make):
    with make(tmp_path) as engine:
        with subscribed(engine.servers[0], "wm.default.all") as first, subscribed(engine.servers[-1], "none") as last:
            deadline = time.monotonic() + HANG_SECONDS
            first.settimeout(0.1)
            data = b""
            while b"MSG wm.default.all 1 2\r\nhi\r\n" not in data:  # a route learns of a subscription a moment later
                assert time.monotonic() < deadline
                last.sendall(b"PUB wm.default.all 2\r\nhi\r\n")
                with contextlib.suppress(TimeoutError):
                    data += first.recv(4096)


def test_nats__a_cluster_goes_on_without_the_server_of_most_clients(tmp_path):
    with NatsCluster(tmp_path) as engine, subscribed(engine.servers[1], "a") as sock:
        server = engine.active()
        assert server is engine.servers[1]
        server.kill()
        while sock.recv(4096):  # what it still says
            pass
        server.start()
        eventually(engine.is_whole, "the server among the others")
