"""connections: a row for each, from every process that answers in time."""
import http.client
import json
import re
import time

import pytest

from instance import ask, connect, eventually
from push_server import Page

COLUMNS = ["PID", "Worker", "CID", "Trans", "Protocol", "ipv4", "ipv6", "Recv-Q", "Send-Q", "Bytes-R", "Bytes-W", "Status", "Local Address",
           "Foreign Address", "Uid"]


def table(instance, *flags):
    result = instance.command("connections", *flags)
    assert result.code == 0 and result.err == "", result
    lines = result.out.splitlines()
    assert re.fullmatch(r"-+ CONNECTION STATUS -+", lines[0])
    assert re.split(r"  +", lines[1]) == COLUMNS
    return [re.split(r"  +", line) for line in lines[2:]]


def listed(instance, *flags):
    result = instance.command("connections", "--json", *flags)
    assert result.code == 0, result
    return json.loads(result.out)


def name_of(pair):
    return f"{pair[0]}:{pair[1]}"


def test_rows__tell_all_of_a_connection(make, tmp_path):
    instance = make("text://127.0.0.1:0,count=1,name=line", "text://[::1]:0,count=1,name=six", f"text+unix://{tmp_path}/u,count=1,name=local",
                    "websocket://127.0.0.1:0,count=1,name=page", "http://127.0.0.1:0,count=1,name=web")
    instance.start()
    line, six, local = (connect(instance.address(worker)) for worker in ("line", "six", "local"))
    for sock in (line, six, local):
        sock.sendall(b"hello\nhalf")
        assert sock.recv(100) == b"hello\n"
    page = Page(instance.address("page"))
    page.settle()
    web = http.client.HTTPConnection(instance.address("web").removeprefix("http://"))
    web.request("GET", "/hello")
    assert web.getresponse().read() == b"hello"

    rows = {row[1]: row for row in eventually(lambda: whole(table(instance)), "the half line to be read")}
    pid = {worker: str(instance.child(worker)) for worker in rows}
    assert set(rows) == {"line", "six", "local", "page", "web"}
    here, there = name_of(line.getpeername()), name_of(line.getsockname())
    row = rows["line"]
    assert row[0] == pid["line"] and int(row[2]) > 0
    assert row[3:] == ["tcp", "text", "1", "0", "4B", "0B", "10B", "6B", "ESTABLISHED", here, there, "-"]
    assert rows["six"][5:7] == ["0", "1"] and rows["six"][12].startswith("[::1]:")
    assert rows["local"][3:7] == ["unix", "text", "0", "0"] and rows["local"][12].endswith("/u")
    assert rows["page"][4] == "websocket" and rows["web"][4] == "http"

    records = {record["worker"]: record for record in listed(instance)["connections"]}
    assert set(records["line"]) == {"pid", "worker", "id", "transport", "protocol", "family", "recv_queue", "send_queue", "bytes_read",
                                    "bytes_written", "idle_ms", "status", "local", "remote", "uid"}
    record = records["line"]
    assert (record["recv_queue"], record["send_queue"], record["bytes_read"], record["bytes_written"]) == (4, 0, 10, 6)
    assert (record["family"], record["local"], record["remote"]) == (4, here, there)
    assert records["six"]["family"] == 6 and records["local"]["family"] is None
    for sock in (line, six, local, page, web):
        sock.close()
    eventually(lambda: not listed(instance)["connections"], "the end of all")


def test_address__behind_a_proxy_is_the_clients(make):
    instance = make("text://127.0.0.1:0,count=1,name=line,trusted_proxies=127.0.0.1,proxy_protocol=1",
                    "http://127.0.0.1:0,count=1,name=web,trusted_proxies=127.0.0.1")
    instance.start()
    line, waits = connect(instance.address("line")), connect(instance.address("line"))
    line.sendall(b"PROXY TCP4 203.0.113.7 10.0.0.1 50001 443\r\nhello\n")
    assert line.recv(100) == b"hello\n"
    web = http.client.HTTPConnection(instance.address("web").removeprefix("http://"))
    web.request("GET", "/hello", headers={"X-Forwarded-For": "192.0.2.1, 2001:db8::9"})
    assert web.getresponse().read() == b"hello"
    rows = {(record["worker"], record["status"]): record["remote"] for record in listed(instance)["connections"]}
    assert rows == {("line", "ESTABLISHED"): "203.0.113.7:50001", ("line", "SECURING"): name_of(waits.getsockname()),
                    ("web", "ESTABLISHED"): "[2001:db8::9]:0"}
    for sock in (line, waits, web):
        sock.close()


def whole(rows):
    """Rows, once what was sent has arrived: four bytes of a line that has no end."""
    queues = {row[1]: row[7] for row in rows}
    return rows if all(queues.get(worker) == "4B" for worker in ("line", "six", "local")) and len(rows) == 5 else None


def test_worker__chooses_those_of_one_worker(make):
    instance = make("text://127.0.0.1:0,count=2,name=line", "text://127.0.0.1:0,count=1,name=other")
    instance.start()
    socks = [connect(instance.address(worker)) for worker in ("line", "line", "other")]
    for sock in socks:
        sock.sendall(b"x\n")
        sock.recv(10)
    assert len(table(instance)) == 3
    assert [row[1] for row in table(instance, "--worker", "other")] == ["other"]
    assert [record["worker"] for record in listed(instance, "--worker=line")["connections"]] == ["line", "line"]
    assert table(instance, "--worker", "nobody") == []
    for sock in socks:
        sock.close()


@pytest.fixture
def three(make):
    """Three connections: one that does not read, one in the middle of a message, one that has sent the most."""
    instance = make("text://127.0.0.1:0,count=1,name=line", app=["stop_timeout_ms=200"])
    instance.start()
    deaf, half, busy = (connect(instance.address()) for _ in range(3))
    busy.sendall(100 * b"hello\n")
    left = 600
    while left:
        left -= len(busy.recv(left))
    half.sendall(1000 * b"x")
    deaf.sendall(b"big 8000000\n")
    eventually(lambda: {record["recv_queue"] for record in listed(instance)["connections"]} == {0, 1000}, "the half message")
    eventually(lambda: any(record["send_queue"] for record in listed(instance)["connections"]), "the answer that is not read")
    yield instance, {"deaf": name_of(deaf.getsockname()), "half": name_of(half.getsockname()), "busy": name_of(busy.getsockname())}
    for sock in (deaf, half, busy):
        sock.close()


@pytest.mark.parametrize("column, first", [("send-q", "deaf"), ("Send-Q", "deaf"), ("recv-q", "half"), ("bytes-r", "half"),
                                           ("bytes-w", "deaf")])
def test_sort__puts_the_biggest_first(three, column, first):
    instance, names = three
    assert table(instance, "--sort", column)[0][13] == names[first]
    assert listed(instance, f"--sort={column}")["connections"][0]["remote"] == names[first]


def test_sort__of_texts_goes_from_a_to_z(three):
    instance, names = three
    assert [row[13] for row in table(instance, "--sort", "foreign")] == sorted(names.values())
    ids = [int(row[2]) for row in table(instance, "--sort", "cid")]
    assert ids == sorted(ids, reverse=True)


def test_send_q__is_what_a_peer_does_not_read(three):
    instance, names = three
    (record,) = [record for record in listed(instance)["connections"] if record["remote"] == names["deaf"]]
    assert record["send_queue"] > 1000000
    row = table(instance, "--sort", "send-q")[0]
    assert re.fullmatch(r"\d+\.\d ?MB", row[8]), row


def test_busy_process__is_a_row_that_says_so_and_the_others_are_listed(make):
    instance = make("text://127.0.0.1:0,count=1,name=slow", "text://127.0.0.1:0,count=1,name=quick")
    instance.start()
    quick = connect(instance.address("quick"))
    quick.sendall(b"x\n")
    quick.recv(10)
    slow, pid = connect(instance.address("slow")), instance.child("slow")
    slow.sendall(b"block 600000\n")  # far longer than the harness waits for a command
    eventually(lambda: any(p["busy_ms"] for p in instance.status()["processes"] if p["pid"] == pid), "the callback")
    result = instance.command("connections")
    assert re.search(rf"^{pid} +slow +busy for .*: no answer within 500 ms$", result.out, re.M), result
    assert re.search(r"^\d+ +quick +\d+ +tcp +text ", result.out, re.M), result
    document = listed(instance)
    assert [(silent["pid"], silent["worker"], silent["stopped"]) for silent in document["unanswered"]] == [(pid, "slow", False)]
    assert document["unanswered"][0]["busy_ms"] > 0 and [record["worker"] for record in document["connections"]] == ["quick"]
    assert listed(instance, "--worker", "quick")["unanswered"] == []
    slow.close()
    quick.close()


def test_many__are_all_listed(make):
    instance = make("text://127.0.0.1:0,count=2,name=line")
    instance.start()
    socks = [connect(instance.address()) for _ in range(400)]
    eventually(lambda: len(listed(instance)["connections"]) == 400, "all of them")
    assert len(table(instance)) == 400
    for sock in socks:
        sock.close()
    assert ask(instance.address(), "hello") == "hello"
