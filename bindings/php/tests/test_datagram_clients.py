"""AsyncUdpConnection and UdpConnection of the program's own, against a socket of this file."""
import json

import pytest

from datagram_peer import DatagramPeer
from php_program import eventually


class Control:
    """The program, told what to do line by line."""

    def __init__(self, server):
        self.server, self.peer = server, server.connect()
        self.seen = len(server.rows())

    def do(self, what, *arguments, **more):
        self.peer.send(json.dumps({"do": what, "with": arguments, **more}) + "\n")
        return json.loads(self.peer.read_line())

    def make(self, address, **more):
        told = self.do("make", address=address, **more)
        assert told is False, told

    def rows(self):
        """What callbacks have told since the beginning of the test."""
        return [[row[0], *row[2:]] for row in self.server.rows()[self.seen:] if row[0] != "ready"]

    def await_rows(self, *rows):
        eventually(lambda: len(self.rows()) >= len(rows), f"{rows}, {self.rows()}")
        assert self.rows() == [each if isinstance(each, list) else [each] for each in rows]


@pytest.fixture(scope="module")
def server(shared_program):
    return shared_program("datagram_clients").start()


@pytest.fixture
def control(server):
    made = Control(server)
    yield made
    made.do("close")
    made.peer.sock.close()


@pytest.fixture
def far():
    with DatagramPeer() as made:
        yield made


def answer(far, data):
    """Takes a datagram, and answers it."""
    got, address = far.sock.recvfrom(1 << 17)
    far.sock.sendto(data, address)
    return got


def test_messages__go_both_ways(control, far):
    control.make(f"udp://127.0.0.1:{far.port}", first=["hello", ""])
    assert control.do("connect") is None
    control.await_rows("connect")  # by connect() itself
    assert answer(far, b"an answer") == b"hello"
    assert answer(far, b"") == b""
    control.await_rows("connect", ["message", "an answer"], ["message", ""])
    assert control.do("send", "once more") is True
    assert far.receive() == b"once more"
    assert control.do("close", "goodbye") is None
    assert far.receive() == b"goodbye"
    control.await_rows("connect", ["message", "an answer"], ["message", ""], "close")


def test_send__connects(control, far):
    control.make(f"udp://127.0.0.1:{far.port}")
    assert control.do("send", "hello") is True
    assert far.receive() == b"hello"
    control.await_rows("connect")
    assert control.do("send", "x" * 65508) is False
    assert control.do("send", "behind") is True
    assert far.receive() == b"behind"


def test_close__behind_a_send_in_one_callback_lets_it_arrive(control, far):
    control.make(f"udp://127.0.0.1:{far.port}", first=["hello"], last="goodbye")
    control.do("connect")
    assert (far.receive(), far.receive()) == (b"hello", b"goodbye")
    control.await_rows("connect", "close")


def test_close__can_be_followed_by_another_connect(control, far):
    control.make(f"udp://127.0.0.1:{far.port}")
    control.do("send", "first")
    first = far.sock.recvfrom(100)[1]
    control.do("close")
    control.await_rows("connect", "close")
    assert control.do("send", "second") is True  # its callbacks are gone
    assert far.sock.recvfrom(100)[1] != first
    control.await_rows("connect", "close")


def test_protocol__encodes_and_decodes(control, far):
    control.make(f"Upper://127.0.0.1:{far.port}")
    assert control.do("send", "nothing") is None
    assert control.do("send", "hello") is True
    assert answer(far, b"an answer") == b"<hello>"
    assert control.do("send", "raw", True) is True
    assert far.receive() == b"raw"
    control.await_rows("connect", ["message", "AN ANSWER"])


@pytest.mark.parametrize("scheme, received, message, sent", [
    ("text", b"a line\r\n", "a line", b"hello\n"), ("frame", b"\0\0\0\5a", "a", b"\0\0\0\x09hello")])
def test_protocol__of_workerman_is_spoken(control, far, scheme, received, message, sent):
    control.make(f"{scheme}://127.0.0.1:{far.port}")
    control.do("send", "hello")
    assert answer(far, received) == sent
    control.await_rows("connect", ["message", message])


def test_addresses__of_both_ends_are_told(control, far):
    control.make(f"udp://127.0.0.1:{far.port}", context={"socket": {"bindto": "127.0.0.7:0"}})
    assert control.do("json")["getLocalAddress"] == ""
    control.do("send", "hello")
    _, (ip, port) = far.sock.recvfrom(100)
    assert ip == "127.0.0.7"
    shown = control.do("json")
    assert (shown["getRemoteAddress"], shown["remotePort"]) == (f"127.0.0.1:{far.port}", far.port)
    assert (shown["getLocalIp"], shown["getLocalPort"]) == ("127.0.0.7", port)
    assert control.do("class") == "Workerman\\Connection\\AsyncUdpConnection Workerman\\Connection\\UdpConnection"


def test_ipv6__and_host_names(control):
    with DatagramPeer(host="::1") as far:
        control.make(f"udp://[::1]:{far.port}")
        control.do("send", "six")
        assert answer(far, b"sixth") == b"six"
        control.await_rows("connect", ["message", "sixth"])
        shown = control.do("json")
        assert (shown["getRemoteIp"], shown["remotePort"], shown["isIpV6"]) == ("::1", far.port, True)
        control.do("close")
    with DatagramPeer() as far:
        control.make(f"udp://localhost:{far.port}")
        control.do("send", "named")
        assert answer(far, b"name") == b"named"


def test_refusals__of_the_peer_are_not_told(control):
    with DatagramPeer() as far:
        control.make(f"udp://127.0.0.1:{far.port}")
        control.do("send", "hello")
        far.receive()
        port = far.port
        far.sock.close()
        for _ in range(3):
            assert control.do("send", "nobody hears this") is True
        control.await_rows("connect")
    with DatagramPeer() as far:
        assert port != far.port
        control.make(f"udp://127.0.0.1:{far.port}")
        control.do("send", "hello")
        assert far.receive() == b"hello"


def test_failure__to_connect_is_logged_only(control, server):
    control.make("udp://127.0.0.1:9", context={"socket": {"bindto": "192.0.2.1:0"}})
    assert control.do("connect") is None
    eventually(lambda: "192.0.2.1" in server.output() or "assign requested address" in server.output(), "the error in the log")
    assert not [row for row in control.rows() if row[0] == "close"]


@pytest.mark.differs
def test_exceptions__of_callbacks_end_nothing(control, server, far):
    control.make(f"Upper://127.0.0.1:{far.port}")
    control.do("send", "hello")
    answer(far, b"throw")
    control.do("send", "hello")
    answer(far, b"next")
    control.await_rows("connect", ["message", "NEXT"])
    assert "deliberate exception in decode" in server.output()


def test_error_handler__takes_exceptions(control, far):
    control.make(f"udp://127.0.0.1:{far.port}", handles=True)
    control.do("send", "hello")
    answer(far, b"throw in callback")
    control.await_rows("connect", ["message", "throw in callback"], ["handled", "deliberate exception in onMessage"])


@pytest.mark.differs
@pytest.mark.parametrize("address, words", [
    ("127.0.0.1:1", ["Bad remoteAddress", "udp://HOST:PORT"]),
    ("udp://127.0.0.1", ["Bad remoteAddress"]),
    ("nosuch://127.0.0.1:1", ["nosuch://", "class"]),
    ("http://127.0.0.1:1", ["Http", "needs a stream"]),
])
def test_address__that_cannot_be_is_said(control, address, words):
    told = control.do("make", address=address)
    assert all(word in told for word in ["threw", *words]), told


def test_memory__is_flat_over_clients_that_come_and_go(control, far):
    counts = []
    for _ in range(4):
        for _ in range(10):
            assert control.do("many", address=f"udp://127.0.0.1:{far.port}", count=50) == 50
            for _ in range(50):
                assert far.receive() == b"one of many"
        counts.append(control.do("memory"))
    assert counts[3] - counts[1] < 50_000, counts


def test_udp_connection__of_a_socket_of_the_program(evaluate):
    """As Workerman's own test of the class has it."""
    with DatagramPeer() as far:
        told = evaluate(f"""
            $socket = stream_socket_client('udp://127.0.0.1:{far.port}');
            $connection = new Workerman\\Connection\\UdpConnection($socket, '127.0.0.1:{far.port}');
            $connection->protocol = Workerman\\Protocols\\Text::class;
            $shown = [$connection->send('foo'), json_decode(json_encode($connection)), $connection->getSocket() === $socket];
            $connection->close('bye');
            return [...$shown, is_resource($socket)];""")
        _, (ip, port) = far.sock.recvfrom(100)
        assert far.receive() == b"bye\n"
    assert told == [True, {
        "transport": "udp", "getRemoteIp": "127.0.0.1", "remotePort": far_port(told), "getRemoteAddress": f"127.0.0.1:{far_port(told)}",
        "getLocalIp": ip, "getLocalPort": port, "getLocalAddress": f"{ip}:{port}", "isIpV4": True, "isIpV6": False,
    }, True, False]


def far_port(told):
    return told[1]["remotePort"]


def test_udp_connection__of_a_server_socket_sends_to_its_address(evaluate):
    with DatagramPeer() as far:
        assert evaluate(f"""
            $socket = stream_socket_server('udp://127.0.0.1:0', $code, $text, STREAM_SERVER_BIND);
            return (new Workerman\\Connection\\UdpConnection($socket, '127.0.0.1:{far.port}'))->send('hello');""") is True
        assert far.receive() == b"hello"


@pytest.mark.differs
def test_udp_connection__takes_nothing_after_its_close(evaluate):
    with DatagramPeer() as far:
        assert evaluate(f"""
            $connection = new Workerman\\Connection\\UdpConnection(stream_socket_client('udp://127.0.0.1:{far.port}'), '127.0.0.1:{far.port}');
            $connection->close();
            return [$connection->send('late'), $connection->getLocalAddress(), $connection->getSocket()];""") == [False, "", None]


@pytest.mark.differs
def test_udp_connection__of_what_is_no_socket_says_so(evaluate):
    told = evaluate("""try { return new Workerman\\Connection\\UdpConnection(null, '127.0.0.1:1'); }
        catch (TypeError $error) { return $error->getMessage(); }""")
    assert "stream_socket_client" in told and "null" in told
