/**
 * @file
 * What a peer may make the HTTP/1 codec hold. Plain values of the worker's options, any thread.
 */
#ifndef WM_PROTO_HTTP_LIMITS_H
#define WM_PROTO_HTTP_LIMITS_H

#include <cstddef>
#include <cstdint>

namespace wm::http {

struct Limits {
    size_t max_header_bytes; ///< of the head, request line and blank line included; as many again of trailers, and of chunk extensions
    size_t max_headers;      ///< header lines; as many again trailer lines
    size_t max_message;      ///< bytes of the body, chunks joined; 0: no body
};

/// No max_message goes further, so that offsets behind a head cannot overflow.
inline constexpr size_t kMaxBody = SIZE_MAX / 2;

} // namespace wm::http

#endif
