"""A hostile multipart body costs instructions in proportion to its length, however it comes: counted by callgrind."""
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
import callgrind  # noqa: E402

PROGRAM = pathlib.Path(os.environ["WM_BUILD"]) / "bin/multipart_cost"


def instructions_a_byte(tmp_path, kind, size, piece):
    """Of the parser alone: what feeds it does not count."""
    out = tmp_path / f"{kind}.{size}.{piece}"
    result = subprocess.run(["valgrind", "--tool=callgrind", "--toggle-collect=*MultipartParser::step*", f"--callgrind-out-file={out}",
                             PROGRAM, kind, str(size), str(piece)], capture_output=True, text=True, timeout=200)
    assert result.returncode == 0, result.stdout + result.stderr
    words = result.stdout.split()
    assert int(words[0]) > 0, "no part: the body is not the one that is meant"
    return callgrind.total(out) / int(words[-1])


@pytest.mark.parametrize("kind", ["almost", "cr", "preamble", "parts", "heads"])
@pytest.mark.parametrize("piece", [1, 16384])
def test_cost__of_a_byte_is_the_same_in_a_longer_body(tmp_path, kind, piece):
    one, four = (instructions_a_byte(tmp_path, kind, size, piece) for size in (50_000, 200_000))
    assert four < 1.1 * one
    assert four < 300, "one step a byte takes about 200"
    print(f"{kind}, pieces of {piece}: {four:.1f} instructions a byte")
