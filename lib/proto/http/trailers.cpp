#include "proto/http/trailers.h"

#include "proto/ascii.h"
#include "proto/http/fields.h"

#include <algorithm>
#include <iterator>

namespace wm::http {

namespace {

/// RFC 9110 §6.5.1, by what it names: message framing, routing, request modifiers, authentication, response control, content.
constexpr std::string_view kOfHeads[] = {
    "Transfer-Encoding",
    "Content-Length",
    "Trailer",
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "TE",
    "Upgrade", // framing
    "Host",
    "Via",
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-IP", // routing
    "Cache-Control",
    "Expect",
    "Max-Forwards",
    "Pragma",
    "Range",
    "If-Match",
    "If-None-Match",
    "If-Modified-Since", // modifiers
    "If-Unmodified-Since",
    "If-Range",
    "Origin", //
    "Authorization",
    "Proxy-Authorization",
    "Cookie", // authentication
    "Content-Encoding",
    "Content-Type",
    "Content-Range",
    "Content-Language",
    "Content-Location",
    "Content-Disposition", // content
};

} // namespace

bool may_be_trailer(std::string_view name)
{
    auto same = [name](std::string_view known) { return ascii::equal_fold(known, name); };
    return std::none_of(std::begin(kOfHeads), std::end(kOfHeads), same);
}

bool find_trailer(std::string_view lines, std::string_view name, std::string_view &value)
{
    return may_be_trailer(name) && find_field(lines, name, value);
}

bool trailer_at(std::string_view lines, size_t &cursor, std::string_view &name, std::string_view &value)
{
    while (field_at(lines, cursor, name, value))
        if (may_be_trailer(name))
            return true;
    return false;
}

} // namespace wm::http
