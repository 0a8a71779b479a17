"""HTTP/1 framing: every row of the table whole, cut at every byte, and byte by byte."""
import pytest

from http_answers import answers_of, has_body
from http_rows import END, ROWS
from lanes import bytewise, cuts_of, run_lanes

each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)


def check(row, data, reset):
    answers = answers_of(data, row.methods, row.interim)
    assert [answer.status for answer in answers] == [each if isinstance(each, int) else each[0] for each in row.answers]
    for number, (answer, expected) in enumerate(zip(answers, row.answers)):
        method = row.methods[min(number, len(row.methods) - 1)]
        check_answer(answer, method, number == len(answers) - 1)
        if not isinstance(expected, int) and has_body(answer, method):
            told = answer.echo
            for name, value in expected[1].items():
                assert told[name] == value, f"{name} of answer {number}"
    assert not reset, "ended by a reset: the answer may be lost on its way (RFC 9112 §9.6)"


def check_answer(answer, method, last):
    assert answer.reason, "registered codes have their reason phrase"
    # RFC 9110 §6.6.1: an origin server with a clock sends Date with 2xx, 3xx and 4xx.
    assert answer.status >= 500 or answer.value(b"date") is not None
    # RFC 9112 §9.6: the last answer says that it is, and no other does.
    assert answer.closes == last
    refusal = answer.status >= 400 and answer.status != 404
    if refusal and method != b"HEAD":
        assert answer.body, "an error says what was wrong"
        assert answer.value(b"content-type").startswith(b"text/plain")


def own_cuts(row):
    """Cuts inside the row; its terminator is itself a row."""
    scripts = cuts_of(row.data, row.edges)
    if row.edges is None and row.data.endswith(END):
        scripts = scripts[: len(row.data) - len(END)]
    return scripts


def check_lanes(rows, scripts, outcomes):
    for row, parts, outcome in zip(rows, scripts, outcomes):
        try:
            check(row, outcome.data, outcome.reset)
        except AssertionError as error:
            cut = f"{parts[0][-60:]!r} | {parts[1][:60]!r}"
            raise AssertionError(f"{row.id}, {len(parts)} parts, the first of {len(parts[0])} bytes: {cut}: {outcome.data!r}: {error}") from None


@each_row
def test_whole(servers, whole_mode, row):
    mode, transport = whole_mode
    with servers.get(mode).connect(f"http.{transport}") as peer:
        check(row, *peer.exchange(row.data))


@each_row
def test_cut_at_every_byte(servers, cut_mode, row):
    mode, transport = cut_mode
    scripts = own_cuts(row)
    check_lanes([row] * len(scripts), scripts, run_lanes(servers.get(mode), f"http.{transport}", scripts))


def test_byte_by_byte(servers, cut_mode):
    """Every row at once, one byte a step."""
    mode, transport = cut_mode
    rows = [row for row in ROWS if len(row.data) <= 250]
    scripts = [bytewise(row.data) for row in rows]
    check_lanes(rows, scripts, run_lanes(servers.get(mode), f"http.{transport}", scripts))
