"""A pytest plugin: a test that skips itself has not shown anything, so it fails. Loaded with `-p pytest_no_skip`."""
import pytest


def refuse(report):
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped, which counts as failed: {report.longrepr}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport():
    outcome = yield
    refuse(outcome.get_result())


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report():
    outcome = yield
    refuse(outcome.get_result())
