"""TLS: contexts of workers and of connections that the program makes, against Python's ssl and openssl's s_client."""
import contextlib
import ssl
import subprocess
import threading

import pytest

import certificates
import ws_frames
from client_driver import driven
from php_program import Peer, alive, request

FILES = ["site", "locked", "a", "b", "client", "other"]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    names = {"a": "DNS:a.example", "b": "DNS:*.b.example"}
    made = {name: certificates.make_certificate(folder, name, passphrase="open sesame" if name == "locked" else None,
                                                names=names.get(name, "DNS:localhost,IP:127.0.0.1")) for name in FILES}
    (folder / "both.pem").write_text(made["a"].pem + made["a"].key.read_text())
    return made


@pytest.fixture(scope="module")
def server(shared_program, files):
    return shared_program("secure", ports=5, files=files["site"].cert.parent).start(ready=5)


def connect(server, number, certificate, name="localhost", client=None):
    """A peer over TLS that trusts this certificate only."""
    context = ssl.create_default_context(cafile=str(certificate.cert))
    if client:
        context.load_cert_chain(client.cert, client.key)
    peer = Peer(server.ports[number])
    peer.sock = context.wrap_socket(peer.sock, server_hostname=name)
    return peer


def test_worker__of_text(server, files):
    with connect(server, 0, files["site"]) as peer:
        assert peer.read_line() == "early"
        assert peer.ask("hello") == "ssl hello"
        lines = [str(number) * 100 for number in range(2000)]
        threading.Thread(target=peer.send, args=["".join(line + "\n" for line in lines)]).start()
        assert [peer.read_line() for _ in lines] == [f"ssl {line}" for line in lines]


def test_worker__of_websocket(server, files):
    with connect(server, 1, files["site"]) as peer:
        peer.shake_hands()
        assert peer.read_frame() == ("text", b"early")
        peer.say("hello")
        assert peer.read_frame() == ("text", b"ssl hello")


def test_worker__whose_key_has_a_passphrase(server, files):
    with connect(server, 2, files["locked"]) as peer:
        peer.send(request("GET", "/path"))
        assert peer.read_answer().body == b"ssl /path"


@pytest.mark.parametrize("name, certificate", [("localhost", "site"), ("a.example", "a"), ("x.b.example", "b")])
def test_worker__with_several_names_and_a_protocol_of_its_own(server, files, name, certificate):
    with connect(server, 3, files[certificate], name) as peer:
        peer.send("hello.")
        assert peer.read_exactly(16) == b"early.ssl hello."


def test_worker__asks_clients_for_a_certificate(server, files):
    with connect(server, 4, files["site"], client=files["client"]) as peer:
        peer.send("hello")
        assert peer.read_exactly(14) == b"earlyssl hello"
    for client in (None, files["other"]):
        with contextlib.suppress(ssl.SSLError, ConnectionError):
            with connect(server, 4, files["site"], client=client) as peer:
                assert peer.read_to_end() == b""


def test_worker__by_s_client(server, files):
    line = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-CAfile", str(files["site"].cert), "-verify_return_error", "-quiet"]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout.readline() == b"early\n"
            process.stdin.write(b"hello\n")
            process.stdin.flush()
            assert process.stdout.readline() == b"ssl hello\n"
        finally:
            process.kill()


def test_worker__survives_what_is_no_tls(server, files):
    pids = server.pids()
    with server.connect() as peer:
        peer.send("GET / HTTP/1.1\r\n\r\n")
        peer.read_to_end()
    with connect(server, 0, files["site"]) as peer:
        assert peer.read_line() == "early"
    assert server.pids() == pids and all(map(alive, pids))


@pytest.mark.parametrize("context, words", [
    ("['local_cert' => '/nowhere/cert.pem']", ["local_cert", "/nowhere/cert.pem"]),
    ("['local_cert' => CERT, 'local_pk' => '/nowhere/key.pem']", ["local_pk", "/nowhere/key.pem"]),
    ("['local_cert' => CERT, 'local_pk' => OTHER]", ["other.key"]),
    ("['local_cert' => LOCKED, 'local_pk' => LOCKEDKEY, 'passphrase' => 'wrong']", ["locked.key"]),
    ("['local_cert' => CERT, 'local_pk' => KEY, 'verify_peer' => true]", ["verify_peer", "cafile"]),
    ("['local_cert' => CERT, 'local_pk' => KEY, 'verify_peer' => true, 'cafile' => '/nowhere/ca.pem']", ["cafile", "/nowhere/ca.pem"]),
    ("['local_cert' => CERT, 'local_pk' => KEY, 'capath' => '/etc']", ["capath", "not in this version"]),
    ("['SNI_server_certs' => ['a.example' => '/nowhere/a.pem']]", ["SNI_server_certs 'a.example'", "/nowhere/a.pem"]),
])
def test_worker__whose_context_is_wrong_does_not_start(program, files, context, words):
    server = program("evaluate")
    for name, path in [("OTHER", files["other"].key), ("LOCKEDKEY", files["locked"].key), ("LOCKED", files["locked"].cert),
                       ("CERT", files["site"].cert), ("KEY", files["site"].key)]:
        context = context.replace(name, f"'{path}'")
    (server.directory / "code.php").write_text(
        f"<?php\n$w = new Workerman\\Worker(address('text'), ['ssl' => {context}]);\n$w->transport = 'ssl';\nWorkerman\\Worker::runAll();")
    result = server.command("start")
    assert result.code != 0
    assert all(word in result.out + result.err for word in words), result


# ---- connections that the program makes

@pytest.fixture(scope="module")
def client(shared_program):
    return shared_program("client").start()


@pytest.fixture
def driver(client):
    with driven(client) as made:
        yield made


@contextlib.contextmanager
def accepted(listener, certificate, client=None):
    """The next connection of a listener, with this certificate; None: it has refused it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.cert, certificate.key)
    if client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client.cert)
    peer = listener.accept()
    try:
        peer.sock = context.wrap_socket(peer.sock, server_side=True)
        yield peer
    except (ssl.SSLError, ConnectionError):
        yield None
    finally:
        peer.sock.close()


@pytest.mark.parametrize("scheme, transport", [("ssl", None), ("text", "ssl"), ("wss", None), ("ws", "ssl"), ("Stop", "ssl")])
def test_client__trusts_cafile(driver, listener, files, scheme, transport):
    end = {"text": "\n", "Stop": "."}.get(scheme, "")
    name = driver.make(f"{scheme}://localhost:{listener.port}/", context={"ssl": {"cafile": str(files["site"].cert)}},
                       set={"transport": transport} if transport else {}, then={"onConnect": [["send", "hello"]]})
    with accepted(listener, files["site"]) as peer:
        if end or scheme == "ssl":
            assert peer.read_exactly(5 + len(end)) == b"hello" + end.encode()
            peer.send("answer" + end)
        else:
            head = peer.read_head()
            key = next(line for line in head.split("\r\n") if line.startswith("Sec-WebSocket-Key: "))[19:]
            peer.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      f"Sec-WebSocket-Accept: {ws_frames.accept_of(key.encode()).decode()}\r\n\r\n")
            peer.send(ws_frames.frame(1, b"answer", mask=None))
        assert driver.told("onMessage", name) == [["answer"]]


@pytest.mark.parametrize("ssl_options, passes", [
    ({}, False),
    ({"verify_peer": False, "verify_peer_name": False, "allow_self_signed": True}, True),
    ({"cafile": "OTHER"}, False),
    ({"cafile": "SITE", "peer_name": "elsewhere.example"}, False),
    ({"cafile": "SITE", "peer_name": "localhost"}, True),
], ids=["system", "unverified", "other", "wrong name", "name"])
def test_client__verifies_unless_it_is_told_not_to(driver, listener, files, ssl_options, passes):
    options = {name: {"OTHER": str(files["other"].cert), "SITE": str(files["site"].cert)}.get(value, value) for name, value in ssl_options.items()}
    name = driver.make(f"ssl://{listener.host}", context={"ssl": options}, then={"onConnect": [["send", "hello"]]})
    with accepted(listener, files["site"]) as peer:
        if passes:
            assert peer.read_exactly(5) == b"hello"
        elif peer:
            with contextlib.suppress(ssl.SSLError, ConnectionError):
                assert peer.read_to_end() == b""
    driver.told("onClose", name)
    assert driver.events(name) == ["onConnect", "onClose"] if passes else ["onConnect", "onError", "onClose"]
    if not passes:
        assert driver.told("onError", name)[0][0] == 1


def test_client__with_a_certificate_of_its_own(driver, listener, files):
    name = driver.make(f"ssl://{listener.host}", then={"onConnect": [["send", "hello"]]}, context={"ssl": {
        "cafile": str(files["site"].cert), "local_cert": str(files["client"].cert), "local_pk": str(files["client"].key)}})
    with accepted(listener, files["site"], client=files["client"]) as peer:
        assert peer.read_exactly(5) == b"hello"
    driver.told("onClose", name)


@pytest.mark.parametrize("ssl_options, words", [
    ({"cafile": "/nowhere/ca.pem"}, ["cafile", "/nowhere/ca.pem"]),
    ({"allow_self_signed": True}, ["allow_self_signed"]),
    ({"verify_peer_name": False}, ["verify_peer_name"]),
])
def test_client__whose_context_is_wrong_says_so(driver, listener, ssl_options, words):
    name = driver.make(f"ssl://{listener.host}", connect=False, context={"ssl": ssl_options})
    told = driver.call(name, "connect")
    assert all(word in told for word in ["threw", *words]), told
    assert driver.call(name, "getStatus", False) in ("INITIAL", "CLOSED")
