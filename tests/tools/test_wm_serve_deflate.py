"""wm-serve push --deflate: pages that offer permessage-deflate get compressed messages, the others plain ones, over both ports of pages."""
import json
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "conformance"))

from deflate_peer import RESETS, DeflatePeer, parameters_of  # noqa: E402
from ports import free_port  # noqa: E402
from push_fixtures import start  # noqa: E402, F401
from push_server import Page  # noqa: E402
from ws_frames import TEXT  # noqa: E402

OFFER = b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
LINE = json.dumps({"uid": "u", "list": [f"value {at % 7}" for at in range(200)]}).encode()


class DeflatePage(Page):
    """A page of a browser that compresses."""

    def __init__(self, address):
        super().__init__(address, OFFER)
        self.parameters = parameters_of(self.head + b"\r\n\r\n")
        self.end = DeflatePeer(self.parameters or {})

    def register(self, uid):
        self.sock.sendall(self.end.message(TEXT, uid))
        self.settle()

    def compressed(self):
        def read(size):
            while len(self._data) < size:
                part = self.sock.recv(1 << 16)
                assert part, "end of stream"
                self._data += part
            data, self._data = self._data[:size], self._data[size:]
            return data

        return self.end.take(read)


def push(server):
    with server.lines() as lines:
        assert lines.ask(LINE) == b"ok"


@pytest.mark.parametrize("deflate, agreed", [("shared", RESETS), ("own", ""), ("off", None)])
@pytest.mark.parametrize("one_port", [False, True])
def test_pages_that_offer_it(start, deflate, agreed, one_port):
    port = free_port()
    ports = ["--listen", f"websocket://127.0.0.1:{port}", "--http", f"http://127.0.0.1:{port}"] if one_port else []
    server = start(*ports, "--deflate", deflate)
    with DeflatePage(server.addresses["websocket"]) as page, Page(server.addresses["websocket"]) as plain:
        assert page.parameters == (None if agreed is None else dict(each.partition("=")[::2] for each in agreed.split("; ") if each))
        if agreed is None:
            return
        page.register(b"u")
        push(server)
        message = page.compressed()
        assert message.payload == LINE and message.compressed and message.wire < len(LINE) / 2
        plain.register(b"u")
        push(server)
        assert plain.message() == LINE
        message = page.compressed()
        assert message.payload == LINE
        assert message.compressed == (deflate == "shared"), "what goes to several pages is framed once for all"


def test_other_words_are_refused():
    command = [os.environ["WM_SERVE"], "push", "check", "--deflate", "on"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert answer.returncode == 2 and "--deflate takes off, shared or own, not 'on'" in answer.stderr
