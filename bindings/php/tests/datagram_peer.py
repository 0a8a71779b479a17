"""Peers of datagrams: sockets whose reads end."""
import socket

from php_program import HANG_SECONDS


class DatagramPeer:
    """A socket for datagrams; connected to the port, if there is one."""

    def __init__(self, port=None, host="127.0.0.1", local="127.0.0.1"):
        self.sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.settimeout(HANG_SECONDS)
        self.sock.bind((local if ":" not in host else "::1", 0))
        if port is not None:
            self.sock.connect((host, port))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    @property
    def port(self):
        return self.sock.getsockname()[1]

    def send(self, data):
        self.sock.send(data if isinstance(data, bytes) else data.encode())

    def receive(self):
        return self.sock.recv(1 << 17)

    def ask(self, data):
        self.send(data)
        return self.receive()
