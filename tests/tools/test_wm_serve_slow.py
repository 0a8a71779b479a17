"""wm-serve push --slow, and "slow" and "key" of a push: what becomes of messages to a page that stalls, and what others notice of it."""
import collections
import json
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from instance import eventually  # noqa: E402
from ports import free_port  # noqa: E402
from push_fixtures import lines, server, shared_server, start  # noqa: E402, F401
from push_processes import Processes, Reported  # noqa: E402
from sanitized import memory_limit  # noqa: E402
from ws_frames import CLOSE, text  # noqa: E402

COUNT = 10_000
PART = 1000
FILL = b"x" * 2000  # 20 MB in all: more than the sockets take
KEY = b'"key":"percent"'
DROP_OLDEST = b'"slow":"drop_oldest"'


@pytest.fixture
def reported(tmp_path):
    """Starts servers that tell of their processes; each must end well."""
    servers = []

    def make(*flags, count=1):
        servers.append(Processes(tmp_path, count, *flags) if count > 1 else Reported(tmp_path, *flags))
        return servers[-1]

    yield make
    for one in servers:
        assert one.stop()[0] == 0


def line_of(number, wish=b"", uid=b"u"):
    return b'{"wm":{"cmd":"push","uid":"%b"%b},"data":{"n":%d,"x":"%b"}}' % (uid, wish and b"," + wish, number, FILL)


def push_all(lines, wish=b"", first=0, count=COUNT, make=line_of):
    return lines.ask_all(b"".join(make(number, wish) + b"\n" for number in range(first, first + count)), count)


def reach_both(lines, line):
    """Asks until both processes have answered, and so have read all lines before. One that gets no processor for a while is left out: ask again."""
    eventually(lambda: lines.ask(line) == b'ok {"connections":2}', "an answer of both processes")


def numbers(page, last):
    """The numbers of the messages that a page reads up to the last one, each of which is whole."""
    read = []
    while not read or read[-1] != last:
        value = json.loads(page.message())
        assert value["x"].encode() == FILL
        read.append(value["n"])
    return read


def counts(server):
    """What status says of the port of pages, in the process that serves or in all of them."""
    return sum(counts_of_each(server), collections.Counter())


def counts_of_each(server):
    rows = [process["listeners"][0] for process in server.report("status")["processes"] if process["listeners"]]
    return [collections.Counter({name: row[name] or 0 for name in ("dropped", "replaced", "slow_closed")}) for row in rows]


def peak_bytes(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1]) * 1024


def test_key__a_page_that_stalls_reads_the_latest_at_the_end_and_few_others(reported):
    server = reported()
    with server.page(b"u") as page, server.page(b"quick") as quick, server.lines() as lines:
        before = peak_bytes(server.serving_pid)
        for first in range(0, COUNT, COUNT // 10):
            assert push_all(lines, KEY, first, COUNT // 10) == [b"ok"] * (COUNT // 10)
            assert lines.ask(line_of(first, KEY, b"quick")) == b"ok"
            assert json.loads(quick.message())["n"] == first, "others are served meanwhile"
        assert peak_bytes(server.serving_pid) - before < memory_limit(os.environ["WM_SERVE"], 8 << 20)
        read = numbers(page, COUNT - 1)
        assert read == sorted(set(read))
        assert len(read) < COUNT / 2
        eventually(lambda: counts(server) == {"replaced": COUNT - len(read)}, "status to count them")
        assert page.nothing_came()


def test_key__each_has_a_latest_of_its_own(start):
    server = start()
    with server.page(b"u") as page, server.lines() as lines:
        push_all(lines, b'"key":"a"')
        assert lines.ask(b'{"uid":"u","last":"b","wm":{"key":"b"}}') == b"ok"
        assert lines.ask(b'{"uid":"u","last":"a","wm":{"key":"a"}}') == b"ok"
        assert lines.ask(b'{"uid":"u","last":"none"}') == b"ok"
        last = []
        while not last or last[-1] != "none":
            value = json.loads(page.message())
            if "last" in value:
                last.append(value["last"])
        assert last == ["b", "a", "none"]


def test_drop_oldest__a_page_that_stalls_has_one_gap(reported):
    server = reported()
    with server.page(b"u") as page, server.lines() as lines:
        assert push_all(lines, DROP_OLDEST) == [b"ok"] * COUNT
        read = numbers(page, COUNT - 1)
        gaps = [at for at in range(1, len(read)) if read[at] != read[at - 1] + 1]
        assert read[0] == 0 and len(gaps) == 1 and len(read) < COUNT
        eventually(lambda: counts(server) == {"dropped": COUNT - len(read)}, "status to count them")


@pytest.mark.parametrize("flag, wish", [("close", b""), ("latest", b'"slow":"close"'), ("drop-oldest", b'"slow":"close"')])
def test_close__by_the_flag_or_the_push(reported, flag, wish):
    server = reported("--slow", flag)
    with server.page(b"u") as page, server.lines() as lines:
        answers = push_all(lines, wish)
        taken = answers.index(b"fail")
        assert answers == [b"ok"] * taken + [b"fail"] * (COUNT - taken)
        eventually(lambda: counts(server) == {"slow_closed": 1}, "status to count it")
        for number in range(taken):
            assert json.loads(page.message())["n"] == number
        frame = page.frame()
        assert (frame.opcode, frame.code, frame.payload[2:]) == (CLOSE, 1013, b"too slow")


@pytest.mark.parametrize("flag, counted", [("latest", "replaced"), ("drop-oldest", "dropped")])
@pytest.mark.parametrize("one_port", [False, True])
def test_flag__is_for_pushes_that_say_nothing(reported, flag, counted, one_port):
    port = free_port()
    ports = ["--listen", f"websocket://127.0.0.1:{port}", "--http", f"http://127.0.0.1:{port}"] if one_port else []
    server = reported("--slow", flag, *ports)
    with server.page(b"u") as page, server.lines() as lines:
        assert push_all(lines) == [b"ok"] * COUNT
        read = numbers(page, COUNT - 1)
        assert read == sorted(set(read))
        eventually(lambda: counts(server)[counted] == COUNT - len(read) > 0, "status to count them")


def test_flag__latest_keeps_the_answer_to_a_text_ping_beside_the_push(start):
    server = start("--slow", "latest", "--text-ping", "ping=pong")
    with server.page(b"u") as page, server.lines() as lines:
        push_all(lines)
        page.send(text("ping"))
        page.send(text("ping"))
        seen = []
        while "pong" not in seen or COUNT - 1 not in seen:
            message = page.message()
            seen.append("pong" if message == b"pong" else json.loads(message)["n"])
        assert seen.index("pong") > 0


@pytest.mark.parametrize("to", [b'"push","group":"g"', b'"broadcast"'])
def test_key__to_pages_of_two_processes(reported, to):
    server = reported(count=2)
    pages = server.one_of_each(lambda: server.page(b"u"))

    def make(number, wish):
        return b'{"wm":{"cmd":%b,%b},"data":{"n":%d,"x":"%b"}}' % (to, wish, number, FILL)

    with server.lines() as lines:
        reach_both(lines, b'{"wm":{"cmd":"join","uid":"u","group":"g","reply":"json"}}')
        for first in range(0, COUNT, PART):
            assert push_all(lines, KEY, first, PART, make) == [b"ok"] * PART
            # The first page that has it makes a push ok, and the other process may have 4 MiB to read at most.
            reach_both(lines, b'{"wm":{"cmd":"online","uid":"u","reply":"json"}}')
        reach_both(lines, make(COUNT, KEY + b',"reply":"json"'))
        read = [numbers(page, COUNT) for page in pages.values()]
    for one in read:
        assert one == sorted(set(one)) and len(one) < COUNT / 2
    eventually(lambda: sum(each["replaced"] > COUNT / 2 for each in counts_of_each(server)) == 2, "status to count them")
    for page in pages.values():
        page.close()


def test_post__takes_both(server):
    with server.page(b"post") as page:
        for wish in (KEY, DROP_OLDEST):
            body = b'{"uid":"post","wm":{%b}}' % wish
            assert server.post(body).status == 200
            assert page.message() == body


WRONG = {
    b'{"uid":"u","wm":{"slow":"latest"}}':
        'slow must be "close" or "drop_oldest"; to keep the latest message alone, write "key":"percent" in its place, at byte 24',
    b'{"uid":"u","wm":{"key":""}}': "the key must be a string of 1 to 255 bytes, or an integer, at byte 23",
    b'{"uid":"u","wm":{"key":"percent","slow":"close"}}':
        'a key says that the latest message of it is kept, so leave out slow: {"key":"percent"}, at byte 40',
}


@pytest.mark.parametrize("line, detail", WRONG.items())
def test_what_is_wrong_is_said(server, lines, line, detail):
    assert lines.ask(line) == b"fail"
    assert lines.ask(b'{"wm":{"cmd":"explain"}}') == b"ok"
    word, _, document = lines.ask(line).partition(b" ")
    assert (word, json.loads(document)) == (b"fail", {"why": "bad", "detail": detail})
    answer = server.post(line)
    assert (answer.status, answer.body.decode()) == (400, f"400: {detail}\n")


def test_other_words_of_the_flag_are_refused():
    command = [os.environ["WM_SERVE"], "push", "check", "--slow", "drop_oldest"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert answer.returncode == 2 and "--slow takes close, drop-oldest or latest, not 'drop_oldest'" in answer.stderr
