"""What the suites of processes share."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from instance import Instance  # noqa: E402


@pytest.fixture
def make(tmp_path):
    """Makes instances that are ended with the test; arguments as Instance takes them."""
    made = []

    def build(*workers, **kwargs):
        made.append(Instance(tmp_path, *workers, **kwargs))
        return made[-1]

    yield build
    for instance in made:
        instance.end()
