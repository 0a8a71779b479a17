"""The contract's runner: a binding that breaks a rule fails the case of that rule, with what was wrong."""
import json
import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROGRAM = ROOT / "bindings/php/tests/programs/contract.php"

# A case, a line of the program that keeps its rule, what a binding that breaks it does, and what the runner says of it.
BROKEN = [
    ("echo [text]", "        $connection->send($data);\n        return;", "        $connection->send(\"$data \");\n        return;",
     "'hello ' came, not 'hello'"),
    ("order [text]", "        $connection->send($data);\n        return;",
     "        static $held = null; if ($held === null) { $held = $data; return; } $connection->send($data); $connection->send($held);"
     " $held = null;\n        return;", "'message 1' came, not 'message 0'"),
    ("binary [websocket]", "preg_match('//u', $data) ? \"\\x81\" : \"\\x82\"", "\"\\x81\"", "a text message is not UTF-8"),
    ("close by the peer [text]", "fn () => trace('close');", "function () { trace('close'); trace('close'); };", "close was told 2 times"),
    ("close in a callback [text]", "trace('sent-after-close', $connection->send('too late'));", "trace('sent-after-close', true);",
     "at last with [True]"),
    ("exception [text]", "throw new RuntimeException('of a callback'),\n        'later'", "exit(3),\n        'later'", "the connection ended"),
    ("timer [text]", "'deleted' => Timer::del(", "'deleted' => strlen((string) ", "'of a deleted timer' came"),
    ("pause [text]", "    $connection->pauseRecv();\n", "", "'one' came, not 'resumed'"),
    ("http [http]", "new Response(404,", "new Response(200,", "[200, 'none'] came"),
    ("hub [text]", "'uid' => Hub::send($first, $rest, $say)", "'uid' => $say(1, 'ok')", "at [\"expect\", \"a\", \"hello\"]"),
    ("datagram of 60 000 bytes [udp]", "        $connection->send($data);\n        return;", "        $connection->send(substr($data, 1));\n        return;",
     "of 59999 came, not"),
    ("stop [text]", "$worker->onWorkerStop = fn () => trace('stopped');", "", "stopped"),
]


def run(*words):
    environment = os.environ | {"WM_PHP_AUTOLOAD": str(ROOT / "bindings/php/autoload.php"), "WM_CONTRACT_SECONDS": "5"}
    if "WM_BUILD" in os.environ:
        environment.setdefault("WM_LIBRARY", str(pathlib.Path(os.environ["WM_BUILD"]) / "lib/libwm.so"))
    return subprocess.run([sys.executable, HERE / "contract.py", *words], env=environment, capture_output=True, text=True, timeout=200, check=False)


@pytest.mark.parametrize("case, kept, broken, said", BROKEN, ids=[row[0] for row in BROKEN])
def test_broken_binding__fails_its_case(tmp_path, case, kept, broken, said):
    text = PROGRAM.read_text()
    assert text.count(kept) == 1
    program = tmp_path / "contract.php"
    program.write_text(text.replace(kept, broken))
    result = run("--case", case, "php", str(program), "start")
    assert result.returncode == 1, result
    assert f"FAIL {case}: " in result.stdout and said in result.stdout, result.stdout
    assert "0 of 1 kept" in result.stdout


def test_program_that_does_not_start__is_told(tmp_path):
    result = run("--case", "echo [text]", "sh", "-c", "echo no such binding; exit 4")
    assert result.returncode == 1
    assert "the program ended with 4: no such binding" in result.stdout


def test_feature_that_a_binding_lacks__is_skipped_with_its_words():
    result = run("--case", "hub groups", "--case", "echo [text]", "--lacks", "hub=this binding has no hub", "php", str(PROGRAM), "start")
    assert result.returncode == 0, result
    assert "skip hub groups [text]: this binding has no hub\n" in result.stdout and "1 of 1 kept" in result.stdout


@pytest.mark.parametrize("words", [["--lacks", "hub", "php"], ["--lacks", "nothing=why", "php"], []])
def test_wrong_words__are_refused(words):
    result = run(*words)
    assert result.returncode == 2 and "error:" in result.stderr


def test_case_that_there_is_not__is_no_success():
    assert run("--case", "no such case", "php").returncode == 1


def test_contract__has_a_rule_for_every_case_and_names_once():
    cases = json.loads((HERE / "contract.json").read_text())["cases"]
    names = [case["name"] for case in cases]
    assert len(set(names)) == len(names) >= 40
    for case in cases:
        assert case["rule"].endswith(".") and case["schemes"] and case["steps"]
