// The nearest right spelling of a name.
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

void the_name_with_the_fewest_edits(void **)
{
    const char *const names[] = {"websocket", "text", "http", "tcp", "max_message", "max_send_buffer"};
    const struct {
        const char *given, *expected;
    } rows[] = {
        {"websoket", "websocket"},
        {"Text", "text"},
        {"htp", "http"},
        {"tpc", "tcp"},
        {"max_mesage", "max_message"},
        {"maxsendbuffer", "max_send_buffer"},
        {"websocket", "websocket"},
    };
    for (const auto &row : rows)
        assert_string_equal(wm::nearest(row.given, names, std::size(names)), row.expected);
    // Whatever is given there is a name, also for what is far from all, empty or long.
    assert_non_null(wm::nearest("", names, std::size(names)));
    assert_non_null(wm::nearest(std::string(10000, 'x').c_str(), names, std::size(names)));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {cmocka_unit_test(the_name_with_the_fewest_edits)};
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
