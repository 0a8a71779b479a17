/**
 * @file
 * UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. Pure.
 */
#ifndef WM_PROTO_UTF8_H
#define WM_PROTO_UTF8_H

#include <cstddef>
#include <string_view>

namespace wm {

bool is_utf8(const char *data, size_t len);

/// The character of an untrusted text that begins at `at`, which is before the end: its length in bytes. `code` is
/// U+FFFD for malformed bytes, one for each maximal subpart (Unicode 3.9, "substitution of maximal subparts").
size_t code_point_at(std::string_view text, size_t at, char32_t &code);

} // namespace wm

#endif
