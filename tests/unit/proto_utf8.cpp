// UTF-8 by RFC 3629, against a decoder that is slow and plain, at every offset of the word-wise loop.
#include "proto/utf8.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace std::string_literals;

/// One code point at a time, from the table of RFC 3629 §4.
bool plain(const std::string &text)
{
    size_t i = 0;
    while (i < text.size()) {
        unsigned char c = static_cast<unsigned char>(text[i]);
        size_t more = c < 0x80 ? 0 : c >= 0xC2 && c <= 0xDF ? 1 : c >= 0xE0 && c <= 0xEF ? 2 : c >= 0xF0 && c <= 0xF4 ? 3 : 9;
        if (more == 9 || i + more >= text.size())
            return false;
        uint32_t code = more == 0 ? c : c & (0x3Fu >> more);
        for (size_t k = 1; k <= more; k++) {
            unsigned char next = static_cast<unsigned char>(text[i + k]);
            if ((next & 0xC0) != 0x80)
                return false;
            code = code << 6 | (next & 0x3F);
        }
        const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
        if (code < least[more] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
            return false;
        i += more + 1;
    }
    return true;
}

void check(const std::string &text)
{
    assert_int_equal(wm::is_utf8(text.data(), text.size()), plain(text));
}

void borders_at_every_offset(void **)
{
    const std::string parts[] = {
        ""s,
        "\x7f"s,
        "\0"s,
        "\x80"s,
        "\xbf"s,
        "\xc0\x80"s,
        "\xc1\xbf"s,
        "\xc2\x80"s,
        "\xdf\xbf"s,
        "\xc2"s,
        "\xc2\x20"s,
        "\xe0\x80\x80"s,
        "\xe0\x9f\xbf"s,
        "\xe0\xa0\x80"s,
        "\xed\x9f\xbf"s,
        "\xed\xa0\x80"s,
        "\xed\xbf\xbf"s,
        "\xee\x80\x80"s,
        "\xef\xbf\xbf"s,
        "\xe1\x80"s,
        "\xf0\x80\x80\x80"s,
        "\xf0\x8f\xbf\xbf"s,
        "\xf0\x90\x80\x80"s,
        "\xf4\x8f\xbf\xbf"s,
        "\xf4\x90\x80\x80"s,
        "\xf5\x80\x80\x80"s,
        "\xff"s,
        "\xfe"s,
        "\xf1\x80\x80"s,
        "\xf1\x80"s,
    };
    for (size_t before = 0; before < 40; before++)
        for (const std::string &part : parts)
            for (size_t after : {0u, 1u, 7u, 8u, 33u})
                check(std::string(before, 'a') + part + std::string(after, 'b'));
}

void every_pair_and_random_texts(void **)
{
    for (int a = 0; a < 256; a++)
        for (int b = 0; b < 256; b++)
            check({static_cast<char>(a), static_cast<char>(b)});
    std::mt19937 random(9);
    for (int i = 0; i < 100000; i++) {
        std::string text;
        for (size_t n = random() % 6; n > 0; n--) {
            const char *const pieces[] = {"a", "\xc3\xa9", "\xe4\xb8\xad", "\xf0\x9f\x98\x80", "longer ascii text"};
            text += pieces[random() % 5];
        }
        if (!text.empty() && i % 2)
            text[random() % text.size()] = static_cast<char>(random());
        check(text);
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {cmocka_unit_test(borders_at_every_offset), cmocka_unit_test(every_pair_and_random_texts)};
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
