"""Memory, forced collection of cycles and peers that vanish in mid-message, for each way by which messages come: a protocol in PHP, connections
that the program makes, streams and uploads, streams that the loop watches, and the hub."""
import functools
import hashlib
import json
import socket
import struct

import pytest

from php_program import eventually, request, resident
from test_robust import LINES, LINES_OF_TEXT, TOLERANCE, pump

CONTROL, COUNTED, ECHO, RELAY, WEB, WATCHES, HUB = range(7)
COUNTED_LINES = b"".join(b"%04d%s" % (len(line), line) for line in LINES_OF_TEXT.splitlines())
PIECES = [b"piece %d" % number for number in range(12)]
CONTENT = b"\0\1" * 20_000
FORM = (b'--edge\r\nContent-Disposition: form-data; name="name"\r\n\r\nann\r\n--edge\r\nContent-Disposition: form-data; name="file"; '
        b'filename="a"\r\n\r\n' + CONTENT + b"\r\n--edge--\r\n")


def chunked(pieces):
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


CHUNKS = chunked(PIECES)
EVENTS = chunked(b"data: %s\n\n" % piece for piece in PIECES)


def upload(target="/upload"):
    return request("POST", target, "Content-Type: multipart/form-data; boundary=edge", body=FORM)


# ---- one round of each: about LINES messages, for lines, and fewer for the others

def lines(server, rounds, port, block=LINES_OF_TEXT):
    with server.connect(server.ports[port]) as peer:
        pump(peer, rounds * LINES, block, block)


def chunks(server, rounds):
    with server.connect(server.ports[WEB]) as peer:
        for _ in range(rounds * 10):
            peer.send(request("GET", "/chunks"))
            peer.read_head()
            assert peer.read_exactly(len(CHUNKS)) == CHUNKS


def events(server, rounds):
    for _ in range(rounds * 10):
        with server.connect(server.ports[WEB]) as peer:
            peer.send(request("GET", "/events"))
            peer.read_head()
            assert peer.read_to_end() == EVENTS


def uploads(server, rounds):
    with server.connect(server.ports[WEB]) as peer:
        for _ in range(rounds * 10):
            peer.send(upload())
            assert peer.read_answer().body == hashlib.md5(CONTENT).hexdigest().encode() + b" ann"


def watches(server, rounds):
    with server.connect(server.ports[WATCHES]) as peer:
        for _ in range(rounds):
            assert peer.ask("200") == "seen"


# How: what it does, rounds before the first look, rounds after it.
SURFACES = {
    "protocol": (functools.partial(lines, port=COUNTED, block=COUNTED_LINES), 10, 90),
    "client": (functools.partial(lines, port=RELAY), 10, 90),
    "chunks": (chunks, 10, 30),
    "events": (events, 10, 30),
    "uploads": (uploads, 10, 30),
    "watches": (watches, 10, 90),
    "hub": (functools.partial(lines, port=HUB), 10, 90),
}


def nothing_lives(server):
    """Waits until all that was captured is gone, without a collection of cycles; PHP's memory in bytes then."""
    def told():
        with server.connect() as peer:
            alive, used = json.loads(peer.ask("report"))
        return used if alive == 0 else None
    return eventually(told, "the end of all witnesses")


@pytest.mark.parametrize("name", SURFACES)
def test_memory__is_flat_and_closures_keep_nothing(program, name):
    work, before, after = SURFACES[name]
    server = program("surfaces", ports=7).start()
    work(server, before)
    used, whole = nothing_lives(server), resident(server.pid)
    work(server, after)
    assert nothing_lives(server) - used < 64 * 1024
    assert resident(server.pid) - whole < TOLERANCE
    assert len(server.pids()) == 1


@pytest.mark.parametrize("name", SURFACES)
def test_gc__forced_in_callbacks_harms_none(program, name):
    server = program("surfaces", ports=7, collect="yes").start()
    SURFACES[name][0](server, 2)
    nothing_lives(server)
    assert len(server.pids()) == 1


# ---- peers that vanish

# A port, what is sent, and what has to arrive before the peer goes.
HALVES = {
    "protocol": (COUNTED, b"0005whole0100half", b"0005whole"),
    "client": (RELAY, b"whole\nhalf", b"whole\n"),
    "client, while it connects": (RELAY, b"whole\nhalf", b""),
    "chunks": (WEB, request("GET", "/endless"), b"piece 11"),
    "events": (WEB, request("GET", "/events") + request("GET", "/chunks")[:20], b"data: piece 9"),
    "upload": (WEB, upload() + upload()[:-1000], b" ann"),
    "watch": (WATCHES, b"0\nhalf", b"silent\n"),
    "hub": (HUB, b"whole\nhalf", b"whole\n"),
    "hub, before its result": (HUB, b"line\n" * 100 + b"half", b""),
}


@pytest.mark.parametrize("name", HALVES)
def test_peers__that_vanish_in_mid_message_leave_nothing(program, tmp_path, name):
    port, data, heard = HALVES[name]
    server = program("surfaces", ports=7, environment={"TMPDIR": str(tmp_path)}).start()
    for number in range(20):
        with server.connect(server.ports[port]) as peer:
            peer.send(data)
            while heard not in peer.data:
                peer.more()
            if number % 2:
                peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    nothing_lives(server)
    assert not list(tmp_path.glob("workerman.upload.*"))
    assert len(server.pids()) == 1


def test_server_of_a_client__that_vanishes_in_mid_message(program):
    server = program("surfaces", ports=7).start()
    for _ in range(20):
        with server.connect(server.ports[RELAY]) as peer:
            assert peer.ask("whole") == "whole"
            peer.send("cut\n")
            assert peer.read_to_end() == b""
    nothing_lives(server)
    assert len(server.pids()) == 1


def test_exception__behind_an_upload_leaves_no_file(program, tmp_path):
    server = program("surfaces", ports=7, environment={"TMPDIR": str(tmp_path)}).start()
    for _ in range(20):
        with server.connect(server.ports[WEB]) as peer:
            peer.send(upload("/upload?throw=1"))
            assert peer.read_answer().status == 500
    eventually(lambda: not list(tmp_path.glob("workerman.upload.*")), "the end of all files")
    nothing_lives(server)
    assert f"deliberate exception with {len(CONTENT)}" in server.output()
