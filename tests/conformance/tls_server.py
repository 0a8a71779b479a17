"""A server over TLS, its fixtures for the test files that import them, and clients of it: openssl s_client, and Python's ssl."""
import ssl
import subprocess

import pytest
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
