// Text of a peer, as it is shown in the log and in messages.
#include "shared/printable.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

using namespace std::string_view_literals;
using wm::printable;

namespace {

void assert_shown(std::string_view text, const char *expected)
{
    assert_string_equal(printable(text).c_str(), expected);
}

void printable__keeps_text(void **)
{
    assert_shown("", "");
    assert_shown("{\"uid\":\"中文 é 😀\"}", "{\"uid\":\"中文 é 😀\"}");
}

void printable__escapes_what_acts_on_a_terminal_or_is_no_text(void **)
{
    assert_shown("a\x1b[2J\n\r\t\0b\x7f"sv, "a\\x1b[2J\\x0a\\x0d\\x09\\x00b\\x7f");
    assert_shown("\xc2\x9b\xe2\x80\xae\xe2\x81\xa6\xef\xbb\xbf", "\\xc2\\x9b\\xe2\\x80\\xae\\xe2\\x81\\xa6\\xef\\xbb\\xbf");
    assert_shown("\xff\xc3(\xe4\xb8", "\\xff\\xc3(\\xe4\\xb8");
    assert_shown("\\x1b", "\\\\x1b");
}

void printable__cuts_between_characters(void **)
{
    assert_string_equal(printable("éé\x01é", 3).c_str(), "éé\\x01...");
    assert_string_equal(printable("ééé", 3).c_str(), "ééé");
    assert_string_equal(wm::printable_as_typed("a\\\"\n", 9).c_str(), "a\\\"\\x0a");
    assert_string_equal(printable(std::string(1000, 'x')).c_str(), (std::string(64, 'x') + "...").c_str());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(printable__keeps_text),
        cmocka_unit_test(printable__escapes_what_acts_on_a_terminal_or_is_no_text),
        cmocka_unit_test(printable__cuts_between_characters),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
