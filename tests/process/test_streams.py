"""What a client sees of a streamed answer that a reload or a stop meets in its middle."""
import time

import pytest

from instance import alive, eventually
from process_load import Connection, get

WEB = "http://127.0.0.1:0,name=web"
BEGUN = b"5\r\nbegun\r\n"


@pytest.fixture
def ask():
    """Asks for a stream, and returns its connection once the first part has come."""
    connections = []

    def run(instance, path):
        connection = Connection()
        connections.append(connection)
        connection.open(instance.address())
        connection.send(get(path))
        while not connection.data.endswith(BEGUN):
            assert connection.receive(), f"end of stream after {connection.data!r}"
        return connection

    yield run
    for connection in connections:
        connection.close()


def cut_off(connection):
    """The rest of what has come; the connection was reset, not ended."""
    data = connection.data
    with pytest.raises(ConnectionResetError):
        while part := connection.sock.recv(65536):
            data += part
    return data


@pytest.mark.parametrize("words", [["reload"], ["stop", "-g"], ["stop"]], ids=" ".join)
def test_stream__that_ends_is_waited_for_and_is_the_last_answer(make, ask, words):
    instance = make(WEB, app=["drain_ms=100", "stop_timeout_ms=60000"])
    instance.start()
    [old] = instance.children()
    client = ask(instance, b"stream/1000")
    command = instance.begin(*words)
    while client.receive():
        pass
    client.close()
    assert client.data.endswith(BEGUN + b"7\r\n, ended\r\n0\r\n\r\n")
    assert instance.finish(command).code == 0
    assert not alive(old)


@pytest.mark.parametrize("words, app", [
    (["reload"], ["reload_timeout_ms=700", "drain_ms=100"]),
    (["stop", "-g"], ["graceful_timeout_ms=700", "drain_ms=100"]),
    (["stop"], ["stop_timeout_ms=700"]),
], ids=["reload", "stop -g", "stop"])
def test_stream__that_does_not_end_is_reset_at_the_deadline(make, ask, words, app):
    instance = make(WEB, app=app)
    instance.start()
    [old] = instance.children()
    client = ask(instance, b"stream/0")
    began = time.monotonic()
    command = instance.begin(*words)
    assert cut_off(client).endswith(BEGUN)
    assert time.monotonic() - began >= 0.5
    assert instance.finish(command).code == 0
    eventually(lambda: not alive(old), "the end of the old process")
