"""The text protocol: a message is a line that ends with LF; one CR before it is dropped."""
import pytest

from lanes import bytewise, cuts_of, run_lanes

# What is sent, and the lines that come back. The last line ends each row: the server answers it and closes.
END = b"!bye\n"
ROWS = {
    "a line": (b"hello\n", [b"hello"]),
    "two lines in one segment": (b"a\nb\n", [b"a", b"b"]),
    "CRLF": (b"hello\r\n", [b"hello"]),
    "one CR is dropped, not two": (b"a\r\r\n", [b"a\r"]),
    "a CR inside": (b"a\rb\n", [b"a\rb"]),
    "an empty line is a message": (b"\n", [b""]),
    "an empty line with CRLF": (b"\r\n", [b""]),
    "many empty lines": (b"\n" * 20, [b""] * 20),
    "spaces are kept": (b" a \t\n", [b" a \t"]),
    "NUL and every other byte": (bytes(range(10)) + bytes(range(11, 256)) + b"\n", [bytes(range(10)) + bytes(range(11, 256))]),
    "no UTF-8": (b"\xff\xfe\x80\n", [b"\xff\xfe\x80"]),
    "LF and CRLF in turn": (b"a\nb\r\nc\n\r\n", [b"a", b"b", b"c", b""]),
    "a line that is a number": (b"42\n", [b"42"]),
}
each_row = pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())


def lines_of(row):
    return b"".join(line + b"\n" for line in [*row[1], b"bye"])


@each_row
def test_whole(servers, whole_mode, row):
    mode, transport = whole_mode
    with servers.get(mode).connect(f"text.{transport}") as peer:
        assert peer.exchange(row[0] + END) == (lines_of(row), False)


@each_row
def test_cut_at_every_byte(servers, cut_mode, row):
    mode, transport = cut_mode
    scripts = [*cuts_of(row[0] + END), bytewise(row[0] + END)]
    for parts, outcome in zip(scripts, run_lanes(servers.get(mode), f"text.{transport}", scripts)):
        assert (outcome.data, outcome.reset) == (lines_of(row), False), f"first part {parts[0]!r}"


@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("over", [0, 1])
def test_line_of_max_message_and_one_over_it(servers, whole_mode, end, over):
    """The line end is not part of the message."""
    mode, transport = whole_mode
    line = b"x" * (1000 + over)
    with servers.get(mode, "max_message=1000").connect(f"text.{transport}") as peer:
        peer.send(line + end + END)
        data, reset = peer.read_until_eof()
        assert (data, reset) == (b"" if over else line + b"\nbye\n", False)
        if over:
            check_too_long(peer)


def check_too_long(peer):
    events = peer.events()
    assert [event.kind for event in events] == ["open", "error", "close"]
    assert events[1].words[0] == "WM_EMSGSIZE"
    assert events[2].words[0] == "LIMIT"


@pytest.mark.parametrize("over", [0, 1])
def test_limit_cut_at_every_place_that_matters(servers, cut_mode, over):
    mode, transport = cut_mode
    line = b"x" * (1000 + over)
    data = line + b"\r\n" + END
    scripts = [[data[:at], data[at:]] for at in (1, 500, *range(995, len(data)))]
    for parts, outcome in zip(scripts, run_lanes(servers.get(mode, "max_message=1000"), f"text.{transport}", scripts)):
        assert (outcome.data, outcome.reset) == (b"" if over else line + b"\nbye\n", False), len(parts[0])


def test_line_without_end_is_refused_at_the_limit(servers, whole_mode):
    """The limit acts before the line's length is known."""
    mode, transport = whole_mode
    with servers.get(mode, "max_message=1000").connect(f"text.{transport}") as peer:
        data, _ = peer.exchange(b"x" * (1 << 20))
        assert data == b""
        check_too_long(peer)


def test_lines_before_a_long_one_are_answered(servers, whole_mode):
    mode, transport = whole_mode
    with servers.get(mode, "max_message=1000").connect(f"text.{transport}") as peer:
        data, reset = peer.exchange(b"a\nb\n" + b"x" * 1001 + b"\nc\n")
        assert (data, reset) == (b"a\nb\n", False)


def test_many_short_lines_are_no_long_one(servers, whole_mode):
    """The limit is on a line, not on what one segment brings."""
    mode, transport = whole_mode
    with servers.get(mode, "max_message=1000").connect(f"text.{transport}") as peer:
        data, _ = peer.exchange(b"0123456789\n" * 1000 + END)
        assert data == b"0123456789\n" * 1000 + b"bye\n"


def test_10000_pipelined_lines_come_back_in_order(servers, whole_mode):
    mode, transport = whole_mode
    lines = b"".join(b"line %d\n" % i for i in range(10000))
    with servers.get(mode).connect(f"text.{transport}") as peer:
        data, reset = peer.exchange(lines + END)
        assert data == lines + b"bye\n"
        assert not reset


def test_long_line_over_many_segments(servers, whole_mode):
    mode, transport = whole_mode
    # Below max_send_buffer: while more than that is queued, the next send would not be taken.
    line = b"0123456789abcdef" * 60_000
    with servers.get(mode).connect(f"text.{transport}") as peer:
        data, _ = peer.exchange(line + b"\n" + END)
        assert data == line + b"\nbye\n"


def test_last_line_without_its_end_is_no_message(servers, whole_mode):
    mode, transport = whole_mode
    with servers.get(mode).connect(f"text.{transport}") as peer:
        peer.send(b"a\nhalf")
        peer.half_close()
        assert peer.read_until_eof() == (b"a\n", False)
        assert peer.wait_event("close").words[0] == "PEER"


def test_half_closed_peer_gets_every_echo(servers, whole_mode):
    mode, transport = whole_mode
    with servers.get(mode).connect(f"text.{transport}") as peer:
        peer.send(b"a\nb\n" * 1000)
        peer.half_close()
        assert peer.read_until_eof() == (b"a\nb\n" * 1000, False)


def test_no_message_behind_close(servers, whole_mode):
    mode, transport = whole_mode
    with servers.get(mode).connect(f"text.{transport}") as peer:
        data, _ = peer.exchange(b"a\n!close\nb\nc\n")
        assert data == b"a\n"
        assert peer.wait_event("close").words[0] == "LOCAL"
