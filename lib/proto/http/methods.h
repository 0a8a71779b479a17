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
    const char *end = list.data() + list.size();
    for (const char *p = list.data(); p != end;) {
        size_t size = 0;
        while (size < name.size() && p + size != end && p[size] == name[size])
            size++;
        if (size == name.size() && (p + size == end || !ascii::is(p[size], ascii::kToken)))
            return true;
        for (p += size; p != end && ascii::is(*p, ascii::kToken); p++) {
        }
        while (p != end && !ascii::is(*p, ascii::kToken))
            p++;
    }
    return false;
}

/// Whether text is kAnyMethod or a list of one or more tokens with a capital letter and no small one, as all registered methods are: a name
/// in small letters would match no request. "ANY" is no method either.
bool valid_methods(std::string_view text);

} // namespace wm::http

#endif
