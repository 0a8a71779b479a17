"""wm-push with --secret-file: it proves to the server that it knows the secret, and has the server prove itself."""
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest
from line_server import FAIL, OK, LineServer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from inner_proof import nonce, proof  # noqa: E402
from own_machine import add_address, own_machine  # noqa: E402
from push_server import PushServer  # noqa: E402

SECRET = b"correct-horse-battery-staple"
REFUSAL = b'fail {"why":"auth","detail":"the proof is wrong"}\n'


def file_of(folder, secret=SECRET, name="secret", mode=0o600):
    path = folder / name
    path.write_bytes(secret + b"\n")
    path.chmod(mode)
    return str(path)


@pytest.fixture(name="secret")
def make_secret(tmp_path):
    return file_of(tmp_path)


@pytest.fixture(scope="module", name="serve")
def make_serve(tmp_path_factory):
    server = PushServer("--inner-secret-file", file_of(tmp_path_factory.mktemp("secret")))
    yield server
    assert server.stop()[0] == 0


def address_of(server):
    return server.addresses["text"].split("://")[1]


def test_one_push(push, serve, secret):
    with serve.page(b"uid1") as page:
        done = push("--secret-file", secret, "uid1", '{"a":1}', server=address_of(serve))
        assert (done.returncode, done.stdout, done.stderr) == (0, b"ok\n", b"")
        assert page.message() == b'{"uid":"uid1","a":1}'
    done = push("--secret-file", secret, "nobody", '{"a":1}', server=address_of(serve))
    assert (done.returncode, done.stdout, done.stderr) == (1, b"fail\n", b"")


def test_lines(push, serve, secret):
    with serve.page(b"uid1") as page:
        done = push("--secret-file", secret, "-l", "uid1", server=address_of(serve), stdin=b"".join(b"%d\n" % i for i in range(3000)))
        assert (done.returncode, done.stdout, done.stderr) == (0, b"ok\n" * 3000, b"")
        assert [json.loads(text)["line"] for text in page.messages(3000)] == [str(i) for i in range(3000)]


def test_variable__in_place_of_the_flag(push, serve, secret, environment, tmp_path):
    with serve.page(b"uid1"):
        done = push("uid1", "{}", server=address_of(serve), env=environment | {"WM_PUSH_SECRET_FILE": secret})
        assert (done.returncode, done.stdout) == (0, b"ok\n")
        wrong = environment | {"WM_PUSH_SECRET_FILE": file_of(tmp_path, b"another secret"[:7] * 3, "other")}
        assert push("uid1", "{}", server=address_of(serve), env=wrong).returncode == 77
        assert push("--secret-file", secret, "uid1", "{}", server=address_of(serve), env=wrong).returncode == 0
        assert push("uid1", "{}", server=address_of(serve), env=environment | {"WM_PUSH_SECRET_FILE": ""}).returncode == 77


@pytest.mark.parametrize("words, stdin", [(["uid1", "{}"], b""), (["-l", "uid1"], b"x\n"), (["-l", "uid1"], b"x\n" * 5000), (["-l", "uid1"], b"")])
@pytest.mark.parametrize("given", ["wrong", "none"])
def test_wrong_secret_or_none__exit_77_and_what_to_give(push, serve, tmp_path, words, stdin, given):
    flags = ["--secret-file", file_of(tmp_path, b"w" * 16)] if given == "wrong" else []
    with serve.page(b"uid1") as page:
        done = push(*flags, *words, server=address_of(serve), stdin=stdin)
        if not flags and not stdin and "-l" in words:
            assert done.returncode in (0, 77)  # there was nothing to push: whether the answer is waited for does not matter
            return
        assert done.returncode == 77, done
        assert b"ok" not in done.stdout and b"fail" not in done.stdout
        text = "refuses the secret: is it the one of wm-serve's --inner-secret-file?" if flags else \
            "asks for a secret; give the file with it: --secret-file FILE, or WM_PUSH_SECRET_FILE"
        assert done.stderr.decode().startswith(f"wm-push: {address_of(serve)} {text}")
        assert page.nothing_came()


def server_of(answers):
    """Answers of a server of the test's own, to the lines of one connection: bytes, or functions of the lines so far."""
    lines = []

    def answer(line, number):
        lines.append(json.loads(line))
        made = answers[min(number, len(answers) - 1)]
        return made(lines) if callable(made) else made

    return answer


THEIRS = nonce()


def right_proof(lines):
    return b'ok {"mac":"%s"}\n' % proof(SECRET, "server", lines[0]["wm"]["nonce"], THEIRS).encode()


def checked_proof(lines):
    assert lines[1]["wm"]["mac"] == proof(SECRET, "client", lines[0]["wm"]["nonce"], THEIRS)
    return right_proof(lines)


NONCE = b'ok {"nonce":"%s"}\n' % THEIRS.encode()


def test_proof__is_the_one_of_the_guide(push, line_server, secret):
    server = line_server(server_of([NONCE, checked_proof, OK]))
    done = push("--secret-file", secret, "uid1", "{}", server=server)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"ok\n", b"")
    first, second, third = server.all_lines()
    assert re.fullmatch(rb'\{"wm":\{"cmd":"auth","nonce":"[0-9a-f]{64}"\}\}', first)
    assert re.fullmatch(rb'\{"wm":\{"cmd":"auth","mac":"[0-9a-f]{64}"\}\}', second)
    assert third == b'{"uid":"uid1"}'


def test_nonce__is_another_each_time(push, line_server, secret):
    server = line_server(lambda line, number: FAIL)
    for _ in range(3):
        push("--secret-file", secret, "uid1", "{}", server=server)
    assert len({line for line in server.all_lines() if b"nonce" in line}) == 3


@pytest.mark.parametrize("words", [["uid1", '{"private":1}'], ["-l", "uid1"]])
@pytest.mark.parametrize("answers, text", [
    ([NONCE, b'ok {"mac":"%s"}\n' % (b"0" * 64)], "does not know the secret: it is another server than it seems to be"),
    ([NONCE, lambda lines: b'ok {"mac":"%s"}\n' % lines[1]["wm"]["mac"].encode()], "does not know the secret"),  # reflected
    ([NONCE, REFUSAL], "refuses the secret"),
    ([REFUSAL], "refuses the secret"),
])
def test_impostor__gets_no_push(push, line_server, secret, words, answers, text):
    server = line_server(server_of(answers))
    done = push("--secret-file", secret, *words, server=server, stdin=b"private\n")
    assert done.returncode == 77
    assert f"wm-push: {server.address} {text}" in done.stderr.decode()
    assert b"private" not in bytes(server.bytes)


@pytest.mark.parametrize("answers", [[OK], [b"hello\n"], [b"ok {}\n"], [b'ok {"nonce":"0"}\n'], [NONCE + b"ok\n"], [NONCE, OK], [NONCE, b'ok {"mac":1}\n'],
                                     [NONCE, b"fail\n"], [b"x" * 5000]])
def test_server_of_another_kind__exit_69(push, line_server, secret, answers):
    server = line_server(server_of(answers))
    done = push("--secret-file", secret, "uid1", '{"private":1}', server=server)
    assert done.returncode == 69
    assert b"is not the inner port of a push server: it answered \"" in done.stderr
    assert b"private" not in bytes(server.bytes)


def test_server_that_closes_or_is_silent(push, line_server, secret):
    done = push("--secret-file", secret, "uid1", "{}", server=line_server(lambda line, number: LineServer.CLOSE))
    assert done.returncode == 69
    assert b"closed the connection before it had the proof" in done.stderr
    done = push("--secret-file", secret, "--timeout", "200ms", "uid1", "{}", server=line_server(lambda line, number: b""))
    assert done.returncode == 75
    assert b"to the proof within 200 ms" in done.stderr


@pytest.mark.parametrize("words", [["uid1", "{}"], ["-l", "uid1"]])
def test_server_without_a_secret__is_fine_on_this_machine(push, line_server, secret, words, tmp_path):
    done = push("--secret-file", secret, *words, server=line_server(lambda line, number: FAIL if b"auth" in line else OK), stdin=b"x\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"ok\n", b"")
    import socket
    server = line_server(lambda line, number: FAIL if b"auth" in line else OK, family=socket.AF_UNIX, address=str(tmp_path / "sock"))
    done = push("--secret-file", secret, *words, server=server, stdin=b"x\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"ok\n", b"")


def test_server_without_a_secret__elsewhere_gets_no_push(wm_push, environment, secret):
    """At an address that is not of the loopback network, in a network of the test's own."""
    pid = os.fork()
    if pid == 0:
        try:
            with own_machine(shared=False):
                add_address("192.0.2.1")
                server = LineServer(lambda line, number: FAIL if b"auth" in line else OK, address=("192.0.2.1", 0))
                done = subprocess.run([wm_push, "--server", server.address, "--secret-file", secret, "uid1", '{"private":1}'], env=environment,
                                      stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
                assert done.returncode == 77, done
                assert b"has no secret, so it cannot prove to be the server that is meant" in done.stderr
                assert b"private" not in bytes(server.bytes)
                server.stop()
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(pid, 0)[1] == 0


def test_reconnect__proves_itself_anew(push, line_server, secret):
    """Two connections: the first one ends behind its first line."""
    asked = []

    def answer(line, number):
        document = json.loads(line)
        if "wm" not in document:
            return LineServer.END if document["line"] == "1" and len(asked) == 1 else OK
        if "nonce" in document["wm"]:
            asked.append(document["wm"]["nonce"])
            return NONCE
        assert document["wm"]["mac"] == proof(SECRET, "client", asked[-1], THEIRS)
        return b'ok {"mac":"%s"}\n' % proof(SECRET, "server", asked[-1], THEIRS).encode()

    server = line_server(answer)
    done = push("--secret-file", secret, "-l", "uid1", server=server, stdin=b"0\n1\n2\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"ok\n" * 3, b"")
    assert len(asked) == server.connections == 2 and asked[0] != asked[1]


def test_reconnect__to_a_server_with_another_secret_ends_with_77(push, line_server, secret):
    state = {}

    def answer(line, number):
        document = json.loads(line)
        if "wm" not in document:
            return LineServer.END
        if "nonce" in document["wm"]:
            again = "nonce" in state
            state["nonce"] = document["wm"]["nonce"]
            return REFUSAL if again else NONCE
        return b'ok {"mac":"%s"}\n' % proof(SECRET, "server", state["nonce"], THEIRS).encode()

    done = push("--secret-file", secret, "-l", "uid1", server=line_server(answer), stdin=b"0\n")
    assert done.returncode == 77
    assert b"refuses the secret" in done.stderr


@pytest.mark.parametrize("content, mode, why", [
    (None, 0, "No such file or directory"),
    (b"short", 0o600, "a secret is one line of 16 to 1024 visible ASCII characters without blanks: openssl rand -hex 32 makes one"),
    (SECRET, 0o604, "every user of this machine can open it, mode 0604: chmod o= "),
])
def test_wrong_file__exit_2(push, environment, tmp_path, content, mode, why):
    path = str(tmp_path / "none") if content is None else file_of(tmp_path, content, mode=mode)
    for flags, env, name in ((["--secret-file", path], environment, "--secret-file"), ([], environment | {"WM_PUSH_SECRET_FILE": path}, "WM_PUSH_SECRET_FILE")):
        done = push(*flags, "uid1", "{}", env=env)
        assert done.returncode == 2
        assert f"wm-push: {name} {path}: {why}" in done.stderr.decode()


def test_secret__is_in_no_output_and_no_argument(push, serve, secret):
    done = push("--secret-file", secret, "--json", "uid1", "{}", server=address_of(serve))
    assert SECRET not in done.stdout + done.stderr
