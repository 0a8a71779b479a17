// UTF-8 by RFC 3629, against a decoder that is slow and plain, at every offset of the word-wise loop.
#include "proto/utf8.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <iterator>
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

/// Whether text can be the beginning of a well-formed one.
bool begins(const std::string &text)
{
    for (const char *rest : {"", "\x80", "\xbf", "\x80\x80", "\xbf\xbf", "\x80\x80\x80", "\xbf\xbf\xbf"})
        if (plain(text + rest))
            return true;
    return false;
}

void check(const std::string &text)
{
    assert_int_equal(wm::is_utf8(text.data(), text.size()), plain(text));
    for (size_t cut = 0; cut <= text.size(); cut++) {
        wm::Utf8 parts;
        bool right = parts.feed(text.data(), cut);
        assert_int_equal(right, begins(text.substr(0, cut)));
        if (!right)
            break;
        assert_int_equal(parts.feed(text.data() + cut, text.size() - cut), begins(text));
        if (begins(text))
            assert_int_equal(parts.complete(), plain(text));
    }
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

/// What 16 octets at once are tested for: each pair of octets, and what may follow it, at changing places of a longer text.
void every_pair_inside_a_longer_text(void **)
{
    const std::string thirds = "a\x80\x8f\x90\x9f\xa0\xbf\xc0\xff", fourths = "a\x80\xbf\xc3";
    const std::string front =
        "\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80 \xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80 \xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80";
    assert_true(plain(front));
    const size_t whole[] = {2, 5, 9, 10, 12, 15, 19, 20, 22, 25, 29};
    size_t turn = 0;
    for (int a = 0; a < 256; a++)
        for (int b = 0; b < 256; b++)
            for (char third : thirds)
                for (char fourth : fourths) {
                    std::string part = {static_cast<char>(a), static_cast<char>(b), third, fourth};
                    bool right = plain(part);
                    turn = (turn + 1) % (std::size(whole) * 17);
                    std::string text = front.substr(0, whole[turn % std::size(whole)]) + part + std::string(turn / std::size(whole), '.');
                    assert_int_equal(wm::is_utf8(text.data(), text.size()), right);
                }
}

void long_random_texts(void **)
{
    std::mt19937 random(10);
    const char *const pieces[] = {"a", "\xc3\xa9", "\xe4\xb8\xad", "\xf0\x9f\x98\x80", "longer ascii text", "\xf4\x8f\xbf\xbf\xed\x9f\xbf"};
    for (int i = 0; i < 20000; i++) {
        std::string text;
        size_t kinds = 1 + random() % 6;
        for (size_t n = random() % 40; n > 0; n--)
            text += pieces[random() % kinds];
        if (!text.empty() && i % 2)
            text[random() % text.size()] = static_cast<char>(random());
        if (i % 4 > 1)
            text.resize(random() % (text.size() + 1));
        assert_int_equal(wm::is_utf8(text.data(), text.size()), plain(text));
        wm::Utf8 parts;
        size_t cut = random() % (text.size() + 1);
        bool right = parts.feed(text.data(), cut) && parts.feed(text.data() + cut, text.size() - cut);
        assert_int_equal(right, begins(text));
        if (right)
            assert_int_equal(parts.complete(), plain(text));
    }
}

/// The code points of a text, U+FFFD for malformed bytes.
std::u32string decoded(const std::string &text)
{
    std::u32string out;
    for (size_t at = 0; at < text.size();) {
        char32_t code;
        at += wm::code_point_at(text, at, code);
        out += code;
    }
    return out;
}

void malformed_bytes_are_replaced_by_maximal_subparts(void **)
{
    const std::pair<std::string, std::u32string> cases[] = {
        {"a\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80", U"a\u00e9\u4e2d\U0001f600"},
        {"\xe1\x80 ", U"\ufffd "},
        {"\xf1\x80\x80x", U"\ufffdx"},
        {"\xf1\x80\x80", U"\ufffd"},
        {"\xc2 ", U"\ufffd "},
        {"\xe0\x80\x80", U"\ufffd\ufffd\ufffd"},
        {"\xed\xa0\x80", U"\ufffd\ufffd\ufffd"},
        {"\xf4\x90\x80\x80", U"\ufffd\ufffd\ufffd\ufffd"},
        {"\xf0\x90(", U"\ufffd("},
        {"\xff\x80", U"\ufffd\ufffd"},
        {"\xef\xbf\xbd", U"\ufffd"},
    };
    for (const auto &[text, expected] : cases)
        assert_true(decoded(text) == expected);
}

void texts_without_a_replacement_are_utf8(void **)
{
    std::mt19937 random(11);
    for (int i = 0; i < 100000; i++) {
        std::string text;
        for (size_t n = random() % 5; n > 0; n--)
            text += static_cast<char>(random() % 2 ? random() : 0x80 | random() % 0x40);
        bool replaced = decoded(text).find(U'\ufffd') != std::u32string::npos;
        bool has_it = text.find("\xef\xbf\xbd") != std::string::npos;
        assert_true(has_it || replaced == !wm::is_utf8(text.data(), text.size()));
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {cmocka_unit_test(malformed_bytes_are_replaced_by_maximal_subparts),
                                cmocka_unit_test(texts_without_a_replacement_are_utf8),
                                cmocka_unit_test(borders_at_every_offset),
                                cmocka_unit_test(every_pair_and_random_texts),
                                cmocka_unit_test(every_pair_inside_a_longer_text),
                                cmocka_unit_test(long_random_texts)};
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
