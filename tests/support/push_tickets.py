"""Tickets of `wm-serve push --auth ticket`: what back ends ask for, pages show, and a server answers."""
import json

from instance import eventually
from ws_frames import CLOSE, close, text

REFUSED = (4401, "ticket refused")
LATER = (1013, "try again")


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
