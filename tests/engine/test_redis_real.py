"""The carrier over a redis-server: alone, with a login, over TLS and a unix socket, frozen and killed."""
import tempfile

import pytest
from carrier_host import Carrier, exchange_all, hash_of
from certificates import make_certificate
from instance import eventually
from ports import free_port
from scale.redis import Redis

PASSWORD = "p:a,s@s/%"
IN_URL = "p%3Aa%2Cs%40s%2F%25"


def with_login(url, login):
    return url.replace("://", f"://{login}@")


def test_nodes_of_a_cluster_hear_each_other_and_no_others(tmp_path):
    with Redis(tmp_path) as redis, Carrier(redis.url, "a1") as first, Carrier(redis.url, "b2") as second, \
            Carrier(redis.url, "a1", cluster="other") as other:
        for carrier in (first, second, other):
            carrier.await_event("up")
        exchange_all([first, second])
        exchange_all([other])
        assert first.facts()["engine"] == f"redis {redis.server.info('server')['redis_version']}"
        longest = 8 << 20
        assert second.fill("a1", longest) and not second.fill("a1", longest + 1)
        first.await_event(f"got {longest} {hash_of(b'x' * longest)}")
        exchange_all([second, first])
        assert redis.server.ask("DBSIZE") == "0"


def test_a_frozen_server_is_left_and_found_again_and_so_is_one_that_was_killed(tmp_path):
    with Redis(tmp_path) as redis, Carrier(redis.url) as carrier:
        carrier.await_event("up")
        redis.server.freeze()
        assert carrier.send("a1", "into the void")
        carrier.await_event("down")
        carrier.await_error("no reply within 2000 ms")
        redis.server.thaw()
        carrier.await_event("up")
        exchange_all([carrier])
        redis.server.kill()
        carrier.await_event("down")
        carrier.await_error("Connection refused")
        redis.server.start()
        carrier.await_event("up")
        redis.server.kill_subscribers()
        carrier.await_event("down")
        carrier.await_event("up")
        exchange_all([carrier])


def test_a_login_is_taken_from_the_url_or_the_settings(tmp_path):
    with Redis(tmp_path, "127.0.0.1") as redis:
        ask = redis.server.ask
        for rights in ("&wm:*", "+subscribe", "+publish", "+info", "+role"):
            assert ask("ACL", "SETUSER", "hub", "on", f">{PASSWORD}", rights) == "OK"
        assert ask("ACL", "SETUSER", "deaf", "on", f">{PASSWORD}", "+publish", "+info", "+role") == "OK"
        assert ask("CONFIG", "SET", "requirepass", "of-all") == "OK"
        with Carrier(with_login(redis.url, f"hub:{IN_URL}")) as named, Carrier(redis.url, user="hub", password=PASSWORD) as given, \
                Carrier(with_login(redis.url, ":of-all")) as default:
            for carrier in (named, given, default):
                carrier.await_event("up")
                exchange_all([carrier])
        wrong = [("", "wants a password"), (":no", "the password is wrong"), ("hub:no", "the password is wrong"),
                 (f"deaf:{IN_URL}", "ACL SETUSER"), ("nobody:no", "the password is wrong")]
        for login, told in wrong:
            with Carrier(with_login(redis.url, login) if login else redis.url) as carrier:
                carrier.await_error(told)
                log = carrier.log
            assert IN_URL not in str(log) and PASSWORD not in str(log)


def test_tls_needs_a_server_that_shows_a_certificate_of_the_authority(tmp_path):
    site, other = make_certificate(tmp_path / "site"), make_certificate(tmp_path / "other")
    port = free_port()
    flags = ("--tls-port", port, "--tls-cert-file", site.cert, "--tls-key-file", site.key, "--tls-ca-cert-file", site.cert,
             "--tls-auth-clients", "no")
    with Redis(tmp_path, "127.0.0.1", *flags):
        with Carrier(f"rediss://localhost:{port}", ca=site.cert) as carrier:
            carrier.await_event("up")
            exchange_all([carrier])
        with Carrier(f"rediss://localhost:{port}", ca=other.cert) as carrier:
            carrier.await_error("certificate")
        with Carrier(f"redis://localhost:{port}") as carrier:
            carrier.await_error("one that wants TLS is rediss://")
        with Carrier(f"rediss://localhost:{port}", ca=tmp_path / "none.pem") as carrier:
            carrier.await_error("none.pem")


def test_a_unix_socket(tmp_path):
    with tempfile.TemporaryDirectory(prefix="wm-", dir="/tmp") as short:
        with Redis(tmp_path, "127.0.0.1", "--unixsocket", f"{short}/redis.sock"), Carrier(f"redis+unix://{short}/redis.sock") as carrier:
            carrier.await_event("up")
            exchange_all([carrier])
            assert carrier.facts()["address"] == f"{short}/redis.sock"


def test_a_replica_is_refused_until_it_is_a_master(tmp_path):
    with Redis(tmp_path / "master") as master, Redis(tmp_path / "replica") as replica:
        host, port = master.server.host, master.server.port
        assert replica.server.ask("REPLICAOF", host, port) == "OK"
        eventually(lambda: replica.server.info("replication").get("master_link_status") == "up", "a replica in step")
        with Carrier(replica.url) as carrier:
            carrier.await_error(f"is a replica of {host}:{port}: name that one")
            assert replica.server.ask("REPLICAOF", "NO", "ONE") == "OK"
            carrier.await_event("up")
            exchange_all([carrier])


@pytest.mark.parametrize(("url", "told"), [
    ("redis://", "not HOST"),
    ("redis://:secret@a,b", "redis:// has one server"),
    ("redis://me@localhost", "no password"),
    ("localhost:6379", "as redis://HOST:6379"),
])
def test_a_wrong_url_is_refused_at_the_start(url, told):
    carrier = Carrier(url)
    assert told in carrier.await_event() and carrier.process.wait(10) == 1
