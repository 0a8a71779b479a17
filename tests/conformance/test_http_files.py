"""Files over HTTP for clients that are not ours, curl and wget, by examples/c/file_server; and what a large file and many slow readers cost."""
import contextlib
import gzip
import os
import pathlib
import resource
import select
import socket
import subprocess
import sys
import tempfile
import time

import pytest

from server_process import HANG_SECONDS

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from ports import free_port  # noqa: E402
from sanitized import memory_limit  # noqa: E402

SERVER = pathlib.Path(os.environ.get("WM_BUILD", "")) / "bin" / "example_file_server"
TEXT = b"".join(b"%07d\n" % line for line in range(100_000))
LARGE = 2 << 30
DATE = "Sun, 09 Sep 2001 01:46:40 GMT"


class FileServer:
    """The example in the foreground: one process serves under its master."""

    def __init__(self, directory, port, master):
        self.directory, self.url, self.address, self.master = directory, f"http://127.0.0.1:{port}", ("127.0.0.1", port), master

    def child(self):
        """The process that serves. The master listens before it is there."""
        deadline = time.monotonic() + HANG_SECONDS
        while not (children := pathlib.Path(f"/proc/{self.master}/task/{self.master}/children").read_text(encoding="ascii")):
            assert time.monotonic() < deadline, "no process serves"
            time.sleep(0.01)
        return int(children)

    def memory(self):
        """Bytes of the process that serves, without the files that it maps."""
        lines = pathlib.Path(f"/proc/{self.child()}/status").read_text(encoding="ascii").splitlines()
        return int(next(line for line in lines if line.startswith("RssAnon")).split()[1]) * 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.child()}/fd"))

    def connect(self, *options):
        sock = socket.socket()
        sock.settimeout(HANG_SECONDS)
        for option, value in options:
            sock.setsockopt(socket.SOL_SOCKET, option, value)
        sock.connect(self.address)
        return sock


def raise_descriptor_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))


@contextlib.contextmanager
def served(directory, port):
    """The server, which has to stop with 0 and to say nothing."""
    command = [SERVER, directory, f"http://127.0.0.1:{port}", "--name", f"files-{port}", "start", "-q"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=raise_descriptor_limit) as process:
        try:
            deadline = time.monotonic() + HANG_SECONDS
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                assert process.poll() is None and time.monotonic() < deadline, "the server does not listen"
                time.sleep(0.01)
            yield FileServer(directory, port, process.pid)
        finally:
            process.terminate()
            _, text = process.communicate(timeout=HANG_SECONDS)
    assert (process.returncode, text) == (0, b"")


def put(directory, name, content, size=0):
    """A file of long ago, with a hole behind its content up to that size."""
    (directory / name).write_bytes(content)
    if size:
        os.truncate(directory / name, size)
    os.utime(directory / name, (1_000_000_000, 1_000_000_000))


@pytest.fixture(scope="module")
def server():
    # Holes of a file in memory cost no page: a disk's would all be read into the cache.
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        directory = pathlib.Path(name)
        for file, content in {"text": TEXT, "page.html": b"<title>page</title>", "page.html.gz": gzip.compress(b"<title>page</title>"),
                              "a b%.txt": b"blank", "index.html": b"index"}.items():
            put(directory, file, content)
        put(directory, "large", b"", LARGE - 3)
        with open(directory / "large", "ab") as large:
            large.write(b"end")
        (directory / "sub").mkdir()
        with served(directory, free_port()) as running:
            yield running


def run(*command, **options):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=2 * HANG_SECONDS, check=False, **options)


def curl(server, path, *options):
    """Status, header fields by lower-case name, and body."""
    result = run("curl", "-sS", "-i", "--path-as-is", "--http1.1", *options, server.url + path)
    assert result.returncode == 0, result.stderr
    head, body = result.stdout.split(b"\r\n\r\n", 1)
    lines = head.decode("ascii").split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in lines[1:])
    return int(lines[0].split()[1]), fields, body


@pytest.mark.parametrize(("ranges", "begin", "end"), [("0-0", 0, 1), ("0-799999", 0, 800000), ("400000-", 400000, 800000), ("-7", 799993, 800000),
                                                      ("5-99999999", 5, 800000), ("0-9,10-19", 0, 20)])
def test_curl_gets_a_range(server, ranges, begin, end):
    status, fields, body = curl(server, "/text", "-r", ranges)
    assert (status, fields["content-range"], body) == (206, f"bytes {begin}-{end - 1}/800000", TEXT[begin:end])


def test_curl_gets_everything_for_ranges_that_lie_apart(server):
    status, _, body = curl(server, "/text", "-r", "0-0,-1")
    assert (status, body) == (200, TEXT)


def test_curl_asks_with_conditions(server, tmp_path):
    (tmp_path / "tag").touch()
    for expected in (200, 304):
        assert curl(server, "/text", "--etag-save", tmp_path / "tag", "--etag-compare", tmp_path / "tag", "-o", "-")[0] == expected
    assert curl(server, "/text", "-z", DATE)[0] == 304
    assert curl(server, "/text", "-z", f"-{DATE}")[0] == 200
    assert curl(server, "/text", "-H", 'If-Match: "other"')[0] == 412
    assert curl(server, "/text", "-r", "900000-")[0] == 416


def test_curl_goes_on_where_a_download_has_ended(server, tmp_path):
    part = tmp_path / "part"
    part.write_bytes(TEXT[:123_456])
    assert run("curl", "-sS", "-f", "-C", "-", "-o", part, server.url + "/text").returncode == 0
    assert part.read_bytes() == TEXT


def test_wget_goes_on_where_a_download_has_ended(server, tmp_path):
    part = tmp_path / "text"
    part.write_bytes(TEXT[:500_001])
    for _ in range(2):  # the second time there is nothing to fetch: 416
        assert run("wget", "-q", "-c", server.url + "/text", cwd=tmp_path).returncode == 0
        assert part.read_bytes() == TEXT


def test_curl_takes_the_compressed_neighbour(server):
    status, fields, body = curl(server, "/page.html", "--compressed")
    assert (status, fields["content-encoding"], fields["vary"], body) == (200, "gzip", "accept-encoding", b"<title>page</title>")
    _, fields, body = curl(server, "/page.html")
    assert "content-encoding" not in fields and fields["content-type"] == "text/html;charset=utf-8" and body == b"<title>page</title>"


@pytest.mark.parametrize(("path", "status", "body"), [("/a%20b%25.txt", 200, b"blank"), ("/", 200, b"index"), ("/missing", 404, None), ("/sub", 404, None),
                                                      ("/../../etc/passwd", 403, None), ("/%2e%2e/%2e%2e/etc/passwd", 403, None),
                                                      ("/..%2f..%2fetc/passwd", 403, None), ("/text%00", 400, None), ("/text/", 404, None)])
def test_paths(server, path, status, body):
    found = curl(server, path)
    assert found[0] == status and body in (None, found[2])


def test_head_and_other_methods(server):
    status, fields, body = curl(server, "/text", "-I")
    assert (status, fields["content-length"], fields["accept-ranges"], body) == (200, "800000", "bytes", b"")
    status, fields, _ = curl(server, "/text", "-X", "DELETE")
    assert (status, fields["allow"]) == (405, "get, head")


def test_two_gigabytes_cost_no_memory(server):
    curl(server, "/text")
    before, most = server.memory(), 0
    with server.connect() as sock:
        sock.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        head = sock.recv(2000, socket.MSG_PEEK)
        assert b"\r\nContent-Length: %d\r\n" % LARGE in head
        size, buffer = -len(head[:head.index(b"\r\n\r\n") + 4]), bytearray(4 << 20)
        while got := sock.recv_into(buffer, 0, socket.MSG_TRUNC):  # dropped by the kernel, without a copy
            if size >> 26 != (size + got) >> 26:
                most = max(most, server.memory() - before)
            size += got
    assert size == LARGE
    assert most < memory_limit(SERVER, 1 << 20)
    assert server.memory() < memory_limit(SERVER, 20 << 20)


def test_the_last_byte_of_two_gigabytes(server):
    assert curl(server, "/large", "-r", f"{LARGE - 3}-")[2] == b"end"


def slow_readers(server, count):
    """Clients that have asked for more than the sockets hold, and read nothing of it."""
    readers = [server.connect((socket.SO_RCVBUF, 4096)) for _ in range(count)]
    for reader in readers:
        reader.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n" * 20)
    for reader in readers:
        answered = select.poll()
        answered.register(reader, select.POLLIN)
        assert answered.poll(HANG_SECONDS * 1000)
    return readers


def settled(count):
    """A count that has stopped to change: connections of clients that have left are gone."""
    deadline, value, since = time.monotonic() + HANG_SECONDS, count(), time.monotonic()
    while time.monotonic() - since < 0.3:
        assert time.monotonic() < deadline, "it goes on changing"
        time.sleep(0.02)
        if count() != value:
            value, since = count(), time.monotonic()
    return value


def come_down(server, descriptors):
    """Waits until all of closed connections is gone."""
    deadline = time.monotonic() + HANG_SECONDS
    while server.descriptors() > descriptors:
        assert time.monotonic() < deadline, "descriptors are left"
        time.sleep(0.02)


def test_a_thousand_slow_readers_cost_a_descriptor_each(server):
    raise_descriptor_limit()
    curl(server, "/text")
    memory, descriptors = server.memory(), settled(server.descriptors)
    readers = slow_readers(server, 1000)
    assert settled(server.descriptors) == descriptors + 2 * len(readers)
    assert server.memory() - memory < memory_limit(SERVER, 1000 * 8192)  # 20 requests of each wait in its socket, or in a tail
    refused = slow_readers(server, 100)  # over max_file_answers
    answers = [reader.recv(12) for reader in refused]
    assert answers.count(b"HTTP/1.1 503") == 76 and answers.count(b"HTTP/1.1 200") == 24
    assert curl(server, "/text", "-r", "0-15")[2] == TEXT[:16]  # others are served
    for reader in [*readers, *refused]:
        reader.close()
    come_down(server, descriptors)


def test_a_file_that_shrinks_never_looks_whole(server):
    put(server.directory, "shrinking", b"", 64 << 20)
    with server.connect((socket.SO_RCVBUF, 4096)) as sock:
        sock.sendall(b"GET /shrinking HTTP/1.0\r\n\r\n")
        sock.recv(1)
        os.truncate(server.directory / "shrinking", 1000)
        with pytest.raises(ConnectionResetError):
            while sock.recv(1 << 20):
                pass


def test_answers_behind_a_large_file_come_whole_and_in_their_order(server):
    """Workerman drops a second answer while a file is under way, or writes it into the file."""
    size = 8 << 20
    large = b"GET /large HTTP/1.1\r\nHost: a\r\nRange: bytes=0-%d\r\n\r\n" % (size - 1)
    text = b"GET /text HTTP/1.1\r\nHost: a\r\n%s\r\n"
    with server.connect((socket.SO_RCVBUF, 4096)) as sock:
        sock.sendall(large + text % b"" + large + text % b"Connection: close\r\n")
        stream = sock.makefile("rb")
        for length, body in ((size, bytes(size)), (len(TEXT), TEXT), (size, bytes(size)), (len(TEXT), TEXT)):
            head = iter(stream.readline, b"\r\n")
            assert next(head).split()[1] in (b"200", b"206")
            assert f"content-length: {length}" in {line.decode().strip().lower() for line in head}
            assert stream.read(length) == body
        assert stream.read() == b""


def test_ranges_of_megabytes_whose_readers_leave_do_not_hold_up_the_stop(tmp_path):
    """In Workerman such a connection stays, and its process has to be killed."""
    put(tmp_path, "large", b"", 64 << 20)
    with served(tmp_path, free_port()) as running:
        descriptors = settled(running.descriptors)
        for leaves in (True, False):
            sock = running.connect((socket.SO_RCVBUF, 4096))
            sock.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\nRange: bytes=0-4194303\r\nConnection: close\r\n\r\n")
            assert sock.recv(12) == b"HTTP/1.1 206"
            if leaves:
                sock.close()
                come_down(running, descriptors)
    sock.close()  # it was open at the stop, in the middle of its file; served() has seen the stop end with 0
