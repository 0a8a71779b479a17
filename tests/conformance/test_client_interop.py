"""Websocket clients against servers of others: python3-websockets and node's ws, plain, compressed, over TLS, and behind nginx."""
import contextlib
import os
import subprocess
import tempfile

import pytest
from client_process import Driver, sum_of
from client_servers import RawServer
from proxies import microsocks, nginx, tinyproxy

PYTHON = """
import asyncio, ssl, sys, websockets
async def echo(ws, path=None):
    async for message in ws:
        await ws.send(message)
async def main():
    tls = None
    if len(sys.argv) > 1:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(sys.argv[1], sys.argv[2])
    async with websockets.serve(echo, "127.0.0.1", 0, ssl=tls, subprotocols=["b"], max_size=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()
asyncio.run(main())
"""
NODE = """
const {WebSocketServer} = require('/usr/share/nodejs/ws');
const options = {host: '127.0.0.1', port: 0, handleProtocols: () => 'b', perMessageDeflate: {threshold: 0}};
const server = new WebSocketServer(options, () => console.log(server.address().port));
server.on('connection', ws => ws.on('message', (data, binary) => ws.send(data, {binary})));
"""


@contextlib.contextmanager
def serving(command):
    """A server that prints its port first."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


SITE = """server { listen unix:%s; location /no { return 403 'not you'; }
location / { proxy_pass http://127.0.0.1:%d; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; } }"""


@contextlib.contextmanager
def behind_nginx(target):
    """The path at which nginx leads to that port."""
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "s")
        with nginx(SITE % (path, target), path):
            yield path


def exchange(address, *options, pull=False):
    with Driver(address, "ws_subprotocol=a, b", *options, pull=pull) as driver:
        driver.connect()
        assert driver.hear("open") == "open b"
        for size in (0, 125, 126, 65535, 65536, 300000):
            for kind in ("text", "binary"):
                driver.tell(f"fill {kind} {size}")
                expected = sum_of(b"x" * size) if size > 1024 else (b"x" * size).hex() or "-"
                assert driver.hear("message") == f"message {kind} {expected}"
        driver.tell("close 1000")
        assert driver.hear("close") == "close local 1000 -"


@pytest.mark.parametrize("command", [["/usr/bin/python3", "-c", PYTHON], ["node", "-e", NODE]], ids=["python", "node"])
def test_a_server_of_another(command):
    with serving(command) as port:
        exchange(f"ws://127.0.0.1:{port}/path?query")
        exchange(f"ws://127.0.0.1:{port}", pull=True)
        with behind_nginx(port) as path:
            exchange(f"ws+unix://{path}")
            with Driver(f"ws+unix://{path}", "ws_path=/no") as driver:
                driver.connect()
                assert driver.hear("error WM_EACCES").endswith("the server answered 403 Forbidden instead of 101: not you")


@pytest.mark.parametrize("command", [["/usr/bin/python3", "-c", PYTHON], ["node", "-e", NODE]], ids=["python", "node"])
@pytest.mark.parametrize("deflate", ["shared", "own"])
def test_compressed_by_another(command, deflate):
    with serving(command) as port:
        for bits in (9, 15) if "node" in command else (15,):
            options = [f"deflate={deflate}", "deflate_min=1", f"deflate_window_bits={bits}"]
            exchange(f"ws://127.0.0.1:{port}", *options)
            exchange(f"ws://127.0.0.1:{port}", *options, pull=True)
        with behind_nginx(port) as path:
            exchange(f"ws+unix://{path}", f"deflate={deflate}", "deflate_min=1")
        with Driver(f"ws://127.0.0.1:{port}", "ws_subprotocol=b", f"deflate={deflate}") as driver:
            driver.connect()
            driver.hear("open")
            driver.tell("header Sec-WebSocket-Extensions")
            assert driver.hear("header").startswith("header permessage-deflate")


@pytest.fixture(scope="module")
def cert():
    """A certificate for localhost, signed by itself, and its key."""
    with tempfile.TemporaryDirectory() as place:
        cert, key = os.path.join(place, "cert.pem"), os.path.join(place, "key.pem")
        words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert]
        subprocess.run([*words, "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        yield cert


@pytest.fixture
def secure(cert):
    """The port of a server of wss."""
    with serving(["/usr/bin/python3", "-c", PYTHON, cert, cert.replace("cert.pem", "key.pem")]) as port:
        yield port


@pytest.mark.parametrize("scheme, option", [("wss", None), ("ws", "transport=ssl")])
@pytest.mark.parametrize("pull", [False, True])
def test_over_tls_the_name_is_verified(secure, cert, scheme, option, pull):
    options = [option] if option else []
    exchange(f"{scheme}://localhost:{secure}", f"tls_ca={cert}", *options, pull=pull)
    with Driver(f"{scheme}://127.0.0.1:{secure}", f"tls_ca={cert}", *options, pull=pull) as driver:
        driver.connect()
        line = driver.hear("error")
        assert line.startswith("error WM_ETLS") and "the certificate is for localhost" in line
        driver.hear("close error")


def test_over_tls_through_either_proxy(secure, cert):
    with tinyproxy() as http, microsocks() as socks:
        for proxy in (f"http://127.0.0.1:{http}", f"socks5://127.0.0.1:{socks}"):
            exchange(f"wss://localhost:{secure}", f"tls_ca={cert}", f"proxy={proxy}")
            with Driver(f"wss://127.0.0.1:{secure}", f"tls_ca={cert}", f"proxy={proxy}") as driver:  # it is the target's name that counts
                driver.connect()
                assert driver.hear("error").startswith("error WM_ETLS")


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x03\x00\x7a\x02\x00"], ids=["silence", "half a record"])
@pytest.mark.parametrize("pull", [False, True])
def test_over_tls_a_silent_server_meets_the_deadline(cert, said, pull):
    with RawServer() as server, Driver(f"wss://localhost:{server.port}", f"tls_ca={cert}", "connect_timeout_ms=200", pull=pull) as driver:
        driver.connect()
        with server.accept() as conn:
            conn.send(said)
            assert "connect_timeout_ms" in driver.hear("error WM_ETIMEDOUT")
            driver.hear("close timeout")
