/**
 * @file
 * Reads dates of header fields (RFC 9110 §5.6.7). Pure, any thread.
 */
#ifndef WM_PROTO_HTTP_HTTP_DATE_H
#define WM_PROTO_HTTP_HTTP_DATE_H

#include <cstdint>
#include <string_view>

namespace wm::http {

/// Seconds since 1970 (before it: negative) of an HTTP-date in any of its three forms; false if it is none. `now` says which
/// century the two digits of an RFC 850 date mean: the last one in which the date is not more than 50 years ahead. The day of
/// the week may be wrong.
bool parse_date(std::string_view text, int64_t now, int64_t &out);

} // namespace wm::http

#endif
