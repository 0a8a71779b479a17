"""Websocket frames: every row of the table whole, cut at every byte, and byte by byte."""
import pytest

from deflate_peer import open_with
from lanes import bytewise, cuts_of, run_lanes
from websocket_rows import LIMIT, ROWS
from ws_frames import frames_of, shake_hands

OPTIONS = (f"max_message={LIMIT}",)
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)


def in_pull_mode(seen):
    """Pongs apart: the library sends them before the host has been given the messages around them. Neither RFC nor peer minds."""
    return [each for each in seen if each[0] == "pong"], [each for each in seen if each[0] != "pong"]


def check(row, mode, data, reset):
    seen = [each.seen() for each in frames_of(data)]
    if mode == "pull":
        assert in_pull_mode(seen) == in_pull_mode(row.seen)
    else:
        assert seen == row.seen
    assert not reset, "ended by a reset: the peer may never read the close frame (RFC 6455 §7.1.1)"


def check_lanes(rows, mode, scripts, outcomes):
    for row, parts, outcome in zip(rows, scripts, outcomes):
        try:
            check(row, mode, outcome.data, outcome.reset)
        except AssertionError as error:
            cut = f"{parts[0][-32:].hex(' ')} | {parts[1][:32].hex(' ')}"
            raise AssertionError(f"{row.id}, {len(parts)} parts, the first of {len(parts[0])} bytes: {cut}: {error}") from None


@each_row
def test_whole(servers, whole_mode, row):
    mode, transport = whole_mode
    server = servers.get(mode, *OPTIONS)
    with server.connect(f"ws.{transport}") as peer:
        shake_hands([peer])
        check(row, mode, *peer.exchange(row.data))
        reason, code, _ = peer.wait_event("close").words
        assert reason == row.reason
        if reason == "PEER":
            assert int(code) == row.seen[-1][1]


@each_row
def test_cut_at_every_byte(servers, cut_mode, row):
    mode, transport = cut_mode
    server = servers.get(mode, *OPTIONS)
    scripts = cuts_of(row.data, row.edges)
    check_lanes([row] * len(scripts), mode, scripts, run_lanes(server, f"ws.{transport}", scripts, shake_hands))


def test_byte_by_byte(servers, cut_mode):
    """Every short row at once, one byte a step."""
    mode, transport = cut_mode
    server = servers.get(mode, *OPTIONS)
    rows = [row for row in ROWS if len(row.data) <= 150]
    scripts = [bytewise(row.data) for row in rows]
    check_lanes(rows, mode, scripts, run_lanes(server, f"ws.{transport}", scripts, shake_hands))


# With permessage-deflate agreed on, RSV1 begins a compressed message; all else is as without it, for messages that are not compressed.
COMPRESSED = ("RSV 100 on text", "RSV 100 on binary", "RSV1 with data that looks deflated")
PLAIN_ROWS = [row for row in ROWS if row.name not in COMPRESSED]


def agree_on_deflate(peers):
    for peer in peers:
        assert open_with(peer, "permessage-deflate") is not None


@pytest.mark.parametrize("deflate", ["shared", "own"])
@pytest.mark.parametrize("how", ["whole", "byte by byte"])
def test_with_deflate_agreed(servers, cut_mode, deflate, how):
    mode, transport = cut_mode
    server = servers.get(mode, *OPTIONS, f"deflate={deflate}", f"deflate_min={2 * LIMIT}")
    rows = [row for row in PLAIN_ROWS if len(row.data) <= 150 or how == "whole"]
    scripts = [[row.data] if how == "whole" else bytewise(row.data) for row in rows]
    check_lanes(rows, mode, [[*parts, b""] for parts in scripts], run_lanes(server, f"ws.{transport}", scripts, agree_on_deflate))
