"""Proxies that are not ours, as programs: tinyproxy (CONNECT) and microsocks (SOCKS5)."""
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time

from server_process import HANG_SECONDS

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from ports import free_port  # noqa: E402


@contextlib.contextmanager
def running(command, port):
    """A program that listens on that port; ended by its process id."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + HANG_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < deadline, f"{command[0]} does not listen"
        yield
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def tinyproxy(*lines):
    port = free_port()
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as config:
        config.write("\n".join([f"Port {port}", "Listen 127.0.0.1", "Timeout 60", "LogLevel Critical", "MaxClients 20", *lines, ""]))
        config.flush()
        with running(["tinyproxy", "-d", "-c", config.name], port):
            yield port


@contextlib.contextmanager
def microsocks(*options):
    port = free_port()
    with running(["microsocks", "-i", "127.0.0.1", "-p", str(port), *options], port):
        yield port
