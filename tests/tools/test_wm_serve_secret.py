"""`wm-serve push --inner-secret-file`: back ends prove that they know the secret, by a challenge on the line port and as Bearer by http."""
import json
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from certificates import make_certificate  # noqa: E402
from inner_proof import Prover, auth, nonce, proof  # noqa: E402
from instance import eventually  # noqa: E402
from push_lines import PUSH  # noqa: E402
from push_server import PushServer, clean_environment, program  # noqa: E402

SECRET = b"correct-horse-battery-staple"
WRONG = b"correct-horse-battery-stapl3"
NO_PROOF = "this port has a secret, and the first line asks for it: {\"wm\":{\"cmd\":\"auth\",\"nonce\":\"64 HEX DIGITS\"}}"
NO_MAC = "behind the nonce comes the proof: {\"wm\":{\"cmd\":\"auth\",\"mac\":\"64 HEX DIGITS\"}}"
WRONG_PROOF = "the proof is wrong: it is made with another secret, or in another way"


def secret_file(folder, secret=SECRET + b"\n", mode=0o600):
    path = folder / "inner.secret"
    path.write_bytes(secret)
    path.chmod(mode)
    return path


@pytest.fixture(scope="module", name="shared")
def make_shared(tmp_path_factory):
    server = PushServer("--inner-secret-file", str(secret_file(tmp_path_factory.mktemp("secret"))))
    yield server
    code, log = server.stop()
    assert code == 0
    assert SECRET.decode() not in log
    assert all("refused" in line for line in log.splitlines())


@pytest.fixture(name="server")
def check_shared(shared):
    """One server for all: what one back end breaks, the next one sees."""
    yield shared
    with back_end(shared).prove(SECRET) as lines, shared.page(b"still") as page:
        assert lines.ask(b'{"uid":"still"}') == b"ok"
        assert page.message() == b'{"uid":"still"}'


def back_end(server):
    return Prover(server.addresses["text"])


def refusal(data):
    """The reason of a refusal, behind which the connection has ended."""
    assert data.startswith(b"fail ") and data.endswith(b"\n") and data.count(b"\n") == 1, data
    answer = json.loads(data[5:])
    assert answer["why"] == "auth"
    return answer["detail"]


def test_start__prints_a_command_that_works(tmp_path):
    server = PushServer("--inner-secret-file", str(secret_file(tmp_path)))
    line = server.process.stdout.readline().decode()
    assert line.startswith("  try     wm-push --server ")
    with server.page(b"uid1") as page:
        done = subprocess.run(["bash", "-c", line.replace("  try     wm-push", os.environ["WM_PUSH"])], capture_output=True, timeout=60, check=False,
                              env=clean_environment())
        assert (done.returncode, done.stdout) == (0, b"ok\n"), done
        assert page.message() == b'{"uid":"uid1","percent":"88%"}'
    assert server.stop()[0] == 0


def test_right_secret__lines_are_taken_and_the_server_has_proved_itself(server):
    with back_end(server).prove(SECRET) as lines, server.page(b"uid1") as page:
        for _ in range(3):
            assert lines.ask(PUSH) == b"ok"
            assert page.message() == PUSH
        assert lines.ask(b'{"uid":"nobody"}') == b"fail"
        assert lines.ask(b'{"wm":{"cmd":"notify_end"}}') == b"ok"


@pytest.mark.parametrize("first", [
    PUSH, b"", b"x", b'{"wm":{"cmd":"broadcast"},"data":1}', b'{"wm":{"cmd":"notify_end"}}', b'{"wm":{"cmd":"auth"}}', auth(nonce=""), auth(nonce="0" * 63),
    auth(nonce="0" * 65), auth(nonce="A" * 64), auth(nonce="g" * 64), auth(nonce=1), auth(mac="0" * 64), auth(nonce="0" * 64, mac="0" * 64),
    auth(nonce="0" * 64, uid="uid1"), auth(nonce="0" * 64)[:-1], auth(nonce="0" * 64) + b"x", b"[" + auth(nonce="0" * 64) + b"]",
    b'{"wm":{"cmd":"auth","nonce":"%s"},"uid":"uid1"}' % (b"0" * 64), b'{"wm":{"cmd":"\\u0061uth","nonce":"%s"}}' % (b"0" * 64),
    b'{"wm":{"cmd":"auth","cmd":"auth","nonce":"%s"}}' % (b"0" * 64), b"\xff\xfe", b"\0" * 100, b"ok",
])
def test_any_other_first_line__fails_and_ends(server, first):
    with back_end(server) as lines, server.page(b"uid1") as page:
        lines.sock.sendall(first + b"\n" + PUSH + b"\n")
        assert refusal(lines.rest()) == NO_PROOF
        assert page.nothing_came()


@pytest.mark.parametrize("second", [PUSH, b"", auth(nonce="0" * 64), b'{"wm":{"cmd":"auth"}}', auth(mac=""), auth(mac="0" * 63), auth(mac="0" * 64 + " "),
                                    auth(mac=None), auth(mac="F" * 64)])
def test_any_other_second_line__fails_and_ends(server, second):
    with back_end(server).challenge() as lines, server.page(b"uid1") as page:
        lines.sock.sendall(second + b"\n" + PUSH + b"\n")
        assert refusal(lines.rest()) == NO_MAC
        assert page.nothing_came()


def proofs(lines):
    """Proofs that are nearly right."""
    right = proof(SECRET, "client", lines.own, lines.theirs)
    return {
        "another secret": proof(WRONG, "client", lines.own, lines.theirs),
        "no secret": proof(b"", "client", lines.own, lines.theirs),
        "the secret with its line end": proof(SECRET + b"\n", "client", lines.own, lines.theirs),
        "that of the server": proof(SECRET, "server", lines.own, lines.theirs),
        "the nonces swapped": proof(SECRET, "client", lines.theirs, lines.own),
        "another nonce": proof(SECRET, "client", nonce(), lines.theirs),
        "an older nonce of the server": proof(SECRET, "client", lines.own, nonce()),
        "one digit": ("1" if right[0] == "0" else "0") + right[1:],
        "the last digit": right[:-1] + ("1" if right[-1] == "0" else "0"),
        "the nonce": lines.theirs,
        "zeros": "0" * 64,
    }


@pytest.mark.parametrize("kind", ["another secret", "no secret", "the secret with its line end", "that of the server", "the nonces swapped", "another nonce",
                                  "an older nonce of the server", "one digit", "the last digit", "the nonce", "zeros"])
def test_wrong_proof__fails_and_ends_and_no_line_behind_it_is_taken(server, kind):
    with back_end(server).challenge() as lines, server.page(b"uid1") as page:
        lines.sock.sendall(auth(mac=proofs(lines)[kind]) + b"\n" + PUSH + b"\n" + PUSH + b"\n")
        assert refusal(lines.rest()) == WRONG_PROOF
        assert page.nothing_came()


def test_proof_of_another_connection__is_worth_nothing(server):
    """The client's nonce is the same, the server's is not."""
    own = nonce()
    with back_end(server).challenge(own) as first, back_end(server).challenge(own) as second:
        assert first.theirs != second.theirs
        seen = auth(mac=proof(SECRET, "client", own, first.theirs))
        assert first.ask(seen).startswith(b"ok ")
        second.sock.sendall(seen + b"\n")
        assert refusal(second.rest()) == WRONG_PROOF
        first.sock.sendall(seen + b"\n")  # nor a second time
        assert first.answer() == b"fail"
        assert first.ask(b'{"uid":"nobody"}') == b"fail"


def test_server_that_is_asked_by_itself__gets_no_proof_that_it_takes(server):
    """Reflection: what the server proves on one connection does not open another."""
    with back_end(server).challenge() as victim:
        with back_end(server).challenge(victim.theirs) as mirror:
            mirror.sock.sendall(auth(mac=proof(WRONG, "client", mirror.own, mirror.theirs)) + b"\n")
            assert b"mac" not in mirror.rest()  # no proof without one


def test_lines_behind_the_proof__are_taken_in_their_order(server):
    big = b'{"uid":"uid1","x":"' + b"y" * 200_000 + b'"}'
    with back_end(server).challenge() as lines, server.page(b"uid1") as page:
        lines.sock.sendall(auth(mac=proof(SECRET, "client", lines.own, lines.theirs)) + b"\n" + PUSH + b"\n" + b'{"uid":"nobody"}\n' + big + b"\n")
        assert lines.answer().startswith(b"ok ")
        assert page.messages(2) == [PUSH, big]
        assert [lines.answer() for _ in range(3)] == [b"ok", b"fail", b"ok"]


def test_line_before_the_proof__is_short(server):
    with back_end(server) as lines:
        lines.sock.sendall(b"x" * 1025)
        assert refusal(lines.rest()) == "a line before the proof is longer than 1024 bytes"
    with back_end(server).challenge() as lines:
        lines.sock.sendall(b" " * 1025)
        assert refusal(lines.rest()) == "a line before the proof is longer than 1024 bytes"


def test_back_end_that_proves_nothing__is_closed_while_those_that_have_stay(server):
    """Both wait for the time of the proof, ten seconds."""
    with back_end(server) as silent, back_end(server) as slow, back_end(server).prove(SECRET) as known:
        slow.challenge()
        slow.sock.sendall(b'{"wm":')
        assert refusal(silent.rest()) == "no proof came in time"
        assert refusal(slow.rest()) == "no proof came in time"
        assert known.ask(b'{"uid":"nobody"}') == b"fail"


def test_known_back_ends__are_served_while_others_wait(server):
    with back_end(server) as waiting, back_end(server).prove(SECRET) as known, server.page(b"uid1") as page:
        waiting.challenge()
        assert known.ask(PUSH) == b"ok"
        assert page.message() == PUSH
        assert waiting.ask(auth(mac=proof(SECRET, "client", waiting.own, waiting.theirs))).startswith(b"ok ")


def test_auth_without_a_secret__fails_and_the_connection_stays():
    server = PushServer()
    with server.lines() as lines:
        assert lines.ask(auth(nonce=nonce())) == b"fail"
        assert lines.ask(b'{"uid":"nobody"}') == b"fail"
    assert server.stop()[0] == 0


# ---- POST /push


def test_post__needs_the_secret_as_bearer(server):
    with server.page(b"uid1") as page:
        for field in (b"Authorization: Bearer " + SECRET, b"authorization:  bearer   " + SECRET + b" "):
            assert server.post(PUSH, field).status == 200
            assert page.message() == PUSH
        for fields in ([], [b"Authorization: Bearer " + WRONG], [b"Authorization: Bearer"], [b"Authorization: Bearer "], [b"Authorization: " + SECRET],
                       [b"Authorization: Basic " + SECRET], [b"Authorization: Bearer" + SECRET], [b"Authorization: Bearer " + SECRET + b"x"],
                       [b"Authorization: Bearer " + SECRET[:-1]], [b"Authorization: Bearer " + WRONG, b"Authorization: Bearer " + SECRET]):
            answer = server.post(PUSH, *fields)
            assert (answer.status, answer.value(b"www-authenticate")) == (401, b"Bearer"), fields
            assert answer.body == b"401: POST /push needs Authorization: Bearer and the secret of --inner-secret-file\n"
        assert server.post(PUSH, b"Origin: http://evil.example", b"Authorization: Bearer " + SECRET).status == 403
        assert page.nothing_came()


def test_get__page_and_health_need_no_secret(server):
    answer = server.post(b"", method=b"GET", path=b"/")
    assert answer.status == 200
    assert b"const bySecret = 'secret' !== ''" in answer.body and SECRET not in answer.body
    assert server.post(b"", method=b"GET", path=b"/health").status == 200


# ---- Settings


def run(*flags):
    words = [program(), "push", *flags, "--name", f"secret-{os.getpid()}", "--listen", "websocket://127.0.0.1:0"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False, env=clean_environment())
    return done.returncode, done.stderr


FORM = "a secret is one line of 16 to 1024 visible ASCII characters without blanks: openssl rand -hex 32 makes one"
FILES = {
    "missing": (None, 0, "No such file or directory"),
    "empty": (b"", 0o600, "it is empty"),
    "a line end": (b"\n", 0o600, FORM),
    "15 characters": (b"s" * 15 + b"\n", 0o600, FORM),
    "1025 characters": (b"s" * 1025, 0o600, FORM),
    "two lines": (b"s" * 16 + b"\n\n", 0o600, FORM),
    "blanks": (b"correct horse battery staple", 0o600, FORM),
    "bytes": (bytes(range(128, 160)), 0o600, FORM),
    "open to others": (SECRET, 0o644, "every user of this machine can open it, mode 0644: chmod o= "),
}


@pytest.mark.parametrize("file", FILES)
def test_wrong_file__fails_start_and_check(tmp_path, file):
    content, mode, why = FILES[file]
    path = tmp_path / "inner.secret" if content is None else secret_file(tmp_path, content, mode)
    for command in ("start", "check"):
        code, error = run(command, "--inner", "text://127.0.0.1:0", "--http", "off", "--inner-secret-file", str(path))
        assert code == 2
        assert f"wm-serve push: --inner-secret-file {path}: {why}" in error


@pytest.mark.parametrize("content, mode", [(b"s" * 16, 0o400), (b"s" * 1024 + b"\r\n", 0o640), (SECRET, 0o660)])
def test_good_file(tmp_path, content, mode):
    assert run("check", "--inner-secret-file", str(secret_file(tmp_path, content, mode))) == (0, "")


def test_ports_on_the_network__need_a_secret_and_http_needs_tls(tmp_path):
    secret = ["--inner-secret-file", str(secret_file(tmp_path))]
    made = make_certificate(tmp_path / "site")
    tls = ["--tls-cert", str(made.cert), "--tls-key", str(made.key)]
    inner, http = ["--inner", "text://0.0.0.0:0"], ["--http", "http://0.0.0.0:0"]
    code, error = run("check", *inner)
    assert code == 2 and "give back ends a secret with --inner-secret-file, or allow it with --insecure-inner" in error
    code, error = run("check", *inner, *secret)
    assert code == 0 and "--inner text://0.0.0.0:0 is open to the network without TLS: back ends prove themselves" in error
    code, error = run("check", *http, *tls)
    assert code == 2 and "give back ends a secret with --inner-secret-file and TLS with --tls-cert" in error
    code, error = run("check", *http, *secret)
    assert code == 2 and "would have the secret cross the network in plain text" in error
    assert run("check", *http, *secret, *tls) == (0, "")
    assert run("check", *http, *secret, "--insecure-inner") == (0, "")
    assert run("check", "--inner", "off", "--http", "off", *secret) == (2, "wm-serve push: --inner-secret-file is of no use without --inner and --http\n")


def test_reload__reads_the_secret_again(tmp_path):
    path = secret_file(tmp_path)
    server = PushServer("--inner-secret-file", str(path), "--run-dir", str(tmp_path / "run"))
    old = server.serving_pid
    path.write_bytes(WRONG)
    done = subprocess.run([program(), "push", "reload", "--name", server.name, "--run-dir", str(tmp_path / "run")], capture_output=True, timeout=60,
                          check=False, env=clean_environment())
    assert done.returncode == 0
    eventually(lambda: server.serving_pid != old, "the successor")
    with back_end(server).prove(WRONG) as lines:
        assert lines.ask(b'{"uid":"nobody"}') == b"fail"
    assert server.stop()[0] == 0
