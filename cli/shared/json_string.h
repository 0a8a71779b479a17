/**
 * @file
 * Reads JSON strings, and decodes their escapes (RFC 8259 §7). Any thread.
 */
#ifndef WM_CLI_JSON_STRING_H
#define WM_CLI_JSON_STRING_H

#include "shared/scan_error.h"

#include <cstddef>
#include <string_view>

namespace wm {

struct DecodedString {
    ScanError error; ///< kNone, kUidSurrogate for an unpaired surrogate, or kUidLong for more than `cap` bytes
    size_t len;      ///< bytes at `out`
};

/// Decodes a string without its quotes, which a JsonReader has checked, into at most `cap` bytes.
DecodedString decode_json_string(const char *p, size_t len, char *out, size_t cap);

/// Reads such a string, of at most `cap` bytes, into `text`: without escapes it is a part of the string as written, else of `out`. Returns
/// kNone, or the error of decode_json_string.
ScanError read_json_string(std::string_view string, char *out, size_t cap, std::string_view &text);

} // namespace wm

#endif
