"""The page that the binding is for, verbatim: each of its programs, taken from it as it is, on a machine of its own.

WM_PHP_AUTOLOAD runs them over other classes than the binding's.
"""
import collections
import contextlib
import hashlib
import http.client
import itertools
import os
import re
import signal
import socket
import subprocess

import pytest
from instance import HANG_SECONDS, ask, eventually
from page_machine import PAGE, environment
from server_processes import children, listening, processes, serving
from take_programs import take

LINE = '{"uid":"uid1","percent":"88%"}'
CONNECTIONS = 200  # of four processes each gets one, but for one run in 10^24


# ---- the programs

def test_page__is_what_was_published():
    assert hashlib.sha256(PAGE.read_bytes()).hexdigest() == "e7cfc82ff6b318541aef4ca92d83fdcdb7943dac14775ac23f831b60a6e6d239"


@pytest.mark.parametrize("name, language, added", [
    ("without_reuse_port.php", "php", "<?php\n"),
    ("reuse_port.php", "php", "<?php\n"),
    ("push.php", "php", ""),
    ("page.js", "javascript", ""),
    ("back_end.php", "php", "<?php\n"),
])
def test_program__is_verbatim_but_for_a_missing_first_line(tmp_path, name, language, added):
    take(PAGE, tmp_path)
    text = (tmp_path / name).read_text()
    assert text.startswith(added)
    assert f"```{language}\n{text.removeprefix(added)}```\n" in PAGE.read_text()


def succeeds(result):
    assert result.code == 0, result
    return result.out


# ---- four processes that listen at one port

@contextlib.contextmanager
def connected(port, count):
    """Connections that are open at the same time."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(contextlib.closing(socket.create_connection(("127.0.0.1", port), HANG_SECONDS))) for _ in range(count)]


def get(client):
    """GET / on a connection: status and body."""
    client.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    response = http.client.HTTPResponse(client)
    response.begin()
    return response.status, response.read()


def get_all(port):
    """How many of many fresh connections each process has served."""
    with connected(port, CONNECTIONS) as clients:
        assert {get(client) for client in clients} == {(200, b"hello\n")}
        return collections.Counter(serving(port, clients))


def idle(program):
    """The processes that serve, by the program's status."""
    return {int(number) for number in re.findall(r"^ *(\d+)\b.*\[idle\]", succeeds(program.run("status")), re.MULTILINE)}


def start_without_reuse_port(machine):
    """The program once three processes have failed to listen, and the process that has not."""
    program = machine.program("without_reuse_port.php")
    program.start()
    eventually(lambda: len(re.findall(r"^.*Address already in use", program.output(), re.MULTILINE)) >= 3, "three errors")
    (listeners,) = eventually(lambda: listening(2016), "one that listens")
    (pid,) = listeners
    return program, pid


def test_without_reuse_port__one_of_four_processes_serves(machine):
    program, pid = start_without_reuse_port(machine)
    assert get_all(2016) == {pid: CONNECTIONS}
    assert pid in children() and len(children()) == 4


def test_without_reuse_port__the_other_processes_live_on(machine):
    program, pid = start_without_reuse_port(machine)
    found = eventually(lambda: len(now := children()) == 4 and idle(program) == now and now, "the status of four processes that serve")
    assert pid in found and children() == found


def test_reuse_port__all_four_processes_serve(machine):
    program = machine.program("reuse_port.php")
    program.start()
    listeners = eventually(lambda: len(found := listening(2016)) == 4 == len(children()) and found, "four that listen")
    served = get_all(2016)
    print(f"connections served, by process: {dict(served)}")
    assert sum(served.values()) == CONNECTIONS
    assert len(served) == 4 and [{pid} for pid in sorted(served)] == sorted(listeners, key=min)
    assert served.keys() == children()


def test_reuse_port__text_is_answered_by_a_line(machine):
    program = machine.program("reuse_port.php")
    program.start()
    eventually(lambda: listening(2015), "the text port")
    with contextlib.closing(socket.create_connection(("127.0.0.1", 2015), HANG_SECONDS)) as client:
        client.sendall(b"a line\n")
        client.shutdown(socket.SHUT_WR)
        assert client.makefile("rb").read() == b"hello\n\n"


def test_reuse_port__ends_cleanly_by_ctrl_c(machine):
    """Which signals the master and all its processes at once."""
    program = machine.program("reuse_port.php")
    program.start()
    eventually(lambda: len(listening(2016)) == 4, "four that listen")
    os.killpg(program.process.pid, signal.SIGINT)
    assert program.process.wait(HANG_SECONDS) == 0
    assert processes() == {}
    assert "killed by" not in program.output(), program.output()


# ---- push.php

def back_end(machine):
    """What the page's back end prints."""
    done = subprocess.run(["php", "back_end.php"], cwd=machine.directory, env=environment(machine.directory), stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=HANG_SECONDS, check=True)
    assert done.stderr == b"", done.stderr.decode()
    return done.stdout.decode()


def push(line):
    """The answer to a line at the inner port."""
    return ask("text://127.0.0.1:5678", line)


def pusher():
    """The process that listens at the inner port; None while there is none."""
    found = listening(5678)
    return found[0].pop() if len(found) == 1 and len(found[0]) == 1 else None


def test_push__is_started_asked_reloaded_and_stopped_by_its_commands(machine):
    program = machine.program("push.php")
    text = succeeds(program.run("start", "-d"))
    assert "websocket://0.0.0.0:1234" in text and 'Input "php push.php stop" to stop.' in text
    first = pusher()
    assert push(LINE) == "fail"

    text = succeeds(program.run("status"))
    assert re.search(rf"^ *{first}\b.*websocket://0\.0\.0\.0:1234", text, re.MULTILINE), text

    assert "reload" in succeeds(program.run("reload"))
    second = pusher()
    assert second != first
    assert push(LINE) == "fail"
    text = succeeds(program.run("status"))
    assert re.search(rf"^ *{second}\b", text, re.MULTILINE) and not re.search(rf"^ *{first}\b", text, re.MULTILINE), text

    assert "stop" in succeeds(program.run("stop"))
    eventually(lambda: processes() == {}, "the end of PHP's interpreter, a moment after that of the master")
    assert program.run("status").code == 3


@pytest.fixture
def server(machine):
    """push.php in the background, as the page starts it."""
    program = machine.program("push.php")
    succeeds(program.run("start", "-d"))
    yield program
    program.run("stop")


class TestBrowser:
    """push.php with the page's script in tabs of Chromium, and with the page's back end."""

    def test_push__is_alerted_by_the_page(self, machine, server, browser):
        assert back_end(machine) == "fail\n"
        browser.open("tab")
        eventually(lambda: back_end(machine) == "ok\n", "the page's uid")
        assert browser.which(LINE) == "tab"
        assert push('{"uid":"another","percent":"88%"}') == "fail"
        succeeds(server.run("stop"))
        assert browser.alerts_of_disconnected("tab") == [LINE]

    def test_tabs_of_one_uid__only_the_last_gets_it(self, machine, server, browser):
        """The map of the page's program holds one connection a uid."""
        browser.open("first")
        eventually(lambda: push('{"uid":"uid1","n":0}') == "ok", "the first tab's uid")
        assert browser.which('{"uid":"uid1","n":0}') == "first"
        browser.open("last")
        probes = (f'{{"uid":"uid1","n":{n}}}' for n in itertools.count(1))
        eventually(lambda: push(probe := next(probes)) == "ok" and browser.which(probe) == "last", "the last tab's uid")
        assert back_end(machine) == "ok\n"
        assert browser.which(LINE) == "last"
        succeeds(server.run("stop"))
        assert LINE not in browser.alerts_of_disconnected("first")
        assert browser.alerts_of_disconnected("last")[-1] == LINE

    def test_tabs_of_two_uids__each_gets_its_own(self, machine, server, browser):
        browser.open("first", uid="uid2")
        browser.open("last")
        eventually(lambda: push('{"uid":"uid2"}') == "ok", "the first tab's uid")
        eventually(lambda: back_end(machine) == "ok\n", "the last tab's uid")
        assert browser.which('{"uid":"uid2"}') == "first"
        assert browser.which(LINE) == "last"
        succeeds(server.run("stop"))
        assert browser.alerts_of_disconnected("first") == ['{"uid":"uid2"}']
        assert browser.alerts_of_disconnected("last") == [LINE]

    def test_reload__drops_the_page_and_takes_it_again(self, machine, server, browser):
        browser.open("tab")
        eventually(lambda: back_end(machine) == "ok\n", "the page's uid")
        before = eventually(pusher, "the inner port")
        succeeds(server.run("reload"))
        assert browser.alerts_of_disconnected("tab") == [LINE]
        eventually(lambda: pusher() not in (None, before), "the inner port of another process")
        assert back_end(machine) == "fail\n"
        browser.open("tab")
        eventually(lambda: back_end(machine) == "ok\n", "the page's uid once more")
        succeeds(server.run("stop"))
        assert browser.alerts_of_disconnected("tab") == [LINE, LINE]
