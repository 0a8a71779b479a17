"""The websocket handshake: every row of the table whole and cut at every byte, the limits on it, and what an answer must not say."""
import pytest

from handshake_rows import ROWS, shake
from http_answers import answers_of, take_head
from lanes import bytewise, cuts_of, run_lanes
from ws_frames import accept_of, close, frames_of, request, shake_hands, text

each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
# Sent behind a handshake that must be accepted, in the same write: a message and the close of a working websocket.
FRAMES = text("hello") + close(1000)


def bytes_of(row):
    return row.data + (FRAMES if row.status == 101 else b"")


def check(row, data, reset):
    if row.status == 101:
        check_accepted(row, data)
    else:
        check_refused(row, data)
    assert not reset, "ended by a reset: the answer may be lost on its way"


def check_accepted(row, data):
    answer, rest = take_head(data)
    assert (answer.status, answer.reason) == (101, b"Switching Protocols")
    assert answer.value(b"upgrade").lower() == b"websocket"
    assert b"upgrade" in answer.value(b"connection").lower()
    assert answer.value(b"sec-websocket-accept") == accept_of(row.key)
    # Nothing was asked for that this server speaks: an extension or a protocol that it names would be one it made up (§4.2.2).
    for name in (b"sec-websocket-extensions", b"sec-websocket-protocol", b"content-length", b"transfer-encoding"):
        assert answer.values(name) == []
    assert [each.seen() for each in frames_of(rest)] == [("text", b"hello"), ("close", 1000)]


def check_refused(row, data):
    method = row.data.split(b" ")[0]
    answers = answers_of(data, [method])
    assert [answer.status for answer in answers] == [row.status]
    assert answers[0].closes, "an error ends the connection, and says so"
    assert answers[0].value(b"content-length") is not None
    for name, value in row.fields.items():
        assert answers[0].value(name.encode()) == value
    assert answers[0].values(b"sec-websocket-accept") == []


def check_lanes(rows, scripts, outcomes):
    for row, parts, outcome in zip(rows, scripts, outcomes):
        try:
            check(row, outcome.data, outcome.reset)
        except (AssertionError, TypeError) as error:
            raise AssertionError(f"{row.id}, {len(parts)} parts, {parts[0][-40:]!r} | {parts[1][:40]!r}: {outcome.data!r}: {error}") from None


@each_row
def test_whole(servers, whole_mode, row):
    mode, transport = whole_mode
    with servers.get(mode).connect(f"ws.{transport}") as peer:
        check(row, *peer.exchange(bytes_of(row)))
        kinds = [event.kind for event in peer.events()]
        # A connection that never opened has no open event.
        assert ("open" in kinds) == (row.status == 101)


@each_row
def test_cut_at_every_byte(servers, cut_mode, row):
    mode, transport = cut_mode
    scripts = cuts_of(bytes_of(row), row.edges)
    check_lanes([row] * len(scripts), scripts, run_lanes(servers.get(mode), f"ws.{transport}", scripts))


def test_byte_by_byte(servers, cut_mode):
    mode, transport = cut_mode
    scripts = [bytewise(bytes_of(row)) for row in ROWS]
    check_lanes(ROWS, scripts, run_lanes(servers.get(mode), f"ws.{transport}", scripts))


def padded_shake(size):
    """A right handshake whose head has exactly that many bytes."""
    empty = shake(extra=[b"X-Pad: "])
    return shake(extra=[b"X-Pad: " + b"p" * (size - len(empty))])


@pytest.mark.parametrize("over", [0, 1])
def test_head_of_the_limit_and_one_over_it(servers, whole_mode, over):
    mode, transport = whole_mode
    data = padded_shake(2000 + over)
    assert len(data) == 2000 + over
    with servers.get(mode, "max_header_bytes=2000").connect(f"ws.{transport}") as peer:
        data, reset = peer.exchange(data + (b"" if over else FRAMES))
        assert not reset
        if over:
            answers = answers_of(data, [b"GET"])
            assert [answer.status for answer in answers] == [431] and answers[0].closes
        else:
            assert take_head(data)[0].status == 101


def test_endless_head_is_refused_long_before_it_ends(servers, whole_mode):
    mode, transport = whole_mode
    with servers.get(mode).connect(f"ws.{transport}") as peer:
        data, _ = peer.exchange(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * (1 << 20))
        assert [answer.status for answer in answers_of(data, [b"GET"])] == [431]


@pytest.mark.parametrize("lines", [100, 101])
def test_100_header_lines_and_one_more(servers, whole_mode, lines):
    mode, transport = whole_mode
    data = shake(extra=[b"X: y"] * (lines - 5))
    with servers.get(mode).connect(f"ws.{transport}") as peer:
        data, reset = peer.exchange(data + (FRAMES if lines == 100 else b""))
        assert take_head(data)[0].status == (101 if lines == 100 else 431)
        assert not reset


def test_slow_handshakes_are_ended_and_a_done_one_is_not(servers, whole_mode):
    """handshake_timeout_ms bounds them, however much has come; a websocket that is open has nothing to fear from it."""
    mode, transport = whole_mode
    server = servers.get(mode, "handshake_timeout_ms=1000")
    done = server.connect(f"ws.{transport}")
    shake_hands([done])
    slow = [server.connect(f"ws.{transport}") for _ in range(4)]
    for peer, sent in zip(slow, (b"", b"G", request()[:40], request()[:-1])):
        peer.send(sent)
    for peer in slow:
        data, _ = peer.read_until_eof()
        # RFC 9110 §15.5.9 allows to say why.
        assert [answer.status for answer in answers_of(data, [b"GET"])] in ([], [408])
        assert peer.wait_event("close").words[0] == "TIMEOUT"
        peer.close()
    assert done.is_silent()
    data, _ = done.exchange(FRAMES)
    assert [each.seen() for each in frames_of(data)] == [("text", b"hello"), ("close", 1000)]
    done.close()


def test_peer_leaves_inside_the_handshake(servers, whole_mode):
    mode, transport = whole_mode
    with servers.get(mode).connect(f"ws.{transport}") as peer:
        peer.send(request()[:50])
        peer.half_close()
        data, _ = peer.read_until_eof()
        assert [answer.status for answer in answers_of(data, [b"GET"])] in ([], [400])
        assert [event.kind for event in peer.events()][-1] == "close"
