/**
 * @file
 * Lists of methods, comma-separated as in Allow (RFC 9110 §10.2.1). Pure, any thread.
 */
#ifndef WM_PROTO_HTTP_METHODS_H
#define WM_PROTO_HTTP_METHODS_H

#include "proto/ascii.h"

#include <cstddef>
#include <string_view>

namespace wm::http {

/// The methods of RFC 9110 §9.1 and RFC 5789.
inline constexpr std::string_view kKnownMethods = "GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH";
/// The list that has every token.
inline constexpr std::string_view kAnyMethod = "any";

/// Methods are case-sensitive (RFC 9110 §9.1).
inline bool has_method(std::string_view list, std::string_view name)
{
    for (;;) {
        size_t comma = list.find(',');
        if (ascii::trim(list.substr(0, comma)) == name)
            return true;
        if (comma == list.npos)
            return false;
        list.remove_prefix(comma + 1);
    }
}

/// Whether text is kAnyMethod or a list of one or more tokens.
bool valid_methods(std::string_view text);

} // namespace wm::http

#endif
