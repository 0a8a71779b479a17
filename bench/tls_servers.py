"""Certificates, and nginx with one of them."""
import os
import subprocess
import tempfile

from servers import Server, free_ports

KEYS = {"ECDSA P-256": ("ec", "-pkeyopt", "ec_paramgen_curve:P-256"), "RSA 2048": ("rsa:2048",)}

# The cipher of each version that both servers are held to; nginx's lists are the server's, ours are OpenSSL's.
CIPHERS = {"1.3": "TLS_AES_128_GCM_SHA256", "1.2": "ECDHE-%s-AES128-GCM-SHA256"}

NGINX = """
worker_processes 1;
daemon off;
pid {directory}/nginx.pid;
error_log {directory}/error.log;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl backlog=4096;
        ssl_certificate {certificate.chain};
        ssl_certificate_key {certificate.key};
        ssl_protocols TLSv1.2 TLSv1.3;
        location / {{ return 200 "Hello, world!"; }}
    }}
}}
"""


def cipher(version, key):
    name = CIPHERS[version]
    return name % key.split()[0] if "%" in name else name


class Certificate:
    """A self-signed certificate for localhost, with its key. load_options are those of wm-load for a server that has it."""

    def __init__(self, directory, kind="ECDSA P-256", version="1.3"):
        base = tempfile.mkdtemp(dir=directory)
        self.chain, self.key = (os.path.join(base, name + ".pem") for name in ("chain", "key"))
        names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        command = ["openssl", "req", "-x509", "-nodes", "-days", "2", "-newkey", *KEYS[kind], *names, "-keyout", self.key, "-out", self.chain]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        self.speak(version, kind)

    def speak(self, version, kind):
        """Chooses what wm-load speaks; both servers would take more."""
        self.load_options = ["--tls", "--tls-ca", self.chain, "--tls-version", version, "--tls-cipher", cipher(version, kind)]


def certificate_of(row, directory):
    """For a row of rows.SINGLE; None: it is plain."""
    return Certificate(directory) if row.tls else None


def start_nginx(certificate):
    """One worker process under nginx's master, which opens the socket and reads the key."""
    ports = free_ports(1)
    directory = tempfile.TemporaryDirectory()
    path = os.path.join(directory.name, "nginx.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write(NGINX.format(directory=directory.name, port=ports[0], certificate=certificate))
    command = ["nginx", "-p", directory.name, "-e", directory.name + "/error.log", "-c", path]
    return Server(command, ports, master=True, directory=directory, certificate=certificate)
