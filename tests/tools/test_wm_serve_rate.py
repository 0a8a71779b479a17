"""`wm-serve push --rate` and `--rate-connects`: how much a page may say, and how often an address may come."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from push_fixtures import start  # noqa: E402, F401
from push_server import Page  # noqa: E402
from test_wm_serve_config import run, settings  # noqa: E402
from ws_frames import CLOSE, binary, close, ping, text  # noqa: E402


def end_of(page):
    """The close code and reason, which come behind the answers to what the page has sent before."""
    while (frame := page.frame()).opcode != CLOSE:
        pass
    page.send(close(frame.code))
    return frame.code, frame.payload[2:].decode()


def test_page_that_says_too_much__1008_and_the_log_says_so(start):
    server = start("--rate", "1/10")
    with server.page(b"loud") as loud, server.page(b"quiet") as quiet, server.lines() as lines:
        quiet.send(text("x") * 10)
        quiet.settle()
        loud.send(text("x") * 5 + binary(b"x") * 40)
        assert end_of(loud) == (1008, "too many messages")
        assert lines.ask(b'{"uid":"quiet"}') == b"ok"
        assert quiet.message() == b'{"uid":"quiet"}'
        assert lines.ask(b'{"uid":"loud"}') == b"fail"
        port = loud.port
    code, log = server.stop()
    assert code == 0
    assert log.rstrip().endswith(f"closed the page of 127.0.0.1:{port}: it sends more than 1 messages a second, behind 10 at once: --rate")


def test_default__takes_a_hundred_and_not_two_hundred(start):
    server = start()
    with server.page(b"uid1") as page:
        page.send(text("x") * 100)
        page.settle()
    with server.page(b"uid1") as page:
        page.send(text("x") * 200)
        assert end_of(page) == (1008, "too many messages")
    server.stop()


def test_off__takes_all(start):
    server = start("--rate", "off")
    with server.page(b"uid1") as page:
        page.send(text("x") * 5000)
        page.settle()
    assert server.stop() == (0, "")


def test_first_message_and_pings_of_the_protocol__are_not_counted(start):
    server = start("--rate", "1/1")
    with server.page() as page:
        page.send(ping(b"x") * 20 + text("uid1") + ping(b"x") * 20 + text("one"))
        for _ in range(40):
            page.raw_frame()
        page.settle()
    assert server.stop() == (0, "")


def test_pings_in_text__are_counted_behind_the_uid(start):
    server = start("--rate", "1/3", "--text-ping", "ping=pong")
    with server.page() as page:
        page.send(text("ping") * 10 + text("uid1") + text("ping") * 4)
        assert page.messages(13) == [b"pong"] * 13
        assert end_of(page) == (1008, "too many messages")
    server.stop()


def test_connects_of_one_address__429_and_others_come_in(start):
    server = start("--rate-connects", "1")
    address = server.addresses["websocket"]
    statuses = []
    for _ in range(20):
        with Page(address) as page:
            statuses.append(page.status)
            if page.status == 429:
                assert b"Retry-After: 1" in page.head
    assert statuses[0] == 101
    assert 429 in statuses
    with Page(address, from_ip="127.0.0.2") as page:
        assert page.status == 101
    code, log = server.stop()
    assert code == 0
    assert "its address connects more often than 1 times a second: --rate-connects" in log


def test_connects__without_a_limit_by_default(start):
    server = start()
    for _ in range(300):
        with Page(server.addresses["websocket"]) as page:
            assert page.status == 101
    assert server.stop() == (0, "")


@pytest.mark.parametrize("rate", ["0", "x", "20/", "20/0", "1000001", "-1", "1.5", "20/100/5", "20 /100"])
def test_rate_that_is_none(rate):
    code, _, error = run("check", f"--rate={rate}")
    assert (code, error) == (2, f"wm-serve push: --rate takes N or N/BURST, each from 1 to 1000000, or off, not '{rate}'\n")


def test_rates_are_settings():
    found = settings("--rate", "5", WM_PUSH_RATE_CONNECTS="7")
    assert found["rate"] == ("5", "flag")
    assert found["rate-connects"] == ("7", "WM_PUSH_RATE_CONNECTS")
    assert settings()["rate"] == ("20/100", "default")
