"""The page's push example in four processes, by Workerman\\Hub: a push at the inner port of any of them reaches a page in any other."""
import contextlib
import difflib
import os
import signal

import pytest
from instance import ask, eventually
from page_machine import PAGE
from php_program import Peer
from server_processes import ESTABLISHED, children, holders, listening, serving, sockets
from take_programs import blocks

LINE = '{"uid":"uid1","percent":"88%"}'
INNER, PAGES = 5678, 1234


def push(line):
    return ask(f"text://127.0.0.1:{INNER}", line)


def succeeds(result):
    assert result.code == 0, result
    return result.out


def test_program__differs_by_the_count_and_three_lines(machine):
    page = blocks(PAGE.read_text())["push.php"].splitlines()
    program = (machine.directory / "push_hub.php").read_text().splitlines()
    new = [line[2:].strip() for line in difflib.ndiff(page, program) if line.startswith("+ ")]
    assert len(new) == 4 and new[0] == "$worker->count = 4;", new
    assert len(program) <= len(page)


def workers():
    """The processes that listen at the inner port, once they are four."""
    found = listening(INNER)
    return {pid for each in found for pid in each} if len(found) == 4 and all(len(each) == 1 for each in found) else None


@pytest.fixture
def server(machine):
    program = machine.program("push_hub.php")
    succeeds(program.run("start", "-d"))
    eventually(workers, "four processes with inner ports")
    yield program
    program.run("stop")


@contextlib.contextmanager
def inner_ports():
    """A connection to the inner port of each process, by its number."""
    with contextlib.ExitStack() as stack:
        found = {}

        def connect():
            peer = stack.enter_context(Peer(INNER))
            (pid,) = eventually(lambda: None not in (now := serving(INNER, [peer.sock])) and now, "the process that accepts")
            found.setdefault(pid, peer)
            return found.keys() >= workers()
        eventually(connect, "a connection to each process")
        yield found


@contextlib.contextmanager
def pages(wanted):
    """Websockets with uids of their own, in `wanted` processes at least: the process of each."""
    with contextlib.ExitStack() as stack:
        peers = []

        def connect():
            peer = stack.enter_context(Peer(PAGES))
            peer.shake_hands()
            peer.say(f"page{len(peers)}")
            peers.append(peer)
            return len({*serving(PAGES, [each.sock for each in peers])} - {None}) >= wanted
        eventually(connect, f"pages in {wanted} processes")
        yield peers


def test_push__from_every_process_reaches_pages_in_every_process(server):
    with pages(wanted=2) as peers, inner_ports() as inner:
        for pid, port in inner.items():
            for number, page in enumerate(peers):
                line = f'{{"uid":"page{number}","from":{pid}}}'
                eventually(lambda: port.ask(line) == "ok", "the uid")
                while page.read_frame()[1] != line.encode():
                    pass
            eventually(lambda: port.ask('{"uid":"nobody"}') == "fail", "an answer")


def test_push__to_what_cannot_be_a_uid_fails(server):
    with Peer(INNER) as port:
        for line in ('{"uid":null}', '{"uid":[]}', '{"uid":""}', '{"uid":7}', '{"uid":"' + "x" * 256 + '"}'):
            assert port.ask(line) == "fail", line


class TestBrowser:
    """With the page's script in tabs of Chromium, whichever process each is connected to."""

    def test_push__from_each_process_is_alerted_by_the_page(self, machine, server, browser):
        browser.open("tab")
        with inner_ports() as inner:
            for pid, port in inner.items():
                line = f'{{"uid":"uid1","from":{pid}}}'
                eventually(lambda: port.ask(line) == "ok", "the page's uid")
                assert browser.which(line) == "tab"
        succeeds(server.run("stop"))
        assert len(set(browser.alerts_of_disconnected("tab"))) == 4

    def test_reload_and_kill__the_page_comes_back_and_is_reached(self, machine, server, browser):
        browser.open("tab")
        eventually(lambda: push(LINE) == "ok", "the page's uid")
        before = workers()
        succeeds(server.run("reload"))
        browser.alerts_of_disconnected("tab")
        eventually(lambda: (now := workers()) and not now & before, "four other processes")
        eventually(lambda: push(LINE) == "fail", "the end of the uid")
        browser.open("tab")
        eventually(lambda: push(LINE) == "ok", "the page's uid after the reload")
        victim = page_process()
        os.kill(victim, signal.SIGKILL)
        browser.alerts_of_disconnected("tab")
        eventually(lambda: (now := workers()) and victim not in now, "a process in its place")
        browser.open("tab")
        eventually(lambda: push(LINE) == "ok", "the page's uid after the kill")
        with inner_ports() as inner:
            for pid, port in inner.items():
                line = f'{{"uid":"uid1","after":{pid}}}'
                eventually(lambda: port.ask(line) == "ok", "the page's uid in another process")
                assert browser.which(line) == "tab"


def page_process():
    """The process that has the websocket of the one tab."""
    inodes = {inode for found in sockets(ESTABLISHED, PAGES).values() for inode in found}
    (pids,) = [pids for inode, pids in holders(children()).items() if inode in inodes]
    (pid,) = pids
    return pid
