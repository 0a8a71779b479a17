// Dates of header fields: the three forms of RFC 9110 §5.6.7, the century of two digits, and what is no date.
#include "proto/http/http_date.h"
#include "proto/http/response_writer.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <string>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using std::string_view;

constexpr int64_t kNow = 1790000000;     // September 2026
constexpr int64_t kExample = 784111777;  // that of the RFC
constexpr int64_t kUntouched = -7777777; // no row has it

int64_t parsed(string_view text, int64_t now = kNow)
{
    std::string exact(text); // of exactly its size, for the sanitizer
    int64_t out = kUntouched;
    bool found = wm::http::parse_date(exact, now, out);
    assert_int_equal(found, out != kUntouched);
    return out;
}

void forms(void **)
{
    const struct {
        string_view text;
        int64_t seconds;
    } rows[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", kExample},     {"Sunday, 06-Nov-94 08:49:37 GMT", kExample},
        {"Sun Nov  6 08:49:37 1994", kExample},          {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Wed, 31 Dec 1969 23:59:59 GMT", -1},           {"Wed Nov 16 08:49:37 1994", kExample + 10 * 86400},
        {"Thu, 29 Feb 1996 00:00:00 GMT", 825552000},    {"Tue, 29 Feb 2000 12:00:00 GMT", 951825600},
        {"Fri, 01 Mar 2024 00:00:00 GMT", 1709251200},   {"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800}, // a leap second
        {"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799}, {"Mon, 06 Nov 1994 08:49:37 GMT", kExample}, // the day of the week is not compared
        {"Sat, 01 Jan 0000 00:00:00 GMT", -62167219200},
    };
    for (const auto &row : rows)
        if (parsed(row.text) != row.seconds)
            fail_msg("%.*s is %lld, expected %lld", static_cast<int>(row.text.size()), row.text.data(),
                     static_cast<long long>(parsed(row.text)), static_cast<long long>(row.seconds));
}

void two_digits__mean_the_past_when_over_fifty_years_ahead(void **)
{
    assert_int_equal(parsed("Tuesday, 01-Jan-26 00:00:00 GMT"), 1767225600);                       // 2026
    assert_int_equal(parsed("Wednesday, 01-Jan-76 00:00:00 GMT"), 3345062400);                     // 2076
    assert_int_equal(parsed("Saturday, 01-Jan-77 00:00:00 GMT"), 220924800);                       // 1977
    assert_int_equal(parsed("Friday, 01-Jan-99 00:00:00 GMT"), 915148800);                         // 1999
    assert_int_equal(parsed("Saturday, 01-Jan-00 00:00:00 GMT"), 946684800);                       // 2000
    assert_int_equal(parsed("Saturday, 01-Jan-77 00:00:00 GMT", kNow + 2 * 31556952), 3376684800); // 2077
}

void no_date(void **)
{
    const string_view rows[] = {
        "",
        " ",
        "0",
        "1994",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 gmt",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun,06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Xyz, 06 Nov 1994 08:49:37 GMT",
        "onT, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 ovD 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 29 Feb 1995 08:49:37 GMT",
        "Sun, 29 Feb 1900 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06 Nov -994 08:49:37 GMT",
        "Sun, +6 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday 06-Nov-94 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov  6 08:49:37 1994 GMT",
        "Sun Nov  0 08:49:37 1994",
        "Sun Nov  6 08:49:37 94",
    };
    for (string_view row : rows)
        if (parsed(row) != kUntouched)
            fail_msg("taken: %.*s", static_cast<int>(row.size()), row.data());
    constexpr string_view kWhole[] = {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"};
    for (string_view whole : kWhole)
        for (size_t len = 0; len < whole.size(); len++)
            assert_int_equal(parsed(whole.substr(0, len)), kUntouched);
}

/// What is written is read back, over all of four hundred years.
void written_and_read(void **)
{
    for (int64_t when = 0; when < int64_t{400} * 31556952; when += 86399 * 7) {
        char text[wm::http::kDateSize];
        wm::http::format_date(static_cast<time_t>(when), text);
        assert_int_equal(parsed({text, sizeof text}), when);
    }
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),
        cmocka_unit_test(two_digits__mean_the_past_when_over_fifty_years_ahead),
        cmocka_unit_test(no_date),
        cmocka_unit_test(written_and_read),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
