"""What a server must survive: exit() in callbacks, peers that vanish, forced collection of cycles, a million messages."""
import json
import os
import random
import socket
import struct
import threading

import pytest

import ws_frames
from php_program import alive, eventually, kill_client, request, resident, title_of

# ---- exit() and fatal errors


@pytest.mark.parametrize("how", ["exit", "exit-with-code"])
@pytest.mark.parametrize("callback", ["onConnect", "onMessage", "onClose", "onWebSocketConnect", "timer"])
def test_exit__ends_the_process_which_is_replaced(program, callback, how):
    server = program("robust").start()
    first = server.pid
    with server.connect() as other:
        assert other.ask(f"arm {callback} {how}") == f"armed {callback}"
        with server.connect(server.ports[1] if callback == "onWebSocketConnect" else server.port) as peer:
            if callback == "onWebSocketConnect":
                peer.send("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
            elif callback in ("onMessage", "timer"):
                peer.send({"onMessage": "hello\n", "timer": "timer\n"}[callback])
            if callback != "onClose":
                peer.read_to_end()
        other.read_to_end()
    server.await_trace("ready", 2)
    eventually(lambda: not alive(first), "the end of the first process")
    assert server.pid != first and alive(server.master)
    with server.connect() as peer:
        assert peer.ask("hello") == "echo hello"
    log = server.output()
    assert "Throwing from FFI" not in log and "Segmentation" not in log


def test_exit__lets_arrive_what_was_sent_before(program):
    server = program("robust").start()
    with server.connect() as peer:
        assert peer.ask("arm onMessage exit") == "armed onMessage"
        peer.send("last message\n")
        assert peer.read_to_end() == b"last words\n"
    server.await_trace("ready", 2)


def test_exit__does_not_stop_the_master_however_often(program):
    server = program("robust").start()
    for round_ in range(5):
        with server.connect() as peer:
            assert peer.ask("arm onMessage exit") == "armed onMessage"
            peer.send("hello\n")
            peer.read_to_end()
        server.await_trace("ready", round_ + 2)
    assert server.stop() == 0


def test_die__in_onWorkerStop_does_not_hold_up_the_stop(program):
    server = program("robust", exit="onWorkerStop").start()
    pid = server.pid
    assert server.stop() == 0
    assert not alive(pid)
    assert len(server.trace("stop")) == 1


def test_fatal_error__ends_the_process_which_is_replaced(program):
    server = program("robust").start()
    first = server.pid
    with server.connect() as peer:
        assert peer.ask("arm onMessage fatal") == "armed onMessage"
        peer.send("hello\n")
        peer.read_to_end()
    server.await_trace("ready", 2)
    assert server.pid != first
    with server.connect() as peer:
        assert peer.ask("hello") == "echo hello"
    assert "Allowed memory size" in server.output()


# ---- peers that vanish

def test_peers__that_are_killed_in_mid_message(program):
    server = program("robust").start()
    pid = server.pid
    with server.connect() as other:
        for number in range(50):
            with server.connect() as peer:
                peer.send("a whole one\nhalf of an")
                if number % 2:
                    peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        server.await_trace("close", 50)
        assert other.ask("hello") == "echo hello"
    assert server.pids() == [pid]
    assert not [row for row in server.trace("message") if row[0].startswith("half")]


def test_peer__process_that_is_killed_in_mid_message(program):
    server = program("robust").start()
    kill_client(server, "a whole one\nhalf of an", "message")
    server.await_trace("close")
    with server.connect() as peer:
        assert peer.ask("hello") == "echo hello"


# ---- memory

MIB = 1 << 20
LINES = 2000
LINES_OF_TEXT = b"".join(b"message %07d\n" % number for number in range(LINES))
# What the allocators may keep between two looks at the same work.
TOLERANCE = 2 * MIB


def pump(peer, total, block=LINES_OF_TEXT, answer=LINES_OF_TEXT):
    """Sends blocks of LINES messages, that many messages in all, and reads their answers, some blocks behind."""
    credit = threading.Semaphore(4)

    def feed():
        for _ in range(total // LINES):
            credit.acquire()
            peer.sock.sendall(block)
    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    for _ in range(total // LINES):
        assert peer.read_exactly(len(answer)) == answer
        credit.release()
    feeder.join()


def report(peer):
    return json.loads(peer.ask("report"))


def pid_at(server, number):
    """The process that serves a port, by its title."""
    (pid,) = [pid for pid in server.pids() if title_of(pid).endswith(f":{server.ports[number]}")]
    return pid


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def test_million_messages__memory_is_flat(program):
    server = program("memory", ports=6).start(ready=6)
    pid = pid_at(server, 0)
    with server.connect() as peer:
        pump(peer, 200_000)
        used, whole = report(peer)["bytes"], resident(pid)
        pump(peer, 800_000)
        used_after, whole_after = report(peer)["bytes"], resident(pid)
    assert used_after - used < 64 * 1024
    assert whole_after - whole < TOLERANCE
    assert alive(pid)


def test_websocket_messages__memory_is_flat(program):
    server = program("memory", ports=6).start(ready=6)
    pid = pid_at(server, 5)
    payloads = [b"message %07d" % number for number in range(LINES)]
    sent = b"".join(ws_frames.text(payload) for payload in payloads)
    received = b"".join(bytes((0x81, len(payload))) + payload for payload in payloads)
    with server.connect(server.ports[5]) as peer:
        peer.shake_hands()
        pump(peer, 40_000, sent, received)
        whole = resident(pid)
        pump(peer, 1_000_000, sent, received)
        assert resident(pid) - whole < TOLERANCE


def http_report(peer):
    peer.send(request("GET", "/report"))
    return json.loads(peer.read_answer().body)


def test_http_requests__memory_is_flat_and_none_is_kept(program):
    server = program("memory", ports=6).start(ready=6)
    pid = pid_at(server, 4)
    with server.connect(server.ports[4]) as peer:
        def ask(total):
            for _ in range(total // 100):
                peer.send(request("GET", "/?word=one") * 100)
                for _ in range(100):
                    assert peer.read_answer().body == b"one"
        ask(2_000)
        before, whole = http_report(peer), resident(pid)
        ask(8_000)
        after, whole_after = http_report(peer), resident(pid)
        # The request that asks is the only one.
        assert before["alive"] == after["alive"] == 1
        assert after["bytes"] - before["bytes"] < 64 * 1024
        assert whole_after - whole < TOLERANCE
        peer.send(request("GET", "/cycle") * 100)
        for _ in range(100):
            peer.read_answer()
        assert http_report(peer)["alive-then"] == 1


@pytest.mark.differs
def test_timers__keep_nothing_when_they_have_fired_or_are_deleted(program):
    server = program("memory", ports=6).start(ready=6)
    with server.connect(server.ports[3]) as peer:
        told = []
        for _ in range(4):
            assert peer.ask("2000") == "fired"
            told.append(report(peer))
    assert [each["alive"] for each in told] == [0, 0, 0, 0]
    assert told[3]["bytes"] - told[1]["bytes"] < 64 * 1024


def reset(sock):
    """Ends it without the port being held for a minute."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def visit(server, number, total, batch):
    """That many connections, each with one message, `batch` of them at a time."""
    for _ in range(total // batch):
        peers = [server.connect(server.ports[number]) for _ in range(batch)]
        for peer in peers:
            peer.send("hello\n")
        for peer in peers:
            assert peer.read_line() == "hello"
            reset(peer.sock)


def await_closed(peer, count):
    def closed():
        told = report(peer)
        return told if told["closed"] >= count else None
    return eventually(closed, f"{count} closed connections")


def test_closures__that_hold_their_connection_do_not_keep_it(program):
    server = program("memory", ports=6).start(ready=6)
    with server.connect(server.ports[1]) as peer:
        visit(server, 1, 2_000, 100)
        used = await_closed(peer, 2_000)["bytes"]
        files = descriptors(pid_at(server, 1))
        visit(server, 1, 8_000, 100)
        told = await_closed(peer, 10_000)
        assert descriptors(pid_at(server, 1)) == files
    # The one that asks is the only one, without a collection of cycles.
    assert (told["connections"], told["alive"], told["alive-then"]) == (1, 1, 1)
    assert told["bytes"] - used < 64 * 1024


def test_cycles__of_the_program_are_collected(program):
    server = program("memory", ports=6).start(ready=6)
    with server.connect(server.ports[2]) as peer:
        visit(server, 2, 1_000, 100)
        told = await_closed(peer, 1_000)
    assert (told["connections"], told["alive-then"]) == (1, 1)


def test_websockets__leave_nothing(program):
    server = program("memory", ports=6).start(ready=6)
    with server.connect(server.ports[5]) as peer:
        peer.shake_hands()
        for _ in range(10):
            peers = [server.connect(server.ports[5]) for _ in range(50)]
            for each in peers:
                each.shake_hands()
                each.say("hello")
                assert each.read_frame() == ("text", b"hello")
                reset(each.sock)

        def told():
            peer.say("report")
            return json.loads(peer.read_frame()[1])
        eventually(lambda: told()["closed"] == 500, "500 closed ones")
        assert told()["alive-then"] == 1


def test_churn__of_peers_of_every_kind_harms_none(program):
    """Peers of three protocols that come, send messages of many sizes in parts, and go in the midst of them."""
    server = program("memory", ports=6, collect="yes").start(ready=6)
    pids = server.pids()
    numbers = random.Random(7)

    def text(peer, word):
        peer.send(word + "\n" + word[:7])
        return lambda: peer.read_line() == word

    def page(peer, word):
        peer.shake_hands()
        peer.send(ws_frames.text(word) + ws_frames.text(word)[:9])
        return lambda: peer.read_frame() == ("text", word.encode())

    def web(peer, word):
        data = request("GET", f"/?word={word[:4000]}")
        peer.send(data + data[:-9])
        return lambda: peer.read_answer().body == word[:4000].encode()

    kinds = [(0, text), (1, text), (2, text), (4, web), (5, page)]
    for _ in range(20):
        peers = []
        for _ in range(20):
            number, talk = numbers.choice(kinds)
            peer = server.connect(server.ports[number])
            word = numbers.choice("abcdef") * numbers.choice((1, 10, 125, 126, 1000, 16_384, 65_535, 65_536, 200_000))
            peers.append((peer, talk(peer, word)))
        for peer, answered in peers:
            assert numbers.random() < 0.3 or answered()
            (reset if numbers.random() < 0.5 else socket.socket.close)(peer.sock)
    assert server.pids() == pids


def test_gc__forced_in_callbacks_harms_none(program):
    server = program("memory", ports=6, collect="yes").start(ready=6)
    pids = server.pids()
    with server.connect(server.ports[1]) as peer:
        visit(server, 1, 500, 50)
        told = await_closed(peer, 500)
        assert (told["connections"], told["alive-then"]) == (1, 1)
        pump(peer, 4_000)
    with server.connect(server.ports[2]) as peer:
        visit(server, 2, 500, 50)
        assert await_closed(peer, 500)["alive-then"] == 1
    assert server.pids() == pids


# ---- an error handler that throws

@pytest.fixture
def strict(program):
    server = program("strict", ports=2).start(ready=2)
    pids = server.pids()
    yield server
    assert server.pids() == pids and all(alive(pid) for pid in pids), server.output()


def test_error_handler_that_throws__an_upload_that_was_moved_away(strict):
    body = '--limit\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nkept\r\n--limit--\r\n'
    with strict.connect() as peer:
        for _ in range(2):
            peer.send(request("POST", "/", "Content-Type: multipart/form-data; boundary=limit", body=body))
            assert peer.read_answer().body == b"done"
    assert (strict.directory / "kept").read_text() == "kept"


def test_error_handler_that_throws__sessions_that_are_not_there(strict):
    with strict.connect() as peer:
        for target in ("/", "/?forget=1"):
            peer.send(request("GET", target, "Cookie: PHPSID=0123456789abcdef0123456789abcdef"))
            assert peer.read_answer().body == b"done"


def test_error_handler_that_throws__a_handshake_with_too_many_parameters(strict):
    with strict.connect(strict.ports[1]) as peer:
        peer.send(request("GET", "/?" + "&".join(f"a{number}=" for number in range(1100)), "Upgrade: websocket", "Connection: Upgrade",
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"))
        assert peer.read_answer().status == 500
    with strict.connect(strict.ports[1]) as peer:
        peer.shake_hands("/?a=1")
        peer.send(ws_frames.frame(1, b"hello"))
        assert peer.read_frame() == ("text", b"hello")
