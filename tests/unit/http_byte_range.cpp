// The Range field: what is one range, what makes one, what is none, and what is out of reach (RFC 9110 §14.1.2, §14.2).
#include "proto/http/byte_range.h"

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

using wm::http::ByteRange;
using wm::http::RangeOutcome;

std::string outcome(const std::string &value, uint64_t size)
{
    ByteRange range = {999, 999};
    switch (wm::http::parse_range(value, size, range)) {
    case RangeOutcome::kPart:
        return std::to_string(range.offset) + "+" + std::to_string(range.length);
    case RangeOutcome::kUnsatisfiable:
        return "416";
    default:
        return "whole";
    }
}

void rows__of_ten_thousand_bytes(void **)
{
    const struct {
        const char *value;
        const char *expected;
    } rows[] = {
        // §14.1.2
        {"bytes=0-499", "0+500"},
        {"bytes=500-999", "500+500"},
        {"bytes=-500", "9500+500"},
        {"bytes=9500-", "9500+500"},
        {"bytes=0-0,-1", "whole"},
        {"bytes= 0-999, 4500-5499, -1000", "whole"},
        {"bytes=500-600,601-999", "500+500"},
        {"bytes=500-700,601-999", "500+500"},
        // bounds
        {"bytes=0-", "0+10000"},
        {"bytes=0-0", "0+1"},
        {"bytes=9999-", "9999+1"},
        {"bytes=9999-9999", "9999+1"},
        {"bytes=0-9999", "0+10000"},
        {"bytes=0-10000", "0+10000"},
        {"bytes=0-99999999999999999999999999", "0+10000"},
        {"bytes=-1", "9999+1"},
        {"bytes=-10000", "0+10000"},
        {"bytes=-10001", "0+10000"},
        {"bytes=-99999999999999999999999999", "0+10000"},
        {"bytes=00000000000000000000000000500-0999", "500+500"},
        // out of reach
        {"bytes=10000-", "416"},
        {"bytes=10000-10001", "416"},
        {"bytes=18446744073709551615-", "416"},
        {"bytes=18446744073709551616-18446744073709551617", "416"},
        {"bytes=-0", "416"},
        {"bytes=-0,10000-", "416"},
        // what is out of reach does not count beside what is not
        {"bytes=-0,5-6", "5+2"},
        {"bytes=5-6,10000-", "5+2"},
        // lists: empty elements, white space, order
        {"bytes=,,5-6,", "5+2"},
        {"bytes=5-6 ,\t7-8", "5+4"},
        {"bytes=7-8,5-6", "5+4"},
        {"bytes=0-9999,1-1,2-2,3-3", "0+10000"},
        {"bytes=0-0,2-2", "whole"},
        {"bytes=5-6,5-6,5-6", "5+2"},
        // units are case-insensitive, and others are not ours
        {"BYTES=5-6", "5+2"},
        {"Bytes=5-6", "5+2"},
        {"lines=5-6", "whole"},
        {"byte=5-6", "whole"},
        // no ranges at all
        {"", "whole"},
        {"bytes", "whole"},
        {"bytes=", "whole"},
        {"bytes=,", "whole"},
        {"bytes =5-6", "whole"},
        {"bytes:5-6", "whole"},
        {"bytes=5", "whole"},
        {"bytes=-", "whole"},
        {"bytes=--5", "whole"},
        {"bytes=5--6", "whole"},
        {"bytes=6-5", "whole"},
        {"bytes=5-6,6-5", "whole"},
        {"bytes=6-5,20000-", "whole"},
        {"bytes=+5-6", "whole"},
        {"bytes=5-+6", "whole"},
        {"bytes=0x5-6", "whole"},
        {"bytes=5 -6", "whole"},
        {"bytes=5- 6", "whole"},
        {"bytes=5-6;7-8", "whole"},
        {"bytes=a-b", "whole"},
        {"bytes=5-6-7", "whole"},
        {"bytes=5-6,x", "whole"},
        {"bytes=5.0-6", "whole"},
    };
    for (const auto &row : rows)
        if (std::string got = outcome(row.value, 10000); got != row.expected)
            fail_msg("%s: %s, expected %s", row.value, got.c_str(), row.expected);
}

void sizes__none_one_and_the_largest(void **)
{
    for (const char *value : {"bytes=0-", "bytes=0-0", "bytes=-1", "bytes=-0", "bytes=5-"})
        assert_string_equal(outcome(value, 0).c_str(), "whole");
    assert_string_equal(outcome("bytes=0-", 1).c_str(), "0+1");
    assert_string_equal(outcome("bytes=1-", 1).c_str(), "416");
    assert_string_equal(outcome("bytes=-1", INT64_MAX).c_str(), "9223372036854775806+1");
    assert_string_equal(outcome("bytes=9223372036854775806-9223372036854775807", INT64_MAX).c_str(), "9223372036854775806+1");
    assert_string_equal(outcome("bytes=0-18446744073709551615", INT64_MAX).c_str(), "0+9223372036854775807");
}

/// Against a reading of bytes one by one.
void small_sizes__as_a_set_of_bytes(void **)
{
    for (uint64_t size = 1; size < 6; size++)
        for (uint64_t a = 0; a < 7; a++)
            for (uint64_t b = a; b < 7; b++)
                for (uint64_t c = 0; c < 7; c++)
                    for (uint64_t d = c; d < 7; d++) {
                        bool has[8] = {};
                        for (uint64_t i = 0; i < size; i++)
                            has[i] = (i >= a && i <= b) || (i >= c && i <= d);
                        uint64_t first = 0, last = size, count = 0;
                        while (first < size && !has[first])
                            first++;
                        while (last > first && !has[last - 1])
                            last--;
                        for (uint64_t i = 0; i < size; i++)
                            count += has[i] ? 1 : 0;
                        std::string expected = count == 0             ? "416"
                                               : count < last - first ? "whole"
                                                                      : std::to_string(first) + "+" + std::to_string(count);
                        std::string value =
                            "bytes=" + std::to_string(a) + "-" + std::to_string(b) + "," + std::to_string(c) + "-" + std::to_string(d);
                        assert_string_equal(outcome(value, size).c_str(), expected.c_str());
                    }
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows__of_ten_thousand_bytes),
        cmocka_unit_test(sizes__none_one_and_the_largest),
        cmocka_unit_test(small_sizes__as_a_set_of_bytes),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
