// Spelling hints of the tools.
#include "shared/nearest.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

void near_in_spelling_or_none(void **)
{
    const std::vector<std::string> names = {"--listen", "--inner", "--json", "--daemon", "start", "stop", "status"};
    const struct {
        const char *given, *expected;
    } rows[] = {
        {"--lisen", "--listen"},  {"-listen", "--listen"},
        {"--LISTEN", "--listen"}, {"--jsn", "--json"},
        {"--deamon", "--daemon"}, {"stauts", "status"},
        {"stpo", "stop"},         {"logs", ""},
        {"--nothing", ""},        {"", ""},
    };
    for (const auto &row : rows)
        assert_string_equal(wm::nearest(row.given, names).c_str(), row.expected);
    assert_string_equal(wm::nearest(std::string(10000, 'x'), names).c_str(), "");
    assert_string_equal(wm::nearest("x", {}).c_str(), "");
    assert_string_equal(wm::did_you_mean("stpo", names).c_str(), ": did you mean 'stop'?");
    assert_string_equal(wm::did_you_mean("logs", names).c_str(), "");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {cmocka_unit_test(near_in_spelling_or_none)};
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
