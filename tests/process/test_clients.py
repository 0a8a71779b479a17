"""Clients under a master: each process has its own connection, and it is listed, drained and stopped with the process."""
import os
import select
import signal
import socket
import time

from instance import HANG_SECONDS, eventually


class Server:
    """Accepts, and says nothing."""

    def __init__(self):
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.sock.settimeout(HANG_SECONDS)
        self.address = "tcp://127.0.0.1:%d" % self.sock.getsockname()[1]
        self.conns = []

    def accept(self):
        conn, _ = self.sock.accept()
        conn.settimeout(HANG_SECONDS)
        self.conns.append(conn)
        return conn

    def quiet(self):
        return not select.select([self.sock], [], [], 0)[0]


def clients_of(instance):
    return [row for process in instance.status()["processes"] for row in process["listeners"] if row["name"] == "outgoing"]


def test_each_process_has_its_own_and_status_and_connections_list_it(make):
    server = Server()
    instance = make("text://127.0.0.1:0,count=2", extra=("--client", server.address))
    instance.start()
    server.accept(), server.accept()
    rows = eventually(lambda: (rows := clients_of(instance)) and all(row["state"] == "connected" for row in rows) and rows, "connected")
    assert len(rows) == 2 and all(row["address"] == server.address and row["connections"] == 1 for row in rows)
    assert server.quiet()
    listed = instance.command("connections").out
    assert sum("outgoing" in line and "ESTABLISHED" in line for line in listed.splitlines()) == 2
    assert server.address.removeprefix("tcp://") in listed


def test_a_reload_ends_the_old_ones_and_a_stop_all(make):
    server = Server()
    instance = make("text://127.0.0.1:0,count=1", extra=("--client", server.address))
    instance.start()
    old = server.accept()
    instance.reload()
    new = server.accept()
    assert old.recv(1) == b""
    old.close()
    began = time.monotonic()
    assert instance.stop().code == 0
    assert new.recv(1) == b""
    assert time.monotonic() - began < HANG_SECONDS
    assert server.quiet()  # none came back while its process stopped
    assert len(instance.trace("client_closed")) == 2


def test_a_graceful_reload_does_not_wait_for_clients(make):
    server = Server()
    instance = make("text://127.0.0.1:0,count=1", app=("graceful_timeout_ms=60000",), extra=("--client", server.address))
    instance.start()
    old = server.accept()
    began = time.monotonic()
    instance.reload("-g")
    server.accept()
    assert old.recv(1) == b""
    old.close()
    assert time.monotonic() - began < 30  # far below graceful_timeout_ms


def test_a_killed_process_comes_back_with_its_client(make):
    server = Server()
    instance = make("text://127.0.0.1:0,count=1", extra=("--client", server.address))
    instance.start()
    old = server.accept()
    os.kill(instance.child(), signal.SIGKILL)
    assert old.recv(1) == b""
    server.accept()
    assert not instance.trace("client_closed")


def test_a_server_that_is_absent_is_tried_again(make):
    server = Server()
    server.sock.close()
    instance = make("text://127.0.0.1:0,count=1", extra=("--client", server.address))
    instance.start()
    eventually(lambda: len(instance.trace("client_closed")) >= 3, "three attempts")
    assert "Connection refused" in str(instance.trace("client_closed")[0])
    server.sock = socket.create_server(("127.0.0.1", int(server.address.rsplit(":", 1)[1])))
    server.sock.settimeout(HANG_SECONDS)
    server.accept()
    eventually(lambda: clients_of(instance)[0]["state"] == "connected", "connected")
