/**
 * @file
 * UTF-8 validation (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. Pure.
 */
#ifndef WM_PROTO_UTF8_H
#define WM_PROTO_UTF8_H

#include <cstddef>

namespace wm {

bool is_utf8(const char *data, size_t len);

} // namespace wm

#endif
