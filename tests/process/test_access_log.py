"""Access logs: a line for each answer, in files that several processes share, that are rotated, and that are full."""
import datetime
import json
import os
import pathlib
import re
import socket

import pytest

from instance import alive, connect, eventually, links_of
from mounts import mount_prefix, with_mount
from ports import free_port

COMBINED = re.compile(r'(\S+) - - \[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "([^"]*)" (\d{3}) (\d+) "([^"]*)" "([^"]*)"')
UPGRADE = "Host: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"


def web(path, *options, address="http://127.0.0.1:0", count=1):
    return ",".join([address, f"count={count}", "name=web", f"access_log={path}", *options])


def get(target, *fields, method="GET"):
    return f"{method} {target} HTTP/1.1\r\n".encode() + b"".join(field.encode() + b"\r\n" for field in ("Host: a", *fields)) + b"\r\n"


def hear(address, data, ends=True):
    """Sends the bytes, and returns all that comes until the server closes."""
    with connect(address) as sock:
        sock.sendall(data)
        if ends:
            sock.shutdown(socket.SHUT_WR)
        out = b""
        while part := sock.recv(65536):
            out += part
    return out


def rows_of(path, count):
    """(request line, status, bytes, referer, user agent) of so many lines, which are all that there are."""
    eventually(lambda: path.read_text().count("\n") >= count, f"{count} lines")
    lines = path.read_text().split("\n")
    assert len(lines) == count + 1 and lines[-1] == "", lines
    matches = [COMBINED.fullmatch(line) for line in lines[:-1]]
    assert all(matches), lines
    assert {match[1] for match in matches} <= {"127.0.0.1"}
    for match in matches:
        datetime.datetime.strptime(match[2], "%d/%b/%Y:%H:%M:%S %z")
    return [(match[3], int(match[4]), int(match[5]), match[6], match[7]) for match in matches]


def objects_of(path, count):
    eventually(lambda: path.exists() and path.read_text().count("\n") >= count, f"{count} lines")
    lines = path.read_text().split("\n")
    assert len(lines) == count + 1 and lines[-1] == "", lines
    return [json.loads(line) for line in lines[:-1]]


# ---- lines

@pytest.mark.parametrize("way", ["fork", "exec", "alone"])
def test_combined__has_a_line_for_each_answer_in_the_order_in_which_they_leave(make, tmp_path, way):
    path = tmp_path / "logs" / "access.log"
    if way == "alone":
        address = f"http://127.0.0.1:{free_port()}"
        instance = make(web(path, address=address), extra=["--alone", "run"])
        process = instance.process = instance.begin()  # which ends with the test
        eventually(lambda: process.poll() is not None or path.exists(), "the log")
    else:
        instance = make(web(path), app=[f"start_method={way}"])
        instance.start()
        address = instance.address()
    answers = hear(address, get("/slow/300", "User-Agent: one") + get("/slow/50?a=b", "Referer: http://x/") + get("/slow/100", method="HEAD"))
    assert answers.count(b"HTTP/1.1 200") == 3
    assert rows_of(path, 3) == [("GET /slow/300 HTTP/1.1", 200, 8, "-", "one"), ("GET /slow/50?a=b HTTP/1.1", 200, 7, "http://x/", "-"),
                                ("HEAD /slow/100 HTTP/1.1", 200, 0, "-", "-")]
    assert path.stat().st_mode & 0o777 == 0o640
    if way == "alone":
        process.terminate()
        instance.finish(process)
    else:
        assert instance.stop().code == 0


def test_json__has_an_object_for_each_answer(make, tmp_path):
    path = tmp_path / "access.json"
    instance = make(web(path, "access_log_format=json"))
    instance.start()
    hear(instance.address(), get("/slow/200", "User-Agent: ü\"") + get("/slow/20"))
    slow, fast = objects_of(path, 2)
    assert (slow["ip"], slow["method"], slow["target"], slow["version"]) == ("127.0.0.1", "GET", "/slow/200", "HTTP/1.1")
    assert (slow["status"], slow["bytes"], slow["referer"], slow["user_agent"]) == (200, 8, "", 'ü"')
    assert (slow["host"], slow["worker"]) == ("a", "web") and slow["conn"] == fast["conn"] > 0
    assert slow["duration_ms"] >= 190  # the timer counts from the begin of its turn
    assert datetime.datetime.fromisoformat(slow["time"]).tzinfo and re.search(r"T\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$", slow["time"])
    assert instance.stop().code == 0


def test_body__that_takes_its_time_counts_from_the_end_of_the_head(make, tmp_path):
    path = tmp_path / "access.json"
    instance = make(web(path, "access_log_format=json"))
    instance.start()
    with connect(instance.address()) as sock, connect(instance.address()) as other:
        sock.sendall(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12")
        other.sendall(get("/slow/300"))
        assert b"slow" in other.recv(4096)
        sock.sendall(b"345")
        assert sock.recv(4096).startswith(b"HTTP/1.1 200")
    by_method = {row["method"]: row for row in objects_of(path, 2)}
    assert by_method["POST"]["duration_ms"] >= 150
    assert instance.stop().code == 0


def test_refusals__are_lines_with_what_has_come(make, tmp_path):
    path = tmp_path / "access.log"
    instance = make(web(path, "handshake_timeout_ms=200", "request_timeout_ms=200", "methods=GET", "max_message=10"))
    instance.start()
    agent = "User-Agent: u"
    assert hear(instance.address(), b"nonsense\"\x01\r\n\r\n", False).startswith(b"HTTP/1.1 400")
    assert rows_of(path, 1)[-1][:2] == ("nonsense\\x22\\x01", 400)
    assert hear(instance.address(), get("/a", agent, method="PUT"), False).startswith(b"HTTP/1.1 405")
    assert rows_of(path, 2)[-1][:2] + rows_of(path, 2)[-1][3:] == ("PUT /a HTTP/1.1", 405, "-", "u")
    assert hear(instance.address(), b"GET /half HTTP/1.1\r\nHo", False).startswith(b"HTTP/1.1 408")
    assert rows_of(path, 3)[-1][:2] == ("GET /half HTTP/1.1", 408)
    late = hear(instance.address(), get("/slow/2000", "Connection: close"), False)
    assert late.startswith(b"HTTP/1.1 503") and rows_of(path, 4)[-1] == ("GET /slow/2000 HTTP/1.1", 503, 21, "-", "-")
    both = hear(instance.address(), get("/slow/50") + b"GET /b HTTP/1.1\r\nbad\r\n\r\n", False)
    assert b"HTTP/1.1 200" in both and b"HTTP/1.1 400" in both
    assert [row[:2] for row in rows_of(path, 6)[-2:]] == [("GET /slow/50 HTTP/1.1", 200), ("GET /b HTTP/1.1", 400)]
    assert instance.stop().code == 0


def test_answer__that_has_not_left_is_no_line(make, tmp_path):
    path = tmp_path / "access.log"
    instance = make(web(path))
    instance.start()
    with connect(instance.address()) as sock:
        sock.sendall(get("/slow/300") + get("/slow/100"))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    hear(instance.address(), get("/slow/400"))
    assert [row[0] for row in rows_of(path, 1)] == ["GET /slow/400 HTTP/1.1"]
    assert instance.stop().code == 0


def test_websocket__handshakes_are_lines(make, tmp_path):
    path = tmp_path / "access.log"
    instance = make(web(path, "handshake_timeout_ms=200", address="websocket://127.0.0.1:0"))
    instance.start()
    with connect(instance.address()) as sock:
        sock.sendall(f"GET /page HTTP/1.1\r\n{UPGRADE}User-Agent: u\r\n\r\n".encode())
        assert sock.recv(4096).startswith(b"HTTP/1.1 101")
        assert rows_of(path, 1) == [("GET /page HTTP/1.1", 101, 0, "-", "u")]
    assert hear(instance.address(), get("/plain", "User-Agent: v"), False).startswith(b"HTTP/1.1 426")
    assert rows_of(path, 2)[-1][:2] + rows_of(path, 2)[-1][3:] == ("GET /plain HTTP/1.1", 426, "-", "v")
    assert hear(instance.address(), b"GE", False).startswith(b"HTTP/1.1 408")
    assert rows_of(path, 3)[-1][:2] == ("GE", 408)
    assert instance.stop().code == 0


@pytest.mark.parametrize("form", ["combined", "json"])
def test_peers__cannot_forge_a_line(make, tmp_path, form):
    path = tmp_path / "access.log"
    instance = make(web(path, f"access_log_format={form}"))
    instance.start()
    forged = '10.0.0.1 - - [06/Nov/1994:08:49:37 +0000] "GET /admin HTTP/1.1" 200 5 "-" "-"'
    attempts = [f"GET /\r{forged} HTTP/1.1\r\n\r\n", f"x\r\n{forged}\n", f'GET /" 200 1 "-" "-"\x0b{forged} HTTP/1.1\r\nHost: a\r\n\r\n',
                f"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: \"\\\"\t{forged}\x9b\xff\r\nConnection: close\r\n\r\n",
                f"GET / HTTP/1.1\r\nHost: a\r\nReferer: a\rb{forged}\r\n\r\n", "\x00" * 5000, "GET /" + "a" * 9000 + " HTTP/1.1\r\nHost: a\r\n\r\n"]
    for attempt in attempts:
        hear(instance.address(), attempt.encode("latin-1"))
    if form == "json":
        rows = objects_of(path, len(attempts))
        assert {row["ip"] for row in rows} == {"127.0.0.1"} and all(len(row["target"]) <= 2048 for row in rows)
    else:
        rows = rows_of(path, len(attempts))
        assert not any(row[0] == "GET /admin HTTP/1.1" for row in rows) and rows[-1][0] == "GET /" + "a" * 2044 + "... HTTP/1.1"
    assert instance.stop().code == 0


# ---- the file

def test_processes__share_a_file_in_whole_lines(make, tmp_path):
    path = tmp_path / "access.log"
    instance = make(web(path, "reuse_port=1", count=3))
    instance.start()
    each, pids = 400, set()
    for mark in range(30):  # enough of them for several processes
        with connect(instance.address()) as sock:
            sock.sendall(b"".join(get(f"/{mark}-{i}" + "x" * (i % 700)) for i in range(each - 1)) + get("/pid", "Connection: close"))
            out = b""
            while part := sock.recv(65536):
                out += part
            pids.add(out.rsplit(b"\r\n\r\n", 1)[1])
    assert len(pids) > 1 and instance.stop().code == 0
    marks = {row[0].split()[1].rstrip("x") for row in rows_of(path, 30 * each)}
    assert marks == {f"/{mark}-{i}" for mark in range(30) for i in range(each - 1)} | {"/pid"}


def test_reload__goes_on_in_a_new_file_after_a_rename(make, tmp_path):
    path = tmp_path / "access.log"
    web_worker = web(path)
    stays = web(path, "reloadable=0").replace("name=web", "name=stays")
    instance = make(web_worker, stays)
    instance.start()
    first, second = instance.child("web"), instance.child("stays")
    for worker in ("web", "stays"):
        hear(instance.address(worker), get(f"/old-{worker}"))
    old = path.rename(tmp_path / "access.log.1")
    instance.reload()
    for worker in ("web", "stays"):
        hear(instance.address(worker), get(f"/new-{worker}"))
    assert sorted(row[0].split()[1] for row in rows_of(path, 2)) == ["/new-stays", "/new-web"]
    assert sorted(row[0].split()[1] for row in rows_of(old, 2)) == ["/old-stays", "/old-web"]
    assert instance.child("stays") == second and instance.child("web") != first
    eventually(lambda: not alive(first), "the end of the old process")
    assert instance.stop().code == 0


def test_stop__loses_no_line(make, tmp_path):
    path = tmp_path / "access.log"
    instance = make(web(path))
    instance.start()
    hear(instance.address(), get("/last"))
    assert instance.stop().code == 0
    assert path.read_text().count("\n") == 1  # no second has passed that would have written it


def test_full_disk__costs_lines_and_no_request(make, tmp_path):
    if mount_prefix() is None:  # then unit/http_access_log has a file that is full
        return
    disk = tmp_path / "disk"
    disk.mkdir()
    fill = "mount -t tmpfs -o size=64k tmpfs $1; dd if=/dev/zero of=$1/filler bs=4k 2>/dev/null || true"
    instance = make(web(disk / "access.log"), prefix=with_mount(fill, disk))
    instance.start()
    inside = pathlib.Path(f"/proc/{instance.master}/root{disk}")
    with connect(instance.address()) as sock:
        for mark in range(300):
            sock.sendall(get(f"/{mark}-" + "x" * 500))
            assert sock.recv(4096).startswith(b"HTTP/1.1 200")
    eventually(lambda: f"cannot write to the access log {disk}/access.log: No space left on device" in instance.log_path.read_text(), "a warning")
    (inside / "filler").unlink()
    eventually(lambda: (inside / "access.log").stat().st_size > 0, "lines")
    hear(instance.address(), get("/last"))
    eventually(lambda: "/last" in (inside / "access.log").read_text() or "/last" not in "", "the last line")
    eventually(lambda: "GET /last " in (inside / "access.log").read_text(), "the last line")
    lines = (inside / "access.log").read_text().split("\n")
    assert all(COMBINED.fullmatch(line) for line in lines if line)
    assert instance.stop().code == 0
    lost = [int(count) for count in re.findall(r"(\d+) lines (?:are lost|of the access log)", instance.log_path.read_text())]
    assert len(lost) == 2 and sum(lost) + sum(1 for line in lines if line) == 301  # one warning a minute, and the rest at the end


def test_paths__that_cannot_be_opened_fail_the_start(make, tmp_path):
    result = make(web(tmp_path)).command("start", "-d")
    assert (result.code, result.out) == (1, "") and f"test: cannot write to the access log {tmp_path}: Is a directory\n" in result.err
    os.mkfifo(tmp_path / "fifo")
    result = make(web(tmp_path / "fifo")).command("start", "-d")
    assert result.code == 1 and f"cannot write to the access log {tmp_path}/fifo: No such device or address\n" in result.err
    result = make(web(tmp_path / "log", address="text://127.0.0.1:0")).command("start", "-d")
    assert result.code == 1 and not (tmp_path / "log").exists()
    assert "option 'access_log' of worker 'web': text://127.0.0.1:0 has no requests, as http:// and websocket:// have\n" in result.err


def test_descriptor__is_in_the_processes_of_its_worker_alone(make, tmp_path):
    path = tmp_path / "access.log"
    instance = make(web(path), "text://127.0.0.1:0,count=1,name=line")
    instance.start()

    def holds(worker):
        return str(path) in links_of(instance.child(worker))

    assert holds("web") and not holds("line")
    assert instance.stop().code == 0


def test_worker_of_on_start__has_a_log_that_its_process_opens(make, tmp_path):
    path = tmp_path / "inner.log"
    instance = make("none,count=1,name=jobs", extra=["--inner", web(path).replace("count=1,", "")])
    instance.start()
    address = eventually(lambda: re.search(r"inner \d+ (http://\S+)", instance.trace_path.read_text()), "the inner port")[1]
    hear(address, get("/old"))
    rows_of(path, 1)
    old = path.rename(tmp_path / "inner.log.1")
    instance.reload()
    address = re.findall(r"inner \d+ (http://\S+)", instance.trace_path.read_text())[-1]
    hear(address, get("/new"))
    assert rows_of(path, 1)[0][0] == "GET /new HTTP/1.1" and rows_of(old, 1)[0][0] == "GET /old HTTP/1.1"
    assert instance.stop().code == 0
