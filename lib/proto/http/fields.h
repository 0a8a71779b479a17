/**
 * @file
 * Access to validated header lines: look one up, iterate, search a list.
 *
 * `fields` is Request::fields: lines "Name: value\r\n" that RequestParser has validated. Results point into
 * it. Pure functions, any thread.
 */
#ifndef WM_PROTO_HTTP_FIELDS_H
#define WM_PROTO_HTTP_FIELDS_H

#include <cstddef>
#include <string_view>

namespace wm::http {

/// The first field of that name (ASCII case ignored). False: there is none, and value is unchanged.
bool find_field(std::string_view fields, std::string_view name, std::string_view &value);

/// The field at cursor, which then moves past it; start with 0. False: no more fields.
bool field_at(std::string_view fields, size_t &cursor, std::string_view &name, std::string_view &value);

/// Whether the comma-separated list has that member (ASCII case ignored; RFC 9110 §5.6.1).
bool list_has_token(std::string_view value, std::string_view token);

} // namespace wm::http

#endif
