"""Properties of the programs' own, on every object that they get."""
import json

import pytest

from php_program import request


@pytest.fixture(scope="module")
def server(shared_program):
    return shared_program("properties").start(ready=3)


def test_property__of_any_name_on_a_connection_and_its_worker(server):
    with server.connect() as peer:
        assert json.loads(peer.ask("try")) == [[], []]


def test_property__of_any_name_on_a_connection_and_a_request_of_http(server):
    with server.connect(server.ports[1]) as peer:
        peer.send(request("GET", "/"))
        assert json.loads(peer.read_answer().body) == [[], []]


def test_property__of_any_name_on_a_websocket_and_its_request(server):
    with server.connect(server.ports[2]) as peer:
        peer.shake_hands()
        peer.say("try")
        assert peer.read_frame() == ("text", b"[[]]")
    assert server.trace("handshake") == [[[[], []]]]
