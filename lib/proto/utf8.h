/**
 * @file
 * UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. Pure.
 */
#ifndef WM_PROTO_UTF8_H
#define WM_PROTO_UTF8_H

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm {

/// Checks a text that comes in parts. Copyable; begins a new text when it is assigned {}.
class Utf8 {
public:
    /// Continues with len bytes. False: one of them is an octet that no well-formed text has there; nothing may be fed
    /// afterwards.
    bool feed(const char *data, size_t len);
    /// Whether the text so far ends with a whole character.
    bool complete() const { return next_ == kStart; }

private:
    /// What may follow: a character, or the rest of one.
    enum Next : uint8_t { kStart, kOne, kTwo, kThree, kBehindE0, kBehindEd, kBehindF0, kBehindF4, kNothing };

    static Next after(Next next, unsigned char octet);
    bool take_character(const unsigned char *&p, const unsigned char *end);

    Next next_ = kStart;
};

bool is_utf8(const char *data, size_t len);

/// The character of an untrusted text that begins at `at`, which is before the end: its length in bytes. `code` is
/// U+FFFD for malformed bytes, one for each maximal subpart (Unicode 3.9, "substitution of maximal subparts").
size_t code_point_at(std::string_view text, size_t at, char32_t &code);

} // namespace wm

#endif
