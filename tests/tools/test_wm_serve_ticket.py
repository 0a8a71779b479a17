"""`wm-serve push --auth ticket`: a page shows a one-time ticket, which a back end has asked for."""
import base64
import json
import os
import pathlib
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from instance import eventually  # noqa: E402
from push_server import Page, PushServer, clean_environment, program  # noqa: E402
from push_tickets import REFUSED, answer_to, asked, document, end, end_of, is_bound, takes, ticket_of  # noqa: E402
from ws_frames import binary, close, text  # noqa: E402

FORM = 'a ticket is asked for with {"uid":"NAME"}, and in JSON with "wm":{"reply":"json"} beside it'
NO_TICKETS = "this server has no tickets: it was started without --auth ticket"
FULL = "100000 tickets of this process wait to be used, and it keeps no more: try again when some are used or over"


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


# ---- The flags


@pytest.mark.parametrize("flags, why", [
    (["--ticket-ttl", "60s"], "--ticket-ttl is of no use without --auth ticket"),
    (["--ticket-in-url"], "--ticket-in-url is of no use without --auth ticket"),
    (["--auth", "ticket", "--uid-key", "user"],
     "--uid-key is of no use with --auth ticket: the first message, whole, is the ticket, which has the uid"),
    (["--auth", "ticket", "--inner", "off", "--http", "off"], "--auth ticket needs --inner or --http, where back ends ask for tickets"),
    (["--auth", "ticket", "--jwt-key", "/dev/null"], "--jwt-key is of no use without --auth jwt"),
])
def test_flags_that_do_not_fit(flags, why):
    done = subprocess.run([program(), "push", "check", *flags], capture_output=True, text=True, timeout=30, check=False, env=clean_environment())
    assert (done.returncode, done.stderr) == (2, f"wm-serve push: {why}\n")


RANGE = "give a whole number and a unit, from 1s to 1h, as in 2s or 1m"


@pytest.mark.parametrize("ttl, why", [
    ("0s", RANGE), ("999ms", RANGE), ("3601s", RANGE), ("2h", RANGE), ("25h", RANGE), ("soon", RANGE),
    ("30", "the unit is missing; give 30s or 30m"), ("90", "the unit is missing; give 90s"),
])
def test_ticket_ttl__says_its_own_range(ttl, why):
    flags = ["--auth", "ticket", "--ticket-ttl", ttl]
    done = subprocess.run([program(), "push", "check", *flags], capture_output=True, text=True, timeout=30, check=False, env=clean_environment())
    assert (done.returncode, done.stderr) == (2, f"wm-serve push: --ticket-ttl: {ttl}: {why}\nTry wm-serve push --help.\n")


def test_listen_on_the_network__warns_of_tickets_without_tls():
    words = [program(), "push", "check", "--listen", "websocket://0.0.0.0:0", "--auth", "ticket"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False, env=clean_environment())
    assert done.returncode == 0
    assert "is open to the network without TLS: tickets can be read on the way" in done.stderr
    assert "may claim any uid" not in done.stderr
