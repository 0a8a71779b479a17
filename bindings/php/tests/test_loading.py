"""What a program gets when the binding cannot be loaded, and when it uses what there is not yet."""
import subprocess

import pytest

from php_program import HANG_SECONDS, Result

pytestmark = pytest.mark.differs


def run(program, *flags, **environment):
    line = ["php", *flags, *program.line("start")[1:]]
    return Result(subprocess.run(line, cwd=program.cwd, env=program.environment | environment, stdin=subprocess.DEVNULL, capture_output=True,
                                 timeout=HANG_SECONDS, check=False))


def assert_one_sentence(result, *words):
    text = (result.out + result.err).strip()
    assert result.code != 0, result
    for word in words:
        assert word.lower() in text.lower(), text
    assert "#0 " not in text and "Stack trace" not in text, text
    assert len(text.splitlines()) <= 3, text


def test_library__that_is_missing_is_named(program):
    assert_one_sentence(run(program("start"), WM_LIBRARY="/nonexistent/libwm.so"), "/nonexistent/libwm.so")


def test_library__that_is_no_library_is_named(program):
    server = program("start")
    assert_one_sentence(run(server, WM_LIBRARY=str(server.script)), str(server.script))


def test_ffi__that_is_disabled_is_named(program):
    assert_one_sentence(run(program("start"), "-d", "ffi.enable=0"), "ffi.enable")


def test_ffi__that_is_missing_is_named(program):
    # Without the ini files there are no shared extensions.
    assert_one_sentence(run(program("start"), "-n"), "FFI", "php")


@pytest.mark.parametrize("code, words", [
    ("", ["there is no worker", "new Workerman\\Worker("]),
    ("new Workerman\\Worker('websokcet://127.0.0.1:0');", ["websokcet://", "websocket"]),
    ("new Workerman\\Worker('sslv2://127.0.0.1:0');", ["sslv2://", "not in this version"]),
    ("new Workerman\\Worker('UDP://127.0.0.1');", ["udp://127.0.0.1"]),
    ("$w = new Workerman\\Worker('http://127.0.0.1:0'); $w->transport = 'udp';", ["Http needs a stream", "over udp"]),
    ("$w = new Workerman\\Worker('websocket://127.0.0.1:0'); $w->transport = 'UDP';", ["Websocket needs a stream", "over udp"]),
    ("new Workerman\\Worker('text://127.0.0.1');", ["text://127.0.0.1"]),
    ("$w = new Workerman\\Worker('text://127.0.0.1:0'); $w->transport = 'SSL';", ["context ssl", "local_cert"]),
    ("new Workerman\\Worker('text://127.0.0.1:0', ['ssl' => ['local_cert' => '/nowhere.pem']]); Workerman\\Worker::getAllWorkers()[array_key_first("
     "Workerman\\Worker::getAllWorkers())]->transport = 'ssl';", ["local_cert", "/nowhere.pem"]),
    ("$w = new Workerman\\Worker('text://127.0.0.1:0'); $w->transport = 'quic';", ["'quic'", "none of tcp, udp, unix and ssl"]),
    ("$w = new Workerman\\Worker('tcp://127.0.0.1:0'); $w->protocol = 'Protocols\\\\Missing';", ["Protocols\\Missing", "no class"]),
    ("new Workerman\\Worker('1x://127.0.0.1:0');", ["'1x://'", "no scheme"]),
], ids=["no worker", "misspelt scheme", "sslv2", "udp without a port", "http over udp", "websocket over udp", "no port", "ssl", "no certificate", "unknown transport", "no class", "no scheme"])
def test_start__of_what_cannot_start_says_why(program, code, words):
    server = program("start")
    server.script.write_text(f"<?php\nrequire getenv('WM_PHP_AUTOLOAD');\n{code}\nWorkerman\\Worker::runAll();\n")
    assert_one_sentence(run(server), *words)


@pytest.mark.parametrize("code, word", [
    ("new Workerman\\Protocols\\Http\\Session\\RedisSessionHandler([]);", "RedisSessionHandler"),
], ids=["sessions in redis"])
def test_use__of_what_there_is_not_yet_is_said_by_name(evaluate, code, word):
    text = evaluate(f"""try {{
            {code}
            return 'accepted';
        }} catch (Throwable $error) {{
            return $error->getMessage();
        }}""")
    assert word.lower() in text.lower(), text


@pytest.mark.parametrize("code, word", [
    ("new Workerman\\Worker(address('MyProtocol'));", "MyProtocol"),
    ("$worker = new Workerman\\Worker(address('http')); $worker->transport = 'udp';", "udp"),
    ("$worker = new Workerman\\Worker(address('tcp')); $worker->protocol = 'Protocols\\MyProtocol';", "MyProtocol"),
], ids=["own-protocol", "transport", "protocol"])
@pytest.mark.parametrize("flags", [[], ["-d"]], ids=["foreground", "background"])
def test_start__of_what_there_is_not_yet_fails(program, code, word, flags):
    server = program("evaluate")
    (server.directory / "code.php").write_text(f"<?php\n{code}\nWorkerman\\Worker::runAll();")
    result = server.command("start", *flags)
    assert result.code != 0, result
    assert word.lower() in (result.out + result.err).lower(), result
