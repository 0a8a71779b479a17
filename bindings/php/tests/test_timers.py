"""Timer: arguments, fractions of a second, and the ways to end one."""
import pytest

from php_program import eventually


@pytest.fixture
def run(program):
    """The program of one scenario, when a timer with the name of the last has fired."""
    def begin(scenario, last="end"):
        timers = program("timers", ports=0, scenario=scenario).start()
        eventually(lambda: any(row[0] == last for row in timers.trace("fired")), f"the timer {last}")
        return timers
    return begin


def fired(timers):
    return [tuple(row[:2]) for row in timers.trace("fired")]


def test_add__hands_over_its_arguments(run):
    timers = run("arguments", last="last")
    assert fired(timers) == [("function", [1, ["two"]]), ("closure", ["a", None]), ("last", [])]


def test_add__ids_are_numbers_above_zero(run):
    ids = [row[0] for row in run("arguments", last="last").trace("id")]
    assert len(set(ids)) == 3 and all(isinstance(each, int) and each > 0 for each in ids)


def test_add__repeats_until_del_in_its_own_callback(run):
    timers = run("repeat")
    assert fired(timers) == [("tick", [1]), ("tick", [2]), ("tick", [3]), ("end", [])]
    assert timers.trace("del") == [[True, False]]
    assert timers.trace("fired")[2][2] - timers.trace("began")[0][0] > 0.055


def test_add__once(run):
    timers = run("once")
    assert fired(timers) == [("once", []), ("end", [])]
    assert timers.trace("del") == [[False]]


def test_add__fractions_of_a_second_in_their_order(run):
    timers = run("fraction", last="0.25")
    assert [name for name, _ in fired(timers)] == ["0.001", "0.05", "0.1", "0.25"]
    began = timers.trace("began")[0][0]
    for name, _, when in timers.trace("fired"):
        assert float(name) - 0.002 <= when - began < float(name) + 1


def test_del__before_it_fires(run):
    timers = run("del")
    assert fired(timers) == [("end", [])]
    assert timers.trace("del") == [[True, False, False], [True]]


def test_delAll__ends_all_that_there_are(run):
    assert fired(run("delAll")) == [("end", [])]


def test_add__of_zero_seconds_fires_each_turn(run):
    assert fired(run("zero")) == [("end", [100])]


def test_add__in_a_timer(run):
    assert fired(run("in-timer")) == [("step", [left]) for left in range(10, -1, -1)] + [("end", [])]


def test_add__of_less_than_zero_throws(run):
    (name,), = run("negative").trace("negative")
    assert name != "accepted"


def test_late_runs__are_not_made_up_for(run):
    timers = run("busy")
    rows = [row for row in timers.rows() if row[0] in ("busy-over", "fired")]
    over = [row[0] for row in rows].index("busy-over")
    assert 1 <= over <= 3
    assert len(rows) - over - 1 <= 6


def test_thousand__all_fire(run):
    assert fired(run("thousand")) == [("end", [1000])]
