/**
 * @file
 * Header lines "Name: value\r\n": check one, look one up, iterate, search a list.
 *
 * `fields` has been validated, by a parser or by check_field(). Results point into it. Pure functions, any thread.
 */
#ifndef WM_PROTO_HTTP_FIELDS_H
#define WM_PROTO_HTTP_FIELDS_H

#include "proto/ascii.h"

#include <cstddef>
#include <string_view>

namespace wm::http {

/// Checks the line of the host at `at`, moves `at` past it and sets its name and its trimmed value. nullptr, or the
/// error (static text).
const char *check_field(const char *&at, const char *end, std::string_view &name, std::string_view &value);

/// The first field of that name (ASCII case ignored). False: there is none, and value is unchanged.
bool find_field(std::string_view fields, std::string_view name, std::string_view &value);

/// The field at cursor, which then moves past it; start with 0. False: no more fields.
bool field_at(std::string_view fields, size_t &cursor, std::string_view &name, std::string_view &value);

/// Whether there is one field of that name and no second; value is its value.
bool only_field(std::string_view fields, std::string_view name, std::string_view &value);

/// Whether any field of that name has the token in its list: fields may be repeated (RFC 9110 §5.3).
bool any_has_token(std::string_view fields, std::string_view name, std::string_view token);

/// Removes the next member from a comma-separated list (RFC 9110 §5.6.1), trimmed; list.data() is nullptr behind the last
/// one. False: none left.
inline bool next_member(std::string_view &list, std::string_view &member)
{
    if (list.data() == nullptr)
        return false;
    size_t comma = list.find(',');
    member = ascii::trim(list.substr(0, comma));
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    return true;
}

/// Whether the comma-separated list has that member (ASCII case ignored; RFC 9110 §5.6.1).
bool list_has_token(std::string_view value, std::string_view token);

} // namespace wm::http

#endif
