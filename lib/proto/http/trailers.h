/**
 * @file
 * Trailer lines "Name: value\r\n" behind a chunked body (RFC 9112 §7.1.2): look one up, iterate.
 *
 * `lines` has been validated by the parser. Fields that mean something for framing, routing, authentication, request control or the
 * content are left out, because a recipient would have needed them before the body (RFC 9110 §6.5.1). Results point into lines. Pure
 * functions, any thread.
 */
#ifndef WM_PROTO_HTTP_TRAILERS_H
#define WM_PROTO_HTTP_TRAILERS_H

#include <cstddef>
#include <string_view>

namespace wm::http {

/// Whether a field of that name (ASCII case ignored) may come in a trailer section.
bool may_be_trailer(std::string_view name);

/// The first trailer of that name (ASCII case ignored). False: there is none, and value is unchanged.
bool find_trailer(std::string_view lines, std::string_view name, std::string_view &value);

/// The trailer at cursor, which then moves past it; start with 0. False: no more.
bool trailer_at(std::string_view lines, size_t &cursor, std::string_view &name, std::string_view &value);

} // namespace wm::http

#endif
