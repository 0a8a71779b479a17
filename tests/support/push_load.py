"""Pages and back ends that load the push server while it is reloaded, and account for each push.

A push that was answered with ok comes to its page, once; one that was answered with fail does not come. A fail is excused only while its
page has no registration, with the old process or with the new one: while they overlap, both are asked. A page learns of its end later than
the server that has closed it.
"""
import itertools
import json
import random
import select
import time
from collections import Counter
from dataclasses import dataclass, field

from process_load import Ended, Load, answer_close, open_websocket, take_http_answer, take_line, take_websocket_frame, unanswered
from ws_frames import CLOSE, PONG, TEXT, close, ping, text

CLOSES_SECONDS = 0.1  # a close frame is on its way, or waits for the thread of its page
QUIET_SECONDS = 1  # of a drain with the standard drain_ms


@dataclass
class Ledger:
    """What pages and back ends write down."""

    uids: list
    registered: dict = field(default_factory=dict)  # of each uid the spans from its confirmation to the close frame: [since, until]
    taken: list = field(default_factory=list)  # numbers of pushes that were answered with ok
    failed: list = field(default_factory=list)  # (uid, began, ended) of the others
    received: list = field(default_factory=list)
    numbers: itertools.count = field(default_factory=itertools.count)

    def excused(self, uid, began, ended):
        for since, until in self.registered.get(uid, []):
            if since < began and ended + CLOSES_SECONDS < until:
                return False
        return True

    def unexcused(self):
        return [failed for failed in self.failed if not self.excused(*failed)]

    def line(self, uid):
        number = next(self.numbers)
        return number, json.dumps({"uid": uid, "number": number}).encode()

    def note(self, uid, number, began, ok):
        if ok:
            self.taken.append(number)
        else:
            self.failed.append((uid, began, time.monotonic()))

    def settled(self):
        """Whether each push that was taken has come, and nothing else has."""
        return Counter(self.taken) == Counter(self.received)


def page(load, connection, address, ledger, uid):
    """A page that registers its uid, takes pushes until a close frame comes, and comes back."""
    open_websocket(connection, address)
    connection.send(text(uid.encode()) + ping(b"registered?"))
    frame = take_websocket_frame(connection)
    if frame.opcode == CLOSE:
        answer_close(load, connection, frame)
        return
    while frame.opcode == TEXT:  # a push may come before the pong: the uid is known already
        ledger.received.append(json.loads(frame.payload)["number"])
        frame = take_websocket_frame(connection)
    if frame.opcode == CLOSE:
        answer_close(load, connection, frame)
        return
    if (frame.opcode, frame.payload) != (PONG, b"registered?"):
        raise Ended("wrong", f"{frame}")
    span = [time.monotonic(), float("inf")]
    ledger.registered.setdefault(uid, []).append(span)
    while not load.over.is_set():
        if not connection.data and not select.select([connection.sock], [], [], 0.05)[0]:
            continue
        frame = take_websocket_frame(connection)
        if frame.opcode == CLOSE:
            span[1] = time.monotonic()
            answer_close(load, connection, frame)
            return
        ledger.received.append(json.loads(frame.payload)["number"])
    connection.send(close(1000))
    answer_close(load, connection, take_websocket_frame(connection), 1000)


def back_end(load, connection, address, ledger):
    """A connection for each push."""
    connection.open(address)
    uid = random.choice(ledger.uids)
    number, line = ledger.line(uid)
    connection.send(line + b"\n")
    answer = take_line(load, connection)
    if answer not in (b"ok", b"fail", None):
        raise Ended("wrong", f"{answer!r}")
    if answer is not None:
        ledger.note(uid, number, connection.began, answer == b"ok")
        load.count(answer.decode())


def poster(load, connection, address, ledger):
    """Pushes by POST /push, on one connection until an answer ends it."""
    connection.open(address)
    began = connection.began
    while not load.over.is_set():
        uid = random.choice(ledger.uids)
        number, line = ledger.line(uid)
        connection.send(b"POST /push HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % len(line) + line)
        answer = take_http_answer(connection, b"POST")
        if answer is None:
            unanswered(load, connection)
            return
        if (answer.status, answer.body) not in ((200, b"ok\n"), (404, b"fail\n"), (503, b"fail\n"), (504, b"fail\n")):
            raise Ended("wrong", f"{answer}")
        # The connection may be older than the page's: then it may be with an older process, which has no page any more.
        ledger.note(uid, number, began, answer.status == 200)
        load.count("posted " + answer.body[:-1].decode())
        if answer.closes:
            connection.expect_end()
            return


class PushLoad:
    """Pages and back ends of one push server."""

    def __init__(self, addresses, pages):
        self.ledger = Ledger([f"uid{number}" for number in range(pages)])
        self.pages = Load(QUIET_SECONDS)
        self.back_ends = Load(QUIET_SECONDS)
        for uid in self.ledger.uids:
            self.pages.add(page, addresses["websocket"], self.ledger, uid)
        self.back_ends.add(back_end, addresses["text"], self.ledger, copies=4)
        self.back_ends.add(poster, addresses["http"], self.ledger, copies=4)

    def totals(self):
        return self.pages.totals() + self.back_ends.totals()

    @property
    def faults(self):
        return self.pages.faults + self.back_ends.faults

    def end(self):
        self.back_ends.end()
        self.pages.end()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.end()
