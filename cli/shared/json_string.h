/**
 * @file
 * Decodes the escapes of a JSON string (RFC 8259 §7). Any thread.
 */
#ifndef WM_CLI_JSON_STRING_H
#define WM_CLI_JSON_STRING_H

#include "shared/scan_error.h"

#include <cstddef>

namespace wm {

struct DecodedString {
    ScanError error; ///< kNone, kUidSurrogate for an unpaired surrogate, or kUidLong for more than `cap` bytes
    size_t len;      ///< bytes at `out`
};

/// Decodes a string without its quotes, which a JsonReader has checked, into at most `cap` bytes.
DecodedString decode_json_string(const char *p, size_t len, char *out, size_t cap);

} // namespace wm

#endif
