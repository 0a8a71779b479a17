"""A machine of its own for each program of the page, as their ports are fixed."""
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[4]
sys.path.insert(0, str(ROOT / "tests/support"))
sys.path.insert(0, str(ROOT / "bindings/php/tests"))

from own_machine import own_machine  # noqa: E402
from page_browser import Browser  # noqa: E402
from page_machine import PAGE, Machine  # noqa: E402
from take_programs import take  # noqa: E402


@pytest.fixture(scope="session")
def packages():
    """What the browser's driver needs. It comes from the network that this process has before it gets one of its own."""
    subprocess.run([ROOT / "tests/e2e/install"], check=True)


@pytest.fixture(scope="class")
def machine(packages, tmp_path_factory):
    directory = tmp_path_factory.mktemp("page") / "programs"
    take(PAGE, directory)
    try:
        namespaces = own_machine(shared=False)
        namespaces.__enter__()
    except PermissionError as error:
        pytest.skip(str(error))
    machine = Machine(directory)
    yield machine
    machine.end()
    namespaces.__exit__(None, None, None)
    assert machine.warnings() == ""


@pytest.fixture(scope="class")
def chromium(machine):
    browser = Browser(machine.directory)
    yield browser
    browser.end()


@pytest.fixture
def browser(chromium):
    """A browser without tabs."""
    yield chromium
    chromium.close_tabs()
