"""Calls of a hub in on_start, before the process knows of the others."""
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
