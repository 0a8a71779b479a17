"""TLS of servers, as clients see it that are not ours: openssl s_client, Python's ssl, curl, python3-websockets and node's ws."""
import asyncio
import hashlib
import os
import select
import socket
import ssl
import subprocess

import pytest
import websockets
from server_process import HANG_SECONDS, ConformanceServer
from tls_files import TlsFiles


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return TlsFiles(tmp_path_factory.mktemp("tls"))


def server_options(files, *more):
    return ["--tls", f"tls_cert={files.cert('server')}", f"tls_key={files.key('server')}", *more]


@pytest.fixture(scope="module", params=["callbacks", "pull"])
def server(request, files):
    server = ConformanceServer(*server_options(files), pull=request.param == "pull")
    yield server
    code, text = server.stop()
    assert (code, text) == (0, "")


@pytest.fixture
def start(files):
    """Starts a server with more options; `lines` is what its log has when it has stopped."""
    started = []

    def run(*more):
        started.append(ConformanceServer(*server_options(files, *more)))
        return started[-1]

    yield run
    for server in started:
        if server.alive():
            server.stop()


def stop_and_read_log(server):
    code, text = server.stop()
    assert code == 0
    return text


def refuses_to_start(files, *options):
    """The text with which a server ends whose TLS cannot be."""
    with pytest.raises(AssertionError) as ended:
        ConformanceServer("--tls", *options)
    return str(ended.value)


def port_of(server, label):
    return server._socket_addresses[label][1][1]


def s_client(server, label, *options, sends=b"", ca=None):
    """What openssl s_client prints. It ends when the server does, so `sends` ends with what has the server close."""
    words = ["openssl", "s_client", "-connect", f"127.0.0.1:{port_of(server, label)}", "-ign_eof", *options]
    if ca:
        words += ["-CAfile", ca]
    done = subprocess.run(words, input=sends, capture_output=True, timeout=HANG_SECONDS)
    server.connected_elsewhere(label)
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def ask(server, *options, **more):
    """Has it say what was negotiated, and close."""
    return s_client(server, "text.tls", *options, sends=b"!tls\n!bye\n", **more)


def client_context(files, **limits):
    context = ssl.create_default_context(cafile=files.cert("ca"))
    for name, value in limits.items():
        setattr(context, name, value)
    return context


def connect(server, files, label="text.tls", name="a.example", context=None):
    peer = server.connect(label)
    peer.sock = (context or client_context(files)).wrap_socket(peer.sock, server_hostname=name, suppress_ragged_eofs=False)
    return peer


class Memory:
    """A TLS client whose bytes the test moves itself."""

    def __init__(self, server, files, label="text.tls", context=None):
        self.server = server
        self.peer = server.connect(label)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = context or client_context(files)
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="a.example")

    def send_bytes(self, data, step=None):
        for at in range(0, len(data), step or len(data)):
            self.peer.sock.sendall(data[at : at + (step or len(data))])

    def run(self, call, *arguments, step=None):
        """Calls until it does not ask for more bytes."""
        while True:
            try:
                result = call(*arguments)
            except ssl.SSLWantReadError:
                result = None
            pending = self.outgoing.read()
            if pending:
                self.send_bytes(pending, step)
            if result is not None or call == self.tls.do_handshake and self.tls.version() and not pending and self.done():
                return result
            data = self.peer.sock.recv(1 << 16)
            if data:
                self.incoming.write(data)
            else:
                self.incoming.write_eof()

    def done(self):
        try:
            self.tls.do_handshake()
            return True
        except ssl.SSLWantReadError:
            return False

    def encrypt(self, data):
        self.tls.write(data)
        return self.outgoing.read()


# ---- versions and ciphers


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_version_is_spoken(server, version):
    text = ask(server, version)
    assert "TLSv1.2;" in text if version == "-tls1_2" else "TLSv1.3;" in text
    assert "Compression: NONE" in text
    assert "Verify return code" in text


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_old_version_is_refused_by_an_alert(server, version):
    assert "alert protocol version" in ask(server, version, "-cipher", "ALL@SECLEVEL=0")


def test_lowest_version_is_an_option(start):
    server = start("tls_min_version=1.3")
    assert "alert protocol version" in ask(server, "-tls1_2")
    assert "TLSv1.3;" in ask(server)


@pytest.mark.parametrize("cipher", ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"])
def test_cipher_with_forward_secrecy_is_spoken(server, cipher):
    assert f"TLSv1.2;{cipher};" in ask(server, "-tls1_2", "-cipher", cipher)


@pytest.mark.parametrize("cipher", ["ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "kRSA", "aNULL", "ECDHE-ECDSA-AES128-CCM8"])
def test_weaker_cipher_is_refused(server, cipher):
    assert "alert handshake failure" in ask(server, "-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")


def test_ciphers_are_an_option(start):
    server = start("tls_ciphers=ECDHE-ECDSA-AES256-GCM-SHA384:TLS_CHACHA20_POLY1305_SHA256")
    assert "alert handshake failure" in ask(server, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256")
    assert ";ECDHE-ECDSA-AES256-GCM-SHA384;" in ask(server, "-tls1_2")
    assert ";TLS_CHACHA20_POLY1305_SHA256;" in ask(server)


def test_client_cannot_renegotiate(server):
    words = ["openssl", "s_client", "-connect", f"127.0.0.1:{port_of(server, 'text.tls')}", "-tls1_2"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as client:
        client.stdin.write(b"R\n")  # a line of its own: a command
        client.stdin.flush()
        text = client.stdout.read()  # it gives up by itself
    server.connected_elsewhere("text.tls")
    assert b"RENEGOTIATING" in text
    assert b"no renegotiation" in text


# ---- sessions


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_session_is_resumed_by_its_ticket(server, files, tmp_path, version):
    session = tmp_path / "session"
    first = ask(server, version, "-sess_out", session)
    assert ";0\n" in first and "New, " in first
    second = ask(server, version, "-sess_in", session)
    assert ";1\n" in second and "Reused, " in second


# ---- certificates by name


def test_certificate_is_chosen_by_the_server_name(start, files):
    files.issue("exact", "DNS:www.c.example")
    server = start("--certificate", "", files.cert("other"), files.key("other"), "--certificate", "www.c.example", files.cert("exact"),
                   files.key("exact"))  # fmt: skip
    for name, subject in [
        ("a.example", "server"),
        ("b.example", "other"),
        ("B.Example", "other"),
        ("x.c.example", "other"),
        ("x.y.c.example", "server"),
        ("www.c.example", "exact"),
        ("unknown.example", "server"),
    ]:
        text = ask(server, "-servername", name, ca=files.cert("ca"))
        assert f"subject=CN = {subject}\n" in text, name
        assert f";{name};" in text if subject != "server" else True
    assert "subject=CN = server\n" in ask(server, "-noservername")


def test_rsa_and_ecdsa_serve_one_name(start, files):
    files.issue("rsa", "DNS:localhost,DNS:a.example,IP:127.0.0.1", algorithm="RSA")
    server = start("--certificate", "", files.cert("rsa"), files.key("rsa"))
    assert "subject=CN = rsa\n" in ask(server, "-tls1_2", "-cipher", "aRSA")
    assert "subject=CN = server\n" in ask(server, "-tls1_2", "-cipher", "aECDSA")


# ---- certificates of clients


def test_client_is_not_asked_for_a_certificate(server, files):
    text = ask(server, "-cert", files.cert("alice"), "-key", files.key("alice"))
    assert "No client certificate CA names sent" in text
    assert "CN=alice" not in text


def test_client_certificate_is_demanded(start, files):
    server = start("tls_verify=1", f"tls_ca={files.cert('ca')}")
    text = ask(server, "-cert", files.cert("alice"), "-key", files.key("alice"))
    with open(files.cert("alice")) as pem:
        fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.read())).hexdigest()
    assert f";CN=alice;{fingerprint};0\n" in text
    assert "alert certificate required" in ask(server)
    assert "alert unknown ca" in ask(server, "-cert", files.cert("mallory"), "-key", files.key("mallory"))


def test_client_certificate_is_asked_for(start, files):
    server = start("tls_verify=2", f"tls_ca={files.cert('ca')}")
    assert ";CN=alice;" in ask(server, "-cert", files.cert("alice"), "-key", files.key("alice"))
    assert ";;;0\n" in ask(server)
    assert "alert unknown ca" in ask(server, "-cert", files.cert("mallory"), "-key", files.key("mallory"))


def test_refused_client_certificate_is_an_error_with_its_reason(start, files):
    server = start("tls_verify=1", f"tls_ca={files.cert('ca')}")
    context = client_context(files)
    context.load_cert_chain(files.cert("mallory"), files.key("mallory"))
    peer = connect(server, files, context=context)
    event = peer.wait_event("error")
    assert event.words[0] == "WM_ETLS"
    assert event.text == b"unable to get local issuer certificate: no CA is known that is called 'Other CA'"
    with pytest.raises(ssl.SSLError, match="UNKNOWN_CA"):
        peer.sock.recv(1)
    peer.close()


# ---- ALPN


@pytest.mark.parametrize("label", ["http.tls", "ws.tls"])
def test_http_is_agreed_on(server, label):
    text = s_client(server, label, "-alpn", "h2,http/1.1", sends=b"GET / HTTP/1.0\r\n\r\n")
    assert "ALPN protocol: http/1.1\n" in text


def test_client_of_another_protocol_is_refused(server):
    text = s_client(server, "http.tls", "-alpn", "h2", sends=b"GET / HTTP/1.0\r\n\r\n")
    assert "alert no application protocol" in text


def test_no_protocol_is_agreed_on_without_names(server):
    assert "No ALPN negotiated" in ask(server, "-alpn", "foo")


def test_protocols_are_an_option(start):
    server = start("tls_alpn=two, one")
    assert "ALPN protocol: two\n" in ask(server, "-alpn", "one,two")


# ---- streams


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


# ---- the wrong port


def test_plain_http_on_a_port_of_tls_is_told(start):
    server = start()
    for _ in range(3):
        with server.connect("http.tls") as peer:
            peer.send(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
            answer, reset = peer.read_until_eof()
            assert not reset
            assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
            assert answer.endswith(b"\r\n\r\nThis port speaks TLS: use https:// or wss:// to reach it\n")
            head, body = answer.split(b"\r\n\r\n")
            assert f"Content-Length: {len(body)}".encode() in head
            peer.wait_event("close")
    log = stop_and_read_log(server)
    assert log.count("plain HTTP on a port of TLS") == 1 and " (0 more since" not in log
    assert "https://127.0.0.1:" in log


@pytest.mark.parametrize("label, scheme", [("http.tcp4", "http"), ("ws.tcp4", "websocket"), ("text.tcp4", "text")])
def test_tls_on_a_port_without_it_is_told(start, files, label, scheme):
    server = start()
    for _ in range(3):
        with server.connect(label) as peer, pytest.raises((ssl.SSLError, ConnectionError)):
            client_context(files).wrap_socket(peer.sock, server_hostname="a.example")
    log = stop_and_read_log(server)
    assert len([line for line in log.splitlines() if "TLS" in line]) == 1
    assert f"{scheme}://127.0.0.1:" in log


def test_silent_peer_meets_the_deadline(start):
    server = start("handshake_timeout_ms=100")
    with server.connect("text.tls") as peer:
        assert peer.read_until_eof() == (b"", False)
        assert peer.wait_event("close").words[0] == "TIMEOUT"


# ---- what does not start


def test_missing_file_is_named(files):
    text = refuses_to_start(files, f"tls_cert={files.cert('server')}", f"tls_key={files.path('no.key')}")
    assert f"key {files.path('no.key')}: No such file or directory" in text
    assert "there is no certificate: set tls_cert and tls_key" in refuses_to_start(files)


def test_key_of_another_certificate_is_named(files):
    text = refuses_to_start(files, f"tls_cert={files.cert('server')}", f"tls_key={files.key('other')}")
    assert f"key {files.key('other')} does not belong to certificate {files.cert('server')}" in text


def test_passphrase_opens_a_key(files, tmp_path):
    files.encrypt_key("server", "secret")
    key = files.key("server-encrypted")
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text("secret\n")
    wrong.write_text("Secret\n")
    options = [f"tls_cert={files.cert('server')}", f"tls_key={key}"]
    assert f"key {key}: it is encrypted, and tls_passphrase_file is not set, or its first line is empty" in refuses_to_start(files, *options)
    (blank := tmp_path / "blank").write_text("\nsecret\n")
    assert "or its first line is empty" in refuses_to_start(files, *options, f"tls_passphrase_file={blank}")
    assert f"key {key}: the passphrase is wrong" in refuses_to_start(files, *options, f"tls_passphrase_file={wrong}")
    server = ConformanceServer("--tls", *options, f"tls_passphrase_file={right}")
    assert "TLSv1.3;" in ask(server)
    assert stop_and_read_log(server) == ""


@pytest.mark.parametrize("cut", [0, 1, 100, -30, -2])
def test_half_written_file_is_named(files, tmp_path, cut):
    for role, whole in [("certificate", files.cert("server")), ("key", files.key("server"))]:
        half = tmp_path / role
        with open(whole, "rb") as source:
            half.write_bytes(source.read()[:cut])
        cert = half if role == "certificate" else files.cert("server")
        key = half if role == "key" else files.key("server")
        assert f"{role} {half}: " in refuses_to_start(files, f"tls_cert={cert}", f"tls_key={key}")


@pytest.mark.parametrize(
    "option, text",
    [
        ("tls_ciphers=NONSENSE", "tls_ciphers 'NONSENSE'"),
        ("tls_alpn=a,,b", "tls_alpn 'a,,b'"),
        ("tls_verify=1", "tls_ca does not say whose"),
        ("tls_ca=/nonexistent/ca.pem", "CA /nonexistent/ca.pem: No such file or directory"),
        ("transport=tcp", "is over TLS"),
    ],
)
def test_impossible_option_is_told(files, option, text):
    assert text in refuses_to_start(files, *server_options(files, option)[1:])


# ---- other programs


def test_curl_fetches(server, files):
    url = f"https://localhost:{port_of(server, 'http.tls')}"
    words = ["curl", "-sS", "--cacert", files.cert("ca"), "--data-binary", "x" * 100000, f"{url}/one", f"{url}/two"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=HANG_SECONDS)
    assert done.returncode == 0, done.stderr
    assert "path=/one" in done.stdout and "path=/two" in done.stdout
    assert done.stdout.endswith("x" * 100000)
    done = subprocess.run(["curl", "-sS", f"{url}/"], capture_output=True, text=True, timeout=HANG_SECONDS)
    assert done.returncode == 60  # of a CA that it does not know


def test_https_target_is_taken_over_tls(server, files):
    peer = connect(server, files, label="http.tls")
    peer.sock.sendall(b"GET https://a.example/x HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n")
    answer = b"".join(iter(lambda: peer.sock.recv(1 << 16), b""))
    assert answer.startswith(b"HTTP/1.1 200 ")
    peer.close()


def test_python_websockets_echoes(server, files):
    async def run():
        url = f"wss://localhost:{port_of(server, 'ws.tls')}/"
        async with websockets.connect(url, ssl=client_context(files), max_size=None) as page:
            for message in ["hello", os.urandom(1 << 20), "x" * 200000]:
                await page.send(message)
                assert await page.recv() == message

    asyncio.run(run())


def test_node_ws_echoes(server, files):
    program = """
        const WebSocket = require('ws');
        const ca = require('fs').readFileSync(process.argv[1]);
        const page = new WebSocket(process.argv[2], {ca});
        const large = require('crypto').randomBytes(1 << 20);
        page.on('open', () => page.send(large));
        page.on('message', (data) => { console.log(Buffer.compare(data, large)); page.close(1000); });
        page.on('close', (code) => console.log(code));
    """
    words = ["node", "-e", program, files.cert("ca"), f"wss://localhost:{port_of(server, 'ws.tls')}/"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=HANG_SECONDS, env={**os.environ, "NODE_PATH": "/usr/share/nodejs"})
    assert (done.stdout, done.stderr) == ("0\n1000\n", "")
