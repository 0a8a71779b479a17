"""What bench/run and bench/instructions make of their figures."""
import importlib.machinery
import importlib.util
import os
import sys

import pytest

BENCH = os.path.join(os.path.dirname(__file__), "..", "..", "bench")
sys.path.insert(0, BENCH)
import callgrind  # noqa: E402
import paired  # noqa: E402

KIND = "x86_64, GNU 12.2.0, Release"


def load(name):
    loader = importlib.machinery.SourceFileLoader(name, os.path.join(BENCH, name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


instructions = load("instructions")


class Arguments:
    build, against, limit = "build/dev", "bench/instructions.json", 3.0


def row(instructions_a_message, name="echo", steady=True):
    return {"row": name, "steady": steady, "instructions": instructions_a_message}


def judge(rows, before):
    return instructions.judge(Arguments, KIND, rows, before)


@pytest.mark.parametrize("count, ranks", [(6, (1, 6)), (9, (2, 8)), (30, (10, 21)), (48, (17, 32)), (100, (40, 61))])
def test_interval__is_the_order_statistics_of_the_binomial_table(count, ranks):
    assert paired.interval(range(1, count + 1)) == ranks


@pytest.mark.parametrize("count", [1, 2, 5])
def test_interval__of_few_values_is_all_of_them(count):
    assert paired.interval(list(range(count, 0, -1))) == (1, count)


def test_share__is_the_median_within_rounds():
    # The second round is twice as slow for both.
    share = paired.Share([100, 200, 100], [90, 180, 95])
    assert (share.median, share.low, share.high) == (0.90, 0.90, 0.95)
    assert str(paired.Share([100], [])) == "–"


def test_instructions__a_row_that_grows_by_more_than_the_limit_fails(capsys):
    assert judge([row(1031)], {"echo": 1000}) == 1
    assert "echo: 1031.0 instructions, +3.1 %" in capsys.readouterr().out


def test_instructions__growth_up_to_the_limit_passes(capsys):
    assert judge([row(1029.9)], {"echo": 1000}) == 0
    assert capsys.readouterr().out == ""


def test_instructions__one_row_that_grows_is_not_hidden_by_one_that_shrinks():
    assert judge([row(500, "http"), row(1031)], {"http": 1000, "echo": 1000}) == 1


def test_instructions__a_row_that_shrinks_passes_and_names_the_command_that_holds_it(capsys):
    assert judge([row(900)], {"echo": 1000}) == 0
    assert "measured: rows have shrunk" in (said := capsys.readouterr().out) and "bench/instructions build/dev --json bench/instructions.json" in said


def test_instructions__rows_without_a_figure_pass_and_are_counted(capsys):
    assert judge([row(900), row(5, "churn", steady=False)], {}) == 0
    assert "measured: 1 rows without a figure for %s" % KIND in capsys.readouterr().out


def test_instructions__the_table_keeps_other_builds_and_leaves_unsteady_rows_out(tmp_path):
    path = str(tmp_path / "table.json")
    instructions.write_rows(path, "other", [row(1)])
    instructions.write_rows(path, KIND, [row(2.04), row(3, "http")])
    instructions.write_rows(path, KIND, [row(4), row(5, "churn", steady=False)])
    assert instructions.read_rows(path) == {"other": {"echo": 1}, KIND: {"echo": 4, "http": 3}}


def test_callgrind__an_instruction_belongs_to_the_room_of_its_line_and_a_header_to_who_includes_it(tmp_path):
    path = tmp_path / "out"
    path.write_text("""events: Ir
summary: 123

ob=(1) /build/lib/libwm.so.0
fl=(1) /a/lib/conn/inbox.cpp
fn=(1) receive
10 3
fi=(2) /a/lib/core/buffer.h
11 20
fe=(1)
+2 5
fi=(3) /usr/include/c++/12/span
12 7
cob=(2) /usr/lib/libc.so.6
cfi=(4) ???
cfn=(2) memcpy
calls=4 0
13 1000

ob=(2)
fl=(4)
fn=(2)
0 80

ob=(3) /build/bin/bench_echo_server
fl=(5) /a/bench/server/echo_server.c
fn=(3) echo
1 8
""")
    assert callgrind.by_room(path) == {"conn": 15, "core": 20, "libc": 80, "host": 8}
    assert callgrind.total(path) == 123
