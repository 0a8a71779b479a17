// JSON that is right whatever bytes come in.
#include <cmath>
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <string>

#include "process/report/json_text.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

void expect_text(std::string_view value, const char *expected)
{
    std::string out;
    wm::JsonText(out).text(value);
    assert_string_equal(out.c_str(), expected);
}

void text__plain_and_utf8_as_they_are(void **)
{
    expect_text("", "\"\"");
    expect_text("pusher-1 / ~", "\"pusher-1 / ~\"");
    expect_text("\xc3\xa4 \xe2\x82\xac \xe6\x8e\xa8 \xf0\x9f\x90\x84 \xf4\x8f\xbf\xbf",
                "\"\xc3\xa4 \xe2\x82\xac \xe6\x8e\xa8 \xf0\x9f\x90\x84 \xf4\x8f\xbf\xbf\"");
}

void text__quotes_and_controls_are_escaped(void **)
{
    expect_text("a\"b\\c", R"("a\"b\\c")");
    expect_text("\n\t\r\x1b[2J\x7f", R"("\u000a\u0009\u000d\u001b[2J\u007f")");
    expect_text(std::string_view("a\0b", 3), R"("a\u0000b")");
    expect_text("\xc2\x9b", R"("\u009b")"); // CSI in one character
    expect_text("\xc2\xa0", "\"\xc2\xa0\"");
}

void text__every_single_byte_gives_a_line_of_text(void **)
{
    for (int byte = 0; byte < 256; byte++) {
        std::string out;
        wm::JsonText(out).text(std::string(1, static_cast<char>(byte)));
        assert_int_equal(out.front(), '"');
        assert_int_equal(out.back(), '"');
        for (char c : out)
            assert_true(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
        if (byte >= 0x80)
            assert_string_equal(out.c_str(), "\"\xef\xbf\xbd\"");
    }
}

void text__what_is_not_utf8_is_replaced(void **)
{
    const struct {
        const char *given, *expected;
    } rows[] = {
        {"a\xff"
         "b",
         "\"a\xef\xbf\xbd"
         "b\""},
        {"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},                                 // overlong
        {"\xe0\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},                 // overlong
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},                 // surrogate
        {"\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, // above U+10FFFF
        {"\xe2\x82", "\"\xef\xbf\xbd\""},                                             // cut off at the end
        {"\xe2\x82"
         "a",
         "\"\xef\xbf\xbd"
         "a\""}, // and before another
        {"\xf0\x9f\x90\"", "\"\xef\xbf\xbd\\\"\""},
        {"\x80\xe2\x82\xac", "\"\xef\xbf\xbd\xe2\x82\xac\""},
        {"\xef\xbf\xbd", "\"\xef\xbf\xbd\""},
    };
    for (const auto &row : rows)
        expect_text(row.given, row.expected);
}

void commas__between_what_stands_together(void **)
{
    std::string out;
    wm::JsonText json(out);
    json.open('{').key("a").open('[').close(']').key("b").open('[').number(1).number(2).open('{').close('}').text("x").close(']');
    json.key("c").open('{').key("d").null().key("e").boolean(true).close('}').key("f").boolean(false).close('}');
    assert_string_equal(out.c_str(), R"({"a":[],"b":[1,2,{},"x"],"c":{"d":null,"e":true},"f":false})");
}

void numbers__at_their_ends(void **)
{
    std::string out;
    wm::JsonText json(out);
    json.open('[')
        .number(UINT64_MAX)
        .number(INT64_MIN)
        .number(0)
        .decimal(0.215, 1)
        .decimal(-1, 2)
        .decimal(NAN, 2)
        .decimal(INFINITY, 2)
        .close(']');
    assert_string_equal(out.c_str(), "[18446744073709551615,-9223372036854775808,0,0.2,-1.00,null,null]");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(text__plain_and_utf8_as_they_are),
        cmocka_unit_test(text__quotes_and_controls_are_escaped),
        cmocka_unit_test(text__every_single_byte_gives_a_line_of_text),
        cmocka_unit_test(text__what_is_not_utf8_is_replaced),
        cmocka_unit_test(commas__between_what_stands_together),
        cmocka_unit_test(numbers__at_their_ends),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
