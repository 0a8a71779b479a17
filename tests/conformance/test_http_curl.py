"""curl and wget as clients of a web server: uploads in every form, 100 Continue, ranges and resumed downloads."""
import os
import random
import subprocess

import pytest

CURL = ["curl", "-s", "-S", "--noproxy", "*", "--max-time", "60"]
SIZE = 5 << 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("web")
    (made / "data.bin").write_bytes(random.Random(1).randbytes(SIZE))
    (made / "index.html").write_text("<!doctype html>")
    return made


def started(folder, *options):
    server = subprocess.Popen([os.environ["WM_WEB_SERVER"], "http://127.0.0.1:0", folder, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    return server, server.stdout.readline().decode().strip()


def ended(server):
    server.stdin.close()
    assert server.wait(30) == 0


@pytest.fixture(scope="module")
def whole(folder):
    """Bodies come as one."""
    server, url = started(folder)
    yield url
    ended(server)


@pytest.fixture(scope="module")
def pieces(folder):
    """Bodies come in pieces."""
    server, url = started(folder, "stream_body=1", "max_body=1000000000")
    yield url
    ended(server)


def run(*words):
    done = subprocess.run(words, capture_output=True, timeout=90, check=False)
    return done.returncode, done.stdout, done.stderr


def curl(*words):
    code, out, error = run(*CURL, *words)
    assert code == 0, error
    return out


def expected(folder):
    return b"%d %d\n" % (SIZE, sum((folder / "data.bin").read_bytes()))


def test_upload__with_a_length(pieces, folder):
    assert curl("--data-binary", f"@{folder}/data.bin", f"{pieces}/upload") == expected(folder)


def test_upload__chunked(pieces, folder):
    assert curl("-H", "Transfer-Encoding: chunked", "-T", folder / "data.bin", "-X", "POST", f"{pieces}/upload") == expected(folder)


def test_upload__waits_for_100_continue(pieces, folder):
    code, out, error = run(*CURL, "-v", "--expect100-timeout", "50", "-H", "Expect: 100-continue", "--data-binary", f"@{folder}/data.bin",
                           f"{pieces}/upload")
    assert (code, out) == (0, expected(folder))
    assert b"< HTTP/1.1 100 Continue" in error


def test_upload__that_is_too_long_is_413_before_it_is_sent(folder):
    server, url = started(folder, "stream_body=1", "max_body=1000")
    code, out, error = run(*CURL, "-v", "--expect100-timeout", "50", "-H", "Expect: 100-continue", "--data-binary", f"@{folder}/data.bin", f"{url}/upload")
    assert code == 0, error
    assert b"< HTTP/1.1 413 " in error and b"100 Continue" not in error and b"max_body" in out
    ended(server)


def test_form__with_files(whole, folder):
    second = f'file=@{folder}/index.html;filename="second \\"x\\".html";type=text/html'
    answer = curl("-F", "field=value", "-F", f"file=@{folder}/data.bin", "-F", second, f"{whole}/form")
    assert answer.decode() == f'field [] 5\nfile [data.bin] {SIZE}\nfile [second "x".html] 15\n'


def test_download__whole_and_by_ranges(whole, folder):
    data = (folder / "data.bin").read_bytes()
    assert curl(f"{whole}/data.bin") == data
    assert curl("-r", "100-199", f"{whole}/data.bin") == data[100:200]
    assert curl("-r", "-7", f"{whole}/data.bin") == data[-7:]
    assert curl("-r", f"{SIZE - 3}-", f"{whole}/data.bin") == data[-3:]
    assert b"HTTP/1.1 416 " in curl("-i", "-r", f"{SIZE}-", f"{whole}/data.bin")


@pytest.mark.parametrize("program", ["curl", "wget"])
def test_download__is_resumed(whole, folder, tmp_path, program):
    data = (folder / "data.bin").read_bytes()
    part = tmp_path / "data.bin"
    part.write_bytes(data[:SIZE // 3])
    if program == "curl":
        curl("-C", "-", "-o", part, f"{whole}/data.bin")
    else:
        code, _, error = run("wget", "-q", "--no-proxy", "-c", "-O", part, f"{whole}/data.bin")
        assert code == 0, error
    assert part.read_bytes() == data
    assert f"bytes={SIZE // 3}-" in curl(f"{whole}/ranges").decode()


def test_download__again_is_304(whole, folder, tmp_path):
    kept = tmp_path / "etag"
    curl("--etag-save", kept, "-o", os.devnull, f"{whole}/index.html")
    assert b"HTTP/1.1 304 " in curl("-i", "--etag-compare", kept, f"{whole}/index.html")


def test_path__stays_beneath_the_folder(whole, folder):
    (folder.parent / "secret").write_text("secret")
    for path in ("/../secret", "/%2e%2e/secret", "/..%2fsecret", "/x/../../secret"):
        answer = curl("-i", "--path-as-is", f"{whole}{path}")
        assert b"secret" not in answer.partition(b"\r\n\r\n")[2] and answer.split()[1] in (b"400", b"403", b"404"), path


def test_head__has_the_length_and_no_body(whole):
    head = curl("-I", f"{whole}/data.bin").decode().lower()
    assert f"content-length: {SIZE}\r\n" in head and "accept-ranges: bytes" in head

