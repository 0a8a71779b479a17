"""The carrier over NATS, with a server that does what none should: what it says of it, what it costs, and that it comes back."""
import contextlib
import json
import socket
import threading

import pytest

from carrier_host import Carrier, exchange_all, hash_of
from certificates import make_certificate
from instance import HANG_SECONDS, eventually
from scale.fake_nats import FakeNats, honest

MIB = 1 << 20


def first_warning(carrier):
    """The log comes by a pipe of its own."""
    return eventually(carrier.warnings, "a warning")[0]


def after(number, play):
    """Plays so for that many connections, and as a server does from there on."""
    return lambda peer, count: play(peer) if count <= number else honest(peer)


def greeted(*words):
    """INFO, and all that the client says first; words: which it must hold."""
    def play(peer):
        peer.info()
        said = peer.until("PING")
        assert [each[0] for each in said] == ["CONNECT", "SUB", "PUB", "SUB", "PUB", "PING"], said
        return said
    return play


@pytest.mark.parametrize("by, size", [(1, 3000), (7, 20_000), (1000, MIB), (70_000, MIB)])
def test_cut_bytes__are_one_stream(by, size):
    def play(peer, _):
        peer.info(by=by)
        peer.serve(by=by)

    with FakeNats(play) as server, Carrier(server.url) as carrier:
        carrier.await_event("up")
        exchange_all([carrier])
        for _ in range(3):
            assert carrier.fill("a1", size) and carrier.send("a1", "a short one")
        for _ in range(3):
            carrier.await_event(f"got {size} {hash_of(b'x' * size)}")
            carrier.await_event("got a short one")


def test_messages__in_one_piece_behind_each_other():
    def play(peer, _):
        peer.info()
        peer.until("PING")
        peer.say(b"PONG\r\n+OK\r\nMSG wm.default.all 2 6\r\na PONG\r\nPING\r\nMSG wm.default.n.a 1 reply 0\r\n\r\nMSG x 1 4\r\nMSG \r\n")
        assert peer.next() == ["PONG"]
        peer.serve()

    with FakeNats(play) as server, Carrier(server.url) as carrier:
        carrier.await_event("up")
        carrier.await_event("got a PONG")
        carrier.await_event("got MSG ")


NOT_NATS = [
    (b"HTTP/1.1 400 Bad Request\r\n\r\n", "what no NATS server says"),
    (b"SSH-2.0-OpenSSH_9.2\r\n", "what no NATS server says"),
    (b"x" * 5000, "a line that is too long"),
    (b"INFO " + b"x" * 70000, "a line that is too long"),
    (b"INFO {}\n", "without a carriage return"),
    (b"INFO {\r\n", "INFO: it is not JSON"),
    (b"INFO\r\n", "INFO: it is not JSON"),
    (b"INFO {} {}\r\n", "INFO: it is not JSON"),
    (b"INFO []\r\n", "INFO: it is not a JSON object"),
    (b"INFO " + b"[" * 60000 + b"\r\n", "INFO: it is not JSON"),
    (b'INFO {"max_payload":-1}\r\n', "INFO: max_payload"),
    (b'INFO {"max_payload":"1"}\r\n', "INFO: max_payload"),
    (b'INFO {"max_payload":100}\r\n', "has to be 4096 at least"),
    (b"-ERR 'maximum connections exceeded'\r\n", "raise max_connections"),
    (b"", "closed the connection"),
]



ERRORS = [
    ("Authorization Violation", "none is set"),
    ("Authentication Timeout", "no login in time"),
    ("maximum connections exceeded", "max_connections"),
    ("Permissions Violation for Subscription to \"wm.default.all\"", "permissions.subscribe"),
    ("Permissions Violation for Publish to \"wm.default.all\"", "permissions.publish"),
    ("Slow Consumer", "too slowly"),
    ("Stale Connection", "pings"),
    ("Maximum Payload Violation", "max_payload"),
    ("A\x1b[2JB\x00", "-ERR 'A\\x1b[2JB\\x00'"),
]
LASTING = ("none is set", "max_connections", "permissions.", "has to be 4096")


def say_first(first):
    return lambda peer: peer.say(first)


def say_error(error, confirmed):
    def play(peer):
        greeted()(peer)
        peer.say((b"PONG\r\n" if confirmed else b"") + b"-ERR '" + error.encode() + b"'\r\n")
        peer.wait_for_end()
    return play


PLAYS = [("first", say_first(first), said) for first, said in NOT_NATS]
PLAYS += [(place, say_error(error, place == "up"), said) for place in ("confirming", "up") for error, said in ERRORS]


@pytest.mark.parametrize("place", ["first", "confirming", "up"])
def test_errors__are_told_once_in_each_place(place):
    """Twice the same, and then all is well. What a person has to change is no loop of fast attempts."""
    rows = [row for row in PLAYS if row[0] == place]
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(FakeNats(after(2, play))) for _, play, _ in rows]
        carriers = [stack.enter_context(Carrier(server.url)) for server in servers]
        for (_, _, said), server, carrier in zip(rows, servers, carriers):
            if place == "up":
                for _ in range(2):
                    carrier.await_event("up")
                    carrier.await_event("down")
            carrier.await_event("up")
            facts = carrier.facts()
            assert facts["error"] == "" and facts["address"] == server.address
            warnings = eventually(carrier.warnings, "a warning")
            assert len(warnings) == 1 and said in warnings[0] and server.address in warnings[0], warnings
            pauses = [later - earlier for earlier, later in zip(server.times, server.times[1:])]
            assert min(pauses) > 0.9 or not any(each in said for each in LASTING), (said, pauses)


@pytest.mark.parametrize("phase", ["info", "confirming"])
def test_a_mute_server__is_given_up(phase):
    """What it says later, when nobody waits for it any more, is nobody's."""
    late = []

    def play(peer):
        if phase == "confirming":
            greeted()(peer)
        assert peer.wait_for_end() == b""
        with contextlib.suppress(ConnectionError):
            peer.say(b"PONG\r\nMSG wm.default.all 2 4\r\nlate\r\n")
        late.append(peer)

    with FakeNats(after(1, play)) as server, Carrier(server.url) as carrier:
        said = "has not said INFO in time" if phase == "info" else "has not answered in time"
        carrier.await_error(said)
        eventually(lambda: late, "the end of the first connection")
        carrier.await_event("up")
        exchange_all([carrier])


def test_a_server_that_falls_silent__is_given_up():
    def play(peer):
        greeted()(peer)
        peer.say(b"PONG\r\n")
        assert peer.wait_for_end() == b"PING\r\nPING\r\n"

    with FakeNats(after(1, play)) as server, Carrier(server.url) as carrier:
        carrier.await_event("up")
        carrier.await_event("down")
        carrier.await_event("up")
        assert "two pings" in first_warning(carrier)


def test_a_server_that_ends_its_side_alone__has_ended():
    def play(peer):
        greeted()(peer)
        peer.say(b"PONG\r\n")
        peer.sock.shutdown(socket.SHUT_WR)
        assert peer.wait_for_end() == b""

    with FakeNats(after(1, play)) as server, Carrier(server.url) as carrier:
        for event in ("up", "down", "up"):
            carrier.await_event(event)
        assert "closed the connection" in first_warning(carrier)


def test_reset__begins_anew_and_takes_nothing_of_before():
    ends = []

    def play(peer, number):
        peer.info()
        peer.until("PING")
        peer.say(b"PONG\r\n")
        with contextlib.suppress(EOFError):
            while True:
                assert peer.next()[0] in ("PUB", "PING")
        ends.append(number)

    with FakeNats(play) as server, Carrier(server.url) as carrier:
        for number in range(1, 4):
            carrier.await_event("up")
            carrier.reset("nothing comes back")
            carrier.await_event("down")
            eventually(lambda: number in ends, "the end of the connection")  # pylint: disable=cell-var-from-loop
        carrier.await_event("up")
        assert carrier.facts()["connects"] == 4 and "nothing comes back" in first_warning(carrier)


@pytest.mark.parametrize("announced, said", [(512 * MIB, "too large"), (8 * MIB + 1, "too large"), (10**17, "too large"),
                                             (3, "longer than announced")])
def test_a_payload_of_another_size__ends_the_connection(announced, said):
    def play(peer):
        greeted()(peer)
        peer.say(b"PONG\r\nMSG wm.default.all 2 %d\r\nabcdef\r\n" % announced)
        peer.wait_for_end()

    with FakeNats(after(1, play)) as server, Carrier(server.url) as carrier:
        carrier.await_event("up")
        carrier.await_event("down")
        carrier.await_event("up")
        assert said in first_warning(carrier)
        assert carrier.takes_less(32 * MIB)


def test_a_payload_of_8_mib__is_taken():
    def play(peer, _):
        peer.info(max_payload=64 * MIB)
        peer.serve()

    with FakeNats(play) as server, Carrier(server.url) as carrier:
        carrier.await_event("up")
        assert carrier.fill("a1", 8 * MIB) and not carrier.fill("a1", 8 * MIB + 1)
        carrier.await_event(f"got {8 * MIB} {hash_of(b'x' * 8 * MIB)}")


@pytest.mark.parametrize("members, most", [({"max_payload": 4096}, 4096), (None, MIB)])
def test_max_payload__is_what_a_message_may_have(members, most):
    def play(peer, _):
        if members:
            peer.info(**members)
        else:
            peer.say(b"INFO {}\r\n")
        peer.serve()

    with FakeNats(play) as server, Carrier(server.url) as carrier:
        carrier.await_event("up")
        assert carrier.fill("a1", most) and not carrier.fill("a1", most + 1)


def test_max_payload__that_is_lowered_begins_anew():
    def play(peer, number):
        peer.info(max_payload=8192)
        if number == 1:
            peer.until("PING")
            peer.say(b"PONG\r\n")
            peer.info(max_payload=16384)
            peer.info(max_payload=4096)
        peer.serve()

    with FakeNats(play) as server, Carrier(server.url) as carrier:
        carrier.await_event("up")
        carrier.await_event("down")
        carrier.await_event("up")
        assert "has lowered max_payload" in first_warning(carrier)


def test_pings_of_a_server_that_reads_nothing__cost_a_limit_and_no_more():
    def play(peer):
        greeted()(peer)
        peer.say(b"PONG\r\n")
        for _ in range(8):
            peer.say(b"PING\r\n" * MIB)
        flooded.set()
        seen.wait(HANG_SECONDS)

    flooded, seen = threading.Event(), threading.Event()
    with FakeNats(after(1, play)) as server, Carrier(server.url) as carrier:
        carrier.await_event("up")
        assert flooded.wait(HANG_SECONDS)
        assert carrier.rss() > 16 * MIB and carrier.takes_less(64 * MIB)
        seen.set()
        carrier.await_event("down")
        carrier.await_event("up")


def test_servers_that_are_named__are_tried_every_second_time():
    with FakeNats() as other:
        def play(peer, number):
            if number == 1:
                peer.info(connect_urls=["127.0.0.1:1", "", "nats://x", "a b:1", other.address, 7])
                peer.until("PING")
                peer.say(b"PONG\r\n")
                peer.until("PUB")
            peer.sock.close()

        with FakeNats(play) as server, Carrier(server.url) as carrier:
            carrier.await_event("up")
            assert carrier.facts()["address"] == server.address and carrier.send("0", "x")
            carrier.await_event("down", skip=("got",))
            carrier.await_event("up")
            assert carrier.facts()["address"] == other.address
            assert server.connections >= 2  # between the two that were named


def test_servers_with_a_cause_each__are_told_once_each():
    with FakeNats(lambda peer, _: peer.say(b"+OK\n")) as one, FakeNats(lambda peer, _: peer.say(b"PINGS\r\n")) as other:
        with Carrier(f"{one.url},{other.url}") as carrier:
            eventually(lambda: min(one.connections, other.connections) >= 3, "three attempts with each")
    for said in (f"{one.address}: it has sent a line that ends without", f"{other.address}: it has sent what no NATS"):
        assert sum(said in line for line in carrier.log) == 1, carrier.log


def test_lame_duck_mode__moves_to_another_server():
    with FakeNats() as other:
        def play(peer, _):
            peer.info()
            peer.until("PING")
            peer.say(b"PONG\r\n")
            peer.until("PUB")
            peer.info(ldm=True)
            said.append(peer.wait_for_end())

        said = []
        with FakeNats(play) as server, Carrier(f"{server.url},{other.url}") as carrier:
            carrier.await_event("up")
            while carrier.facts()["address"] != server.address:
                carrier.reset()
                carrier.await_event("down")
                carrier.await_event("up")
            assert carrier.send("0", "x")
            carrier.await_event("down", skip=("got",))
            carrier.await_event("up")
            assert carrier.facts()["address"] == other.address
            eventually(lambda: any("lame duck" in line for line in carrier.warnings()), "a line of the log")
            assert eventually(lambda: said, "the end of the connection") == [b""]


def test_lame_duck_mode__of_the_only_server_changes_nothing():
    def play(peer, _):
        peer.info(ldm=True)
        peer.serve()

    with FakeNats(play) as server, Carrier(server.url) as carrier:
        carrier.await_event("up")
        exchange_all([carrier])



def test_logins__are_in_connect_and_nowhere_else():
    seen = []

    def play(peer, _):
        peer.info(auth_required=True)
        words = peer.read_line()
        seen.append(json.loads(words.removeprefix("CONNECT ")))
        peer.serve()

    with FakeNats(play) as server:
        rows = [
            (f"nats://us%40er:se%3Acret@{server.address}", {}, {"user": "us@er", "pass": "se:cret"}),
            (f"nats://tok%2Fen@{server.address}", {}, {"auth_token": "tok/en"}),
            (server.url, {"user": "u\"x", "password": "secret"}, {"user": "u\"x", "pass": "secret"}),
            (server.url, {"password": "secret"}, {"auth_token": "secret"}),
            (server.url, {}, {}),
        ]
        for url, login, expected in rows:
            with Carrier(url, **login) as carrier:
                carrier.await_event("up")
                carrier.reset()
                carrier.await_event("down")
                carrier.await_event("up")
                text = str(carrier.log) + str(carrier.facts())
                assert not any(secret in text for secret in ("se:cret", "se%3Acret", "tok/en", "tok%2Fen", "secret"))
            said = seen[-1]
            assert {name: said[name] for name in ("user", "pass", "auth_token") if name in said} == expected
            assert said["echo"] is True and said["verbose"] is False and said["protocol"] == 1 and said["tls_required"] is False


# ---- TLS, which begins behind INFO

@pytest.fixture(name="site")
def make_site(tmp_path):
    return make_certificate(tmp_path)


def tls_play(certificate, by=0, **info):
    def play(peer, _):
        peer.info(by=by, **info)
        peer.begin_tls(certificate)
        peer.serve()
    return play


@pytest.mark.parametrize("scheme", ["tls", "nats+tls", "nats"])
def test_tls__begins_behind_info(site, scheme):
    """With nats:// where the server requires it, by an attempt of its own."""
    def play(peer, number):
        peer.info(by=7, tls_required=True)
        if scheme == "nats" and number == 1:
            assert peer.wait_for_end() == b""  # no login in plain text
            return
        peer.begin_tls(site)
        assert json.loads(peer.read_line().removeprefix("CONNECT "))["tls_required"] is True
        peer.serve()

    with FakeNats(play) as server, Carrier(f"{scheme}://u:p@{server.address}", ca=site.cert) as carrier:
        carrier.await_event("up")
        exchange_all([carrier])
        assert carrier.warnings() == []


def test_tls__is_used_where_it_is_offered(site):
    with FakeNats(tls_play(site, tls_available=True)) as server:
        with Carrier(f"tls://{server.address}", ca=site.cert) as carrier:
            carrier.await_event("up")


PLAIN = [
    ({}, b"", "offers no TLS"),
    ({"tls_required": False}, b"", "offers no TLS"),
    (None, b"HTTP/1.1 400 Bad Request\r\n\r\n", "before TLS it has sent what no NATS server says"),
    (None, b"-ERR 'x'\r\n", "it has not begun with INFO"),
    (None, b"INFO {\r\n", "INFO: it is not JSON"),
    (None, b"INFO " + b"x" * 70000, "before TLS it has sent a line that is too long"),
    ({"tls_required": True}, b"+OK\r\n", "TLS"),
]


def test_tls__is_not_left_out(tmp_path, site):
    """A server that has none, or says more in plain text, gets no login."""
    said = []

    def plays(info, rest):
        def play(peer, _):
            if info is not None:
                peer.info(**info)
            peer.say(rest)
            said.append(peer.wait_for_end())
        return play

    with contextlib.ExitStack() as stack:
        for info, rest, why in PLAIN:
            server = stack.enter_context(FakeNats(plays(info, rest)))
            carrier = stack.enter_context(Carrier(f"tls://user:password@{server.address}", ca=site.cert))
            carrier.await_error(why)
    assert len(said) >= len(PLAIN) and not any(b"password" in each or b"CONNECT" in each for each in said)


def test_tls__without_its_file(tmp_path):
    with FakeNats() as server, Carrier(f"tls://{server.address}", ca=tmp_path / "none.pem") as carrier:
        carrier.await_error("none.pem")
    assert server.connections == 0
    assert len([line for line in carrier.log if "none.pem" in line]) == 1, carrier.log


def test_tls__of_a_server_that_nobody_knows(tmp_path, site):
    other = make_certificate(tmp_path / "other")
    with FakeNats(tls_play(other, tls_required=True)) as server, Carrier(f"tls://u:p@{server.address}", ca=site.cert) as carrier:
        carrier.await_error("certificate")
    assert all(not peer.subscriptions for peer in server.peers)


def test_tls__of_a_server_that_was_named_has_the_name_of_the_other(tmp_path):
    """INFO before TLS may be anybody's: what it names gets no login by a certificate of its own."""
    site = make_certificate(tmp_path, "site", names="IP:127.0.0.1")
    thief = make_certificate(tmp_path, "thief", names="IP:127.0.0.2")
    both = tmp_path / "both.pem"
    both.write_text(site.pem + thief.pem)
    logins = []

    def steal(peer, _):
        peer.info(tls_required=True)
        with contextlib.suppress(OSError):
            peer.begin_tls(thief)
            logins.append(peer.read_line())

    with FakeNats(steal, host="127.0.0.2") as other:
        def play(peer, number):
            peer.info(tls_required=True, connect_urls=[other.address])
            peer.begin_tls(site)
            if number == 1:
                peer.until("PING")
                peer.say(b"PONG\r\n")
                peer.until("PUB")
            else:
                peer.serve()

        with FakeNats(play) as server, Carrier(f"tls://u:p@{server.address}", ca=both) as carrier:
            carrier.await_event("up")
            assert carrier.send("0", "x")
            carrier.await_event("down", skip=("got",))
            carrier.await_event("up")
            assert carrier.facts()["address"] == server.address
            assert other.connections == 1 and logins == [], logins
