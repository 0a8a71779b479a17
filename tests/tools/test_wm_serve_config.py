"""The settings of `wm-serve push` from flags, WM_PUSH_ variables and a config file, and `check`, which says where each came from."""
import json
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from push_server import clean_environment, program  # noqa: E402

ADDRESSES = 'listen = "websocket://127.0.0.1:0"\ninner = "off"\nhttp = "off"\n'


@pytest.fixture(name="config")
def make_config(tmp_path):
    """Writes a config file."""

    def write(text):
        path = tmp_path / "push.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


def run(*words, **variables):
    done = subprocess.run([program(), "push", *words], env=clean_environment() | variables, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False, timeout=30)
    return done.returncode, done.stdout, done.stderr


def settings(*words, **variables):
    """Name to value and source."""
    code, output, error = run("check", "--json", *words, **variables)
    assert (code, error) == (0, ""), output
    return {row["name"]: (row["value"], row["source"]) for row in json.loads(output)["settings"]}


def test_check__names_each_setting_of_the_help():
    _, text, _ = run("--help")
    flags = {line.split()[0].removeprefix("--") for line in text.splitlines() if line.startswith("  --")} - {"config"}
    assert set(settings()) == flags
    assert {source for _, source in settings().values()} == {"default"}


def test_sources__flag_over_variable_over_file_over_default(config):
    path = config('# Intervals.\nping = "20s"\ndrain = "2s"\nuid-timeout = "3s"\n')
    found = settings("--config", path, "--ping", "40s", WM_PUSH_PING="30s", WM_PUSH_DRAIN="5s")
    assert found["ping"] == ("40s", "flag")
    assert found["drain"] == ("5s", "WM_PUSH_DRAIN")
    assert found["uid-timeout"] == ("3s", f"{path}:4")
    assert found["pong-timeout"] == ("10s", "default")


def test_kinds__texts_numbers_switches_and_lists(config):
    path = config('max-pages = 500\ninsecure-inner = true\norigin = [\n  "https://a.example", # the shop\n  "https://b.example",\n]\n'
                  "log-file = '/tmp/a #1.log'\n")
    found = settings("--config", path)
    assert found["max-pages"] == ("500", f"{path}:1")
    assert found["insecure-inner"] == (True, f"{path}:2")
    assert found["origin"] == (["https://a.example", "https://b.example"], f"{path}:3")
    assert found["log-file"][0] == "/tmp/a #1.log"
    found = settings("--insecure-inner=false", "--config", path, WM_PUSH_ORIGIN="https://c.example, https://d.example")
    assert found["insecure-inner"] == (False, "flag")
    assert found["origin"] == (["https://c.example", "https://d.example"], "WM_PUSH_ORIGIN")


def test_config_variable__names_the_file_and_an_empty_one_is_none(config):
    path = config('ping = "20s"\n')
    assert settings(WM_PUSH_CONFIG=path)["ping"] == ("20s", f"{path}:1")
    assert settings(WM_PUSH_CONFIG="", WM_PUSH_PING="")["ping"] == ("25s", "default")


def test_check__prints_a_table_and_warnings(config):
    path = config('\nlisten = "websocket://0.0.0.0:1234"\n')
    code, output, error = run("check", "--config", path, WM_PUSH_HTTP="off", WM_PUSH_SERVER="127.0.0.1:1")
    rows = [line.split() for line in output.splitlines()]
    assert code == 0
    assert ["listen", "websocket://0.0.0.0:1234", f"{path}:2"] in rows
    assert ["http", "off", "WM_PUSH_HTTP"] in rows
    assert ["max-pages", "-", "default"] in rows
    assert "warning: --listen" in error and f"--listen is set by {path}:2" in error


@pytest.mark.parametrize(
    "text, expected",
    [
        ('\nlisen = "off"', "{path}:2: unknown setting 'lisen': did you mean 'listen'?"),
        ('uid_timeout = "1s"', "{path}:1: unknown setting 'uid_timeout': did you mean 'uid-timeout'?"),
        ("nothing = 1", "{path}:1: unknown setting 'nothing'"),
        ("daemon = true", "{path}:1: 'daemon' is a flag only, no setting"),
        ("config = 'other'", "{path}:1: 'config' is a flag only, no setting"),
        ("[push]\nping = '1s'", "{path}:1: [push]: tables are not used here"),
        ("listen = websocket://127.0.0.1:0", "{path}:1: Error while parsing value"),
        ("listen: x", "{path}:1: Error while parsing key-value pair: expected '=', saw ':'"),
        ("ping = '1s'\nping = '2s'", "{path}:2: Error while parsing key-value pair: cannot redefine"),
        (b"ping = '\xff'", "{path}:1: Encountered invalid utf-8"),
        ("ping = 25", "{path}:1: ping: 25: the unit is missing; give 25s"),
        ("drain = 1.5", "{path}:1: drain: no value of this kind is used here"),
        ("max-pages = -3", '{path}:1: max-pages: "-3" is no whole number'),
        ("insecure-inner = 'maybe'", "{path}:1: insecure-inner: give true or false"),
        ("listen = ['a', 'b']", "{path}:1: listen: takes one value"),
        ("origin = []", "{path}:1: origin: is empty; leave it out, or give a value"),
        ("host = []", "{path}:1: host: is empty; leave it out, or give a value"),
        ("origin = ['']", "{path}:1: origin: is empty; leave it out, or give a value"),
        ("uid-key = ''", "{path}:1: uid-key: is empty; leave it out, or give a value"),
        ("inner = 'text://0.0.0.0:1'", "; --inner is set by {path}:1"),
        ("listen = 'websocket://127.0.0.1:99999'", "99999"),
        ("name = 'a b'", "--name 'a b' is no name: 1-64 of A-Z a-z 0-9 . _ - that do not begin with '.' or '-'; --name is set by {path}:1"),
        ("user = 'no-such-user'", "--user no-such-user is no user of this machine; --user is set by {path}:1"),
        ('log-file = "a\\u0000b"', "{path}:1: log-file: a text with a NUL character (\\u0000) is no value of a setting"),
        ("group = 'no-such-group'", "--group no-such-group is no group of this machine; --group is set by {path}:1"),
    ],
)
def test_wrong_file__exit_2_with_the_place_and_the_remedy(config, text, expected):
    path = config(text)
    expected = expected.format(path=path)
    for command in ("check", "start"):
        code, output, error = run(command, "--config", path)
        assert (code, output) == (2, "")
        assert expected in error and error.count("\n") == 1
    code, output, error = run("check", "--json", "--config", path)
    document = json.loads(output)
    assert (code, document["ok"]) == (2, False)
    assert expected in document["error"]


@pytest.mark.parametrize("path, reason", [("/nonexistent/push.toml", "No such file or directory"), ("/tmp", "Is a directory")])
def test_file_that_cannot_be_read__is_an_error(path, reason):
    assert run("check", "--config", path) == (2, "", f"wm-serve push: cannot read {path}: {reason}\n")
    assert run("check", WM_PUSH_CONFIG=path) == (2, "", f"wm-serve push: cannot read {path}: {reason}; WM_PUSH_CONFIG names this file\n")


def test_file_without_an_end__is_an_error(config, tmp_path):
    assert run("check", "--config", "/dev/zero") == (2, "", "wm-serve push: cannot read /dev/zero: it is neither a file nor a pipe\n")
    path = config("#" * (1 << 20) + "\n")
    assert run("check", "--config", path) == (2, "", f"wm-serve push: cannot read {path}: it has more than 1048576 bytes\n")
    assert run("check", "--config", config("#" * ((1 << 20) - 1) + "\n"))[0] == 0


def test_pipe__is_read():
    done = subprocess.run([program(), "push", "check", "--config", "/dev/stdin"], env=clean_environment(), input='ping = "9s"\n', capture_output=True,
                          text=True, check=False, timeout=30)
    assert (done.returncode, done.stderr) == (0, "") and "/dev/stdin:1" in done.stdout


def test_wrong_variable__is_named():
    assert run("check", WM_PUSH_PING="soon")[2].startswith(
        "wm-serve push: WM_PUSH_PING: soon: give a whole number and a unit, from 1ms to 24h, or 0s, as in 500ms, 2s or 1m")
    assert run("check", WM_PUSH_INSECURE_INNER="2") == (2, "", "wm-serve push: WM_PUSH_INSECURE_INNER: give true or false\n")
    assert run("check", WM_PUSH_INNER="text://0.0.0.0:1")[2].endswith("; --inner is set by WM_PUSH_INNER\n")


@pytest.mark.parametrize("value", [", ", " ", ","])
def test_list_without_an_element__allows_nothing(value):
    for command in ("check", "start"):
        assert run(command, WM_PUSH_ORIGIN=value) == (2, "", "wm-serve push: WM_PUSH_ORIGIN: is empty; leave it out, or give a value\n")


@pytest.mark.parametrize("flag", ["config", "uid-key", "text-ping", "origin", "host", "user", "log-file", "ping", "uid", "worker"])
def test_empty_flag__is_an_error(flag):
    for words in ([f"--{flag}", ""], [f"--{flag}="], [f"--{flag}=", "status"]):
        assert run("connections", *words) == (2, "", f"wm-serve push: --{flag}: is empty; leave it out, or give a value\nTry wm-serve push --help.\n")


@pytest.mark.parametrize("flag, value", [("--uid-key", b"\xff"), ("--text-ping", b"\xff=pong"), ("--text-ping", b"ping=\xed\xa0\x80")])
def test_text_of_pages__is_utf8(flag, value):
    for command in ("check", "start"):
        code, output, error = run(command, flag, value)
        assert (code, output) == (2, "") and error.startswith(f"wm-serve push: {flag} '") and error.endswith("is not UTF-8, as all text of pages is\n")


@pytest.mark.parametrize("words", [["\x1b[2J"], ["--user", "\x1b[2J"], ["--name", "\x1b[2J"], ["--http", "\x1b[2J"], ["--config", "/\x1b[2J"], ["stop", "--\x1b[2J"],
                                   ["--ping", "\x1b[2J"]])
def test_error__has_no_effect_on_a_terminal(words):
    code, output, error = run(*words)
    assert (code, output) == (2, "") and "\\x1b[2J" in error and "\x1b" not in error


def test_unknown_variable__warns_only_of_what_looks_misspelled():
    _, _, error = run("check", WM_PUSH_LISEN="off", WM_PUSH_SERVICE_HOST="10.0.0.1", WM_PUSH_PORT="tcp://10.0.0.1:5678")
    assert error == "wm-serve push: warning: WM_PUSH_LISEN is not used: did you mean WM_PUSH_LISTEN?\n"


@pytest.mark.parametrize("line, expected", [
    ("run-dir = '{dir}/" + "a" * 90 + "/b'", "--run-dir and --name make the path of the control socket too long, at most 107 bytes: {dir}/"),
    ("run-dir = '{dir}/push.toml'", "--run-dir {dir}/push.toml: {dir}/push.toml is no directory; --run-dir is set by {dir}/push.toml:4"),
    ("run-dir = '{dir}/push.toml/run'", "--run-dir {dir}/push.toml/run: {dir}/push.toml is no directory"),
    ("log-file = '{dir}'", "--log-file {dir} is a directory: give the path of a file"),
    ("log-file = '{dir}/no/such/push.log'", "--log-file {dir}/no/such/push.log: there is no directory {dir}/no"),
    ("host = 'foo:99999'", "--host 'foo:99999': a port is a number from 1 to 65535, and may be left out: foo"),
    ("origin = true", ":4: origin: takes a text or a number, not true or false"),
    ("log-file = [true]", ":4: log-file: takes a text or a number, not true or false"),
])
def test_check__fails_where_a_start_fails(config, tmp_path, line, expected):
    line, expected = (text.replace("{dir}", str(tmp_path)) for text in (line, expected))
    path = config(ADDRESSES + line + "\n")
    code, output, error = run("check", "--config", path)
    assert (code, output) == (2, "") and expected in error, error
    words = [] if line.startswith("run-dir") else ["--run-dir", str(tmp_path / "run")]
    assert run("start", "--config", path, *words)[0] in (1, 2)


@pytest.mark.parametrize("listen, inner", [("websocket://127.0.0.1:7777", "text://127.0.0.1:7777"), ("websocket://0.0.0.0:7777", "text://127.0.0.1:7777"),
                                           ("websocket+unix:///tmp/x", "text+unix:///tmp/x")])
def test_two_ports_at_one_address__are_an_error(listen, inner):
    for command in ("check", "start"):
        code, output, error = run(command, "--listen", listen, "--inner", inner, "--http", "off")
        assert (code, output, error) == (2, "", f"wm-serve push: --inner {inner} is where --listen {listen} listens: each needs a port of its own\n")


def test_check__opens_no_port_and_leaves_no_file(config, tmp_path):
    run_dir = tmp_path / "run"
    path = config(ADDRESSES + f'run-dir = "{run_dir}"\n')
    assert run("check", "--config", path)[0] == 0
    assert not run_dir.exists()


def test_full_output__exit_1():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([program(), "push", "check"], env=clean_environment(), stdout=full, stderr=subprocess.PIPE, check=False, timeout=30)
    assert (done.returncode, done.stderr) == (1, b"wm-serve push check: standard output: No space left on device\n")


@pytest.mark.parametrize("line", ["origin = ['wss://a.example']", "lisen = 'off'", "ping = 25", "listen = 'websocket://127.0.0.1:99999'",
                                  "user = 'no-such-user'"])
def test_mistake_in_another_setting__is_a_warning_where_only_the_instance_counts(config, tmp_path, line):
    path = config(f'{line}\nname = "none"\nrun-dir = "{tmp_path}/run"\n')
    for command in ("stop", "status", "reload", "connections"):
        code, output, error = run(command, "--config", path, WM_PUSH_DRAIN="7")
        assert (code, output) == (3, "") and error.splitlines()[-1].startswith("none: not running"), error
        assert "wm-serve push: warning: WM_PUSH_DRAIN: 7: the unit is missing" in error
    code, output, error = run("help", "--config", path)
    assert (code, error) == (0, "") and output


@pytest.mark.parametrize("line", ["name = 'a b'", "name = ''", "nmae = 'a'", "run-dir = ['a', 'b']", "name ="])
def test_mistake_that_hides_the_instance__ends_each_command_but_help(config, line):
    path = config(line)
    for command in ("check", "start", "stop", "status", "reload", "connections"):
        code, output, error = run(command, "--config", path)
        assert (code, output, error.count("\n")) == (2, "", 1) and f"{path}:1" in error
    assert run("help", "--config", path)[::2] == (0, "")


def test_commands__reach_the_instance_of_the_config_file(config, tmp_path):
    path = config(ADDRESSES + f'name = "from-file-{os.getpid()}"\nrun-dir = "{tmp_path}/run"\n')
    code, _, error = run("start", "-d", "--config", path)
    assert (code, error) == (0, "")
    try:
        assert run("status", WM_PUSH_CONFIG=path)[0] == 0
        assert run("status", "--config", path, "--name", "other")[0] == 3
    finally:
        stopped = run("stop", "--config", path)
    assert stopped == (0, f"from-file-{os.getpid()}: stopped\n", "")
