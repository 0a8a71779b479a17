"""Certificates of the tests' own, made by openssl, and TLS clients that look at what a server presents."""
import dataclasses
import itertools
import pathlib
import re
import socket
import ssl
import subprocess

from instance import HANG_SECONDS, eventually


@dataclasses.dataclass
class Certificate:
    """A self-signed certificate, for localhost and 127.0.0.1 if nothing else was asked for, and its key."""

    cert: pathlib.Path
    key: pathlib.Path

    @property
    def pem(self):
        return self.cert.read_text()

    @property
    def der(self):
        return ssl.PEM_cert_to_DER_cert(self.pem)


def make_certificate(folder, name="site", days=365, passphrase=None, names="DNS:localhost,IP:127.0.0.1"):
    folder.mkdir(parents=True, exist_ok=True)
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    protect = ["-passout", f"pass:{passphrase}"] if passphrase else ["-nodes"]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", *protect, "-days", str(days),
                    "-subj", f"/CN={name}", "-addext", f"subjectAltName={names}", "-out", made.cert, "-keyout", made.key],
                   check=True, capture_output=True, timeout=HANG_SECONDS)
    made.key.chmod(0o600)
    return made


def host_and_port(address):
    host, _, port = address.split("://")[1].rstrip("/").rpartition(":")
    return host, int(port)


def client_context(version=None):
    """Takes any certificate: which one it is, the test asks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if version:
        context.minimum_version = context.maximum_version = version
    return context


def connect_tls(address, context=None, **kwargs):
    sock = socket.create_connection(host_and_port(address), HANG_SECONDS)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return (context or client_context()).wrap_socket(sock, server_hostname="localhost", **kwargs)
    except BaseException:
        sock.close()
        raise


def presented(address):
    """What the server presents to a new client, as DER."""
    with connect_tls(address) as sock:
        return sock.getpeercert(binary_form=True)


def s_client(address, *flags, line="pid"):
    """`openssl s_client`, which sends one line and ends after the answer: (the line that says what was agreed, the answer)."""
    host, port = host_and_port(address)
    command = ["openssl", "s_client", "-connect", f"{host}:{port}", "-servername", "localhost", "-nocommands", *map(str, flags)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        process.stdin.write(line.encode() + b"\n")
        process.stdin.flush()
        text = ""
        for raw in process.stdout:
            text += raw.decode(errors="replace")
            if re.fullmatch(r"\d+\n", raw.decode(errors="replace")):
                break
        process.stdin.close()
        process.stdout.read()
        process.wait(HANG_SECONDS)
    agreed = re.search(r"^(New|Reused), .*$", text, re.M)
    answer = re.search(r"^(\d+)$", text, re.M)
    assert agreed and answer, text
    return agreed[0], int(answer[1])


class Site:
    """The files of a worker as certbot keeps them: live/ leads to what is in use, archive/ has all there were."""

    def __init__(self, folder):
        self.folder = folder
        self.count = itertools.count()
        self.live = folder / "live"
        self.live.mkdir(parents=True)
        self.cert, self.key = self.live / "cert.pem", self.live / "key.pem"
        self.current = self.renew()

    def make(self, **kwargs):
        return make_certificate(self.folder / "archive", f"c{next(self.count)}", **kwargs)

    def link(self, made):
        """Each link is replaced in one step, so a look between them finds a key that does not fit."""
        for path, target in ((self.cert, made.cert), (self.key, made.key)):
            fresh = path.with_suffix(".new")
            fresh.symlink_to(target)
            fresh.rename(path)
        self.current = made
        return made

    def renew(self, **kwargs):
        return self.link(self.make(**kwargs))

    def worker(self, address="text://127.0.0.1:0", **options):
        given = {"name": "line", "transport": "ssl", "tls_cert": self.cert, "tls_key": self.key} | options
        return ",".join([address, *(f"{name}={value}" for name, value in given.items())])


def serves(instance, made, worker=None):
    eventually(lambda: presented(instance.address(worker)) == made.der, f"{made.cert.name} to be served")
