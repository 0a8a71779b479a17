"""Tickets of a push server of several processes: each works in all of them, once, and is not called wrong while one does not answer."""
import json
import os
import pathlib
import select
import signal
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from instance import alive, eventually  # noqa: E402
from push_processes import Processes, Reported, freeze, thaw  # noqa: E402
from push_server import clean_environment, program  # noqa: E402
from push_tickets import LATER, REFUSED, answer_to, end, end_of, is_bound, takes, ticket_of  # noqa: E402
from ws_frames import TEXT, text  # noqa: E402

OFFLINE = {"why": "offline", "detail": "no page of that uid is connected"}


@pytest.fixture(name="three")
def three_processes(tmp_path):
    server = Processes(tmp_path / "run", 3, "--auth", "ticket")
    yield server
    end(server)


def test_ticket_of_any_process__works_in_any_other_once(three):
    back_ends = three.one_of_each(three.lines)
    for issuer, lines in back_ends.items():
        pages = three.one_of_each(three.page)
        for pid, page in pages.items():
            uid = f"from {issuer} at {pid}"
            ticket = ticket_of(lines, uid)
            page.send(text(ticket))
            assert is_bound(page, lines, uid)
            assert answer_to(three, ticket) == REFUSED
        for page in pages.values():
            page.close()


def test_two_pages_at_once_in_two_processes__one_is_bound(three):
    back_ends = three.one_of_each(three.lines)
    for round_number in range(30):
        pages = list(three.one_of_each(three.page).values())
        uid = f"u{round_number}"
        ticket = ticket_of(list(back_ends.values())[round_number % 3], uid)
        for page in pages:
            page.send(text(ticket))
        refused = []
        while len(refused) < 2:
            ready = select.select([page.sock for page in pages if page not in refused], [], [], 30)[0]
            assert ready, "pages that are neither bound nor closed"
            for page in [page for page in pages if page.sock in ready]:
                assert end_of(page) == REFUSED
                refused.append(page)
        winner, = [page for page in pages if page not in refused]
        assert is_bound(winner, next(iter(back_ends.values())), uid)
        for page in pages:
            page.close()


def is_whole(lines):
    """Whether each process can be asked."""
    return json.loads(lines.ask(b'{"uid":"nobody","wm":{"reply":"json"}}').partition(b" ")[2]) == OFFLINE


def test_frozen_issuer__is_not_known_and_the_page_tries_again(tmp_path):
    three = Processes(tmp_path / "run", 3, "--auth", "ticket")
    back_ends, pages, others = three.one_of_each(three.lines), three.one_of_each(three.page), three.one_of_each(three.page)
    issuer, *rest = back_ends
    ticket, other = ticket_of(back_ends[issuer], "uid1"), ticket_of(back_ends[rest[0]], "uid2")
    freeze(issuer)
    try:
        # What comes meanwhile has no meaning, not even a ticket that another process would take.
        pages[rest[0]].send(text(ticket) + text(other) + text(b"uid3"))
        assert end_of(pages[rest[0]]) == LATER
        pages[rest[1]].send(text(ticket))  # a page that leaves while it is asked about
        pages[rest[1]].close()
        others[rest[1]].send(text(other))  # its issuer is there, the process that stands still does not matter
        assert is_bound(others[rest[1]], back_ends[rest[0]], "uid2")
    finally:
        thaw(issuer)
    eventually(lambda: is_whole(back_ends[rest[0]]), "all processes")
    # Nothing is done behind its time: nobody has used it up.
    others[rest[0]].send(text(ticket))
    assert is_bound(others[rest[0]], back_ends[rest[0]], "uid1")
    log = end(three, [ticket, other])
    assert "cannot tell whether the ticket of the page of 127.0.0.1:" in log
    assert "refused the ticket" not in log


def test_frozen_hub__is_not_known(tmp_path):
    three = Processes(tmp_path / "run", 3, "--auth", "ticket")
    back_ends, pages = three.one_of_each(three.lines), three.one_of_each(three.page)
    issuer, other, _ = back_ends
    hub = three.hub_pid()
    tickets = [ticket_of(back_ends[issuer], uid) for uid in ("away", "home")]
    freeze(hub)
    try:
        pages[other].send(text(tickets[0]))
        pages[issuer].send(text(tickets[1]))  # its process knows it, whoever else is silent
        assert end_of(pages[other]) == LATER
        assert is_bound(pages[issuer], back_ends[issuer], "home")
    finally:
        thaw(hub)
    eventually(lambda: is_whole(back_ends[issuer]), "all processes")
    assert takes(three, tickets[0], "away")
    end(three, tickets)


def test_killed_hub__no_ticket_is_called_wrong(tmp_path):
    three = Processes(tmp_path / "run", 3, "--auth", "ticket")
    back_ends, pages = three.one_of_each(three.lines), [three.one_of_each(three.page) for _ in range(3)]
    issuer, other, _ = back_ends
    os.kill(three.hub_pid(), signal.SIGKILL)
    for at_process in pages:  # at any moment of the hub's restart
        uid = f"u{at_process[other].port}"
        at_process[other].send(text(ticket_of(back_ends[issuer], uid)))
        frame = None
        while frame is None:
            back_ends[other].ask(json.dumps({"uid": uid}).encode())
            if select.select([at_process[other].sock], [], [], 0.01)[0]:
                frame = at_process[other].frame()
        assert frame.opcode == TEXT or frame.payload[2:] == b"try again", frame
    eventually(lambda: is_whole(back_ends[other]) and is_whole(back_ends[issuer]), "all processes")
    for pid, lines in back_ends.items():
        assert takes(three, ticket_of(lines, f"behind {pid}"), f"behind {pid}")
    assert "refused the ticket" not in end(three)


def test_reload__tickets_hold_while_their_process_drains_and_no_longer(tmp_path):
    server = Reported(tmp_path / "run", "--auth", "ticket", "--drain", "3s")
    old = server.serving_pid
    with server.lines() as lines:
        shown, kept = ticket_of(lines, "shown"), ticket_of(lines, "kept")
        holders = [server.page() for _ in range(20)]  # it drains as long as they are closed one after another
        for number, holder in enumerate(holders):
            holder.send(text(ticket_of(lines, f"h{number}")))
            assert is_bound(holder, lines, f"h{number}")
    reload = subprocess.Popen([program(), "push", "reload", "--name", server.name, "--run-dir", str(tmp_path / "run")], env=clean_environment())
    pages = []

    def page_of_the_successor():
        pages.append(server.page())
        return server.pid_of(pages[-1]) != old

    eventually(page_of_the_successor, "the successor")
    pages[-1].send(text(shown))
    with server.lines() as lines:
        assert is_bound(pages[-1], lines, "shown")
    assert alive(old), "it drains no more: the test has shown nothing"
    assert reload.wait(60) == 0
    eventually(lambda: not alive(old), "the end of the old process")
    assert answer_to(server, kept) == REFUSED
    for page in pages + holders:
        page.close()
    end(server, [shown, kept])
