"""The judge of the rig sees each lie of a server, and none in one that tells the truth."""
import time

import pytest

from hub_load import HubLoad
from scale.liar import Liar

LOAD = {"pages": 8, "uids": 6, "back_ends": 4, "rate": 200, "fresh": 10, "broadcast_ms": 100, "hang_ms": 1500, "faults": True}
TOLD = {"false ok": "false_ok", "half": "false_ok", "twice": "twice", "mute": "unanswered", "false offline": "false_offline",
        "unknown": "not_well"}


def judged(lie, seconds_of_a_fault=0.0):
    """The violations that are found in servers that lie behind a fault, or from its begin on."""
    with Liar() as liar, HubLoad(*liar.servers, **LOAD) as load:
        load.fault("a lie")
        if seconds_of_a_fault:
            liar.lie = lie
            time.sleep(seconds_of_a_fault)
            liar.lie = ""
        load.healed()
        liar.lie = lie if not seconds_of_a_fault else ""
        time.sleep(1.5)
        report = load.verdict()
    assert report["counts"]["pushes"] > 100, report
    return {kind: count for kind, count in report["violations"].items() if count}, report


@pytest.mark.parametrize("lie", TOLD)
def test_judge__sees_a_lie(lie):
    violations, report = judged(lie)
    assert TOLD[lie] in violations, report


def test_judge__finds_nothing_in_the_truth():
    violations, report = judged("")
    assert violations == {}, report


@pytest.mark.parametrize("lie", ["unknown", "false offline"])
def test_judge__excuses_in_a_fault_what_it_says_is_not_known(lie):
    violations, report = judged(lie, seconds_of_a_fault=0.5)
    assert lie != "unknown" or violations == {}, report
    assert lie != "false offline" or violations.keys() == {"false_offline"}, report  # it was delivered
