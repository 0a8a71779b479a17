"""curl -F to upload_dir: a large file, through little memory of the server, to files that are gone with their requests."""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from sanitized import memory_limit  # noqa: E402

LARGE = 2 << 30 if os.environ.get("WM_FULL") else 64 << 20
MEMORY_KIB = 20 << 10


@pytest.fixture(name="store")
def fixture_store():
    """A directory in memory where there is one with enough of it: what is measured is the server, not the disk."""
    roomy = os.access("/dev/shm", os.W_OK) and shutil.disk_usage("/dev/shm").free > 2 * LARGE
    with tempfile.TemporaryDirectory(dir="/dev/shm" if roomy else None) as path:
        yield path


@pytest.fixture(name="server")
def fixture_server(tmp_path, store):
    server = subprocess.Popen([os.environ["WM_WEB_SERVER"], "http://127.0.0.1:0", tmp_path, "stream_body=1", f"upload_dir={store}"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    yield server.stdout.readline().decode().strip(), server.pid
    server.stdin.close()
    assert server.wait(30) == 0


def curl(*words):
    return subprocess.run(["curl", "-s", "-S", "--noproxy", "*", *words], capture_output=True, timeout=500, check=True).stdout.decode()


def most_memory_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


def test_upload__of_a_large_file_takes_little_memory(server, store, tmp_path):
    url, pid = server
    large = tmp_path / "large.bin"
    with open(large, "wb") as file:
        file.truncate(LARGE)
    parts = curl("-F", "field=value", "-F", f"file=@{large}", "-F", "second=@-;filename=../../evil", f"{url}/files").splitlines()
    assert parts == ["field [] 5", f"file [large.bin] {LARGE}", "second [../../evil] 0"]
    assert most_memory_kib(pid) < memory_limit(os.environ["WM_WEB_SERVER"], MEMORY_KIB)
    assert os.listdir(store) == []


def test_upload__without_its_directory_is_an_error_of_its_part(server, store, tmp_path):
    (tmp_path / "small").write_bytes(b"small")
    os.rename(store, f"{store}.away")
    try:
        parts = curl("-F", f"file=@{tmp_path}/small", "-F", "field=value", f"{server[0]}/files").splitlines()
    finally:
        os.rename(f"{store}.away", store)
    assert parts == ["file [small] WM_ENOENT", "field [] 5"]


@pytest.mark.parametrize("rest", [
    b"Content-Disposition form-data; name=b\r\n\r\n2\r\n--x--\r\n",
    b"Content-Disposition: form-data\r\n\r\n2\r\n--x--\r\n",
    b"Content-Disposition: form-data; name=b\r\n\r\n2\r\n",
], ids=["line without a colon", "part without a name", "no last boundary"])
def test_form_that_is_malformed_is_refused_not_cut_short(server, store, rest):
    """Workerman takes the parts in front of the fault for the whole form."""
    body = b'--x\r\nContent-Disposition: form-data; name=a; filename=a\r\n\r\n1\r\n--x\r\n' + rest
    with socket.create_connection(("127.0.0.1", int(server[0].rsplit(":", 1)[1])), 30) as sock:
        sock.sendall(b"POST /files HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        assert sock.makefile("rb").readline() == b"HTTP/1.1 400 Bad Request\r\n"
    assert os.listdir(store) == []
