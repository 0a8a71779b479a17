/**
 * @file
 * What the HTTP/1 codec takes from a peer: values of the endpoint's options.
 */
#ifndef WM_PROTO_HTTP_LIMITS_H
#define WM_PROTO_HTTP_LIMITS_H

#include "proto/http/methods.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm::http {

struct Limits {
    size_t max_header_bytes; ///< of the head, request line and blank line included; the same again for trailers, and for chunk extensions
    size_t max_headers;      ///< header lines; the same again for trailer lines
    size_t max_message;      ///< bytes of the body, chunks joined; 0: no body
    std::string_view methods = kKnownMethods; ///< those that are taken, or kAnyMethod
    bool https_targets = false;               ///< https targets are taken, as over TLS (RFC 9110 §7.4)
    bool stream_body = false;                 ///< bodies come in pieces; max_message limits their sum
};

/// Caps max_message, so that the offset of a body's end cannot overflow.
inline constexpr size_t kMaxBody = SIZE_MAX / 2;

} // namespace wm::http

#endif
