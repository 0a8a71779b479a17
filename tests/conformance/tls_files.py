"""Certificates for the tests, made by openssl: a CA, servers under it, a client, and what is wrong with others."""
import pathlib
import subprocess


def openssl(*words, **options):
    return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, **options)


class TlsFiles:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self._make_ca("ca", "Test CA")
        self._make_ca("other-ca", "Other CA")
        self.issue("server", "DNS:localhost,DNS:a.example,IP:127.0.0.1")
        self.issue("other", "DNS:b.example,DNS:*.c.example")
        self.issue("alice", None)
        self.issue("mallory", None, ca="other-ca")

    def path(self, name):
        return str(self.directory / name)

    def cert(self, name):
        return self.path(f"{name}.pem")

    def key(self, name):
        return self.path(f"{name}.key")

    def make_key(self, name, algorithm="EC"):
        kind = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"] if algorithm == "EC" else ["-algorithm", "RSA"]
        openssl("genpkey", *kind, "-out", self.key(name))

    def _make_ca(self, name, subject):
        self.make_key(name)
        openssl("req", "-x509", "-new", "-key", self.key(name), "-subj", f"/CN={subject}", "-days", "30", "-out", self.cert(name))

    def issue(self, name, names, ca="ca", algorithm="EC", days="30"):
        """A certificate of that CA for those names; None: for a client of that name."""
        self.make_key(name, algorithm)
        request = openssl("req", "-new", "-key", self.key(name), "-subj", f"/CN={name}").stdout
        extensions = self.directory / "extensions"
        extensions.write_text(f"subjectAltName={names}\n" if names else "extendedKeyUsage=clientAuth\n")
        openssl("x509", "-req", "-CA", self.cert(ca), "-CAkey", self.key(ca), "-days", days, "-extfile", extensions, "-out", self.cert(name),
                input=request)  # fmt: skip

    def make_certificate_of(self, subject, name="forger"):
        """Signed by itself, for the subject alone."""
        self.make_key(name)
        openssl("req", "-x509", "-new", "-utf8", "-key", self.key(name), "-subj", f"/CN={subject}", "-days", "30", "-out", self.cert(name))

    def encrypt_key(self, name, passphrase):
        openssl("pkcs8", "-topk8", "-in", self.key(name), "-passout", f"pass:{passphrase}", "-out", self.key(f"{name}-encrypted"))
