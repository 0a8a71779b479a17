"""Streams over TLS of servers: records in pieces, ends with and without close_notify, and records that break the rules."""
import os
import select
import socket
import ssl

from server_process import HANG_SECONDS
from tls_server import Memory, client_context, connect, files, server  # noqa: F401


def test_records_come_a_byte_at_a_time(server, files):
    client = Memory(server, files)
    client.run(client.tls.do_handshake, step=1)
    client.send_bytes(client.encrypt(b"hello\n"), step=1)
    assert client.run(client.tls.read, 100) == b"hello\n"
    client.peer.close()


def test_half_a_record_is_not_data(server, files):
    client = Memory(server, files)
    client.run(client.tls.do_handshake)
    record = client.encrypt(b"hello\n")
    client.send_bytes(record[:-1])
    server.settle([client.peer])
    assert client.peer.is_silent() or b"hello" not in client.peer.sock.recv(1 << 16)
    client.peer.sock.shutdown(socket.SHUT_WR)
    event = client.peer.wait_event("close")
    assert event.words[0] == "PEER"
    assert event.text == b"the peer ended the connection without close_notify"


def test_close_notify_is_an_end(server, files):
    peer = connect(server, files)
    raw = peer.sock.unwrap()
    peer.sock = raw
    event = peer.wait_event("close")
    assert (event.words[0], event.text) == ("PEER", b"")


def test_end_without_close_notify_says_so(server, files):
    peer = connect(server, files)
    peer.sock.sendall(b"hello\n")
    assert peer.sock.recv(100) == b"hello\n"
    peer.sock.shutdown(socket.SHUT_WR)
    event = peer.wait_event("close")
    assert (event.words[0], event.text) == ("PEER", b"the peer ended the connection without close_notify")


def test_server_sends_close_notify_before_its_end(server, files):
    peer = connect(server, files)
    peer.sock.sendall(b"!bye\n")
    assert peer.sock.recv(100) == b"bye\n"
    assert peer.sock.recv(100) == b""  # ragged ends are errors in this context
    peer.close()


def test_data_and_close_notify_in_one_packet(server, files):
    client = Memory(server, files)
    client.run(client.tls.do_handshake)
    record = client.encrypt(b"last\n")
    try:
        client.tls.unwrap()
    except ssl.SSLWantReadError:
        pass
    client.send_bytes(record + client.outgoing.read())  # and no FIN
    assert client.run(client.tls.read, 100) == b"last\n"
    event = server.wait_event(client.peer, "close", 1)
    assert (event.words[0], event.text) == ("PEER", b"")
    client.peer.close()


def test_broken_record_is_an_error_with_an_alert(server, files):
    client = Memory(server, files)
    client.run(client.tls.do_handshake)
    record = bytearray(client.encrypt(b"hello\n"))
    record[-1] ^= 1
    client.send_bytes(bytes(record))
    event = server.wait_event(client.peer, "error", 1)
    assert event.words[0] == "WM_ETLS"
    assert event.text == b"TLS failed: decryption failed or bad record mac"
    assert server.wait_event(client.peer, "close", 1).words[0] == "ERROR"
    client.peer.close()


def test_nothing_is_taken_in_the_clear_behind_a_broken_record(server, files):
    client = Memory(server, files)
    client.run(client.tls.do_handshake)
    good, broken = client.encrypt(b"good\n"), bytearray(client.encrypt(b"bad\n"))
    broken[-1] ^= 1
    client.send_bytes(good + bytes(broken))
    assert client.peer.sock.recv(1 << 16)  # its alert at least
    try:
        client.send_bytes(b"!close\n")
    except OSError:
        pass  # it has closed already
    assert server.wait_event(client.peer, "close", 1).words[0] == "ERROR"
    client.peer.close()


def test_flood_of_empty_records_ends_the_connection(server, files):
    client = Memory(server, files, context=client_context(files, maximum_version=ssl.TLSVersion.TLSv1_2))
    client.run(client.tls.do_handshake)
    client.send_bytes(b"\x15\x03\x03\x00\x02\x01\x5a" * 1000)  # alerts that are not even encrypted
    assert server.wait_event(client.peer, "error", 1).words[0] == "WM_ETLS"
    client.peer.close()


def test_large_message_comes_back(server, files):
    line = os.urandom(3 << 20).hex().encode() + b"\n"
    peer = connect(server, files)
    assert exchange(peer.sock, line) == line
    peer.close()


def exchange(sock, data):
    """Sends and reads as many bytes at the same time, from one thread: an ssl object must not be used by two."""
    sock.setblocking(False)
    rest, answer = memoryview(data), bytearray()
    while len(answer) < len(data):
        waits = select.POLLIN
        try:
            while rest:
                rest = rest[sock.send(rest[: 1 << 14]) :]
        except ssl.SSLWantWriteError:
            waits |= select.POLLOUT
        except ssl.SSLWantReadError:
            pass
        try:
            while part := sock.recv(1 << 16):
                answer += part
            assert len(answer) == len(data), "the connection ended"
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLWantWriteError:
            waits |= select.POLLOUT
        if len(answer) < len(data):
            poll = select.poll()
            poll.register(sock, waits)
            assert poll.poll(HANG_SECONDS * 1000), "nothing came"
    sock.setblocking(True)
    return bytes(answer)
