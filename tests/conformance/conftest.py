"""Servers for the suite: one process for each set of options and mode, kept for the whole run, restarted when a row has ended it.

At the end every server must stop by itself with exit code 0: under a sanitizer that is also the check for leaks.
"""
import pytest

from server_process import ConformanceServer

# Callbacks and pull mode, over each transport that the rows need not run on in full.
WHOLE = [("callbacks", "tcp4"), ("callbacks", "tcp6"), ("callbacks", "unix"), ("pull", "tcp4"), ("pull", "unix")]
CUT = [("callbacks", "tcp4"), ("pull", "unix")]


FORESEEN = "TLS on a port without it"  # rows begin a TLS handshake


class Servers:
    def __init__(self):
        self._running = {}

    def get(self, mode, *options):
        key = (mode, *options)
        server = self._running.get(key)
        if server is None:
            server = self._running[key] = ConformanceServer(*options, pull=mode == "pull")
        return server

    def take_dead(self):
        """Forgets servers that have ended, and says what they left."""
        texts = []
        for key, server in list(self._running.items()):
            if not server.alive():
                code, text = server.stop()
                texts.append(f"the server {' '.join(key)} ended with {code} after «{server.last_line}»\n{text}")
                del self._running[key]
        return texts

    def stop_all(self):
        texts = []
        for key, server in self._running.items():
            code, text = server.stop()
            text = "".join(line for line in text.splitlines(True) if FORESEEN not in line)
            if code != 0 or text:
                texts.append(f"the server {' '.join(key)} stopped with {code}\n{text}")
        self._running.clear()
        return texts


@pytest.fixture(scope="session")
def _all_servers():
    servers = Servers()
    yield servers
    texts = servers.stop_all()
    assert not texts, "\n".join(texts)


@pytest.fixture
def servers(_all_servers):
    yield _all_servers
    texts = _all_servers.take_dead()
    assert not texts, "\n".join(texts)


def _mode_ids(modes):
    return ["-".join(mode) for mode in modes]


@pytest.fixture(params=WHOLE, ids=_mode_ids(WHOLE))
def whole_mode(request):
    """(callbacks or pull, transport)"""
    return request.param


@pytest.fixture(params=CUT, ids=_mode_ids(CUT))
def cut_mode(request):
    """The two that rows run on cut at every byte."""
    return request.param
