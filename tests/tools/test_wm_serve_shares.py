"""Pages that take every descriptor they may, and back ends, which keep theirs."""
import contextlib
import itertools
import json
import pathlib
import resource
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from push_fixtures import start  # noqa: E402, F401
from push_server import HANG_SECONDS, Page, clean_environment, connect, program  # noqa: E402

REFUSED = (AssertionError, ConnectionError)  # by the end of the stream, or by a reset


def open_page(server, uid):
    """A page with that uid; None if the server has refused it."""
    try:
        page = Page(server.addresses["websocket"])
        page.register(uid)
        return page
    except REFUSED:
        return None


def open_pages(server, most):
    """Opens pages until one is refused, and returns those that were not."""
    pages = []
    while len(pages) < most and (page := open_page(server, b"uid%d" % len(pages))):
        pages.append(page)
    return pages


def back_ends_are_served(server, count):
    """So many connections at a time on each port of the back ends are answered."""
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(server.lines()) for _ in range(count)]
        assert [line.ask(b'{"uid":"nobody"}') for line in lines] == [b"fail"] * count
        https = [stack.enter_context(connect(server.addresses["http"])) for _ in range(count)]
        for sock in https:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: " + server.http_host + b"\r\n\r\n")
        for sock in https:
            assert sock.recv(65536).startswith(b"HTTP/1.1 200 ")


def command(server, *words):
    """What a command for that server prints."""
    done = subprocess.run(
        [program(), "push", *words, "--name", server.name], capture_output=True, timeout=HANG_SECONDS, check=True, env=clean_environment()
    )
    return done.stdout.decode()


def log_of(server, connections):
    """Ends the server, with those connections before it, and returns what it has logged."""
    for connection in connections:
        connection.close()
    code, error = server.stop()
    assert code == 0
    return error


def silent_connects(server, scheme, count):
    return [connect(server.addresses[scheme]) for _ in range(count)]


@pytest.mark.parametrize("descriptors", [64, 200])
def test_pages_that_take_all__leave_the_back_ends_theirs(start, descriptors):
    server = start(descriptors=descriptors)
    pages = open_pages(server, descriptors)
    assert len(pages) < descriptors
    back_ends_are_served(server, descriptors // 8)
    pages[0].settle()
    with server.lines() as lines:
        assert lines.ask(b'{"uid":"uid0"}') == b"ok"
    assert pages[0].message() == b'{"uid":"uid0"}'
    assert open_page(server, b"another") is None
    pages.pop().close()
    pages[0].settle()
    pages.append(open_page(server, b"another"))
    log = log_of(server, pages)
    assert "worker pages" in log and "less reserve_connections of other workers is" in log


@pytest.mark.parametrize("scheme", ["websocket", "text", "http"])
@pytest.mark.parametrize("descriptors", [64, 200])
def test_silent_connects__leave_room_for_back_ends_and_pages(start, descriptors, scheme):
    server = start(descriptors=descriptors)
    pages = open_pages(server, 10)
    silent = silent_connects(server, scheme, 230)
    back_ends_are_served(server, 2)
    pages += open_pages(server, 10)
    assert len(pages) == 20
    assert all(page.nothing_came() for page in pages)
    assert "silent connection ended" in log_of(server, silent + pages)


def test_commands__are_answered_while_pages_hold_all_that_is_theirs(start):
    server = start("--drain", "0s", descriptors=64)
    pages = open_pages(server, 64)
    status = json.loads(command(server, "status", "--json"))
    assert status["summary"]["connections"] == len(pages)
    assert command(server, "connections").count("pages") == len(pages)
    with subprocess.Popen([program(), "push", "reload", "--name", server.name], env=clean_environment(), stdout=subprocess.DEVNULL) as reload:
        assert pages[0].close_code() == 1012
        again = open_pages(server, len(pages))  # while the old process has the others
        assert len(again) == len(pages)
        pages[0].close()
        for page in pages[1:]:
            with page:
                assert page.close_code() == 1012
        assert reload.wait(HANG_SECONDS) == 0
    log_of(server, again)


def test_connections__are_listed_without_a_free_descriptor(start):
    server = start()
    pages = open_pages(server, 3)
    pid = server.serving_pid
    taken = {int(entry.name) for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir()}
    lowest_free = next(number for number in itertools.count() if number not in taken)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (lowest_free, lowest_free))
    assert command(server, "connections").count("pages") == len(pages)
    log_of(server, pages)


def test_descriptor_limit__lowered_while_it_runs_leaves_the_back_ends_theirs(start):
    server = start(descriptors=200)
    resource.prlimit(server.serving_pid, resource.RLIMIT_NOFILE, (100, 100))
    pages = open_pages(server, 200)
    assert 0 < len(pages) < 100
    back_ends_are_served(server, 10)
    log_of(server, pages)


def test_max_pages__refuses_more_and_says_so(start):
    server = start("--max-pages", "3")
    pages = open_pages(server, 10)
    assert len(pages) == 3
    back_ends_are_served(server, 4)
    listeners = json.loads(command(server, "status", "--json"))["processes"][0]["listeners"]
    assert {listener["name"]: listener["shed"] for listener in listeners} == {"pages": 1, "inner": 0, "http": 0}
    assert all(page.nothing_came() for page in pages)
    log = log_of(server, pages)
    assert "worker pages" in log and "max_connections of the worker is 3" in log


def test_max_per_ip__counts_the_pages_of_an_address(start):
    server = start("--max-per-ip", "2")
    pages = open_pages(server, 10)
    assert len(pages) == 2
    with Page(server.addresses["websocket"], from_ip="127.0.0.2") as other:
        other.register(b"uid1")
        back_ends_are_served(server, 4)
    pages.pop().close()
    pages[0].settle()
    pages.append(open_page(server, b"another"))
    log = log_of(server, pages)
    assert "worker pages" in log and "max_per_ip is 2" in log


@pytest.mark.parametrize("flag", ["--max-pages", "--max-per-ip"])
@pytest.mark.parametrize("value", ["0", "-1", "x", "1.5"])
def test_limits__are_positive_numbers(flag, value):
    done = subprocess.run(
        [program(), "push", flag, value], capture_output=True, timeout=HANG_SECONDS, check=False, env=clean_environment()
    )
    assert done.returncode == 2
    assert f'{flag}: "{value}" is no whole number from 1' in done.stderr.decode()
