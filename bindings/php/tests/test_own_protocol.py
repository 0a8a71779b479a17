"""Protocols written in PHP: how they are found and called, replaced in mid-connection, and that what they do wrong costs one connection."""
import hashlib
import json
import socket
import struct
import threading

import pytest

from php_program import HANG_SECONDS, alive, eventually


@pytest.fixture(scope="module")
def server(shared_program):
    return shared_program("own_protocol", ports=5).start(ready=6)


def say(peer, message):
    peer.send(json.dumps(message) + "\n")


def answer(peer):
    return json.loads(peer.read_line())


def test_scheme__finds_the_class_of_the_program(server):
    with server.connect() as peer:
        say(peer, {"x": 1})
        assert answer(peer) == {"x": 1, "count": 1, "protocol": "Protocols\\JsonNL"}


def test_messages__are_found_wherever_the_bytes_are_cut(server):
    whole = b'{"a":1}\n{"b":2}\n{"c":3}\n'
    for cut in range(1, len(whole)):
        with server.connect() as peer:
            peer.send(whole[:cut])
            if cut % 8 == 0:  # the rest is a second read for certain
                assert answer(peer)["count"] == 1
            peer.send(whole[cut:])
            got = [answer(peer) for _ in range(3 - (cut % 8 == 0))]
            assert [sorted(set(each) - {"count", "protocol"}) for each in got] == [["a"], ["b"], ["c"]][-len(got):]


def test_state__is_kept_for_each_connection(server):
    with server.connect() as one, server.connect() as other:
        for count in range(1, 4):
            say(one, {})
            assert answer(one)["count"] == count
        say(other, {})
        assert answer(other)["count"] == 1


def test_messages__that_wait_while_paused_come_after_it_in_their_order(server):
    with server.connect() as peer:
        peer.send('{"pause":1}\n' + "".join(f'{{"n":{n}}}\n' for n in range(2000)))
        assert answer(peer) == {"paused": True}
        assert [answer(peer)["n"] for _ in range(2000)] == list(range(2000))


def test_messages__of_one_large_read_all_come(server):
    with server.connect() as peer:
        lines = "".join(f'{{"n":{n}}}\n' for n in range(30000))
        threading.Thread(target=peer.send, args=[lines]).start()
        assert [answer(peer)["n"] for _ in range(30000)] == list(range(30000))


def test_hook__on_close_comes_after_that_of_the_program(server):
    before = len(server.trace("protocol-close"))
    with server.connect() as peer:
        say(peer, {})
        answer(peer)
    server.await_trace("protocol-close", before + 1)
    assert server.events("close", "protocol-close")[-2:] == ["close", "protocol-close"]


def test_limit__of_a_message_of_known_and_of_unknown_length(server):
    for message in ('{"x":"%s"}\n' % ("y" * 200), '{"x":"%s' % ("y" * 200)):
        with server.connect() as peer:
            say(peer, {"limit": 100})
            assert answer(peer) == {"limit": 100}
            peer.send(message)
            assert peer.read_to_end() == b""


def test_property__over_a_unix_socket(server):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(HANG_SECONDS)
        sock.connect(str(server.directory / "sized.sock"))
        data = bytes(range(256)) * 12000
        sock.sendall(struct.pack(">I", len(data)) + data)
        assert sock.recv(36, socket.MSG_WAITALL)[4:].decode() == hashlib.md5(data).hexdigest()


@pytest.mark.parametrize("line", ["value null", "value false", "value text", "value float", "value negative", "value huge", "throw", "close"])
def test_input__that_is_wrong_costs_its_connection_only(server, line):
    with server.connect(server.ports[1]) as other, server.connect(server.ports[1]) as peer:
        assert other.ask("hello") == "hello"
        pids = server.pids()
        peer.send(line + "\n")
        assert peer.read_to_end() == b""
        assert other.ask("hello") == "hello"
        assert server.pids() == pids and all(map(alive, pids))


@pytest.mark.parametrize("line", ["decode", "encode", "null"])
def test_decode_and_encode__that_throw_cost_their_connection_only(server, line):
    with server.connect(server.ports[1]) as other, server.connect(server.ports[1]) as peer:
        assert other.ask("hello") == "hello"
        peer.send(line + "\n")
        assert peer.read_to_end() == b""
        assert other.ask("hello") == "hello"
    if line != "null":
        eventually(lambda: f"deliberate exception in {line}" in server.output(), "the exception in the log")


def test_encode__of_nothing_sends_nothing(server):
    with server.connect(server.ports[1]) as peer:
        before = len(server.trace("sent"))
        peer.send("none\n")
        assert server.await_trace("sent", before + 1)[before] == [None]
        assert peer.ask("after it") == "after it"


def test_error_handler__takes_exceptions_of_decode_but_input_ends_the_connection(server):
    with server.connect(server.ports[1]) as peer:
        assert peer.ask("handler") == "set"
        peer.send("decode\n")
        server.await_trace("handled", 1)
        assert peer.ask("alive") == "alive"
        peer.send("throw\n")
        assert peer.read_to_end() == b""
    assert [row[0] for row in server.trace("handled")] == ["deliberate exception in decode", "deliberate exception in input"]


def test_protocol__replaced_in_input_takes_what_is_behind_it(server):
    with server.connect(server.ports[2]) as peer:
        peer.send('hello!{"x":1}\n{"y":2}\n')
        assert [answer(peer), answer(peer)] == [{"x": 1}, {"y": 2}]


def test_protocol__and_on_message_replaced_in_on_message(server):
    with server.connect(server.ports[2]) as peer:
        peer.send("hello?one\nnext\ntwo\n")
        assert [peer.read_line(), peer.read_line()] == ["one", "replaced two"]
    with server.connect(server.ports[2]) as peer:
        peer.send("hello?raw\nthe rest")
        assert peer.read_exactly(14) == b"bytes the rest"


@pytest.mark.differs
def test_protocol__of_a_text_listener_cannot_be_replaced(server):
    before = len(server.trace("close"))
    with server.connect(server.ports[4]) as peer:
        assert peer.read_to_end() == b""
    server.await_trace("close", before + 1)
    eventually(lambda: "protocol = Protocols\\JsonNL" in server.output(), "the reason in the log")


def test_frame__has_its_length_in_front(server):
    with server.connect(server.ports[3]) as peer:
        peer.send(struct.pack(">I", 9) + b"hello" + struct.pack(">I", 4))
        expected = b"Workerman\\Protocols\\Frame hello", b"Workerman\\Protocols\\Frame "
        for data in expected:
            assert peer.read_exactly(4 + len(data)) == struct.pack(">I", 4 + len(data)) + data


def test_end__sends_the_last_message_and_reads_no_more(server):
    with server.connect() as peer:
        peer.send('{"end":1}\n{"x":2}\n')
        assert answer(peer) == {"last": True}
        assert peer.read_to_end() == b""
        peer.send("what comes now is read and dropped")
