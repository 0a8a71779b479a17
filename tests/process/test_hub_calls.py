"""The hub of a program of two processes: calls in on_start, before a process knows of the others, and what its service is started with."""
import pathlib

import pytest

WM_EENGINE = -23

METHODS = pytest.mark.parametrize("method", ["fork", "exec"])


def build(make, method, count):
    return make(f"text://127.0.0.1:0,count={count},name=web", app=[f"start_method={method}"], extra=["--hub", "anna"])


def answers(instance):
    return [detail for _, _, detail in instance.trace("online")]


@METHODS
def test_on_start__a_process_that_has_others_does_not_say_offline(make, method):
    instance = build(make, method, 2)
    instance.start()
    assert answers(instance) == [f"{WM_EENGINE} 0"] * 2
    assert instance.stop().code == 0


@METHODS
def test_on_start__the_only_process_is_exact_until_another_replaces_it(make, method):
    instance = build(make, method, 1)
    instance.start()
    assert answers(instance) == ["0 0"]
    assert instance.command("reload").code == 0
    assert answers(instance) == ["0 0", f"{WM_EENGINE} 0"]
    assert instance.stop().code == 0


def test_the_service__is_started_with_what_the_log_of_the_program_is_like(make):
    instance = make("text://127.0.0.1:0,count=2,name=web", app=["log_max_size=54321"], extra=["--hub", "anna"], environment={"TZ": "XYZ-5:45"})
    instance.start()
    (pid,) = [row["pid"] for row in instance.status()["processes"] if row.get("service")]
    words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]
    assert words == [b"wm-hub", b"info", b"54321"]
    assert b"TZ=XYZ-5:45" in pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    assert instance.stop().code == 0
