"""`wm-serve push --auth jwt`: the first message of a page is a token, and its sub the uid."""
import hashlib
import hmac
import os
import pathlib
import re
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from certificates import client_context, connect_tls, make_certificate  # noqa: E402
from instance import eventually  # noqa: E402
from jwt_tokens import KeyPair, encode, hs256, text_of  # noqa: E402
from push_server import Page, PushServer, clean_environment, program  # noqa: E402
from ws_frames import CLOSE, binary, close, text  # noqa: E402

SECRET = b"a secret of at least 32 bytes for HS256"
LEEWAY_S = 30


def claims(**changed):
    """Good ones, with changes; None leaves a name out."""
    all_of_them = {"sub": "uid1", "exp": int(time.time()) + 3600} | changed
    return {name: value for name, value in all_of_them.items() if value is not None}


def secret_file(folder, secret=SECRET + b"\n", mode=0o600):
    path = folder / "jwt.secret"
    path.write_bytes(secret)
    path.chmod(mode)
    return path


@pytest.fixture(scope="module", name="keys")
def make_keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    return {"RS256": KeyPair(folder, "RSA", "rsa_keygen_bits:2048"), "ES256": KeyPair(folder, "EC", "ec_paramgen_curve:P-256")}


def started(*flags):
    return PushServer("--auth", "jwt", *flags)


class Quiet:
    """Ends a server as it should end, and looks for secrets in its log."""

    def __init__(self, *flags):
        self.server = started(*flags)
        self.tokens = []

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        code, self.log = self.server.stop()
        if kind is None:
            assert code == 0
            leaked = [token for token in self.tokens if len(token) > 8 and token.decode(errors="replace") in self.log]
            assert leaked == [] and "sub" not in self.log.replace("sub is missing", "") and SECRET.decode() not in self.log

    def answer(self, token, frame=text):
        """The code and the reason with which a page that sends the token is closed; (None, uid) where it is taken."""
        self.tokens += [part for part in token.split(b".") if part]
        with self.server.page() as page:
            page.send(frame(token))
            return self.end_of(page)

    def end_of(self, page):
        frame = page.frame()
        assert frame is not None and frame.opcode == CLOSE, frame
        page.send(close(frame.code))
        assert page.frame() is None
        return frame.code, frame.payload[2:].decode()

    def takes(self, token, uid=b"uid1"):
        """Whether a page with the token gets what is pushed to the uid."""
        self.tokens += token.split(b".")
        with self.server.page() as page, self.server.lines() as lines:
            page.register(token)
            assert lines.ask(b'{"uid":"' + uid + b'"}') == b"ok"
            return page.message() == b'{"uid":"' + uid + b'"}'


@pytest.fixture(scope="module", name="shared")
def make_shared(tmp_path_factory):
    with Quiet("--jwt-key", str(secret_file(tmp_path_factory.mktemp("secret"))), "--log-level", "debug") as shared:
        yield shared


@pytest.fixture(name="secret_server")
def check_shared(shared):
    """One server for all: what one token breaks, the next one sees."""
    yield shared
    assert shared.takes(hs256(SECRET, claims()))


REFUSED = "token refused: "
NOT_JWT = REFUSED + "it is not a JWT: three parts in base64url with two dots"
HEADER = REFUSED + "its header is not a JSON object of at most 64 names, each once"
ALGORITHM = REFUSED + "alg in its header is not that of the key"
SIGNATURE = REFUSED + "its signature is wrong"
CLAIMS = REFUSED + "its claims are not a JSON object of at most 64 names, each once"
SUBJECT = REFUSED + "sub is missing, or is not a string of 1 to 255 bytes"
EXPIRY = REFUSED + "exp is missing, or is not a whole number of seconds up to the year 9999"


def signature_of(secret, signed):
    return encode(hmac.new(secret, signed, hashlib.sha256).digest())


GOOD = hs256(SECRET, claims())
OTHER = hs256(SECRET, claims(sub="admin"))
SIGNED = GOOD.rsplit(b".", 1)[0]

# What is known to have fooled implementations.
ATTACKS = {
    **{f"alg {alg!r}": (text_of({"alg": alg}, claims()) + b".", ALGORITHM) for alg in ("none", "None", "nOnE", "NONE", "")},
    **{f"alg {alg!r}, signed": (hs256(SECRET, claims(), {"alg": alg}), ALGORITHM)
       for alg in ("none", "hs256", "HS384", "HS512", "RS256", "ES256", "PS256", "EdDSA", None, 1, ["HS256"])},
    "no alg": (hs256(SECRET, claims(), {"typ": "JWT"}), ALGORITHM),
    "crit": (hs256(SECRET, claims(), {"alg": "HS256", "crit": ["b64"], "b64": False}), REFUSED + "crit in its header asks for an extension"),
    "kid of a path": (hs256(b"", claims(), {"alg": "HS256", "kid": "../../../../dev/null"}), SIGNATURE),
    "kid of SQL": (hs256(b"x", claims(), {"alg": "HS256", "kid": "a' UNION SELECT 'x"}), SIGNATURE),
    "kid of a shell": (hs256(b"x", claims(), {"alg": "HS256", "kid": "$(touch /tmp/pwned)|sleep 9"}), SIGNATURE),
    "jwk of its own": (hs256(b"x" * 32, claims(), {"alg": "HS256", "jwk": {"kty": "oct", "k": encode(b"x" * 32).decode()}}), SIGNATURE),
    "jku of its own": (hs256(b"x" * 32, claims(), {"alg": "HS256", "jku": "http://127.0.0.1:9/keys"}), SIGNATURE),
    "x5u of its own": (hs256(b"x" * 32, claims(), {"alg": "HS256", "x5u": "http://127.0.0.1:9/cert"}), SIGNATURE),
    "expired": (hs256(SECRET, claims(exp=int(time.time()) - 60)), REFUSED + "it has expired"),
    "not yet valid": (hs256(SECRET, claims(nbf=int(time.time()) + 3600)), REFUSED + "it is not valid yet"),
    "issued in the future": (hs256(SECRET, claims(iat=int(time.time()) + 3600)), REFUSED + "it was issued in the future"),
    "no exp": (hs256(SECRET, claims(exp=None)), EXPIRY),
    **{f"exp {exp!r}": (hs256(SECRET, claims(exp=exp)), EXPIRY)
       for exp in (str(int(time.time()) + 600), time.time() + 600.5, 1e300, 2**63, 10**30, -1, int(time.time() * 1000), True, [1], {})},
    "an aud where none is asked for": (hs256(SECRET, claims(aud="push")), REFUSED + "it has an aud, and this server has no audience"),
    "no sub": (hs256(SECRET, claims(sub=None)), SUBJECT),
    **{f"sub {str(sub)[:8]!r}": (hs256(SECRET, claims(sub=sub)), SUBJECT) for sub in ("", 1, ["uid1"], "u" * 256, "再" * 86, True, {})},
    "signature stripped": (SIGNED + b".", REFUSED + "it has no signature"),
    "signature and its dot stripped": (SIGNED, NOT_JWT),
    "signature of another token": (SIGNED + b"." + OTHER.rsplit(b".", 1)[1], SIGNATURE),
    "signature cut": (GOOD[:-3], SIGNATURE),
    "signature of one byte": (SIGNED + b".AA", SIGNATURE),
    "claims of another token": (b".".join([GOOD.split(b".")[0], OTHER.split(b".")[1], GOOD.split(b".")[2]]), SIGNATURE),
    "signed by another secret": (hs256(SECRET + b"\n", claims()), SIGNATURE),
    "signed by no secret": (hs256(b"", claims()), SIGNATURE),
    "padding": (GOOD + b"=", NOT_JWT),
    "padding of the header": (text_of({"alg": "HS256"}, {}).split(b".")[0] + b"=." + GOOD.split(b".", 1)[1], NOT_JWT),
    "standard base64": (SIGNED + b"." + b"+/" * 21 + b"A", NOT_JWT),
    "bits behind the signature": (SIGNED + b"." + b"A" * 42 + b"B", NOT_JWT),
    "a line end": (GOOD + b"\n", NOT_JWT),
    "blanks": (b" " + GOOD, NOT_JWT),
    "two parts": (b".".join(GOOD.split(b".")[:2]), NOT_JWT),
    "four parts": (GOOD + b".e30", NOT_JWT),
    "a dot more": (GOOD + b".", NOT_JWT),
    "five parts, as JWE": (b"e30.e30.e30.e30.e30", NOT_JWT),
    "dots alone": (b"..", HEADER),
    "a uid": (b"uid1", NOT_JWT),
    "Bearer": (b"Bearer " + GOOD, NOT_JWT),
    "JSON": (b'{"token":"%s"}' % GOOD, NOT_JWT),
    "nothing": (b"", NOT_JWT),
    "8193 bytes": (b"a" * 8193, REFUSED + "it is longer than 8192 bytes"),
    "64 KiB": (b"a" * 65536, REFUSED + "it is longer than 8192 bytes"),
    "header twice alg": (hs256(SECRET, claims(), b'{"alg":"none","alg":"HS256"}'), HEADER),
    "header is an array": (hs256(SECRET, claims(), b'["HS256"]'), HEADER),
    "header with invalid UTF-8": (hs256(SECRET, claims(), b'{"alg":"HS256","a":"\xff"}'), HEADER),
    "header of depth 600": (hs256(SECRET, claims(), b'{"alg":"HS256","a":' + b"[" * 600 + b"]" * 600 + b"}"), HEADER),
    "claims twice sub": (hs256(SECRET, b'{"sub":"uid1","exp":4000000000,"sub":"admin"}'), CLAIMS),
    "claims twice sub, once escaped": (hs256(SECRET, b'{"sub":"uid1","exp":4000000000,"\\u0073ub":"admin"}'), CLAIMS),
    "claims with invalid UTF-8": (hs256(SECRET, b'{"sub":"\xff\xfe","exp":4000000000}'), CLAIMS),
    "claims with half a surrogate pair": (hs256(SECRET, b'{"sub":"\\ud800","exp":4000000000}'), SUBJECT),
    "claims of depth 2000": (hs256(SECRET, b'{"sub":"uid1","exp":4000000000,"a":' + b"[" * 2000 + b"]" * 2000 + b"}"), CLAIMS),
    "claims with text behind": (hs256(SECRET, b'{"sub":"uid1","exp":4000000000}x'), CLAIMS),
    "claims cut": (hs256(SECRET, b'{"sub":"uid1","exp":4000000000'), CLAIMS),
    "no claims": (hs256(SECRET, b""), CLAIMS),
    "65 claims": (hs256(SECRET, claims(**{f"a{i}": i for i in range(63)})), CLAIMS),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_token_that_is_not_right__4401_with_the_reason(secret_server, attack):
    token, reason = ATTACKS[attack]
    assert secret_server.answer(token) == (4401, reason)


def test_binary_message__4401(secret_server):
    assert secret_server.answer(GOOD, binary) == (4401, NOT_JWT)


def test_token_over_the_limit_of_messages__1009(secret_server):
    assert secret_server.answer(GOOD + b"a" * (1 << 20))[0] == 1009


@pytest.mark.parametrize("sub, uid", [("uid1", b"uid1"), ("再見 👋", "再見 👋".encode()), ("u" * 255, b"u" * 255), ("a/b", b"a/b")])
def test_good_token__its_sub_is_the_uid(secret_server, sub, uid):
    assert secret_server.takes(hs256(SECRET, claims(sub=sub, iat=int(time.time()) + 5, nbf=int(time.time()) + 5, jti="x", roles=["a"])), uid)


def test_page_that_is_named__its_later_messages_have_no_meaning(secret_server):
    with secret_server.server.page() as page:
        page.register(GOOD)
        page.send(text(OTHER) + text(b"admin"))
        page.settle()
        with secret_server.server.lines() as lines:
            assert lines.ask(b'{"uid":"admin"}') == b"fail"


def test_token__ends_and_closes_the_page(secret_server):
    """Taken until the leeway is over; pages with longer tokens, earlier and later ones, stay."""
    with secret_server.server.page() as before, secret_server.server.page() as page, secret_server.server.page() as after:
        before.register(GOOD)
        page.register(hs256(SECRET, claims(exp=int(time.time()) - LEEWAY_S + 2)))
        after.register(hs256(SECRET, claims(exp=int(time.time()) + 3600)))
        begin = time.time()
        assert secret_server.end_of(page) == (4401, "token has ended")
        assert time.time() - begin > 0.5
        assert before.nothing_came() and after.nothing_came()


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_public_key__its_own_algorithm_alone(keys, alg):
    key, other = keys[alg], keys["ES256" if alg == "RS256" else "RS256"]
    signed = text_of({"alg": alg}, claims())
    pem = key.public.read_bytes()
    with Quiet("--jwt-key", str(key.public)) as quiet:
        assert quiet.takes(key.token(claims()))
        for secret in (pem, pem.rstrip(b"\n"), b""):  # the public key is no secret
            assert quiet.answer(hs256(secret, claims())) == (4401, ALGORITHM)
            assert quiet.answer(hs256(secret, claims(), {"alg": alg})) == (4401, SIGNATURE)
        assert quiet.answer(other.token(claims())) == (4401, ALGORITHM)
        assert quiet.answer(other.token(claims(), {"alg": alg})) == (4401, SIGNATURE)
        assert quiet.answer(text_of({"alg": "none"}, claims()) + b".") == (4401, ALGORITHM)
        assert quiet.answer(signed + b"." + key.token(claims(sub="admin")).rsplit(b".", 1)[1]) == (4401, SIGNATURE)
        assert quiet.answer(signed + b".") == (4401, REFUSED + "it has no signature")
    assert quiet.log.count("refused the token of the page of 127.0.0.1:") >= 1


def test_es256__psychic_signatures_and_other_forms(keys):
    key = keys["ES256"]
    signed = text_of({"alg": "ES256"}, claims())
    zero, order = b"\0" * 32, bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
    with Quiet("--jwt-key", str(key.public)) as quiet:
        for forged in (zero + zero, zero + order, order + zero, order + order, b"\0" * 63, b"\0" * 65, b"\1" * 64, bytes.fromhex("3006020100020100"),
                       key.signature(signed)):  # the last is right, in DER
            assert quiet.answer(signed + b"." + encode(forged)) == (4401, SIGNATURE)
        assert quiet.takes(key.token(claims()))


def test_audience_and_issuer(tmp_path):
    flags = ["--jwt-audience", "push", "--jwt-issuer", "https://login.example"]
    with Quiet("--jwt-key", str(secret_file(tmp_path)), *flags) as quiet:
        for aud in ("push", ["push"], ["a", "push"]):
            assert quiet.takes(hs256(SECRET, claims(aud=aud, iss="https://login.example")))
        for aud in (None, "", "Push", "push2", [], ["a"], [["push"]], {"push": 1}, 1, ["push", 1]):
            assert quiet.answer(hs256(SECRET, claims(aud=aud, iss="https://login.example"))) == (4401, REFUSED + "aud does not name this server")
        for iss in (None, "", "https://login.example/", ["https://login.example"]):
            assert quiet.answer(hs256(SECRET, claims(aud="push", iss=iss))) == (4401, REFUSED + "iss is not the issuer whose tokens are taken")


def test_log__has_the_check_and_the_peer_once_a_second(tmp_path):
    with Quiet("--jwt-key", str(secret_file(tmp_path))) as quiet:
        with quiet.server.page() as page:
            port = page.port
            page.send(text(hs256(b"x", claims())))
            quiet.end_of(page)
        for _ in range(20):
            quiet.answer(hs256(b"x", claims()))
        quiet.answer(hs256(SECRET, claims(), {"alg": "none"}))
    lines = [line for line in quiet.log.splitlines() if "refused the token" in line]
    assert lines[0].endswith(f"refused the token of the page of 127.0.0.1:{port}: its signature is wrong")
    assert len(lines) < 10


def test_log__of_a_wrong_algorithm_names_that_of_the_key(tmp_path):
    with Quiet("--jwt-key", str(secret_file(tmp_path))) as quiet:
        quiet.answer(hs256(SECRET, claims(), {"alg": "none"}))
    assert "alg in its header is not that of the key, HS256" in quiet.log


def test_refused_tokens__leave_tls_alone(tmp_path, keys):
    """Both use OpenSSL, in one thread."""
    made = make_certificate(tmp_path / "site")
    with Quiet("--jwt-key", str(keys["ES256"].public), "--tls-cert", str(made.cert), "--tls-key", str(made.key)) as quiet:
        address = quiet.server.addresses["wss"]
        pages = [Page(address, sock=connect_tls(address, client_context())) for _ in range(4)]
        pages[0].register(keys["ES256"].token(claims()))
        for page, forged in zip(pages[1:], (b"\0" * 64, b"\xff" * 64, b"\1" * 64)):
            page.send(text(text_of({"alg": "ES256"}, claims()) + b"." + encode(forged)))
            assert quiet.end_of(page) == (4401, SIGNATURE)
        assert pages[0].nothing_came()
        for page in pages:
            page.close()


# ---- The file


def run(*flags):
    words = [program(), "push", *flags, "--name", f"jwt-{os.getpid()}", "--listen", "websocket://127.0.0.1:0", "--inner", "off", "--http", "off"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False, env=clean_environment())
    return done.returncode, done.stderr


FILES = {
    "missing": (None, 0, "No such file or directory"),
    "empty": (b"", 0o600, "it is empty"),
    "a line end alone": (b"\n", 0o600, "the secret has 0 bytes without its line end, and HS256 needs 32"),
    "too short": (b"s" * 31 + b"\r\n", 0o600, "the secret has 31 bytes without its line end, and HS256 needs 32"),
    "too long": (b"s" * 65537, 0o600, "it has more than 65536 bytes"),
    "open to others": (SECRET, 0o604, "every user of this machine can open it, mode 0604: chmod o= "),
    "a private key": ("RS256", 0o600, "it holds a private key, and the public one is enough: openssl pkey -in FILE -pubout -out PEM"),
    "a certificate": (b"-----BEGIN CERTIFICATE-----\n", 0o644, "it holds a certificate; take its key out: openssl x509 -in FILE -noout -pubkey"),
    "a key that is cut": (b"-----BEGIN PUBLIC KEY-----\nMIIB\n", 0o644, "it holds no public key that OpenSSL can read"),
    "a public key of ssh": (b"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7\n", 0o644, "it is a key of ssh; make a PEM: ssh-keygen -e -m PKCS8 -f FILE"),
}


@pytest.mark.parametrize("file", FILES)
def test_wrong_key_file__fails_start_and_check(tmp_path, keys, file):
    content, mode, why = FILES[file]
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(keys[content].private.read_bytes() if isinstance(content, str) else content)
        path.chmod(mode)
    for command in ("start", "check"):
        code, error = run(command, "--auth", "jwt", "--jwt-key", str(path))
        assert code == 2
        assert f"wm-serve push: --jwt-key {path}: {why}" in error


def test_directory_and_device__are_no_key_files(tmp_path):
    for path, why in ((tmp_path, "it is a directory; give the path of a file"), ("/dev/zero", "it is no regular file")):
        code, error = run("check", "--auth", "jwt", "--jwt-key", str(path))
        assert (code, error) == (2, f"wm-serve push: --jwt-key {path}: {why}\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_file_that_the_user_of_the_server_cannot_read__fails_the_start(tmp_path):
    path = secret_file(tmp_path)
    code, error = run("start", "--auth", "jwt", "--jwt-key", str(path), "--user", "nobody", "--run-dir", str(tmp_path / "run"))
    assert code == 1
    assert f"--jwt-key {path}: Permission denied" in error


@pytest.mark.parametrize("flags, why", [
    (["--auth", "token"], "--auth takes uid, jwt or ticket, not 'token'"),
    (["--auth", "jwt"], "--auth jwt needs --jwt-key FILE: the public key (PEM; RSA, or EC on P-256) or the secret that tokens are signed with"),
    (["--jwt-key", "/dev/null"], "--jwt-key is of no use without --auth jwt"),
    (["--jwt-audience", "push"], "--jwt-audience is of no use without --auth jwt"),
    (["--auth", "uid", "--jwt-issuer", "a"], "--jwt-issuer is of no use without --auth jwt"),
    (["--auth", "jwt", "--jwt-key", "/dev/null", "--uid-key", "user"],
     "--uid-key is of no use with --auth jwt: the first message, whole, is the token, and its sub is the uid"),
])
def test_flags_that_do_not_fit(flags, why):
    assert run("check", *flags) == (2, f"wm-serve push: {why}\n")


@pytest.mark.parametrize("tls, warned", [(False, True), (True, False)])
def test_listen_on_the_network__warns_where_there_is_no_tls(tmp_path, tls, warned):
    made = make_certificate(tmp_path / "site")
    flags = ["--tls-cert", str(made.cert), "--tls-key", str(made.key)] if tls else []
    words = [program(), "push", "check", "--listen", "websocket://0.0.0.0:0", "--auth", "jwt", "--jwt-key", str(secret_file(tmp_path)), *flags]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False, env=clean_environment())
    assert done.returncode == 0
    assert ("is open to the network without TLS: tokens can be read on the way" in done.stderr) == warned
    assert "may claim any uid" not in done.stderr


def test_reload__reads_the_key_again_and_a_wrong_one_leaves_the_old_process(tmp_path):
    path = secret_file(tmp_path)
    new_secret = b"another secret of more than 32 bytes"
    with Quiet("--jwt-key", str(path), "--run-dir", str(tmp_path / "run")) as quiet:
        command = [program(), "push", "reload", "--name", quiet.server.name, "--run-dir", str(tmp_path / "run")]

        def reload():
            return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=clean_environment())

        old = quiet.server.serving_pid
        path.write_bytes(b"short")
        assert reload().returncode != 0
        assert quiet.server.serving_pid == old
        assert quiet.takes(hs256(SECRET, claims()))
        path.write_bytes(new_secret)
        assert reload().returncode == 0
        eventually(lambda: quiet.server.serving_pid != old, "the successor")
        assert quiet.takes(hs256(new_secret, claims()))
        assert quiet.answer(hs256(SECRET, claims())) == (4401, SIGNATURE)
    assert f"--jwt-key {path}: the secret has 5 bytes without its line end" in quiet.log
