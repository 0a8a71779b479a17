"""A back end's proof that it knows the secret of the inner port, as the guide has it, and any other."""
import hashlib
import hmac
import json
import os

from push_server import LineClient


def nonce():
    return os.urandom(32).hex()


def proof(secret, who, client_nonce, server_nonce):
    return hmac.new(secret, f"wm-push inner 1 {who}\0{client_nonce}\0{server_nonce}".encode(), hashlib.sha256).hexdigest()


def auth(**members):
    return json.dumps({"wm": {"cmd": "auth", **members}}).encode()


class Prover(LineClient):
    """A connection to an inner port with a secret, and the nonces of both sides."""

    def challenge(self, own=None):
        """Asks for the server's nonce."""
        self.own = own or nonce()
        answer = self.ask(auth(nonce=self.own))
        assert answer.startswith(b"ok "), answer
        self.theirs = json.loads(answer[3:])["nonce"]
        assert len(self.theirs) == 64
        return self

    def prove(self, secret):
        """Proves itself, and checks the server's proof."""
        self.challenge()
        answer = self.ask(auth(mac=proof(secret, "client", self.own, self.theirs)))
        assert json.loads(answer.removeprefix(b"ok ")) == {"mac": proof(secret, "server", self.own, self.theirs)}
        return self

    def rest(self):
        """All that comes up to the end of the stream."""
        data, self._data = self._data, b""
        while part := self.sock.recv(65536):
            data += part
        return data
