"""TLS of servers, as clients see it that are not ours: openssl s_client, Python's ssl, curl, python3-websockets and node's ws."""
import asyncio
import hashlib
import os
import ssl
import subprocess

import pytest
import websockets
from server_process import HANG_SECONDS
from tls_server import ask, client_context, connect, files, port_of, s_client, server, start, stop_and_read_log  # noqa: F401


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
