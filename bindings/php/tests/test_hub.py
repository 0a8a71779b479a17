"""Workerman\\Hub: uids, groups and topics, in one process and in several."""
import json
import os
import signal

import pytest

from php_program import Peer, children_of, eventually

PROCESSES = 3


class Caller(Peer):
    def call(self, *words):
        return json.loads(self.ask(json.dumps(words)))

    def pid(self):
        return self.call("pid")[0]


def joined(peer):
    """Its process can ask all others: until they have found each other after the start, an answer is partial or unknown."""
    eventually(lambda: peer.call("online", "nobody at all") == [0, "offline", ""], "the other processes")
    return peer


@pytest.fixture(params=[1, PROCESSES], ids=["one_process", "processes"])
def hub(program, request):
    started = program("hub", COUNT=str(request.param))
    started.start(ready=request.param)
    started.processes = request.param
    return started


@pytest.fixture
def callers(hub):
    """Two connections, of two processes where there are as many; and one in no group and without a uid."""
    opened = []

    def open_where(wanted):
        while True:
            peer = Caller(hub.port)
            opened.append(peer)
            if wanted(peer.pid()):
                return peer
    first = open_where(lambda pid: True)
    second = open_where(lambda pid: hub.processes == 1 or pid != first.pid())
    third = open_where(lambda pid: True)
    for peer in opened:
        joined(peer)
    yield first, second, third
    for peer in opened:
        peer.sock.close()


def test_uid__is_reached_from_everywhere(callers):
    ann, bob, other = callers
    assert ann.call("bind", "me", "ann") == [True]
    assert bob.call("bind", "me", "ann") == [True]
    assert other.call("send", "ann", "hello") == [2, "ok", ""]
    assert ann.read_line() == bob.read_line() == "hello"
    assert other.call("online", "ann") == [2, "ok", ""]
    assert bob.call("unbind", "me") == [True]
    assert bob.call("unbind", "me") == [False]
    assert other.call("online", "ann") == [1, "ok", ""]
    assert other.call("send", "nobody", "hello") == [0, "offline", ""]
    ann.sock.close()
    eventually(lambda: other.call("online", "ann") == [0, "offline", ""], "the end of ann's connection")


def test_uid__may_be_a_number_and_what_cannot_be_one_is_offline(callers):
    ann, _, other = callers
    assert ann.call("bind", "me", 7) == [True]
    assert other.call("send", 7, ["JSON", 1]) == [1, "ok", ""]
    assert json.loads(ann.read_line()) == ["JSON", 1]
    for wrong in ("", None, ["7"], "x" * 256):
        assert other.call("send", wrong, "hello") == [0, "offline", ""], wrong
    for wrong in ("", "x" * 256):
        kind, text = ann.call("bind", "me", wrong)
        assert kind == "InvalidArgumentException" and text == f"a uid has 1 to 255 bytes, not {len(wrong)}"
    assert other.call("online", "7") == [1, "ok", ""]


def test_broadcast__reaches_all_that_have_a_uid_but_those_of_one(callers):
    ann, bob, other = callers
    ann.call("bind", "me", "ann")
    bob.call("bind", "me", "bob")
    assert other.call("broadcast", "to all") == [2, "ok", ""]
    assert other.call("except", "not to ann", "ann") == [1, "ok", ""]
    assert other.call("except", "to ann", "bob") == [1, "ok", ""]
    assert [ann.read_line(), ann.read_line()] == ["to all", "to ann"]
    assert [bob.read_line(), bob.read_line()] == ["to all", "not to ann"]


def test_groups__are_joined_left_and_sent_to(callers):
    ann, bob, other = callers
    ann.call("bind", "me", "ann")
    assert ann.call("join", "me", "room") == [True]
    assert other.call("sendToGroup", "room", "one") == [1, "ok", ""]
    bob.call("bind", "me", "bob")
    assert other.call("joinUid", "bob", "room") == [1, "ok", ""]
    assert other.call("sendToGroup", "room", "two") == [2, "ok", ""]
    assert other.call("group except", "room", "not to bob", "bob") == [1, "ok", ""]
    assert [ann.read_line(), ann.read_line(), ann.read_line()] == ["one", "two", "not to bob"]
    assert bob.read_line() == "two"
    assert ann.call("leave", "me", "room") == [True]
    assert ann.call("leave", "me", "room") == [False]
    assert other.call("leaveUid", "bob", "room") == [1, "ok", ""]
    assert other.call("sendToGroup", "room", "to nobody") == [0, "offline", ""]
    assert other.call("sendToGroup", "", "x")[0] == "InvalidArgumentException"


@pytest.mark.parametrize("kind", ["uid", "all", "group"])
def test_key__only_the_newest_state_reaches_a_page_that_reads_slowly(hub, callers, kind):
    sent = 50  # 3.2 MiB: up to 4 MiB are on the way to another process
    with Caller(hub.port, receive_buffer=4096) as slow:
        joined(slow)
        assert slow.call("bind", "me", "slow") == [True]
        assert slow.call("join", "me", "room") == [True]
        assert callers[0].call("newest", kind, "slow" if kind == "uid" else "room", sent) == [1, "ok", ""]
        last = "x" * 65536 + str(sent)
        numbers = []
        while not numbers or numbers[-1] != last:
            numbers.append(slow.read_line())
        assert len(numbers) < sent, "every state came"


def test_key__too_long_is_refused(callers):
    ann, bob, _ = callers
    ann.call("bind", "me", "ann")
    assert bob.call("key", "ann", "short", "k" * 255) == [1, "ok", ""]
    assert ann.read_line() == "short"
    assert bob.call("key", "ann", "long", "k" * 256)[0] == "InvalidArgumentException"


def test_ready__without_an_engine_always(callers):
    assert callers[0].call("ready") == [True, ""]


def test_kick__closes_with_what_was_sent_before(callers):
    ann, bob, other = callers
    ann.call("bind", "me", "ann")
    bob.call("bind", "me", "ann")
    other.send(json.dumps(["silent", "ann", "the last"]) + "\n")
    assert other.call("kick", "ann") == [2, "ok", ""]
    assert ann.read_to_end() == bob.read_to_end() == b"the last\n"
    assert other.call("kick", "ann") == [0, "offline", ""]
    assert other.call("kick with", "ann", "x" * 124)[0] == "InvalidArgumentException"


def test_topics__reach_the_functions_of_all_processes(hub, callers):
    ann, bob, other = callers
    assert other.call("publish", "news", "one") == [hub.processes, "ok", ""]
    assert other.call("publish", "news", "") == [hub.processes, "ok", ""]
    assert other.call("publish", "unknown", "x") == [0, "offline", ""]
    eventually(lambda: len(hub.trace("news")) == 2 * hub.processes, "the messages in every process")
    assert {tuple(line) for line in hub.trace("news")} == {("news", "one"), ("news", "")}
    ann.call("subscribe", "t")
    assert bob.call("publish", "t", "a\0b") == [1, "ok", ""]
    assert ann.read_line() == "t: a\0b"
    ann.call("unsubscribe", "t")
    assert bob.call("publish", "t", "x") == [0, "offline", ""]


def test_exceptions__of_results_and_topics_are_logged_and_end_nothing(hub, callers):
    ann, _, other = callers
    ann.call("subscribe", "t")
    ann.send(json.dumps(["throw"]) + "\n")
    assert other.call("publish", "t", "throw") == [1, "ok", ""]
    assert ann.read_line() == "t: throw"
    eventually(lambda: "of a result" in hub.output() and "of a topic" in hub.output(), "both in the log")
    assert ann.call("online", "ann") == [0, "offline", ""]


def test_many_sends_of_one_callback__arrive_in_their_order(callers):
    ann, bob, _ = callers
    ann.call("bind", "me", "ann")
    bob.send(json.dumps(["many", "ann", 2000]) + "\n")
    assert [ann.read_line() for _ in range(2000)] == [str(i) for i in range(2000)]
    assert bob.read_line() == "sent 1"


def test_closed_connection__gets_no_uid_and_no_group(hub, callers):
    callers[0].send(json.dumps(["bind closed"]) + "\n")
    assert callers[0].read_to_end() == b""
    assert hub.await_trace("closed")[-1] == [False, False, False, False]


def test_before_the_start__sends_are_refused_with_the_reason(hub):
    assert "once it runs" in hub.trace("early")[0][0]


def test_killed_process__its_uids_are_offline_and_others_stay(program):
    started = program("hub", COUNT=str(PROCESSES))
    started.start(ready=PROCESSES)
    with Caller(started.port) as ann:
        while True:
            other = Caller(started.port)
            if other.pid() != ann.pid():
                break
            other.sock.close()
        ann.call("bind", "me", "ann")
        other.call("bind", "me", "bob")
        os.kill(ann.pid(), signal.SIGKILL)
        eventually(lambda: other.call("send", "ann", "x") == [0, "offline", ""], "an exact answer")
        eventually(lambda: other.call("online", "bob") == [1, "ok", ""], "bob's connection, exactly")
        other.sock.close()


def test_hung_process__makes_what_it_may_have_unknown(program):
    started = program("hub", COUNT=str(PROCESSES))
    started.start(ready=PROCESSES)
    with Caller(started.port) as ann:
        hung = ann.pid()
        while True:
            other = Caller(started.port)
            if other.pid() != hung:
                break
            other.sock.close()
        joined(other).call("bind", "me", "bob")
        os.kill(hung, signal.SIGSTOP)
        try:
            connections, result, error = other.call("send", "ann", "x")
            assert (connections, result) == (0, "unknown") and error in ("timed out", "not sent to a process that may have connections for it")
            connections, result, error = other.call("online", "bob")
        finally:
            os.kill(hung, signal.SIGCONT)
        assert (connections, result, error) == (1, "partial", "")
        other.sock.close()


def test_program_that_does_not_name_it__has_no_process_for_it(program):
    started = program("hub_open").start(ready=2)
    assert len(children_of(started.master)) == 2
    with Peer(started.port) as peer:
        assert "call Hub::open()" in peer.ask("online")
        assert "before Worker::runAll()" in peer.ask("open")


def test_program_that_opens_it__has_it(program):
    started = program("hub_open", OPEN="yes").start(ready=2)
    eventually(lambda: len(children_of(started.master)) == 3, "the hub's process")
    with Peer(started.port) as peer:
        eventually(lambda: peer.ask("online") == "offline", "the other process")
        assert peer.ask("open") == "opened"
