// Columns on a terminal, whatever the cells hold.
#include <clocale>
#include <cmath>
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <string>

#include "process/report/decimal.h"
#include "process/report/text_table.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

std::string all(const wm::TextTable &table)
{
    std::string out;
    table.append_rows(out, 0, table.rows());
    return out;
}

void columns__as_wide_as_the_widest_cell(void **)
{
    wm::TextTable table(3);
    table.cell("a").cell("long title").cell("c");
    table.cell("much longer").number(1).number(-23);
    assert_string_equal(all(table).c_str(), "a            long title  c\n"
                                            "much longer  1           -23\n");
    assert_int_equal(table.rows(), 2);
    assert_int_equal(table.width(), 28);
    std::string last;
    table.append_rows(last, 1, 2);
    assert_string_equal(last.c_str(), "much longer  1           -23\n");
}

void empty_cell__is_a_dash(void **)
{
    wm::TextTable table(2);
    table.cell("").cell("");
    assert_string_equal(all(table).c_str(), "-  -\n");
}

void rest__widens_nothing_and_ends_the_row(void **)
{
    wm::TextTable table(4);
    table.cell("a").cell("b").cell("c").cell("d");
    table.cell("1").rest("words over three columns");
    table.cell("2").cell("b").cell("c").rest("end");
    table.cell("3").rest("");
    assert_string_equal(all(table).c_str(), "a  b  c  d\n"
                                            "1  words over three columns\n"
                                            "2  b  c  end\n"
                                            "3\n");
}

void width__by_what_a_terminal_shows(void **)
{
    wm::TextTable table(2);
    table.cell("\xe6\x8e\xa8\xe9\x80\x81").cell("x"); // two wide characters
    table.cell("\xc3\xa4\xc3\xb6").cell("x");         // two narrow ones of two bytes
    table.cell("e\xcc\x81").cell("x");                // one with an accent above
    table.cell("abcd").cell("x");
    assert_string_equal(all(table).c_str(), "\xe6\x8e\xa8\xe9\x80\x81  x\n"
                                            "\xc3\xa4\xc3\xb6    x\n"
                                            "e\xcc\x81     x\n"
                                            "abcd  x\n");
}

void cell__never_moves_the_cursor(void **)
{
    wm::TextTable table(2);
    table.cell("a\x1b[2Jb\nc\r").cell("\x7f\xc2\x9b\xff\xe2\x80\xae");
    table.cell(std::string_view("\0", 1)).rest("\tx\n");
    assert_string_equal(all(table).c_str(), "a?[2Jb?c?  ????\n"
                                            "?          ?x?\n");
    assert_string_equal(wm::printable("chat\n\xe2\x82\xac").c_str(), "chat?\xe2\x82\xac");
}

void rule_line__with_the_title_in_its_middle(void **)
{
    assert_string_equal(wm::rule_line("AB", 7).c_str(), "--AB---\n");
    assert_string_equal(wm::rule_line("ABC", 2).c_str(), "ABC\n");
}

void human_size__one_decimal_from_a_kilobyte_on(void **)
{
    const struct {
        uint64_t bytes;
        const char *expected;
    } rows[] = {
        {0, "0B"},
        {1023, "1023B"},
        {1024, "1.0KB"},
        {1536, "1.5KB"},
        {1024 * 1024 - 1, "1.0MB"}, // not 1024.0KB
        {10 << 20, "10.0MB"},
        {uint64_t{5} << 30, "5.0GB"},
        {uint64_t{3} << 40, "3.0TB"},
        {UINT64_MAX, "16777216.0TB"},
    };
    for (const auto &row : rows)
        assert_string_equal(wm::human_size(row.bytes).c_str(), row.expected);
}

void seconds_and_decimals__at_their_ends(void **)
{
    assert_string_equal(wm::seconds(12345).c_str(), "12.3s");
    assert_string_equal(wm::seconds(0).c_str(), "0.0s");
    assert_string_equal(wm::seconds(-5).c_str(), "0.0s");
    assert_string_equal(wm::seconds(INT64_MAX).c_str(), "9223372036854775.8s");
    assert_string_equal(wm::decimal(0.214, 2).c_str(), "0.21");
    assert_string_equal(wm::decimal(NAN, 2).c_str(), "-");
    assert_string_equal(wm::decimal(-INFINITY, 2).c_str(), "-");
    assert_int_equal(wm::decimal(1e308, 2).size(), 312);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(columns__as_wide_as_the_widest_cell),
        cmocka_unit_test(empty_cell__is_a_dash),
        cmocka_unit_test(rest__widens_nothing_and_ends_the_row),
        cmocka_unit_test(width__by_what_a_terminal_shows),
        cmocka_unit_test(cell__never_moves_the_cursor),
        cmocka_unit_test(rule_line__with_the_title_in_its_middle),
        cmocka_unit_test(human_size__one_decimal_from_a_kilobyte_on),
        cmocka_unit_test(seconds_and_decimals__at_their_ends),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
