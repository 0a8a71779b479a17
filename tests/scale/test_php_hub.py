"""The page's push example with Workerman\\Hub, unchanged, on two machines at one engine: one uid space, and each alone without it."""
import contextlib
import subprocess
import sys

import pytest

from instance import HANG_SECONDS, ask, eventually
from push_server import Page
from scale.machines import ENGINE, Machines, reason_against
from scale.nats import Nats
from scale.redis import Redis
from test_page import PAGE, ROOT

sys.path.insert(0, str(ROOT / "bindings/php/tests"))

from page_machine import environment  # noqa: E402
from take_programs import take  # noqa: E402

LINE = '{"uid":"uid1","percent":"88%"}'


@pytest.fixture(scope="module")
def machines():
    if reason_against():
        pytest.skip(reason_against())
    network = Machines(2)
    yield network.machines
    network.end()


@contextlib.contextmanager
def programs(tmp_path, machines, variables, line=""):
    """push_hub.php on each, in a directory of its own; with a line more in front of runAll()."""
    commands = []
    try:
        for machine in machines:
            directory = tmp_path / machine.name
            take(PAGE, directory)
            program = directory / "push_hub.php"
            program.write_text(program.read_text().replace("Worker::runAll();", line + "Worker::runAll();"))
            command = [*machine.prefix, "php", "push_hub.php"]
            settings = {"cwd": directory, "env": environment(directory) | variables, "stdin": subprocess.DEVNULL,
                        "stdout": subprocess.DEVNULL, "timeout": HANG_SECONDS, "check": True}
            commands.append((command, settings))
            subprocess.run([*command, "start", "-d"], **settings)
        yield
    finally:
        for command, settings in commands:
            subprocess.run([*command, "stop"], **settings)


def push(machine, line=LINE):
    return ask(f"text://{machine.ip}:5678", line)


def reach_each_other(machines):
    for here in machines:
        with Page(f"websocket://{here.ip}:1234") as page:
            page.register(b"uid1")
            for machine in machines:
                eventually(lambda: push(machine) == "ok", f"the page of {here.name}, at {machine.name}")
            assert page.message().decode() == LINE
        for machine in machines:
            eventually(lambda: push(machine) == "fail", f"the end of the page, at {machine.name}")


@pytest.mark.parametrize("make", [Redis, Nats])
def test_push_hub__on_either_machine_reaches_a_page_on_either(tmp_path, machines, make):
    with make(tmp_path / "engine", ENGINE) as engine, programs(tmp_path, machines, {"WM_HUB_ENGINE": engine.url, "WM_HUB_CLUSTER": "shop"}):
        reach_each_other(machines)


def test_hub_open__what_the_program_says_is_used_in_place_of_the_environment(tmp_path, machines):
    with Redis(tmp_path / "engine", ENGINE) as engine:
        line = f"Workerman\\Hub::open(['engine' => '{engine.url}', 'cluster' => 'shop']);\n"
        with programs(tmp_path, machines, {"WM_HUB_ENGINE": "redis://10.77.0.9:1"}, line):
            reach_each_other(machines)
            assert engine.server.channels() >= {"wm:{shop}"}


def test_push_hub__without_an_engine_knows_its_own_machine(tmp_path, machines):
    first, second = machines
    with programs(tmp_path, machines, {}), Page(f"websocket://{first.ip}:1234") as page:
        page.register(b"uid1")
        eventually(lambda: push(first) == "ok", "the page's uid")
        assert push(second) == "fail"


def test_push_hub__with_an_engine_that_is_none_says_so(tmp_path, machines):
    directory = tmp_path / "programs"
    take(PAGE, directory)
    done = subprocess.run(["php", "push_hub.php", "start"], cwd=directory, env=environment(directory) | {"WM_HUB_ENGINE": "http://x"},
                          capture_output=True, text=True, timeout=HANG_SECONDS, check=False)
    assert done.returncode != 0 and "engine" in done.stdout + done.stderr, done
