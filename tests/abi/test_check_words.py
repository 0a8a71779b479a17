"""script/check-words: a clean tree passes, and a planted word is found at its line, also over a line break."""
import pathlib
import shutil
import subprocess

import pytest

SCRIPTS = pathlib.Path(__file__).parents[2] / "script"

CLEAN = {
    "lib/core/a.cpp": '#include "core/a.h"\nint folder = 1; // a directory\nchar c = \'"\'; int somebody;\n',
    "docs/a.md": "A directory.\n",
    "other/a.cpp": "// a folder in a directory that is not checked\n",
    "lib/core/a.py": "# folder: not a source and not a document\n",
}

# file, its content, line of the hit, the words, a part of the replacement
BAD = [
    ("lib/core/b.cpp", "\nint a; // the folder of it\n", 2, "folder", "directory"),
    ("lib/core/c.h", "/**\n * a\n * Somebody else.\n */\n", 3, "Somebody", "caller"),
    ("lib/core/d.cpp", 'const char *text = "no such folder";\n', 1, "folder", "directory"),
    ("lib/core/e.cpp", "/// the peer is told\n/// so.\n", 1, "is told /// so", "error"),
    ("lib/core/f.h", "/*\n * memory at its\n * very end\n */\n", 2, "memory at its * very end", "out of memory"),
    ("lib/core/g.cpp", "auto s = R\"(a\nfolder \" )\";\n", 2, "folder", "directory"),
    ("docs/b.md", "text\n\n| flag | standard |\n", 3, "| standard |", "default"),
    ("docs/c.md", "the peer hears\nso\n", 1, "hears so", "is told"),
]


def run(root, files):
    shutil.copytree(SCRIPTS, root / "script")
    words = root / "script" / "words"
    patterns = [line for line in words.read_text().splitlines() if not line.startswith("in ")]
    words.write_text("\n".join(["in lib", "in docs", *patterns]) + "\n")
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    done = subprocess.run([str(root / "script" / "check-words")], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout.splitlines(), done.stderr


def test_check_words__a_clean_tree_passes(tmp_path):
    assert run(tmp_path, CLEAN) == (0, [], "")


@pytest.mark.parametrize("name, content, line, words, replacement", BAD, ids=[row[0] for row in BAD])
def test_check_words__a_planted_word_is_found_at_its_line(tmp_path, name, content, line, words, replacement):
    status, output, _ = run(tmp_path, {**CLEAN, name: content})
    assert status == 1
    assert len(output) == 1, output
    assert output[0].startswith('%s:%d: "%s": write ' % (name, line, words)) and replacement in output[0]


def test_check_words__a_line_that_is_neither_path_nor_pattern_is_an_error(tmp_path):
    status, output, error = run(tmp_path, CLEAN)
    assert (status, output, error) == (0, [], "")
    (tmp_path / "script" / "words").write_text("folder\n")
    done = subprocess.run([str(tmp_path / "script" / "check-words")], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "words:1: neither" in done.stderr


def test_check_words__the_tree_is_clean():
    done = subprocess.run([str(SCRIPTS / "check-words")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
