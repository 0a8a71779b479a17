"""Pushes to pages of other machines, as a user makes them: wm-push and its exit code, with an engine and while it is away."""
import os
import subprocess

import pytest

from instance import HANG_SECONDS, eventually
from push_server import clean_environment
from scale.nodes import Nodes
from scale.redis import Redis

TAKEN, OFFLINE, UNKNOWN = 0, 1, 75  # exit codes of wm-push


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with Redis(tmp_path_factory.mktemp("engine")) as engine:
        yield engine


@pytest.fixture(scope="module")
def nodes(engine, tmp_path_factory):
    with Nodes(tmp_path_factory.mktemp("nodes"), engine) as nodes:
        yield nodes.nodes


def push(node, *words):
    """The exit code of wm-push at a node."""
    command = [os.environ["WM_PUSH"], "--server", node.addresses["text"].removeprefix("text://"), *words]
    return subprocess.run(command, env=clean_environment(), stdin=subprocess.DEVNULL, capture_output=True, timeout=HANG_SECONDS,
                          check=False).returncode


def test_wm_push__at_any_node_reaches_a_page_at_any_node(nodes):
    for target in nodes:
        with target.page(b"someone") as page:
            for node in nodes:
                assert push(node, "someone", f'{{"from":"{node.folder.name}"}}') == TAKEN
                assert page.message().decode().count(node.folder.name) == 1
            assert page.nothing_came()
        eventually(lambda: push(nodes[0], "someone", "{}") == OFFLINE, "the end of the page, seen by another node")


def test_wm_push__tells_what_is_not_known_from_what_is_not_there(nodes, engine):
    with nodes[0].page(b"near") as near, nodes[1].page(b"far") as far:
        assert push(nodes[0], "nobody", "{}") == OFFLINE
        engine.server.kill()
        eventually(lambda: push(nodes[0], "far", "{}") == UNKNOWN, "the end of the engine, as a node sees it")
        assert push(nodes[0], "nobody", "{}") == UNKNOWN
        assert push(nodes[0], "near", '{"without":"engine"}') == TAKEN
        assert b"without" in near.message()
        engine.server.start()
        eventually(lambda: push(nodes[0], "far", '{"again":1}') == TAKEN, "the engine, as a node sees it")
        while b"again" not in far.message():
            pass
        eventually(lambda: push(nodes[0], "nobody", "{}") == OFFLINE, "an answer of all nodes")
