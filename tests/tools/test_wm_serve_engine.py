"""`wm-serve push --engine`: how an engine is chosen, where its secrets may stand, what is said without one that answers."""
import json
import os
import pathlib
import signal
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from instance import eventually  # noqa: E402
from ports import free_port  # noqa: E402
from push_fixtures import start  # noqa: E402, F401
from push_server import clean_environment, program  # noqa: E402

SECRET = "0123456789abcdef0123"
PASSWORD = "swordfish"


def run(*words, **variables):
    done = subprocess.run([program(), "push", *words], env=clean_environment() | variables, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False, timeout=30)
    assert PASSWORD not in done.stdout + done.stderr and SECRET not in done.stdout + done.stderr
    return done.returncode, done.stdout, done.stderr


def shown(*words, **variables):
    """What `check` shows of the setting engine, and where it is from."""
    code, output, error = run("check", "--json", *words, **variables)
    assert (code, error) == (0, ""), output
    (row,) = [row for row in json.loads(output)["settings"] if row["name"] == "engine"]
    return row["value"], row["source"]


def file_of(path, text, mode=0o600):
    path.write_text(text)
    path.chmod(mode)
    return str(path)


@pytest.mark.parametrize("words, error", [
    (["--engine", "h:6379"], "--engine: the engine is a URL, as redis://HOST:6379 or nats://HOST:4222"),
    (["--engine", "amqp://h"], "--engine: no engine has that scheme: there are redis://"),
    (["--engine", "redis://h", "--cluster", "a.b"], "--cluster is 1 to 64 letters, digits, - and _, not 'a.b'"),
    (["--cluster", "a"], "--cluster is of no use without --engine URL"),
    (["--cluster-secret-file", "/x"], "--cluster-secret-file is of no use without --engine URL"),
    (["--engine-password-file", "/x"], "--engine-password-file is of no use without --engine URL"),
    (["--engine-tls-ca-file", "/x"], "--engine-tls-ca-file is of no use without --engine URL"),
    (["--engine", "redis://h", "--engine-tls-ca-file", "/x"], "--engine-tls-ca-file does nothing, as the engine redis://h:6379 is not over TLS: that is rediss://"),
    (["--engine", "rediss://h", "--engine-tls-ca-file", "/x/y"], "--engine-tls-ca-file: /x/y: No such file or directory"),
    (["--engine", "redis://h", "--cluster-secret-file", "/x/y"], "--cluster-secret-file: /x/y: No such file or directory"),
    (["--engine", "redis://h", "--engine-password-file", "/x/y"], "--engine-password-file: /x/y: No such file or directory"),
])
def test_what_is_wrong__names_the_flag(words, error):
    for command in ("check", "start"):
        code, output, text = run(command, *words)
        assert code == 2 and output == "" and text.startswith(f"wm-serve push: {error}"), text


@pytest.mark.parametrize("url", [f"redis://bob:{PASSWORD}@h", f"redis://:{PASSWORD}@h", f"nats://{PASSWORD}@h", f"TLS://{PASSWORD}@h", f"nats://a,nats://bob:{PASSWORD}@b",
                                 f"redis+cluster://a:1,bob:{PASSWORD}@b:2"])
def test_password__is_refused_on_a_command_line_alone(url, tmp_path):
    error = ("wm-serve push: --engine has a password, which every user of this machine can see: "
             "use --engine-password-file FILE or WM_PUSH_ENGINE_PASSWORD\n")
    for words in (["--engine", url], [f"--engine={url}"]):
        assert run("check", *words) == (2, "", error)
    config = file_of(tmp_path / "push.toml", f'engine = "{url}"\n')
    value, source = shown("--config", config)
    assert source == f"{config}:1" and "***@" in value
    assert shown(WM_PUSH_ENGINE=url)[1] == "WM_PUSH_ENGINE"


def test_user__is_no_secret(tmp_path):
    path = file_of(tmp_path / "password", PASSWORD)
    assert shown("--engine", "nats://bob@h", "--engine-password-file", path) == ("nats://***@h", "flag")  # else it would be a token
    assert shown("--engine", "nats://bob@h", WM_PUSH_ENGINE_PASSWORD=PASSWORD) == ("nats://***@h", "flag")
    assert shown("--engine", "nats://bob@h", WM_PUSH_ENGINE_PASSWORD_FILE=path) == ("nats://***@h", "flag")
    assert shown("--engine", "redis://bob@h") == ("redis://***@h", "flag")
    assert shown("--engine", "redis+sentinel://a:1,b:2/master") == ("redis+sentinel://a:1,b:2/master", "flag")


def test_password__is_in_one_place(tmp_path):
    path = file_of(tmp_path / "password", PASSWORD + "\n")
    assert shown("--engine", "redis://h", "--engine-password-file", path)[1] == "flag"
    assert shown("--engine", "redis://h", WM_PUSH_ENGINE_PASSWORD=PASSWORD)[1] == "flag"  # and it is no misspelled setting
    code, _, error = run("check", "--engine", "redis://h", "--engine-password-file", path, WM_PUSH_ENGINE_PASSWORD=PASSWORD)
    assert code == 2 and "WM_PUSH_ENGINE_PASSWORD and --engine-password-file are both set: leave one" in error
    code, _, error = run("check", "--engine-password-file", path, WM_PUSH_ENGINE=f"redis://:{PASSWORD}@h")
    assert code == 2 and "--engine has a password, and --engine-password-file besides: leave one" in error


@pytest.mark.parametrize("text, mode, error", [(SECRET, 0o604, "every user of this machine can open it, mode 0604: chmod go= "), ("", 0o600, "it is empty"),
                                               ("short", 0o600, "16 to 1024 visible ASCII characters")])
def test_secret__is_for_its_owner_alone(tmp_path, text, mode, error):
    path = file_of(tmp_path / "secret", text, mode)
    code, _, found = run("check", "--engine", "redis://h", "--cluster-secret-file", path)
    assert code == 2 and found.startswith(f"wm-serve push: --cluster-secret-file: {path}: ") and error in found


def status(server, run_dir, *words):
    return run("status", *words, "--run-dir", run_dir, "--name", server.name)[1]


def service(server, run_dir):
    """The row of the hub's service."""
    (row,) = [row for row in json.loads(status(server, run_dir, "--json"))["processes"] if row.get("service")]
    return row


def health(server):
    answer = server.post(b"", method=b"GET", path=b"/health")
    return answer.status, answer.body.decode()


def test_one_process__has_the_service_and_serves_without_the_engine(start, tmp_path):
    run_dir, log = str(tmp_path / "run"), tmp_path / "log"
    secret = file_of(tmp_path / "secret", SECRET + "\n")
    server = start("--engine", f"redis://127.0.0.1:{free_port()}", "--cluster-secret-file", secret, "--run-dir", run_dir, "--log-file", str(log),
                   prefix=("env", f"WM_PUSH_ENGINE_PASSWORD={PASSWORD}"))
    code, why = health(server)  # from the first answer on
    assert code == 503 and why.startswith("503: ")
    eventually(lambda: service(server, run_dir)["status"] == "idle", "the service")
    page = server.page(b"uid1")
    with server.lines() as lines:
        assert lines.ask(b'{"uid":"uid1"}') == b"ok"
    assert json.loads(page.message()) == {"uid": "uid1"}
    page.close()
    old = service(server, run_dir)["pid"]

    def reload(why=""):
        code, output, _ = run("reload", "--run-dir", run_dir, "--name", server.name)
        assert code == 0 and why in output, output
        return service(server, run_dir)["pid"]
    assert reload() == old
    os.chmod(secret, 0o644)
    assert reload("; service hub stays with the settings that it has: option 'secret_file': ") == old
    assert f"service hub stays with the settings that it has: option 'secret_file': {secret}: every user of this machine" in log.read_text()
    file_of(tmp_path / "secret", SECRET[::-1])
    new = reload()
    assert new != old
    os.chmod(secret, 0o644)
    os.kill(new, signal.SIGKILL)
    eventually(lambda: service(server, run_dir)["pid"] not in (None, new), "another service")
    assert f"service hub starts with the settings of before: option 'secret_file': {secret}: every user of this machine" in log.read_text()
    told = log.read_text() + status(server, run_dir) + status(server, run_dir, "--json")
    assert PASSWORD not in told and SECRET not in told
    assert server.stop()[0] == 0


def test_without_an_engine__health_asks_nobody(start, tmp_path):
    server = start("--count", "2", "--run-dir", str(tmp_path / "run"))
    assert health(server) == (200, "ok\n")
    assert server.stop()[0] == 0
