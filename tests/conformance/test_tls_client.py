"""TLS of clients against openssl s_server: whom they trust, what they say when they do not."""
import os
import re
import socket
import ssl
import subprocess
import threading

import pytest
from server_process import HANG_SECONDS
from tls_files import TlsFiles


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return TlsFiles(tmp_path_factory.mktemp("tls-client"))


class OpensslServer:
    """openssl s_server, which sends back each line reversed."""

    def __init__(self, files, name, *options):
        words = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", files.cert(name), "-key", files.key(name), "-rev", *options]
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.port = None
        while self.port is None:
            line = self.process.stdout.readline().decode()
            assert line, "openssl s_server has ended"
            found = re.match(r"ACCEPT 127\.0\.0\.1:(\d+)", line)
            self.port = int(found[1]) if found else None
        self.text = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.text += line.decode("utf-8", "replace")

    def stop(self):
        self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stdout.close()
        return self.text


@pytest.fixture
def serve(files):
    servers = []

    def run(name="server", *options):
        servers.append(OpensslServer(files, name, *options))
        return servers[-1]

    yield run
    for server in servers:
        server.stop()


def run_client(address, *options, times=1):
    """Lines of events, and what the log has."""
    program = os.path.join(os.environ["WM_BUILD"], "bin", "client_program")
    words = [program, address, str(times), *options]
    done = subprocess.run(words, input=b"hello\n", capture_output=True, timeout=HANG_SECONDS)
    return done.stdout.decode().splitlines(), done.stderr.decode()


def test_client_verifies_and_exchanges(serve, files):
    server = serve()
    lines, log = run_client(f"ssl://localhost:{server.port}", f"tls_ca={files.cert('ca')}")
    assert lines[0].startswith("open TLSv1.3;TLS_AES_256_GCM_SHA384;;localhost;CN=server;")
    assert lines[1:] == ["message olleh", "close LOCAL "]
    assert log == ""


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_client_resumes_its_sessions(serve, files, version):
    server = serve("server", version)
    lines, _ = run_client(f"ssl://localhost:{server.port}", f"tls_ca={files.cert('ca')}", times=3)
    assert [line[-1] for line in lines if line.startswith("open")] == ["0", "1", "1"]


def refusal(lines):
    """The text of the error of an attempt that ended before it was open."""
    assert lines[0].startswith("error WM_ETLS "), lines
    text = lines[0].removeprefix("error WM_ETLS ")
    assert lines[1] == f"close ERROR {text[:123]}"
    return text


def test_unknown_authority_is_refused(serve):
    server = serve()
    lines, _ = run_client(f"ssl://localhost:{server.port}")
    assert refusal(lines) == "unable to get local issuer certificate: no CA is known that is called 'Test CA'"


def test_certificate_of_another_name_is_refused(serve, files):
    server = serve("other")
    lines, _ = run_client(f"ssl://localhost:{server.port}", f"tls_ca={files.cert('ca')}")
    assert refusal(lines) == "hostname mismatch: the certificate is for b.example, *.c.example"
    lines, _ = run_client(f"ssl://127.0.0.1:{server.port}", f"tls_ca={files.cert('ca')}")
    assert refusal(lines) == "IP address mismatch: the certificate is for b.example, *.c.example"
    lines, _ = run_client(f"ssl://localhost:{server.port}", f"tls_ca={files.cert('ca')}", "tls_server_name=x.c.example")
    assert ";x.c.example;CN=other;" in lines[0]


def test_names_in_certificates_are_shown_without_control_characters(serve, files):
    files.make_certificate_of("forger\x1b[2k\n2026-01-01 error: \u009bforged")
    files.issue("forged", "DNS:localhost", ca="forger")
    shown = "forger\\x1b[2k 2026-01-01 error: \\xc2\\x9bforged"
    lines, _ = run_client(f"ssl://localhost:{serve('forged').port}", f"tls_ca={files.cert('ca')}")
    assert refusal(lines) == f"unable to get local issuer certificate: no CA is known that is called '{shown}'"
    lines, _ = run_client(f"ssl://localhost:{serve('forger').port}", f"tls_ca={files.cert('forger')}")
    assert refusal(lines) == f"hostname mismatch: the certificate is for {shown}"


def test_expired_certificate_is_refused(serve, files):
    files.issue("expired", "DNS:localhost", days="0")
    server = serve("expired")
    lines, _ = run_client(f"ssl://localhost:{server.port}", f"tls_ca={files.cert('ca')}")
    assert refusal(lines) == "certificate has expired"


def test_verification_can_be_left_out_and_the_log_says_so(serve):
    server = serve("other")
    lines, log = run_client(f"ssl://localhost:{server.port}", "tls_verify=0", times=3)
    assert [line.split()[0] for line in lines].count("open") == 3
    assert log.count("tls_verify is 0") == 1
    assert f"ssl://localhost:{server.port}" in log


def test_client_has_a_certificate(serve, files):
    server = serve("server", "-Verify", "1", "-verify_return_error", "-CAfile", files.cert("ca"))
    trusts = f"tls_ca={files.cert('ca')}"
    lines, _ = run_client(f"ssl://localhost:{server.port}", trusts, f"tls_cert={files.cert('alice')}", f"tls_key={files.key('alice')}")
    assert lines[-1] == "close LOCAL "
    lines, _ = run_client(f"ssl://localhost:{server.port}", trusts)
    assert any("error WM_ETLS the peer refuses TLS: certificate required" in line for line in lines), lines


def test_client_speaks_tls_below_another_protocol(serve, files):
    server = serve()
    lines, _ = run_client(f"text://localhost:{server.port}", "transport=ssl", f"tls_ca={files.cert('ca')}")
    assert "message olleh" in lines


def test_old_server_is_refused(serve, files):
    server = serve("server", "-tls1_1", "-cipher", "ALL@SECLEVEL=0")
    lines, _ = run_client(f"ssl://localhost:{server.port}", f"tls_ca={files.cert('ca')}")
    assert "protocol version" in refusal(lines) or "unsupported protocol" in refusal(lines)


class PlainServer:
    """Accepts one connection, reads, and answers with what it was given."""

    def __init__(self, answer):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, args=(answer,), daemon=True)
        self._thread.start()

    def _serve(self, answer):
        with self.listener, self.listener.accept()[0] as peer:
            peer.recv(1 << 16)
            if answer is None:
                peer.recv(1 << 16)  # silent until the client ends
            else:
                peer.sendall(answer)


def test_server_without_tls_is_told(files):
    server = PlainServer(b"220 mail.example ready\r\n")
    lines, _ = run_client(f"ssl://127.0.0.1:{server.port}")
    assert refusal(lines) == "the server does not speak TLS"


def test_server_that_ends_in_the_handshake_is_told(files):
    server = PlainServer(b"")
    lines, _ = run_client(f"ssl://127.0.0.1:{server.port}")
    assert lines == [f"{word}the server ended the connection in the TLS handshake" for word in ("error WM_ETLS ", "close PEER ")]


@pytest.mark.parametrize("answer", [None, b"\x16\x03\x03\x00\x7a\x02\x00"], ids=["silence", "half a record"])
def test_silent_server_meets_the_deadline(files, answer):
    server = PlainServer(None) if answer is None else HalfRecordServer(answer)
    lines, _ = run_client(f"ssl://127.0.0.1:{server.port}", "connect_timeout_ms=200")
    assert lines[0].startswith("error WM_ETIMEDOUT cannot connect to ssl://127.0.0.1:")
    assert lines[1].startswith("close TIMEOUT ")


class HalfRecordServer(PlainServer):
    def _serve(self, answer):
        with self.listener, self.listener.accept()[0] as peer:
            peer.recv(1 << 16)
            peer.sendall(answer)
            peer.recv(1 << 16)


def test_tls_is_the_name_of_no_scheme():
    lines, log = run_client("tls://127.0.0.1:1")
    assert lines == []
    assert "here it is ssl://" in log
