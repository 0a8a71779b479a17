"""A push server with an engine, as its operators see it: when it is ready, what `status` shows, and how secrets are changed."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys

import pytest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ("support", "conformance")]

from instance import HANG_SECONDS, alive, eventually  # noqa: E402
from push_fixtures import start  # noqa: E402, F401
from push_server import clean_environment, program  # noqa: E402
from scale.nats import NatsServer  # noqa: E402
from scale.redis import RedisServer  # noqa: E402

PASSWORD, OTHER = "swordfish", "marlin"
SECRET = "0123456789abcdef0123"


def file_of(path, text):
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


class GuardedRedis(RedisServer):
    """One that asks for a password."""

    def serves(self):
        return "NOAUTH" in self.ask("PING", seconds=1)

    def change_password(self):
        """From PASSWORD to OTHER, also for those that are connected."""
        for password, *words in ([PASSWORD, "CONFIG", "SET", "requirepass", OTHER], [OTHER, "CLIENT", "KILL", "TYPE", "pubsub"],
                                 [OTHER, "CLIENT", "KILL", "TYPE", "normal"]):
            self.ask("--no-auth-warning", "-a", password, *words)


@pytest.fixture
def redis(tmp_path):
    server = GuardedRedis(tmp_path / "redis", "127.0.0.1", "--requirepass", PASSWORD)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def nats(tmp_path):
    server = NatsServer(tmp_path / "nats", "127.0.0.1", "--user", "bob", "--pass", PASSWORD)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def serve(start, tmp_path):
    """Starts one machine, with a run_dir of its own."""
    made = 0

    def build(url, *flags, **settings):
        nonlocal made
        made += 1
        server = start("--engine", url, "--cluster-secret-file", file_of(tmp_path / "secret", SECRET), "--engine-password-file",
                       file_of(tmp_path / f"password{made}", PASSWORD), "--run-dir", str(tmp_path / f"run{made}"), "--log-file",
                       str(tmp_path / f"log{made}"), *flags, **settings)
        server.run_dir, server.log, server.password = str(tmp_path / f"run{made}"), tmp_path / f"log{made}", tmp_path / f"password{made}"
        return server
    return build


def command(server, *words):
    done = subprocess.run([program(), "push", *words, "--run-dir", server.run_dir, "--name", server.name], env=clean_environment(),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=HANG_SECONDS, check=True)
    assert not any(secret in done.stdout for secret in (PASSWORD, OTHER, SECRET))
    return done.stdout


def details(server):
    """What the hub's service tells in `status`."""
    (row,) = [row for row in json.loads(command(server, "status", "--json"))["processes"] if row.get("service")]
    return row["details"]


def health(server):
    answer = server.post(b"", method=b"GET", path=b"/health")
    return answer.status, answer.body.decode()


def is_ready(server):
    return health(server) == (200, "ok\n")


def test_ready__is_when_what_is_sent_comes_back(serve, redis):
    server = serve(f"redis://{redis.address}")
    eventually(lambda: is_ready(server), "it is ready")
    engine = eventually(lambda: (found := details(server).get("engine")) and found["complete"] and found, "the report")
    assert (engine["address"], engine["up"], engine["fresh"], engine["error"]) == (redis.address, True, True, None)
    assert engine["engine"].startswith("redis ") and engine["connects"] >= 1 and 0 < engine["rtt_us"] < 10**6
    assert details(server)["machines"] == []
    text = command(server, "status")
    assert redis.address in text and engine["engine"] in text
    redis.freeze()
    code, why = eventually(lambda: (told := health(server))[0] == 503 and told, "it is not ready")
    assert why.startswith("503: ")
    redis.thaw()
    eventually(lambda: is_ready(server), "it is ready again")
    redis.kill()
    eventually(lambda: health(server)[0] == 503, "it is not ready")
    eventually(lambda: details(server)["engine"]["error"], "why")
    assert server.stop()[0] == 0


@pytest.mark.parametrize("engine", ["redis", "nats"])
def test_two_machines__are_in_the_status_of_each_other(serve, request, engine):
    address = request.getfixturevalue(engine).address
    url = f"redis://{address}" if engine == "redis" else f"nats://bob@{address}"
    one, two = serve(url), serve(url, "--count", "2")
    for server in (one, two):
        eventually(lambda: is_ready(server), "it is ready")
        (machine,) = eventually(lambda: (found := details(server)["machines"]) and found[0]["state"] == "verified" and found, "the other machine")
        assert machine["name"] == socket.gethostname() and len(machine["node"]) == 16 and machine["version"]
    page = two.page(b"uid1")
    with one.lines() as lines:
        eventually(lambda: lines.ask(b'{"uid":"uid1"}') == b"ok", "a push over the engine")
    def names():
        found = details(two)["cluster"]
        return found["names"] if found["names_known"] else None
    eventually(lambda: names() == 1, "the name is told to the service")
    page.close()
    eventually(lambda: names() == 0, "the name is gone")
    assert two.stop()[0] == 0

    def has_left():
        states = [machine["state"] for machine in details(one)["machines"]]
        assert "lost" not in states
        return states in ([], ["left"])
    eventually(has_left, "it has left")
    assert "warning" not in two.log.read_text()
    assert one.stop()[0] == 0


def answers_until_ok(lines):
    """Why pushes to uid1 fail, until one does not."""
    whys = set()

    def is_ok():
        verdict, facts = lines.ask(b'{"uid":"uid1","wm":{"reply":"json"}}').split(b" ", 1)
        if verdict != b"ok":
            whys.add(json.loads(facts)["why"])
        return verdict == b"ok"
    eventually(is_ok, "a push over the engine")
    return whys


def test_a_service_that_ends_before_its_processes__does_not_say_that_the_machine_has_no_pages(serve, redis):
    one, two = serve(f"redis://{redis.address}"), serve(f"redis://{redis.address}", "--count", "2")
    for server in (one, two):
        eventually(lambda: is_ready(server), "it is ready")
    page = two.page(b"uid1")
    with one.lines() as lines:
        answers_until_ok(lines)
        for _ in range(3):
            (row,) = [row for row in json.loads(command(two, "status", "--json"))["processes"] if row.get("service")]
            os.kill(row["pid"], signal.SIGTERM)  # the master starts another one
            eventually(lambda: not alive(row["pid"]), "it has ended")
            assert "offline" not in answers_until_ok(lines)
            eventually(lambda: is_ready(two), "it is ready again")
    page.close()
    assert two.stop()[0] == one.stop()[0] == 0


def test_wrong_password__is_said_once_and_put_right_by_a_reload(serve, redis):
    server = serve(f"redis://{redis.address}")
    eventually(lambda: is_ready(server), "it is ready")
    redis.change_password()
    code, why = eventually(lambda: "password" in (told := health(server))[1] and told, "the cause")
    assert code == 503
    file_of(server.password, OTHER)
    assert "reloaded" in command(server, "reload")
    eventually(lambda: is_ready(server), "it is ready again")
    assert details(server)["machines"] == []  # it has one node in both lives
    log = server.log.read_text()
    assert not any(secret in log for secret in (PASSWORD, OTHER, SECRET))
    assert sum("password" in line for line in log.splitlines()) <= 2, log
    assert server.stop()[0] == 0
