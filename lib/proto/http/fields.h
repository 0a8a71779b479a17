/**
 * @file
 * Reading validated header lines: look one up, walk them, read a list.
 *
 * `fields` is what RequestParser hands out: lines "Name: value\r\n" that have passed its checks. Slices point into it. Pure
 * functions, any thread, nothing owned.
 */
#ifndef WM_PROTO_HTTP_FIELDS_H
#define WM_PROTO_HTTP_FIELDS_H

#include <cstddef>
#include <string_view>

namespace wm::http {

/// The first field of that name (ASCII case ignored). False: none, value is left alone.
bool find_field(std::string_view fields, std::string_view name, std::string_view &value);

/// The field at cursor, which moves behind it; begin with 0. False: no more.
bool field_at(std::string_view fields, size_t &cursor, std::string_view &name, std::string_view &value);

/// Whether the comma-separated value has that member (ASCII case ignored; RFC 9110 §5.6.1).
bool list_has_token(std::string_view value, std::string_view token);

} // namespace wm::http

#endif
