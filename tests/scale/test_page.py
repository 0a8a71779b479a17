"""The page's own programs, unchanged, over two machines: its script in a browser on the one, its PHP back end on the other."""
import pathlib
import subprocess
import sys

import pytest

from instance import HANG_SECONDS, eventually
from scale.machines import ENGINE, Machines, reason_against
from scale.nodes import Node, flags_of
from scale.redis import Redis

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bindings/php/tests/page"))

from page_browser import Browser  # noqa: E402
from take_programs import take  # noqa: E402

PAGE = ROOT / "bindings/php/tests/page/worker-listen.zh-TW.md"
PORTS = ["--listen", "websocket://127.0.0.1:1234", "--inner", "text://127.0.0.1:5678"]  # those of the page, on each machine


@pytest.fixture
def programs(tmp_path):
    take(PAGE, tmp_path / "programs")
    return tmp_path / "programs"


@pytest.fixture
def machines(tmp_path):
    if reason_against():
        pytest.skip(reason_against())
    subprocess.run([ROOT / "tests/e2e/install"], check=True)  # by the network that this process still has
    network = Machines(2)
    with Redis(tmp_path / "engine", ENGINE) as engine:
        flags = flags_of(tmp_path, engine)
        nodes = []
        try:
            for machine in network.machines:
                nodes.append(Node(tmp_path / machine.name, flags, machine, PORTS))
            yield network.machines
        finally:
            for node in nodes:
                node.kill()
    network.end()


def test_page__shows_what_the_back_end_of_another_machine_pushes(machines, programs):
    first, second = machines
    browser = Browser(programs, first.prefix)
    try:
        browser.open("tab")

        def push():
            return subprocess.run([*second.prefix, "php", "back_end.php"], cwd=programs, capture_output=True, text=True, check=True,
                                  timeout=HANG_SECONDS).stdout.strip()
        eventually(lambda: push() == "ok", "the page's uid, on the other machine")
        assert browser.which('{"uid":"uid1","percent":"88%"}') == "tab"
        browser.close_tabs()
        eventually(lambda: push() == "fail", "the end of the page")
    finally:
        browser.end()
