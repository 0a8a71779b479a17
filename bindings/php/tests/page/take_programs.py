#!/usr/bin/python3
"""Takes the programs out of the page, as files that run.

    take_programs.py PAGE DIRECTORY [AUTOLOAD]

A program gets `<?php` as its first line where the page has none; nothing else is added or changed. Beside them is the vendor/autoload.php
that they require: it loads what the environment variable WM_PHP_AUTOLOAD names, by default AUTOLOAD, which is the binding's own.
"""
import pathlib
import re
import sys

BINDING = pathlib.Path(__file__).resolve().parents[2] / "autoload.php"
BLOCK = re.compile(r"^```(php|javascript)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# The blocks of the page in their order; None is the signature of the method.
NAMES = (None, "without_reuse_port.php", "reuse_port.php", "push.php", "page.js", "back_end.php")
PHP = "<?php\n"
AUTOLOAD = """<?php
require getenv('WM_PHP_AUTOLOAD') ?: '%s';
"""


def blocks(page):
    """The text of each program, by its name."""
    found = BLOCK.findall(page)
    if len(found) != len(NAMES):
        raise ValueError(f"the page has {len(found)} blocks, expected {len(NAMES)}")
    texts = {name: text for name, (_, text) in zip(NAMES, found) if name}
    for name, (language, _) in zip(NAMES, found):
        if name and name.endswith(".php") != (language == "php"):
            raise ValueError(f"{name} is a block of {language}")
    return texts


# push.php with four processes: `count`, and three more of its lines. Each is found once in the page's program.
HUB_LINES = (
    ("$worker->count = 1;", "$worker->count = 4;"),
    ("    $inner_text_worker->listen();", "    $inner_text_worker->reusePort = true; $inner_text_worker->listen();"),
    ("       $worker->uidConnections[$connection->uid] = $connection;", "       Workerman\\Hub::bind($connection, $connection->uid);"),
    ("        $ret = sendMessageByUid($uid, $buffer);\n        // 返回推送結果\n        $connection->send($ret ? 'ok' : 'fail');",
     "        Workerman\\Hub::send($uid, $buffer, fn ($ret) => $connection->send($ret ? 'ok' : 'fail'));"),
)


def with_hub(program):
    """The page's push.php for four processes."""
    for line, other in HUB_LINES:
        if program.count(line) != 1:
            raise ValueError(f"the page's program has {program.count(line)} times: {line}")
        program = program.replace(line, other)
    return program


def take(page, directory, autoload=BINDING):
    vendor = directory / "vendor"
    vendor.mkdir(parents=True)
    (vendor / "autoload.php").write_text(AUTOLOAD % autoload)
    for name, text in blocks(page.read_bytes().decode()).items():
        missing = PHP if name.endswith(".php") and not text.startswith(PHP) else ""
        (directory / name).write_bytes((missing + text).encode())
        if name == "push.php":
            (directory / "push_hub.php").write_bytes(with_hub(text).encode())


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    take(*map(pathlib.Path, sys.argv[1:]))
