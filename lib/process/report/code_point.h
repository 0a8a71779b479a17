/**
 * @file
 * The characters of an untrusted text: names and paths come from users and, for unix sockets, from peers.
 * Pure.
 */
#ifndef WM_PROCESS_REPORT_CODE_POINT_H
#define WM_PROCESS_REPORT_CODE_POINT_H

#include <cstddef>
#include <string_view>

namespace wm {

/// The character of UTF-8 (RFC 3629) that begins at `at`, which is before the end: its length in bytes.
/// `code` is U+FFFD for malformed bytes, one for each maximal subpart (Unicode, "substitution of maximal
/// subparts").
size_t code_point_at(std::string_view text, size_t at, char32_t &code);

} // namespace wm

#endif
