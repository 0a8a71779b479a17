"""Fixtures around the push server, for the test files that import them."""
import pytest

from push_server import PushServer


# What tests make a server say, by lines and pages that it refuses: they look at it on servers of their own.
REFUSALS = ("refused a line of", "has JSON as its uid")


def check_end(server):
    """Every server must still be there at the end of its tests, and end well when told to."""
    assert server.process.poll() is None, f"wm-serve ended with {server.process.returncode}: {server.wait()[1]}"
    code, error = server.stop()
    assert (code, [line for line in error.splitlines() if not any(words in line for words in REFUSALS)]) == (0, [])


@pytest.fixture(scope="module")
def shared_server():
    """One server for all tests that need no flags: what one of them breaks, the next one sees."""
    server = PushServer()
    yield server
    check_end(server)


@pytest.fixture
def server(shared_server):
    return shared_server


@pytest.fixture
def page(server):
    with server.page(b"uid1") as page:
        yield page


@pytest.fixture
def lines(server):
    with server.lines() as lines:
        yield lines


@pytest.fixture
def start():
    """Starts servers with flags; each must end well."""
    servers = []

    def make(*flags, **settings):
        servers.append(PushServer(*flags, **settings))
        return servers[-1]

    yield make
    for server in servers:
        if server.process.poll() is None:
            server.process.terminate()
        server.process.wait(30)
