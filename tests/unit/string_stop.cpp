// The stops of JSON strings, found window by window, against a plain loop: at every length, in memory of exactly that size.
#include "shared/string_stop.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <string>

// Last: its macros (fail, ...) are names in other headers.
extern "C" {
#include <cmocka.h>
}

namespace {

/// Looks for all stops from `from` on, each search behind the last find or `gap` bytes further.
void check(const std::string &text, size_t from, size_t gap)
{
    std::unique_ptr<char[]> exact(new char[text.size()]);
    memcpy(exact.get(), text.data(), text.size());
    const char *begin = exact.get(), *end = begin + text.size();
    wm::StringStops stops(begin, end);
    for (size_t at = from; at <= text.size();) {
        size_t expected = at;
        while (expected < text.size() && !wm::is_string_stop(text[expected]))
            expected++;
        assert_int_equal(stops.find(begin + at) - begin, expected);
        at = expected + 1 + gap;
    }
}

void every_byte_is_a_stop_or_not(void **)
{
    for (int byte = 0; byte < 256; byte++)
        for (size_t len : {1u, 15u, 16u, 17u, 63u, 64u, 65u, 130u})
            check(std::string(len, static_cast<char>(byte)), 0, 0);
}

void one_stop_at_every_place(void **)
{
    for (size_t len = 0; len < 200; len++)
        for (size_t place = 0; place < len; place++) {
            std::string text(len, 'a');
            text[place] = '"';
            check(text, 0, 0);
            check(text, place, 0);
            check(text, place + 1, 0);
        }
}

void random_texts(void **)
{
    std::mt19937 random(3);
    for (int i = 0; i < 50000; i++) {
        std::string text(random() % 300, 'x');
        for (size_t n = random() % 12; n > 0 && !text.empty(); n--)
            text[random() % text.size()] = static_cast<char>(random());
        check(text, random() % (text.size() + 1), random() % 5 * (random() % 40));
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {cmocka_unit_test(every_byte_is_a_stop_or_not), cmocka_unit_test(one_stop_at_every_place),
                                cmocka_unit_test(random_texts)};
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
