"""The carrier over Redis under Sentinel: a real one that fails over, and false sentinels that say odd things."""
import time

import pytest
from carrier_host import Carrier, exchange_all
from instance import eventually
from scale.fake_redis import NOTHING, FakeRedis, array
from scale.redis import MASTER_NAME, Sentinel


def test_sentinel_names_the_master_and_its_successor(tmp_path):
    with Sentinel(tmp_path) as redis, Carrier(redis.url, "a1") as first, Carrier(redis.url, "b2") as second:
        carriers = [first, second]
        for carrier in carriers:
            carrier.await_event("up")
            assert carrier.facts()["address"] == redis.data[0].address
        exchange_all(carriers)
        redis.sentinels[0].kill()  # the one that is asked
        redis.data[0].freeze()
        for carrier in carriers:
            carrier.await_up()
            eventually(lambda: carrier.facts()["address"] == redis.data[1].address, "the new master")  # noqa: B023
        exchange_all(carriers)
        redis.data[0].thaw()  # for seconds a master, too
        time.sleep(1.5)
        exchange_all(carriers)


def test_no_sentinel_answers_or_knows_the_master():
    with FakeRedis(sentinel=b"*-1\r\n") as knows_none, FakeRedis() as gone:
        gone.end()
        url = f"redis+sentinel://{gone.address},{knows_none.address}/{MASTER_NAME}"
        with Carrier(url) as carrier:
            carrier.await_error("no sentinel says where the master is")
            carrier.await_error(f"it knows no master '{MASTER_NAME}'")
            knows_none.replies.clear()
            carrier.await_event("up")
            exchange_all([carrier])
        assert len(carrier.warnings()) == 1


def test_a_sentinel_that_wants_a_login_gets_that_of_the_url():
    def ask(own, *_):
        named = any(connection is own and verb == "AUTH" for connection, verb, _ in own.server.seen)
        return own.sentinel(own) if named else b"-NOAUTH Authentication required.\r\n"
    with FakeRedis(sentinel=ask) as server, Carrier(f"redis+sentinel://:secret@{server.address}/m") as carrier:
        carrier.await_event("up")
        exchange_all([carrier])


def test_the_carrier_moves_when_the_sentinel_names_another_master():
    with FakeRedis() as sentinel, FakeRedis() as first, FakeRedis() as second:
        sentinel.replies["SENTINEL"] = array("127.0.0.1", str(first.port))
        with Carrier(f"redis+sentinel://{sentinel.address}/m") as carrier:
            carrier.await_event("up")
            sentinel.replies["SENTINEL"] = array("127.0.0.1", str(second.port))
            carrier.await_event("down")
            carrier.await_event("up")
            assert carrier.facts()["address"] == second.address
            exchange_all([carrier])
            eventually(lambda: not first.connections, "no connection to the first")
            sentinel.replies["SENTINEL"] = NOTHING  # the sentinels' silence is no loss
            time.sleep(1.5)
            exchange_all([carrier])


def test_a_sentinel_that_names_a_replica_is_asked_again():
    with FakeRedis(role=array("slave", "10.0.0.1", 6379, "connected", 1)) as server, \
            Carrier(f"redis+sentinel://{server.address}/m") as carrier:
        carrier.await_error("is a replica")
        asked = server.count("SENTINEL")
        eventually(lambda: server.count("SENTINEL") > asked, "another question")
        server.replies.clear()
        carrier.await_event("up")


@pytest.mark.parametrize("answer", [array("127.0.0.1"), array("127.0.0.1", "0"), array("127.0.0.1", "65536"), array("127.0.0.1", "x"),
                                    array("", "1"), array("a", "1", "b"), b":5\r\n", b"+OK\r\n", array()])
def test_odd_answers_of_a_sentinel_name_no_master(answer):
    with FakeRedis(sentinel=answer) as server, Carrier(f"redis+sentinel://{server.address}/m") as carrier:
        carrier.await_error("no sentinel says where the master is")
        assert server.count("ROLE") == 0
