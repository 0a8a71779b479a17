"""examples/c/client.c against servers that are not ours: redis-server and socat, by address and by name."""
import contextlib
import ctypes
import os
import pathlib
import select
import signal
import socket
import subprocess
import tempfile
import threading
import time

from own_machine import LIBC

TIMEOUT_S = 20
BIND = 4096  # MS_BIND


class Running:
    """A program whose standard output is read line by line."""

    def __init__(self, *command):
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.lines = []

    def until(self, part):
        """The next line that has that part."""
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            if not select.select([self.process.stdout], [], [], 0.5)[0]:
                continue
            line = self.process.stdout.readline().decode()
            self.lines.append(line)
            if part in line:
                return line
            if not line:
                break
        raise AssertionError(f"no line with {part!r} in {self.lines}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@contextlib.contextmanager
def listening(process, path_or_port):
    """Gives the process once it can be connected to, and kills it."""
    deadline = time.monotonic() + TIMEOUT_S
    try:
        while True:
            family = socket.AF_INET if isinstance(path_or_port, int) else socket.AF_UNIX
            with socket.socket(family) as sock:
                if sock.connect_ex(("127.0.0.1", path_or_port) if family == socket.AF_INET else str(path_or_port)) == 0:
                    break
            if time.monotonic() > deadline:
                raise AssertionError(f"{process.args} does not listen")
            select.select([], [], [], 0.02)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def start(*command):
    return subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                            start_new_session=True)


def redis():
    return listening(start("redis-server", "--port", "6379", "--bind", "127.0.0.1", "--save", "", "--dir", "/tmp"), 6379)


@contextlib.contextmanager
def resolv_conf(text):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "resolv.conf"
        path.write_text(text)
        path.chmod(0o644)
        target = os.fsencode(os.path.realpath("/etc/resolv.conf"))
        if LIBC.mount(os.fsencode(path), target, None, ctypes.c_ulong(BIND), None) != 0:
            raise OSError(ctypes.get_errno(), "mount")
        try:
            yield
        finally:
            LIBC.umount(target)


class Names(threading.Thread):
    """A DNS server on port 53: the IPv4 addresses of names; others do not exist. None: no answer."""

    def __init__(self, names):
        super().__init__(daemon=True)
        self.names = names
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 53))
        self.start()

    def run(self):
        while True:
            query, peer = self.sock.recvfrom(512)
            if not query:
                return
            end = query.index(b"\0", 12)
            name, at = "", 12
            while at < end:
                name += query[at + 1:at + 1 + query[at]].decode().lower() + "."
                at += 1 + query[at]
            addresses = self.names.get(name, ())
            if addresses is None:
                continue
            a = query[end + 2] == 1
            answers = [socket.inet_aton(address) for address in addresses] if a else []
            code = 0 if addresses else 3
            reply = query[:2] + bytes([0x81, 0x80 | code, 0, 1, 0, len(answers), 0, 0, 0, 0]) + query[12:end + 5]
            for answer in answers:
                reply += b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + answer
            self.sock.sendto(reply, peer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.sendto(b"", self.sock.getsockname())
        self.join()
        self.sock.close()


def cases(build):
    client = build / "bin/example_client"

    def client__comes_back_to_redis():
        with Running(client) as running:
            running.until("WM_ECONNREFUSED: cannot connect to text://127.0.0.1:6379: 127.0.0.1:6379: Connection refused")
            with redis():
                running.until("connected to 127.0.0.1:6379")
                running.until("+PONG")
            running.until("closed; it comes back by itself")
            running.until("WM_ECONNREFUSED")
            with redis():
                running.until("+PONG")

    def client__talks_to_socat_over_unix_and_tcp():
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "echo.sock"
            for listen, place, address in ((f"UNIX-LISTEN:{path},fork", path, f"text+unix://{path}"),
                                           ("TCP-LISTEN:7007,fork,reuseaddr", 7007, "text://127.0.0.1:7007")):
                with listening(start("socat", listen, "EXEC:cat"), place), Running(client, address, "hello socat") as running:
                    running.until("connected to")
                    running.until("hello socat")

    def client__tries_each_address_of_a_name():
        names = {"db.example.": ("127.0.0.9", "127.0.0.1"), "silent.example.": None}
        with redis(), Names(names), resolv_conf("nameserver 127.0.0.1\nsearch example\noptions timeout:1 attempts:1\n"):
            for name in ("db.example", "db", "DB.Example."):
                with Running(client, f"text://{name}:6379") as running:
                    running.until("connected to 127.0.0.1:6379")
                    running.until("+PONG")
            with Running(client, "text://nowhere.example:6379") as running:
                running.until("WM_EDNS: cannot connect to text://nowhere.example:6379: nowhere.example: there is no such host "
                              "(asked 127.0.0.1:53)")
            with Running(client, "text://silent.example:6379") as running:
                running.until("WM_EDNS: cannot connect to text://silent.example:6379: silent.example: no DNS server has answered in time")

    return [client__comes_back_to_redis, client__talks_to_socat_over_unix_and_tcp, client__tries_each_address_of_a_name]
