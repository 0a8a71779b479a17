/**
 * @file
 * UTF-8 as RFC 3629 §3 and §4 define it: no overlong forms, no surrogates, nothing above U+10FFFF. Any thread.
 */
#ifndef WM_CLI_UTF8_H
#define WM_CLI_UTF8_H

#include "shared/utf8_run.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm {

/// The length of the character at p, or 0 if [p, end) does not begin with a valid one.
inline size_t utf8_length(const char *p, const char *end)
{
    auto byte = [p](size_t i) { return static_cast<unsigned char>(p[i]); };
    auto follows = [&byte](size_t i) { return (byte(i) & 0xc0) == 0x80; };
    size_t room = static_cast<size_t>(end - p);
    if (room == 0)
        return 0;
    unsigned lead = byte(0);
    if (lead < 0x80)
        return 1;
    if (lead < 0xe0)
        return lead >= 0xc2 && room >= 2 && follows(1) ? 2 : 0;
    if (lead < 0xf0) {
        if (room < 3 || !follows(1) || !follows(2))
            return 0;
        if (lead == 0xe0)
            return byte(1) >= 0xa0 ? 3 : 0; // below: an overlong form
        return lead != 0xed || byte(1) < 0xa0 ? 3 : 0;
    }
    if (lead > 0xf4 || room < 4 || !follows(1) || !follows(2) || !follows(3))
        return 0;
    if (lead == 0xf0)
        return byte(1) >= 0x90 ? 4 : 0;
    return lead != 0xf4 || byte(1) < 0x90 ? 4 : 0; // above: beyond U+10FFFF
}

/// Skips the non-ASCII characters at p; there is at least one. Returns the first ASCII byte, `end`, or the first non-ASCII byte that does
/// not begin a valid character.
[[gnu::always_inline]] inline const char *skip_non_ascii(const char *p, const char *end)
{
    do {
        p = skip_utf8_runs(p, end);
        if (p == end || static_cast<signed char>(*p) >= 0)
            return p;
        size_t length = utf8_length(p, end);
        if (length == 0)
            return p;
        p += length;
    } while (p < end && static_cast<signed char>(*p) < 0);
    return p;
}

/// Returns the offset of the first invalid byte, or text.size() if the text is valid.
inline size_t utf8_valid_prefix(std::string_view text)
{
    const char *p = text.data();
    const char *end = p + text.size();
    while (p < end) {
        if (static_cast<signed char>(*p) >= 0) {
            p++;
            continue;
        }
        p = skip_non_ascii(p, end);
        if (p < end && static_cast<signed char>(*p) < 0)
            break;
    }
    return static_cast<size_t>(p - text.data());
}

/// Encodes a code point that is not a surrogate into `out` (at least four bytes). Returns the number of bytes written.
inline size_t utf8_encode(uint32_t code, char *out)
{
    auto put = [out](size_t i, uint32_t byte) { out[i] = static_cast<char>(static_cast<unsigned char>(byte)); };
    if (code < 0x80) {
        put(0, code);
        return 1;
    }
    if (code < 0x800) {
        put(0, 0xc0 | (code >> 6));
        put(1, 0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        put(0, 0xe0 | (code >> 12));
        put(1, 0x80 | ((code >> 6) & 0x3f));
        put(2, 0x80 | (code & 0x3f));
        return 3;
    }
    put(0, 0xf0 | (code >> 18));
    put(1, 0x80 | ((code >> 12) & 0x3f));
    put(2, 0x80 | ((code >> 6) & 0x3f));
    put(3, 0x80 | (code & 0x3f));
    return 4;
}

} // namespace wm

#endif
