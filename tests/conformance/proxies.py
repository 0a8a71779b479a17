"""Proxies that are not ours, as programs: tinyproxy (CONNECT) and microsocks (SOCKS5) for clients, nginx and haproxy in front of servers."""
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


def connect_once(address):
    """Connects to a port of this machine, or to a path, and goes again."""
    with socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET) as sock:
        sock.settimeout(1)
        sock.connect(address if isinstance(address, str) else ("127.0.0.1", address))


@contextlib.contextmanager
def running(command, address):
    """A program that listens at that port or path; ended by its process id."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + HANG_SECONDS
        while True:
            try:
                connect_once(address)
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


NGINX_MAIN = """{top}
daemon off; master_process off; pid {place}/pid; error_log stderr crit; events {{}}
http {{ access_log off; client_body_temp_path {place}/b; proxy_temp_path {place}/p; fastcgi_temp_path {place}/f; uwsgi_temp_path {place}/u;
scgi_temp_path {place}/g;
{site}
}}
"""
NGINX_STREAM = """load_module /usr/lib/nginx/modules/ngx_stream_module.so;
stream {{ {server} }}"""


@contextlib.contextmanager
def nginx(site, address, stream=None):
    """nginx with what a site's file has, which listens at that port or path. stream: a server of streams, beside those of http."""
    with tempfile.TemporaryDirectory() as place:
        config = os.path.join(place, "nginx.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(NGINX_MAIN.format(place=place, site=site, top=NGINX_STREAM.format(server=stream) if stream else ""))
        with running(["/usr/sbin/nginx", "-p", place, "-e", "stderr", "-c", config], address):
            yield


HAPROXY = """
global
    stats socket {place}/stats mode 600
    nbthread 1
defaults
    mode {mode}
    timeout connect 10s
    timeout client 30s
    timeout server 30s
    timeout tunnel 30s
frontend in
    bind 127.0.0.1:{port} {bind}
    default_backend app
backend app
    {check}
    http-reuse always
    server one 127.0.0.1:{target} {sends} check inter 60s fall 1 rise 1
"""


def health(place):
    """What haproxy's check of the server has found, as L7OK; "INI" before the first, and before haproxy can be asked."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(HANG_SECONDS)
        try:
            sock.connect(os.path.join(place, "stats"))
        except (FileNotFoundError, ConnectionRefusedError):
            return "INI"
        sock.sendall(b"show stat\n")
        table = b"".join(iter(lambda: sock.recv(1 << 16), b"")).decode().lstrip("# ").splitlines()
    columns = table[0].split(",")
    row = next(line.split(",") for line in table if line.startswith("app,one,"))
    return row[columns.index("check_status")].lstrip("* ")


@contextlib.contextmanager
def haproxy(target, check="option httpchk", mode="http", bind="", sends=""):
    """haproxy in front of a server, which it has checked once; its port and what the check has found. bind: words behind its own address;
    sends: words behind the server's."""
    port = free_port()
    with tempfile.TemporaryDirectory() as place:
        config = os.path.join(place, "haproxy.cfg")
        with open(config, "w", encoding="ascii") as file:
            file.write(HAPROXY.format(place=place, port=port, target=target, check=check, mode=mode, bind=bind, sends=sends))
        with running(["/usr/sbin/haproxy", "-db", "-f", config], port):
            deadline = time.monotonic() + HANG_SECONDS
            while (found := health(place)) in ("INI", ""):
                assert time.monotonic() < deadline, "haproxy does not check"
                time.sleep(0.01)
            yield port, found
