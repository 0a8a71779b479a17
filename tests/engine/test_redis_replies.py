"""The carrier over a Redis server that says what it should not: the carrier says what is wrong, goes on trying, slowly, and gets well."""
import contextlib
import random
import threading
import time

import pytest
from carrier_host import Carrier, exchange_all, hash_of
from instance import eventually
from scale.fake_redis import NOTHING, FakeRedis, array, attempts, bulk, channel_of

PASSWORD = "very-secret"


def test_messages_come_whole_however_they_are_cut():
    with FakeRedis(piece=1) as server, Carrier(server.url) as carrier:
        carrier.await_event("up")
        exchange_all([carrier])
        assert carrier.facts() == {"engine": "redis 7.0.15", "address": server.address, "connects": 1, "error": ""}
        assert carrier.fill("a1", 5000)
        carrier.await_event(f"got 5000 {hash_of(b'x' * 5000)}")


def test_both_channels_are_subscribed_and_nothing_is_written():
    with FakeRedis() as server, Carrier(server.url, node="b2", cluster="prod", user="hub", password=PASSWORD) as carrier:
        carrier.await_event("up")
        assert carrier.send("0", "x") and carrier.send("c3", "y")
        carrier.await_event("got x")
        eventually(lambda: server.count("PUBLISH") == 2, "two messages")
        said = [(verb, [word.decode() for word in words]) for _, verb, words in server.seen]
    assert {verb for verb, _ in said} == {"AUTH", "CLIENT", "INFO", "ROLE", "SUBSCRIBE", "PUBLISH"}
    assert [words for verb, words in said if verb == "AUTH"] == [["hub", PASSWORD]] * 2
    assert sorted(words for verb, words in said if verb == "SUBSCRIBE") == [["wm:{prod:00000000000000b2}"], ["wm:{prod}"]]
    assert [words[0] for verb, words in said if verb == "PUBLISH"] == ["wm:{prod}", channel_of("c3", "prod")]


REFUSALS = [
    ("auth", "-WRONGPASS invalid username-password pair or user is disabled.", "the password is wrong", True),
    ("auth", "-ERR AUTH <password> called without any password configured for the default user.", "the server has no password", True),
    ("info", "-NOAUTH Authentication required.", "wants a password", True),
    ("role", "-NOPERM this user has no permissions to run the 'role' command", "ACL SETUSER", True),
    ("role", "-LOADING Redis is loading the dataset in memory", "reads its data", False),
    ("subscribe", "-NOPERM this user has no permissions to access the channel", "ACL SETUSER", True),
    ("subscribe", "-ERR max number of clients reached", "maxclients", False),
]


def test_an_error_at_each_step_is_told_once_and_tried_again_slowly():
    with contextlib.ExitStack() as stack:
        rows = []
        for verb, error, *expected in REFUSALS:
            server = stack.enter_context(FakeRedis(**{verb: error.encode() + b"\r\n"}))
            rows.append((server, stack.enter_context(Carrier(server.url, password=PASSWORD)), *expected))
        for server, carrier, told, _ in rows:
            carrier.await_error(told)
            assert not carrier.send("0", "x")
        before = [len(server.accepted) for server, *_ in rows]
        time.sleep(1)
        for (server, _, told, lasts), count in zip(rows, before):
            assert len(server.accepted) - count <= (4 if lasts else 16), told  # an attempt is two connections
            server.replies.clear()
        for _, carrier, told, _ in rows:
            carrier.await_event("up")
            exchange_all([carrier])
            assert len(carrier.warnings()) == 1, told
            assert not any(PASSWORD in line for line in carrier.log)


def test_the_name_of_a_connection_is_a_courtesy():
    with FakeRedis(client=b"-ERR unknown command\r\n") as server, Carrier(server.url) as carrier:
        carrier.await_event("up")
        exchange_all([carrier])


UNPUBLISHED = [
    ("-NOPERM this user has no permissions to run the 'publish' command", "ACL SETUSER"),
    ("-OOM command not allowed when used memory > 'maxmemory'.", "raise its maxmemory"),
    ("-MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.", "see its log"),
    ("-READONLY You can't write against a read only replica.", "is a replica"),
    ("-MASTERDOWN Link with MASTER is down", "has lost its master"),
]


def test_what_cannot_be_published_takes_the_carrier_down():
    with contextlib.ExitStack() as stack:
        rows = []
        for error, told in UNPUBLISHED:
            server = stack.enter_context(FakeRedis(publish=error.encode() + b"\r\n"))
            rows.append((server, stack.enter_context(Carrier(server.url)), told))
        for server, carrier, told in rows:
            carrier.await_event("up")
            assert carrier.send("0", "x")
            carrier.await_event("down")
            assert told in eventually(carrier.warnings, "a line in the log")[0]
            server.replies.clear()
        for _, carrier, _ in rows:
            carrier.await_event("up")
            exchange_all([carrier])


def test_a_replica_is_refused_with_its_master():
    with FakeRedis(role=array("slave", "10.1.2.3", 6380, "connected", 5)) as server, Carrier(server.url) as carrier:
        carrier.await_error("is a replica of 10.1.2.3:6380: name that one, or use redis+sentinel://")
        server.replies.clear()
        carrier.await_event("up")


def test_a_sentinel_is_no_engine():
    with FakeRedis(mode="sentinel") as server, Carrier(server.url) as carrier:
        carrier.await_error(f"use redis+sentinel://{server.address}/MASTER")


def test_a_server_that_says_nothing_is_left():
    with contextlib.ExitStack() as stack:
        servers = {verb: stack.enter_context(FakeRedis(**{verb: NOTHING})) for verb in ("info", "subscribe", "publish")}
        carriers = {verb: stack.enter_context(Carrier(server.url)) for verb, server in servers.items()}
        carriers["publish"].await_event("up")
        assert carriers["publish"].send("0", "x")
        for verb, carrier in carriers.items():
            assert "no reply within 2000 ms" in eventually(carrier.warnings, "a line in the log")[0]
            servers[verb].replies.clear()
        carriers["publish"].await_event("down")
        for carrier in carriers.values():
            carrier.await_event("up")
            exchange_all([carrier])


ODD = [
    ("too long a text", b"$536870912\r\n" + b"x" * (9 << 20), "more than 8 MiB"),
    ("too many values", b"*2147483647\r\n" + b":1\r\n" * 70000, "more than 65536 values"),
    ("too deep", b"*1\r\n" * 2000, "not what a Redis server says"),
    ("another protocol", b"HTTP/1.1 400 Bad Request\r\n\r\n", "not what a Redis server says"),
    ("a long answer", array(*["x" * 1000] * 1100), "more than 1 MiB"),
    ("nothing asked", b"+OK\r\n" * 10, "what it was not asked|does not say that it is a master"),
]


@pytest.mark.parametrize(("reply", "told"), [row[1:] for row in ODD], ids=[row[0].replace(" ", "_") for row in ODD])
@pytest.mark.parametrize("verb", ["role", "publish"])
def test_what_no_server_says_ends_the_connection_and_costs_little(verb, reply, told):
    with FakeRedis() as server, Carrier(server.url) as carrier:
        carrier.await_event("up")
        before = carrier.rss()
        server.replies[verb.upper()] = reply
        if verb == "role":
            server.cut()
        elif not carrier.send("0", "x"):
            pytest.fail("not sent")
        carrier.await_event("down")
        eventually(lambda: any(each in line for line in carrier.warnings() for each in told.split("|")), told)
        assert carrier.takes_less(24 << 20, before)
        server.replies.clear()
        carrier.await_up()
        exchange_all([carrier])


def test_bytes_at_random_crash_nothing():
    chance = random.Random(7)

    def noise(*_):
        return bytes(chance.choice(b"*$:+-\r\n0123456789ax") for _ in range(chance.randrange(1, 200)))
    with FakeRedis(role=noise, publish=noise, subscribe=noise) as server, Carrier(server.url) as carrier:
        for _ in range(40):
            server.cut()
            carrier.reset()
            carrier.send("0", "x")
            time.sleep(0.01)
        server.replies.clear()
        server.cut()
        carrier.await_up()
        exchange_all([carrier])


def test_one_line_for_a_cause_however_often_it_is_tried():
    with FakeRedis() as server, Carrier(server.url) as carrier:
        carrier.await_event("up")
        server.end()
        carrier.await_event("down")
        carrier.await_error("Connection refused")
        time.sleep(1)
        assert len(carrier.warnings()) == 2  # that it has gone, and that it cannot be reached


def test_attempts_grow_apart():
    def close(connection, *_):
        connection.end()
    with FakeRedis(role=close) as server, Carrier(server.url) as carrier:
        carrier.await_error("closed")
        assert attempts(server, 2) <= 2 * 16  # two connections each: 50, 100, 200 ... ms with full jitter


def test_a_reset_connects_anew_and_late_replies_reach_the_old_connection_only():
    release = threading.Event()

    def late(connection, channel):
        release.wait(10)
        return connection.subscribe(connection, channel)
    with FakeRedis(subscribe=late) as server, Carrier(server.url) as carrier:
        eventually(lambda: server.count("SUBSCRIBE") >= 1, "a subscription that is not answered")
        old = server.of("SUBSCRIBE")[0]
        carrier.reset("nothing comes back")
        carrier.await_error("nothing comes back")
        server.replies.clear()
        release.set()
        carrier.await_event("up")
        old.send(array("message", channel_of("a1"), "of the old one"))
        exchange_all([carrier])
        carrier.reset("again")
        carrier.await_event("down")
        carrier.await_event("up")
        assert carrier.facts()["connects"] == 2


def test_a_subscription_that_ends_is_made_anew():
    with FakeRedis() as server, Carrier(server.url) as carrier:
        carrier.await_event("up")
        server.of("SUBSCRIBE")[0].send(array("unsubscribe", channel_of("a1"), 0))
        carrier.await_event("down")
        carrier.await_event("up")
        exchange_all([carrier])


def test_odd_messages_are_no_messages():
    with FakeRedis() as server, Carrier(server.url) as carrier:
        carrier.await_event("up")
        own = server.of("SUBSCRIBE")[0]
        for odd in (array("message", "c"), array("message", "c", 5), array(), array("message", array("c"), array("x")),
                    array("pmessage", "a", "b", "c"), array("message", "c", bulk("x"), bulk("y"))):
            own.send(odd)
        own.send(array("message", "c", "the last"))
        carrier.await_event("got x")
        carrier.await_event("got the last")


def test_what_the_server_does_not_read_has_a_limit():
    stop = threading.Event()

    def stuck(*_):
        stop.wait(1)
        return NOTHING
    with FakeRedis(publish=stuck) as server, Carrier(server.url) as carrier:
        carrier.await_event("up")
        taken = 0
        while taken < 60 and carrier.fill("b2", 1 << 20):
            taken += 1
        assert 8 <= taken < 60
        assert not carrier.fill("b2", (8 << 20) + 1)
        assert carrier.takes_less(64 << 20)
        stop.set()


def test_a_close_lets_what_was_sent_leave_and_an_open_begins_anew():
    with FakeRedis() as server, Carrier(server.url) as carrier:
        carrier.await_event("up")
        for i in range(20):
            assert carrier.send("b2", f"{i}")
        carrier.close()
        eventually(lambda: server.count("PUBLISH") == 20, "20 messages")
        eventually(lambda: not server.connections, "closed connections")
        assert not carrier.send("b2", "x")
        assert carrier.events.empty()  # a close is no event
        carrier.open()
        carrier.await_event("up")


def test_descriptors_do_not_grow():
    with FakeRedis() as server, Carrier(server.url) as carrier:
        carrier.await_event("up")
        before = carrier.descriptors()
        for _ in range(5):
            server.cut()
            carrier.await_event("down")
            carrier.await_up()
        assert carrier.descriptors() <= before + 2
