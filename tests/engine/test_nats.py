"""The carrier over NATS, with real servers: alone, with logins, permissions, limits and TLS, and a cluster whose servers go."""
import contextlib
import signal
import subprocess

import pytest

from carrier_host import Carrier, exchange_all, hash_of
from certificates import make_certificate
from instance import HANG_SECONDS, eventually
from push_processes import freeze, thaw
from scale.nats import Nats, NatsCluster

MIB = 1 << 20


@pytest.fixture(name="serve")
def make_server(tmp_path):
    """Starts a server with that configuration."""
    with contextlib.ExitStack() as stack:
        def serve(config=""):
            path = tmp_path / f"nats{len(list(tmp_path.iterdir()))}.conf"
            path.write_text(config)
            return stack.enter_context(Nats(path.with_suffix(""), "127.0.0.1", "-c", str(path)))
        yield serve


def test_nodes__reach_themselves_each_other_and_all(serve):
    server = serve()
    with Carrier(server.url, "a1") as first, Carrier(server.url, "b2") as second, Carrier(server.url, "b2", "other") as other:
        for carrier in (first, second, other):
            carrier.await_event("up")
        exchange_all([first, second])
        exchange_all([other])
        assert first.fill("b2", MIB) and not first.fill("b2", MIB + 1)
        second.await_event(f"got {MIB} {hash_of(b'x' * MIB)}")
        assert first.facts() == {"engine": "nats 2.9.10", "address": server.server.address, "connects": 1, "error": ""}
        first.close()
        assert not first.send("b2", "nothing")
        first.open()
        first.await_event("up")
        exchange_all([first, second])


def test_what_was_sent_before_close__leaves(serve):
    server = serve()
    with Carrier(server.url, "a1") as first, Carrier(server.url, "b2") as second:
        first.await_event("up")
        second.await_event("up")
        assert first.fill("b2", MIB) and first.send("b2", "last")
        first.close()
        second.await_event(f"got {MIB} {hash_of(b'x' * MIB)}")
        second.await_event("got last")


def test_a_server_that_is_killed_or_frozen__is_found_again(serve):
    server = serve().server
    with Carrier(f"nats://{server.address}") as carrier:
        carrier.await_event("up")
        server.kill()
        carrier.await_event("down")
        carrier.await_error("Connection refused")
        server.start()
        carrier.await_event("up")
        exchange_all([carrier])
        server.freeze()
        carrier.await_event("down")
        carrier.await_error("two pings")
        server.thaw()
        carrier.await_event("up")
        exchange_all([carrier])


# ---- who may do what

USERS = """
authorization {
    users = [
        {user: all, password: "p w", permissions: {publish: "wm.>", subscribe: "wm.>"}}
        {user: mute, password: p, permissions: {publish: {deny: "wm.>"}}}
        {user: deaf, password: p, permissions: {subscribe: {deny: "wm.>"}}}
        {user: half, password: p, permissions: {publish: "wm.>", subscribe: "wm.default.n.>"}}
    ]
}
"""


def test_logins_and_permissions(serve):
    address = serve(USERS).server.address
    rows = [
        ("all:p%20w@", None), ("", "none is set"), ("all:wrong@", "refuses the user and password"), ("token@", "refuses"),
        ("mute:p@", "permissions.publish"), ("deaf:p@", "permissions.subscribe"), ("half:p@", "permissions.subscribe"),
    ]
    with contextlib.ExitStack() as stack:
        carriers = [stack.enter_context(Carrier(f"nats://{login}{address}")) for login, _ in rows]
        for carrier, (_, error) in zip(carriers, rows):
            if error:
                carrier.await_error(error)
                assert carrier.events.empty()
            else:
                carrier.await_event("up")
                exchange_all([carrier])


def test_a_token(serve):
    address = serve('authorization {token: "to@ken"}').server.address
    with Carrier(f"nats://to%40ken@{address}") as by_url, Carrier(f"nats://{address}", password="to@ken") as by_file, \
            Carrier(f"nats://other@{address}") as wrong:
        by_url.await_event("up")
        by_file.await_event("up")
        wrong.await_error("the token")


def test_max_connections(serve):
    server = serve("max_connections: 1")
    with Carrier(server.url) as second:
        with Carrier(server.url) as first:
            eventually(lambda: not (first.events.empty() and second.events.empty()), "a connection")
            loser = second if second.events.empty() else first
            loser.await_error("raise max_connections")
        second.await_up()


def test_max_payload(serve):
    with Carrier(serve("max_payload: 8192").url) as carrier:
        carrier.await_event("up")
        assert carrier.fill("a1", 8192) and not carrier.fill("a1", 8193)
        carrier.await_event(f"got 8192 {hash_of(b'x' * 8192)}")


def test_max_payload__that_is_too_small(serve):
    with Carrier(serve("max_payload: 1024").url) as carrier:
        carrier.await_error("its max_payload is 1024, and has to be 4096 at least")


def test_a_node_that_reads_too_slowly__is_ended_and_comes_back(serve):
    server = serve("max_pending: 8388608\nwrite_deadline: \"1s\"")
    with Carrier(server.url, "a1") as slow, Carrier(server.url, "b2") as other:
        slow.await_event("up")
        other.await_event("up")
        freeze(slow.process.pid)
        while server.server.clients() != 1:
            other.fill("a1", MIB)
        thaw(slow.process.pid)
        slow.await_event("down", skip=("got",))
        slow.await_event("up")
        assert other.send("a1", "end")
        while slow.await_event() != "got end":
            pass
        exchange_all([slow, other])


# ---- TLS

def test_tls(serve, tmp_path):
    site, stranger = make_certificate(tmp_path), make_certificate(tmp_path, "stranger")
    server = serve(f'tls {{cert_file: "{site.cert}", key_file: "{site.key}"}}\nauthorization {{user: u, password: p}}').server.address
    plain = serve().server.address
    with Carrier(f"tls://u:p@{server}", ca=site.cert) as secure, Carrier(f"nats://u:p@{server}", ca=site.cert) as upgraded, \
            Carrier(f"tls://u:p@{server}", ca=stranger.cert) as wary, Carrier(f"tls://u:p@{plain}", ca=site.cert) as alone:
        secure.await_event("up")
        upgraded.await_event("up")
        exchange_all([secure])
        assert secure.fill("a1", MIB)
        secure.await_event(f"got {MIB} {hash_of(b'x' * MIB)}")
        wary.await_error("certificate")
        alone.await_error("the server offers no TLS")
        assert secure.warnings() == upgraded.warnings() == []


# ---- a cluster

@pytest.fixture(name="cluster", scope="module")
def make_cluster(tmp_path_factory):
    with NatsCluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture(name="nodes")
def make_nodes(cluster):
    """One at each server; at first each knows of one alone."""
    eventually(cluster.is_whole, "all servers, with their routes")
    with contextlib.ExitStack() as stack:
        nodes = [stack.enter_context(Carrier(f"nats://{server.address}", f"a{i}")) for i, server in enumerate(cluster.servers)]
        for node in nodes:
            node.await_event("up")
        yield nodes


def exchange_in_cluster(nodes):
    """What a server has subscribed to for a client reaches the others a moment later."""
    for sender in nodes:
        for node in nodes:
            eventually(lambda: node.events.empty() and sender.send(node.node, "hello") and eventually(  # pylint: disable=cell-var-from-loop
                lambda: not node.events.empty(), "a message", seconds=HANG_SECONDS), "a message")  # pylint: disable=cell-var-from-loop
            assert node.await_event() == "got hello"


def test_cluster__carries_between_servers(nodes):
    exchange_in_cluster(nodes)


@pytest.mark.parametrize("how", ["kill", "freeze", "lame duck"])
def test_cluster__a_server_goes(cluster, nodes, how):
    """Its node moves to another one, which only the server has named."""
    server, node = cluster.servers[0], nodes[0]
    if how == "lame duck":
        subprocess.run(["nats-server", "--signal", f"ldm={server.pid}"], check=True, capture_output=True, timeout=HANG_SECONDS)
    elif how == "freeze":
        server.freeze()
    else:
        server.kill()
    try:
        node.await_event("down")
        if how == "lame duck":
            assert server.runs()
            node.await_event("up")
        else:
            node.await_up()
        assert node.facts()["address"] in [each.address for each in cluster.servers[1:]]
        exchange_in_cluster(nodes)
        if how == "lame duck":
            eventually(lambda: any("lame duck" in line for line in node.warnings()), "a line of the log")
    finally:
        if how == "freeze":
            server.thaw()
        else:
            server.signal(signal.SIGKILL)
            server.process.wait(HANG_SECONDS)
            server.start()
