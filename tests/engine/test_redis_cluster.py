"""The carrier over a Redis Cluster: a real one that moves slots and fails over, and false ones that send it in circles."""
import contextlib
import time

import pytest
from carrier_host import Carrier, exchange_all
from instance import eventually
from ports import free_ports
from scale.fake_redis import FakeRedis, array, slots
from scale.redis import RedisCluster, RedisServer


def test_a_cluster_has_each_channel_at_its_server_and_moves_with_it(tmp_path):
    with RedisCluster(tmp_path) as redis:
        nodes = ["a1", "b2", "c3", "d4", "e5"]
        channels = [f"wm:{{default:{int(node, 16):016x}}}" for node in nodes]
        assert len({redis.owner(redis.slot_of(channel)) for channel in channels}) > 1
        with contextlib.ExitStack() as stack:
            carriers = [stack.enter_context(Carrier(redis.url, node)) for node in nodes]
            for carrier in carriers:
                carrier.await_event("up")
            exchange_all(carriers)
            one, slot = carriers[1], redis.slot_of(channels[1])
            owner = redis.owner(slot)
            redis.migrate(slot, next(server for server in redis.servers[:3] if server is not owner))
            one.await_event("down")
            one.await_event("up")
            eventually(lambda: carriers[0].send("b2", "found") and heard(one, "found"), "the inbox at its new server")
            all_of = redis.active()
            all_of.kill()
            for carrier in carriers:
                carrier.await_up()
            eventually(lambda: carriers[0].send("0", "again") and all(heard(carrier, "again") for carrier in carriers), "all nodes")


def test_a_user_needs_the_rights_of_the_guide(tmp_path):
    port, bus = free_ports(2)
    server = RedisServer(tmp_path, "127.0.0.1", "--cluster-enabled", "yes", "--cluster-port", bus, port=port)
    server.start()
    try:
        assert server.ask("CLUSTER", "ADDSLOTSRANGE", 0, 16383) == "OK"
        eventually(lambda: "cluster_state:ok" in server.ask("CLUSTER", "INFO"), "a cluster that serves")
        rights = ("&wm:*", "+subscribe", "+publish", "+info", "+role", "+ssubscribe", "+spublish", "+cluster|slots")
        assert server.ask("ACL", "SETUSER", "push", "on", ">secret", *rights) == "OK"
        assert server.ask("ACL", "SETUSER", "less", "on", ">secret", *rights[:-1]) == "OK"
        with Carrier(f"redis+cluster://push:secret@{server.address}") as carrier:
            carrier.await_event("up")
            exchange_all([carrier])
        with Carrier(f"redis+cluster://less:secret@{server.address}") as carrier:
            carrier.await_error("ACL SETUSER")
    finally:
        server.kill()


def heard(carrier, text):
    """Whether it gets that within a moment; what else comes is passed over."""
    end = time.monotonic() + 0.3
    while time.monotonic() < end:
        if not carrier.events.empty() and carrier.events.get() == f"got {text}":
            return True
        time.sleep(0.005)
    return False


def cluster_url(*servers):
    return "redis+cluster://" + ",".join(server.address for server in servers)


def around(slot, server, other):
    """One slot is at the other, all else at the first server."""
    return slots((0, slot - 1, "127.0.0.1", server.port), (slot, slot, "127.0.0.1", other.port), (slot + 1, 16383, "127.0.0.1", server.port))


def test_moved_in_circles_is_tried_slowly():
    with FakeRedis(ssubscribe=b"-MOVED 1 127.0.0.1:1\r\n") as server, Carrier(cluster_url(server)) as carrier:
        carrier.await_error("moved the channel")
        before = len(server.accepted)
        time.sleep(1)
        assert len(server.accepted) - before <= 60
        server.replies.clear()
        carrier.await_event("up")
        exchange_all([carrier])
    assert len(carrier.warnings()) == 1


def test_moved_inboxes_of_others_are_looked_up_and_others_go_on():
    with FakeRedis() as old, FakeRedis() as new, Carrier(cluster_url(old)) as carrier:
        carrier.await_event("up")
        exchange_all([carrier])
        asked = old.count("CLUSTER")

        def moved(own, channel, message):
            return b"-MOVED 5 " + new.address.encode() + b"\r\n" if b"b2" in channel else own.spublish(own, channel, message)
        old.replies["SPUBLISH"] = moved
        new.replies["SPUBLISH"] = b":1\r\n"
        for i in range(50):
            assert carrier.send("b2", f"{i}")
        eventually(lambda: old.count("CLUSTER") > asked, "a question for the slots")
        assert old.count("CLUSTER") - asked <= 3
        exchange_all([carrier])  # it is not down
        other = 6243  # of the channel of b2
        old.replies["CLUSTER"] = new.replies["CLUSTER"] = around(other, old, new)
        eventually(lambda: carrier.send("b2", "x") and new.count("SPUBLISH"), "a message at the new server")
        assert carrier.facts()["connects"] == 1


def test_a_server_that_ends_each_connection_is_tried_slowly_and_the_carrier_stays_up():
    other = 6243  # of the channel of b2
    with FakeRedis() as own, FakeRedis(client=lambda connection, *_: connection.end()) as gone:
        own.replies["CLUSTER"] = gone.replies["CLUSTER"] = around(other, own, gone)
        with Carrier(cluster_url(own)) as carrier:
            carrier.await_event("up")
            end = time.monotonic() + 0.6
            while time.monotonic() < end:
                carrier.send("b2", "x")
            assert 2 <= len(gone.accepted) <= 4
            del gone.replies["CLIENT"]
            eventually(lambda: carrier.send("b2", "x") and gone.count("SPUBLISH"), "a message at that server")
            exchange_all([carrier])


def test_a_subscription_that_the_cluster_ends_is_made_anew():
    with FakeRedis() as server, Carrier(cluster_url(server)) as carrier:
        carrier.await_event("up")
        server.of("SSUBSCRIBE")[0].send(array("sunsubscribe", "wm:{default}", 0))
        carrier.await_event("down")
        carrier.await_event("up")
        exchange_all([carrier])


def test_a_cluster_of_version_6_gets_plain_channels_and_one_warning():
    with FakeRedis(version="6.2.7") as server, Carrier(cluster_url(server)) as carrier:
        carrier.await_event("up")
        exchange_all([carrier])
        carrier.reset()
        carrier.await_event("down")
        carrier.await_event("up")
        exchange_all([carrier])
        assert not server.count("SSUBSCRIBE") and not server.count("SPUBLISH")
        assert len([line for line in carrier.warnings() if "sharded channels" in line]) == 1


SLOTS = [
    (b"-ERR This instance has cluster support disabled\r\n", "use redis:// or redis+sentinel://"),
    (array(), "no server of the cluster has the slot"),
    (slots((0, 10, "127.0.0.1", 1)), "no server of the cluster has the slot"),
    (slots((0, 16384, "127.0.0.1", 1)), "is not understood"),
    (slots((0, 16383, "127.0.0.1", 0)), "is not understood"),
    (b"+OK\r\n", "is not understood"),
    (array(array(0, 16383)), "is not understood"),
    (b"-CLUSTERDOWN The cluster is down\r\n", "see CLUSTER INFO"),
]


@pytest.mark.parametrize(("answer", "told"), SLOTS)
def test_odd_answers_of_a_cluster(answer, told):
    with FakeRedis(cluster=answer) as server, Carrier(cluster_url(server)) as carrier:
        carrier.await_error(told)
        server.replies.clear()
        carrier.await_event("up")


def test_servers_that_are_gone_are_passed_over():
    with FakeRedis() as gone, FakeRedis() as server:
        gone.end()
        with Carrier(cluster_url(gone, gone, server)) as carrier:
            carrier.await_event("up")
            server.cut()
            carrier.await_event("down")
            carrier.await_up()
            exchange_all([carrier])


def test_connections_to_many_servers_are_bounded():
    servers = [FakeRedis() for _ in range(70)]
    step = 16384 // len(servers)
    ranges = [(i * step, (i + 1) * step - 1 if i + 1 < len(servers) else 16383, "127.0.0.1", each.port) for i, each in enumerate(servers)]
    try:
        for server in servers:
            server.replies["CLUSTER"] = slots(*ranges)
        with Carrier(cluster_url(servers[0])) as carrier:
            carrier.await_event("up")
            for node in range(1, 600):
                assert carrier.send(f"{node:x}", "x")
            assert carrier.descriptors() < 90
            eventually(lambda: sum(server.count("SPUBLISH") for server in servers) >= 500, "most of the messages")
            carrier.await_event("got x")  # it is a node of them
    finally:
        for server in servers:
            server.end()
