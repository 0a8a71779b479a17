"""Programs that are ended with their test, and that must not have raised a warning of PHP."""
import itertools
import json

import pytest

from client_driver import Listener
from php_program import Program


def pytest_configure(config):
    config.addinivalue_line("markers", "differs: on purpose other than Workerman, because of an RFC or of what a server must survive")


def makes(path):
    made = []
    numbers = itertools.count(1)

    def make(name, *, directory=None, **kwargs):
        made.append(Program(directory or path / f"{name}-{next(numbers)}", name, **kwargs))
        return made[-1]
    return make, made


def end(made):
    for program in made:
        program.end()
    for program in made:
        program.check_errors()


@pytest.fixture
def program(tmp_path):
    """Makes programs: `program("echo").start()`; arguments as Program takes them."""
    make, made = makes(tmp_path)
    yield make
    end(made)


@pytest.fixture
def evaluate(tmp_path):
    """The value of PHP code that returns one, without a server: `evaluate("return strlen('a');")`."""
    def run(code):
        program = Program(tmp_path, "evaluate", ports=0)
        (tmp_path / "code.php").write_text(f"<?php\nuse Workerman\\Protocols\\Http\\{{Request, Response}};\n{code}\n")
        result = program.command()
        program.end()
        assert result.code == 0, result
        program.check_errors()
        return json.loads(result.out)
    return run


@pytest.fixture(scope="module")
def shared_program(tmp_path_factory):
    """The same, for programs that the tests of a file share."""
    make, made = makes(tmp_path_factory.mktemp("shared"))
    yield make
    end(made)


@pytest.fixture
def listener():
    """A server for the clients of a program."""
    made = Listener()
    yield made
    made.sock.close()
