"""A fault for each kind of engine, under pushes over three machines. All of them: tests/scale/all.

    WM_FULL=1 ctest --test-dir build/dev -R scale/faults -V
"""
import os

import pytest

from scale import faults, table
from scale.machines import Machines, reason_against
from scale.stage import NODES, joined

ROWS = {"redis": "engine SIGKILL", "nats": "partition of a node, 6 s"}
if os.environ.get("WM_FULL"):
    ROWS |= {"sentinel": "engine SIGSTOP 5 s", "cluster": "slot of an inbox moved", "nats3": "engine SIGKILL"}


@pytest.fixture(scope="module")
def machines():
    if reason_against():
        pytest.skip(reason_against())
    network = Machines(NODES)
    yield network.machines
    network.end()


@pytest.mark.parametrize("kind, name", ROWS.items())
def test_fault__no_push_is_answered_falsely_and_all_are_well_behind_it(tmp_path, machines, kind, name):
    fault = next(fault for fault in faults.FAULTS if fault.name == name)
    with joined(tmp_path, kind, machines, spread=fault.spread) as (engine, nodes):
        report = faults.run(fault, engine, nodes)
    print("\n" + table.head() + "\n" + table.row(fault, kind, report))
    assert faults.violations(fault, report) == {}, (report["examples"], report["ended"])
