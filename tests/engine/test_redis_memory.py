"""The carriers over Redis while memory ends: each allocation of an attempt fails once. Nothing crashes, and the next attempt is made."""
import pytest
from carrier_host import Carrier, exchange_all
from scale.fake_redis import FakeRedis

KINDS = {"redis": "redis://:secret@{}", "sentinel": "redis+sentinel://{}/m", "cluster": "redis+cluster://{}"}


@pytest.mark.parametrize("kind", KINDS)
def test_each_allocation_of_an_attempt_may_fail(kind):
    with FakeRedis() as server, Carrier(KINDS[kind].format(server.address), name="fault_carrier_host") as carrier:
        carrier.await_event("up")
        not_fired = 0
        skip = fired = 0
        while not_fired < 3:
            carrier.close()
            carrier.fault(skip)
            carrier.open()
            carrier.await_up()
            hit = carrier.fault(1_000_000)
            if skip % 8 == 0:
                exchange_all([carrier])
            fired += hit
            not_fired = 0 if hit else not_fired + 1
            skip += 1
        assert fired > 20
        exchange_all([carrier])
