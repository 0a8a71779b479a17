"""JSON Web Tokens for tests, good ones and any others; RSA and EC signatures by the openssl command."""
import base64
import hashlib
import hmac
import json
import subprocess


def encode(data):
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def text_of(header, claims):
    """What is signed; a header or claims that are bytes go as they are."""
    parts = (part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, claims))
    return b".".join(encode(part) for part in parts)


def hs256(secret, claims, header=None):
    text = text_of(header or {"alg": "HS256"}, claims)
    return text + b"." + encode(hmac.new(secret, text, hashlib.sha256).digest())


def _openssl(*words, given=b""):
    return subprocess.run(["openssl", *words], input=given, capture_output=True, check=True, timeout=60).stdout


def _raw(der):
    """r and s, 32 bytes each, of an ECDSA signature in DER of less than 128 bytes."""
    size = der[3]
    numbers = der[4 : 4 + size], der[6 + size :]
    return b"".join(number.lstrip(b"\0").rjust(32, b"\0") for number in numbers)


class KeyPair:
    """A key of openssl genpkey, in files; `kind` is RSA or EC."""

    def __init__(self, folder, kind, *options):
        self.alg = {"RSA": "RS256", "EC": "ES256"}[kind]
        self.private, self.public = folder / f"{kind}-private.pem", folder / f"{kind}.pem"
        _openssl("genpkey", "-algorithm", kind, *(word for option in options for word in ("-pkeyopt", option)), "-out", str(self.private))
        _openssl("pkey", "-in", str(self.private), "-pubout", "-out", str(self.public))

    def signature(self, text):
        """As openssl makes it: ES256 in DER."""
        return _openssl("dgst", "-sha256", "-sign", str(self.private), given=text)

    def token(self, claims, header=None):
        text = text_of(header or {"alg": self.alg}, claims)
        signature = self.signature(text)
        return text + b"." + encode(_raw(signature) if self.alg == "ES256" else signature)
