"""Man pages and completions, as script/gen-help has written them. zsh, fish and man check theirs where they are installed."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

CLI = pathlib.Path(__file__).resolve().parents[2] / "cli"
BASH = """
source "$1"
COMP_WORDS=("${@:2}")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_${COMP_WORDS[0]//-/_}
((${#COMPREPLY[@]} == 0)) || printf '%s\\n' "${COMPREPLY[@]}"
"""


def complete(*words, cwd="/"):
    """What bash offers for the last word."""
    path = CLI / "completions" / f"{words[0]}.bash"
    done = subprocess.run(["bash", "-c", BASH, "bash", path, *words], cwd=cwd, capture_output=True, text=True, check=False, timeout=30)
    assert done.stderr == ""
    return done.stdout.split()


def test_bash__sub_commands_commands_and_flags():
    assert complete("wm-serve", "") == ["push", "pipe", "echo", "--help", "--version"]
    assert complete("wm-serve", "push", "st") == ["start", "stop", "status"]
    assert complete("wm-serve", "push", "che") == ["check"]
    assert complete("wm-serve", "push", "status", "--js") == ["--json"]
    assert complete("wm-serve", "push", "--uid-t") == ["--uid-timeout"]
    assert complete("wm-serve", "pipe", "--to") == ["--to"]
    assert complete("wm-serve", "pipe", "--uid-t") == complete("wm-serve", "echo", "--to") == []
    assert complete("wm-serve", "echo", "tcp://127.0.0.1:7000", "sta") == ["start", "status"]
    assert complete("wm-push", "--ser") == ["--server"]
    assert complete("wm-push", "-") == complete("wm-push", "uid1", "-") != []


def test_bash__values(tmp_path):
    (tmp_path / "push.toml").touch()
    assert complete("wm-serve", "push", "--config", "pu", cwd=tmp_path) == ["push.toml"]
    assert complete("wm-serve", "push", "--inner", "") == ["off"]
    assert complete("wm-serve", "pipe", "--tls-verify", "") == ["on", "off"]
    assert "root" in complete("wm-serve", "push", "--user", "roo")
    assert complete("wm-serve", "push", "connections", "--sort", "ui") == ["uid"]
    assert complete("wm-serve", "push", "--log-level", "") == ["debug", "info", "warning", "error"]
    assert complete("wm-serve", "push", "--name", "") == complete("wm-push", "--group", "") == []


def printed_flags(*words):
    tool = os.environ["WM_SERVE" if words[0] == "wm-serve" else "WM_PUSH"]
    text = subprocess.run([tool, *words[1:]], capture_output=True, text=True, check=True, timeout=30).stdout
    return {flag for names in re.findall(r"^ *(-.*?)(?:  |$)", text, re.M) for flag in re.findall("--[a-z-]+", names)}


@pytest.mark.parametrize("words", [("wm-serve", "push", "--help"), ("wm-serve", "pipe", "--help"), ("wm-serve", "echo", "--help"), ("wm-push", "--help")])
def test_every_flag_of_the_help__is_in_each_shell_and_in_the_man_page(words):
    tool = words[0]
    names = {f"man/{'-'.join(words[:-1])}.1", *(f"completions/{name}" for name in (f"{tool}.bash", f"_{tool}", f"{tool}.fish"))}
    for flag in printed_flags(*words):
        for name in names:
            text = (CLI / name).read_text(encoding="utf-8").replace("\\-", "-")
            assert flag in text or f"-l {flag[2:]} " in text, f"{flag} is not in {name}"


@pytest.mark.parametrize("command, files", [
    (["bash", "-n"], "completions/*.bash"),
    (["zsh", "-n"], "completions/_*"),
    (["fish", "--no-execute"], "completions/*.fish"),
    (["man", "--warnings=w", "-l", "-P", "cat"], "man/*.1"),
], ids=lambda value: value[0] if isinstance(value, list) else "")
def test_files__are_read_without_a_warning(command, files):
    if not shutil.which(command[0]):
        print(f"not run: {command[0]} is not installed")
        return
    paths = list(CLI.glob(files))
    assert paths
    for path in paths:
        done = subprocess.run([*command, path], capture_output=True, text=True, check=False, timeout=30, env=os.environ | {"LC_ALL": "C.UTF-8"})
        assert (done.returncode, done.stderr) == (0, "")
