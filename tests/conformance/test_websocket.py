"""Websocket frames: every row of the table whole, cut at every byte, and byte by byte."""
import pytest

from lanes import bytewise, cuts_of, run_lanes
from websocket_rows import LIMIT, ROWS
from ws_frames import frames_of, shake_hands

OPTIONS = (f"max_message={LIMIT}",)
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)


def check(row, data, reset):
    assert [each.seen() for each in frames_of(data)] == row.seen
    assert not reset, "ended by a reset: the peer may never read the close frame (RFC 6455 §7.1.1)"


def check_lanes(rows, scripts, outcomes):
    for row, parts, outcome in zip(rows, scripts, outcomes):
        try:
            check(row, outcome.data, outcome.reset)
        except AssertionError as error:
            cut = f"{parts[0][-32:].hex(' ')} | {parts[1][:32].hex(' ')}"
            raise AssertionError(f"{row.id}, {len(parts)} parts, the first of {len(parts[0])} bytes: {cut}: {error}") from None


@each_row
def test_whole(servers, whole_mode, row):
    mode, transport = whole_mode
    server = servers.get(mode, *OPTIONS)
    with server.connect(f"ws.{transport}") as peer:
        shake_hands([peer])
        check(row, *peer.exchange(row.data))
        reason, code, _ = peer.wait_event("close").words
        assert reason == row.reason
        if reason == "PEER":
            assert int(code) == row.seen[-1][1]


@each_row
def test_cut_at_every_byte(servers, cut_mode, row):
    mode, transport = cut_mode
    server = servers.get(mode, *OPTIONS)
    scripts = cuts_of(row.data, row.edges)
    check_lanes([row] * len(scripts), scripts, run_lanes(server, f"ws.{transport}", scripts, shake_hands))


def test_byte_by_byte(servers, cut_mode):
    """Every short row at once, one byte a step."""
    mode, transport = cut_mode
    server = servers.get(mode, *OPTIONS)
    rows = [row for row in ROWS if len(row.data) <= 150]
    scripts = [bytewise(row.data) for row in rows]
    check_lanes(rows, scripts, run_lanes(server, f"ws.{transport}", scripts, shake_hands))
