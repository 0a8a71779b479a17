"""`wm-serve push --auth ticket`: a page shows a one-time ticket, which a back end has asked for."""
import base64
import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from instance import alive, eventually  # noqa: E402
from push_processes import Processes, Reported, freeze, thaw  # noqa: E402
from push_server import Page, PushServer, clean_environment, program  # noqa: E402
from ws_frames import CLOSE, TEXT, binary, close, text  # noqa: E402

REFUSED = (4401, "ticket refused")
LATER = (1013, "try again")
OFFLINE = {"why": "offline", "detail": "no page of that uid is connected"}
FORM = 'a ticket is asked for with {"uid":"NAME"}, and in JSON with "wm":{"reply":"json"} beside it'
NO_TICKETS = "this server has no tickets: it was started without --auth ticket"
FULL = "100000 tickets of this process wait to be used, and it keeps no more: try again when some are used or over"


def asked(uid, **more):
    return json.dumps({"wm": {"cmd": "ticket", "uid": uid, **more}}).encode()


def ticket_of(lines, uid):
    answer = lines.ask(asked(uid))
    assert answer.startswith(b"ok "), answer
    return answer[3:]


def document(answer, word=b"fail"):
    given, _, rest = answer.partition(b" ")
    assert given == word, answer
    return json.loads(rest)


def end_of(page):
    """The code and the reason with which a page is closed."""
    frame = page.frame()
    assert frame is not None and frame.opcode == CLOSE, frame
    page.send(close(frame.code))
    assert page.frame() is None
    return frame.code, frame.payload[2:].decode()


def answer_to(server, ticket, frame=text):
    with server.page() as page:
        page.send(frame(ticket))
        return end_of(page)


def is_bound(page, lines, uid):
    """Whether a page that has shown its ticket gets what is pushed to the uid."""
    line = json.dumps({"uid": uid}).encode()
    eventually(lambda: lines.ask(line) == b"ok", f"the page of {uid}")
    return page.message() == line


def takes(server, ticket, uid):
    with server.page() as page, server.lines() as lines:
        page.send(text(ticket))
        return is_bound(page, lines, uid)


def end(server, tickets=()):
    """It ends as it should, and no ticket is in its log, which is returned."""
    code, log = server.stop()
    assert code == 0
    assert [ticket for ticket in tickets if ticket.decode() in log] == []
    return log


@pytest.fixture(scope="module", name="shared")
def make_shared():
    server = PushServer("--auth", "ticket", "--log-level", "debug")
    yield server
    end(server)


@pytest.fixture(name="server")
def check_shared(shared):
    """One server for all: what one ticket breaks, the next one sees."""
    yield shared
    with shared.lines() as lines:
        assert takes(shared, ticket_of(lines, "still"), "still")


@pytest.fixture(name="lines")
def back_end(server):
    with server.lines() as lines:
        yield lines


@pytest.fixture(name="three")
def three_processes(tmp_path):
    server = Processes(tmp_path / "run", 3, "--auth", "ticket")
    yield server
    end(server)


# ---- What back ends ask


@pytest.mark.parametrize("uid", ["uid1", "再見 👋", "u" * 255, 'a"b\\', "a\0b", 7])
def test_ticket__is_for_its_uid(server, lines, uid):
    assert takes(server, ticket_of(lines, uid), str(uid))


def test_reply_in_json__has_the_ticket_and_its_time(server, lines):
    answer = document(lines.ask(asked("uid1", reply="json")), b"ok")
    assert list(answer) == ["ticket", "ttl"] and answer["ttl"] == 30
    assert takes(server, answer["ticket"].encode(), "uid1")


def test_tickets_of_one_uid__differ(server, lines):
    tickets = [ticket_of(lines, "uid1") for _ in range(100)]
    assert len({base64.urlsafe_b64decode(ticket + b"==")[:16] for ticket in tickets}) == 100
    assert takes(server, tickets[99], "uid1") and takes(server, tickets[0], "uid1")


def test_answers__stay_in_the_order_of_the_lines(lines):
    answers = lines.ask_all(b"\n".join([b'{"uid":"nobody"}', asked("a"), b"x", asked("b", reply="json"), b'{"uid":"nobody"}', b""]), 5)
    assert [answer.split(b" ")[0] for answer in answers] == [b"fail", b"ok", b"fail", b"ok", b"fail"]


@pytest.mark.parametrize("line, why", [
    (b'{"wm":{"cmd":"ticket","reply":"json"}}', 'ticket has the form {"wm":{"cmd":"ticket","uid":UID}}, with one uid, at byte 1'),
    (asked(["a"], reply="json"), 'ticket has the form {"wm":{"cmd":"ticket","uid":UID}}, with one uid, at byte 32'),
    (asked("a" * 256, reply="json"), "the uid is longer than 255 bytes, at byte 32"),
    (asked("", reply="json"), "the uid is empty, it must have 1 to 255 bytes, at byte 32"),
])
def test_wrong_line__says_what_is_wrong(lines, line, why):
    assert document(lines.ask(line)) == {"why": "bad", "detail": why}


@pytest.mark.parametrize("body", [b'{"uid":"uid1"}', b'{"uid":"uid1"}\r\n', asked("uid1")])
def test_post__answers_with_the_ticket_alone(server, body):
    answer = server.post(body, path=b"/ticket")
    assert (answer.status, answer.value(b"cache-control")) == (200, b"no-store")
    assert takes(server, answer.body, "uid1")


@pytest.mark.parametrize("body", [b'{"uid":"uid1","wm":{"reply":"json"}}', asked("uid1", reply="json")])
def test_post__in_json(server, body):
    answer = server.post(body, path=b"/ticket")
    assert (answer.status, answer.value(b"content-type"), answer.value(b"cache-control")) == (200, b"application/json", b"no-store")
    assert json.loads(answer.body)["ttl"] == 30
    assert takes(server, json.loads(answer.body)["ticket"].encode(), "uid1")


@pytest.mark.parametrize("body, why", [
    (b"", "the text is empty, expected a JSON value such as {\"percent\":\"88%\"}"),
    (b"uid1", "not a JSON object, it must begin with {"),
    (b"{}", "the object has no uid, add \"uid\":\"NAME\""),
    *((body, FORM) for body in (b'{"uid":["uid1"]}', b'{"uid":"uid1","ttl":60}', b'{"wm":{"cmd":"online","uid":"uid1"}}', b'{"wm":{"cmd":"explain"}}',
                                b'{"wm":{"cmd":"broadcast"},"data":1}')),
])
def test_post__of_anything_else__400(server, body, why):
    answer = server.post(body, path=b"/ticket")
    assert (answer.status, answer.body.decode()) == (400, f"400: {why}, at byte 0\n")


def test_post__keeps_the_rules_of_push(server):
    assert server.post(b'{"uid":"uid1"}', b"Origin: https://example.com", path=b"/ticket").status == 403
    assert server.post(b'{"uid":"uid1"}', b"Sec-Fetch-Site: cross-site", path=b"/ticket").status == 403
    assert server.post(b'{"uid":"uid1"}', host=b"example.com", path=b"/ticket").status == 403
    assert server.post(b"", method=b"GET", path=b"/ticket").status == 405
    answer = server.post(b"", method=b"OPTIONS", path=b"/ticket")
    assert (answer.status, answer.value(b"allow")) == (204, b"POST, OPTIONS")


def test_post__with_a_secret(tmp_path):
    path = tmp_path / "secret"
    path.write_bytes(b"correct-horse-battery-staple\n")
    path.chmod(0o600)
    server = PushServer("--auth", "ticket", "--inner", "off", "--inner-secret-file", str(path))
    for fields in ((), (b"Authorization: Bearer correct-horse-battery-stapl3",), (b"Authorization: Basic YTpi",)):
        answer = server.post(b'{"uid":"uid1"}', *fields, path=b"/ticket")
        assert (answer.status, answer.value(b"www-authenticate")) == (401, b"Bearer")
        assert answer.body == b"401: POST /ticket needs Authorization: Bearer and the secret of --inner-secret-file\n"
    answer = server.post(b'{"uid":"uid1"}', b"Authorization: Bearer correct-horse-battery-staple", path=b"/ticket")
    assert answer.status == 200
    with server.page() as page:
        page.send(text(answer.body))
        page.settle()
        assert page.nothing_came()  # a page that is refused is closed
        assert answer_to(server, answer.body) == REFUSED
    end(server, [answer.body])


def test_server_without_the_flag__names_it():
    server = PushServer()
    with server.lines() as lines:
        assert lines.ask(asked("uid1")) == b"fail"
        assert document(lines.ask(asked("uid1", reply="json"))) == {"why": "bad", "detail": NO_TICKETS + ", at byte 0"}
        assert lines.ask(b'{"wm":{"cmd":"explain"}}') == b"ok"
        assert document(lines.ask(asked("uid1")))["detail"] == NO_TICKETS + ", at byte 0"
    answer = server.post(b'{"uid":"uid1"}', path=b"/ticket")
    assert (answer.status, answer.body.decode()) == (400, f"400: {NO_TICKETS}, at byte 0\n")
    end(server)


def test_tickets__have_a_limit_and_those_that_are_used_make_room():
    server = PushServer("--auth", "ticket", "--ticket-ttl", "1h")
    with server.lines() as lines:
        answers = lines.ask_all((asked("uid1") + b"\n") * 100000, 100000)
        assert all(answer.startswith(b"ok ") for answer in answers)
        assert lines.ask(asked("uid1")) == b"fail"
        assert document(lines.ask(asked("uid1", reply="json"))) == {"why": "unknown", "detail": FULL}
        assert server.post(b'{"uid":"uid1"}', path=b"/ticket").status == 503
        assert takes(server, answers[99999][3:], "uid1")
        assert takes(server, ticket_of(lines, "uid2"), "uid2")
        assert takes(server, answers[0][3:], "uid1")
    end(server)


# ---- What pages show


def test_ticket__works_once(server, lines):
    ticket = ticket_of(lines, "once")
    with server.page() as page:
        page.send(text(ticket))
        assert is_bound(page, lines, "once")
        assert [answer_to(server, ticket) for _ in range(3)] == [REFUSED] * 3
        page.send(text(ticket))  # of a page that is named it has no meaning
        assert page.nothing_came()
    assert answer_to(server, ticket) == REFUSED


def test_page_that_has_left__has_used_its_ticket(server, lines):
    ticket = ticket_of(lines, "left")
    with server.page() as page:
        page.send(text(ticket) + close(1000))
        while page.frame() is not None:
            pass
    assert answer_to(server, ticket) == REFUSED


def test_forged_tickets__are_refused_and_use_none_up(server, lines):
    ticket = ticket_of(lines, "forged")
    data = base64.urlsafe_b64decode(ticket + b"=" * (-len(ticket) % 4))
    encode = lambda forged: base64.urlsafe_b64encode(forged).rstrip(b"=")
    flipped = [data[:i] + bytes([data[i] ^ 1 << i % 8]) + data[i + 1:] for i in range(len(data))]
    assert encode(data) == ticket and data[24:] == b"forged"
    for forged in [*flipped, os.urandom(16) + data[16:], data[:24] + b"admin", data + b"x", data[:-1], os.urandom(len(data))]:
        assert answer_to(server, encode(forged)) == REFUSED
    assert takes(server, ticket, "forged")


@pytest.mark.parametrize("shown", [b"", b"uid1", b"A", b"A" * 32, b"A" * 372, b"A" * 373, b"A" * 65536, b'{"ticket":"x"}', b"\0" * 40,
                                   "再".encode() * 20])
def test_other_first_message__4401(server, shown):
    assert answer_to(server, shown) == REFUSED


@pytest.mark.parametrize("change", [lambda t: t + b"=", lambda t: b" " + t, lambda t: t + b"\n", lambda t: t + t, lambda t: t[:-1] + b"+",
                                    lambda t: t[:-2]])
def test_ticket_in_another_form__4401(server, lines, change):
    ticket = ticket_of(lines, "uid")
    assert answer_to(server, change(ticket)) == REFUSED
    assert takes(server, ticket, "uid")


def test_binary_message__4401(server, lines):
    assert answer_to(server, ticket_of(lines, "uid1"), binary) == REFUSED


def test_a_mebibyte__1009(server):
    assert answer_to(server, b"A" * (1 << 20))[0] == 1009


def test_log__says_why_and_for_whom_and_no_ticket():
    server = PushServer("--auth", "ticket", "--ticket-ttl", "3s", "--log-level", "debug")
    begin = time.monotonic()
    with server.lines() as lines:
        late, used = ticket_of(lines, "late"), ticket_of(lines, "used")
        assert takes(server, used, "used")
        ports = []
        # Such lines come once a second; the last one is of a ticket whose time is over.
        for at_s, ticket, why in ((0, b"uid1", "it is malformed"), (1.1, used, "it is unknown, or was used"), (3.1, late, "it has expired")):
            eventually(lambda: time.monotonic() > begin + at_s, "its time")
            with server.page() as page:
                ports.append((page.port, why))
                page.send(text(ticket))
                assert end_of(page) == REFUSED
    log = end(server, [late, used])
    for port, why in ports:
        assert f"warning: refused the ticket of the page of 127.0.0.1:{port}: {why}\n" in log
    assert "ticket for 'late': issued" in log


def test_ticket__ends():
    server = PushServer("--auth", "ticket", "--ticket-ttl", "2s")
    with server.lines() as lines:
        assert document(lines.ask(asked("uid1", reply="json")), b"ok")["ttl"] == 2
        late = ticket_of(lines, "late")
        begin = time.monotonic()
        assert takes(server, ticket_of(lines, "soon"), "soon")
        eventually(lambda: time.monotonic() > begin + 2.05, "its end")
        assert answer_to(server, late) == REFUSED
    end(server)


# ---- In the URL


def test_url__only_with_the_flag(server, lines):
    ticket = ticket_of(lines, "url")
    with Page(server.addresses["websocket"], target=b"/?ticket=" + ticket) as page:
        page.settle()
        assert lines.ask(b'{"uid":"url"}') == b"fail"
        page.send(text(ticket))
        assert is_bound(page, lines, "url")


def test_url__has_the_ticket_and_no_log_has_it():
    server = PushServer("--auth", "ticket", "--ticket-in-url", "--log-level", "debug", "--origin", "https://example.com")
    tickets = []

    def page_of(query, *fields):
        return Page(server.addresses["websocket"], *fields, target=b"/a?" + query)

    def ticket(uid):
        tickets.append(ticket_of(lines, uid))
        return tickets[-1]

    with server.lines() as lines:
        for before, behind in ((b"", b""), (b"a=b&", b""), (b"&&", b"&c"), (b"xticket=y&", b"&ticket=z")):
            with page_of(before + b"ticket=" + ticket("url") + behind) as page:
                assert is_bound(page, lines, "url")
        for shown in (tickets[0], b"", b"uid1", b"A" * 373, b"A" * 8000, tickets[0] + b"%20"):
            with page_of(b"ticket=" + shown) as page:
                assert end_of(page) == REFUSED
        with page_of(b"other=" + ticket("url")) as page:  # then the first message has it
            page.send(text(ticket("first")))
            assert is_bound(page, lines, "first")
        with page_of(b"ticket=" + ticket("origin"), b"Origin: https://example.org") as page:
            assert page.status == 403
        assert takes(server, tickets[-1], "origin")  # it was not looked at
        with Page(server.addresses["websocket"], target=b"/^?ticket=" + ticket("bad")) as page:
            assert page.status == 400
        for method in (b"GET", b"POST"):
            assert server.post(b"", method=method, path=b"/?ticket=" + ticket("http")).status in (200, 405)
    end(server, tickets)


# ---- Several processes


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


# ---- The flags


@pytest.mark.parametrize("flags, why", [
    (["--ticket-ttl", "60s"], "--ticket-ttl is of no use without --auth ticket"),
    (["--ticket-in-url"], "--ticket-in-url is of no use without --auth ticket"),
    (["--auth", "ticket", "--ticket-ttl", "999ms"], "--ticket-ttl takes 1s to 1h: a ticket is for a page that connects now"),
    (["--auth", "ticket", "--ticket-ttl", "3601s"], "--ticket-ttl takes 1s to 1h: a ticket is for a page that connects now"),
    (["--auth", "ticket", "--uid-key", "user"],
     "--uid-key is of no use with --auth ticket: the first message, whole, is the ticket, which has the uid"),
    (["--auth", "ticket", "--inner", "off", "--http", "off"], "--auth ticket needs --inner or --http, where back ends ask for tickets"),
    (["--auth", "ticket", "--jwt-key", "/dev/null"], "--jwt-key is of no use without --auth jwt"),
])
def test_flags_that_do_not_fit(flags, why):
    done = subprocess.run([program(), "push", "check", *flags], capture_output=True, text=True, timeout=30, check=False, env=clean_environment())
    assert (done.returncode, done.stderr) == (2, f"wm-serve push: {why}\n")


def test_listen_on_the_network__warns_of_tickets_without_tls():
    words = [program(), "push", "check", "--listen", "websocket://0.0.0.0:0", "--auth", "ticket"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False, env=clean_environment())
    assert done.returncode == 0
    assert "is open to the network without TLS: tickets can be read on the way" in done.stderr
    assert "may claim any uid" not in done.stderr
