"""Every way to name a callback, and workers that extend Worker."""
import pytest

from php_program import request

WAYS = ["closure", "function", "method", "static", "static", "invoked", "method", "service"]


@pytest.fixture(scope="module")
def server(shared_program):
    return shared_program("callables", ports=10).start(ready=10)


@pytest.mark.parametrize("number, word", enumerate(WAYS), ids=[f"{number}-{word}" for number, word in enumerate(WAYS)])
def test_callback__is_called(server, number, word):
    with server.connect(server.ports[number]) as peer:
        assert peer.ask("hello") == f"{word} hello"


def test_callback__changed_on_the_connection_in_mid_life(server):
    port = server.ports[8]
    with server.connect(port) as peer, server.connect(port) as other:
        assert peer.ask("a") == "first a"
        assert peer.ask("b") == "function b"
        assert other.ask("c") == "first c"


def test_callback__with_fewer_arguments_than_it_gets(server):
    with server.connect(server.ports[9]) as peer:
        assert peer.ask("a") == "loose a"
    assert server.await_trace("loose") == [[]]


def test_extended_worker__sets_its_callbacks_in_run(server):
    assert server.trace("started") == [[True, "service", 0]]


def test_extended_worker__has_protected_callbacks(program):
    server = program("callables", ports=10).start(ready=10)
    with server.connect(server.ports[7]) as peer:
        assert peer.ask("hello") == "service hello"
    assert server.trace("connected") == [[True]]
    assert server.command("reload").code == 0
    server.await_trace("ready", 20)
    server.end()
    assert server.trace("reloaded") == [[True]]
    assert server.trace("stopped") == [[True]] * 2


@pytest.mark.differs
def test_scheme__in_any_case(program):
    server = program("schemes", ports=6).start(ready=6)
    for number, scheme in enumerate((b"HTTP", b"Http")):
        with server.connect(server.ports[number]) as peer:
            peer.send(request("GET", "/"))
            assert peer.read_answer().body == scheme
    for number, scheme in enumerate((b"WebSocket", b"WEBSOCKET"), 2):
        with server.connect(server.ports[number]) as peer:
            peer.shake_hands()
            peer.say("hello")
            assert peer.read_frame() == ("text", scheme)
    with server.connect(server.ports[4]) as peer:
        assert peer.ask("hello") == "TEXT"
    with server.connect(server.ports[5]) as peer:
        peer.send("hello")
        assert peer.read_exactly(3) == b"TCP"
