"""Workerman\\Hub with an engine: two programs at one redis-server are one, and what is wrong with an option is said before they serve."""
import contextlib
import json

import pytest

from php_program import Peer, eventually
from scale.redis import RedisServer
from test_hub import Caller

PASSWORD = "of the engine"


@pytest.fixture
def secrets(tmp_path):
    """Files as the options of a hub want them."""
    paths = {}
    for name, text in {"engine_password_file": PASSWORD, "secret_file": "0123456789abcdef" * 4}.items():
        paths[name] = tmp_path / name
        paths[name].write_text(text + "\n")
        paths[name].chmod(0o600)
    return {name: str(path) for name, path in paths.items()}


@contextlib.contextmanager
def engine(directory):
    server = RedisServer(directory, "127.0.0.1", "--requirepass", PASSWORD)
    server.begin()  # programs try until it answers
    try:
        yield f"redis://{server.address}"
    finally:
        server.kill()


def test_environment__joins_programs_that_do_not_know_of_it(program, tmp_path, secrets):
    with engine(tmp_path / "engine") as url:
        options = {"engine": url, "cluster": "shop", "engine_tls_verify": "1"} | secrets
        variables = {f"WM_HUB_{name.upper()}": value for name, value in options.items()}
        first, second = (program("hub", directory=tmp_path / name, environment=variables).start() for name in ("first", "second"))
        with Caller(first.port) as ann, Caller(second.port) as bob:
            for peer in (ann, bob):
                eventually(lambda peer=peer: peer.call("ready") == [True, ""], "the engine")
            assert ann.call("bind", "me", "ann") == [True]
            eventually(lambda: bob.call("send", "ann", "hello") == [1, "ok", ""], "ann's uid, at the other program")
            assert ann.read_line() == "hello"
            assert bob.call("online", "nobody") == [0, "offline", ""]
        said = second.command("status", "--json").out + second.output()
        assert PASSWORD not in said and "0123456789abcdef" not in said


def test_engine_that_is_away__is_not_ready_and_the_own_process_is_reached(program, tmp_path):
    started = program("hub", environment={"WM_HUB_ENGINE": f"redis+unix://{tmp_path}/nothing"}).start()
    with Caller(started.port) as ann:
        ready, why = ann.call("ready")
        assert ready is False and why != ""
        assert ann.call("bind", "me", "ann") == [True]
        ann.send(json.dumps(["send", "ann", "hello"]) + "\n")
        assert {ann.read_line(), ann.read_line()} == {"hello", '[1,"partial",""]'}
        connections, result, error = ann.call("online", "nobody")
        assert (connections, result) == (0, "unknown") and error != ""


@pytest.mark.parametrize("options, said", [
    ({"engine": "http://127.0.0.1"}, "engine"),
    ({"cluster": "a b"}, "1 to 64 letters"),
    ({"clutser": "shop"}, "cluster"),
    ({"engine_tls_verify": 2}, "engine_tls_verify"),
    ({"engine_tls_verify": None}, "option engine_tls_verify of the hub is an integer or a text, not null"),
    ({"cluster": ["shop"]}, "option cluster of the hub is an integer or a text, not array"),
    (["redis://127.0.0.1"], "options of the hub have names"),
    ({"engine": "redis://127.0.0.1", "secret_file": "/nothing"}, "/nothing"),
])
def test_option_that_is_wrong__is_told_and_nothing_serves(program, options, said):
    wrong = program("hub_open", OPEN="yes", OPTIONS=json.dumps(options))
    wrong.errors_expected = True
    done = wrong.command("start")
    assert done.code != 0 and said in done.out + done.err, done
    assert wrong.trace("ready") == []


def test_variable_that_is_wrong__is_told(program):
    done = program("hub_open", OPEN="yes", environment={"WM_HUB_ENGINE_TLS_VERIFY": "maybe"}).command("start")
    assert done.code != 0 and "engine_tls_verify" in done.out + done.err, done


def test_option_that_is_right__goes_before_the_environment(program, tmp_path):
    with engine(tmp_path / "engine") as url:
        started = program("hub_open", OPEN="yes", OPTIONS=json.dumps({"engine": url, "engine_password": PASSWORD}),
                          environment={"WM_HUB_ENGINE": "redis+unix:///nothing"}).start(ready=2)
        with Peer(started.port) as peer:
            eventually(lambda: peer.ask("online") == "offline", "the engine")


@pytest.mark.parametrize("how", [{"OPTIONS": json.dumps({"engine": "rediss://127.0.0.1:1", "engine_tls_verify": False})},
                                 {"environment": {"WM_HUB_ENGINE": "rediss://127.0.0.1:1", "WM_HUB_ENGINE_TLS_VERIFY": "0"}}],
                         ids=["boolean", "variable"])
def test_engine_tls_verify__is_a_boolean_and_a_variable(program, how):
    started = program("hub_open", OPEN="yes", **how).start(ready=2)
    with Peer(started.port) as peer:
        assert peer.ask("online") == "unknown"


def test_engine__cannot_be_chosen_once_the_program_serves(program):
    started = program("hub_open", OPEN="yes").start(ready=2)
    with Peer(started.port) as peer:
        assert "engine" in peer.ask("open with an engine")
