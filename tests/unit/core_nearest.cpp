// The nearest right spelling of a name, and none where nothing is near.
#include "core/nearest.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

constexpr const char *kNames[] = {"websocket",       "text",  "http", "tcp",    "ws",      "max_message",
                                  "max_send_buffer", "start", "stop", "status", "--daemon"};

const char *hint(const std::string &given)
{
    return wm::nearest(given, kNames, std::size(kNames));
}

void the_name_with_the_fewest_edits(void **)
{
    const struct {
        const char *given, *expected;
    } rows[] = {
        {"websoket", "websocket"},     {"htp", "http"},
        {"max_mesage", "max_message"}, {"maxsendbuffer", "max_send_buffer"},
        {"stats", "status"},           {"websocket", "websocket"},
    };
    for (const auto &row : rows)
        assert_string_equal(hint(row.given), row.expected);
}

void swapped_letters_are_one_edit(void **)
{
    assert_string_equal(hint("stauts"), "status");
    assert_string_equal(hint("strat"), "start");
    assert_string_equal(hint("tpc"), "tcp");
    assert_string_equal(hint("websokcet"), "websocket");
}

void capitals_and_dashes_are_none(void **)
{
    assert_string_equal(hint("TEXT"), "text");
    assert_string_equal(hint("STOP"), "stop");
    assert_string_equal(hint("WS"), "ws");
    assert_string_equal(hint("-deamon"), "--daemon");
    assert_string_equal(hint("daemon"), "--daemon");
}

void the_beginning_of_a_name_is_near(void **)
{
    assert_string_equal(hint("web"), "websocket");
    assert_string_equal(hint("max_send"), "max_send_buffer");
    assert_string_equal(hint("stat"), "status"); // and one letter from start
    assert_null(hint("we"));
}

void nothing_near_is_no_hint(void **)
{
    for (const char *given : {"", "-", "--", "x", "xs", "logs", "ftp", "mqtt", "quit", "redis", "halt", "stdout", "connections"})
        assert_null(hint(given));
    assert_null(hint(std::string(10000, 'x')));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_name_with_the_fewest_edits), cmocka_unit_test(swapped_letters_are_one_edit),
        cmocka_unit_test(capitals_and_dashes_are_none),   cmocka_unit_test(the_beginning_of_a_name_is_near),
        cmocka_unit_test(nothing_near_is_no_hint),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
