/**
 * @file
 * Recognises what an HTTP or TLS client sends to a port of lines. A web page makes its browser send such requests to any port of the
 * user's machine, and chooses the lines of the body. Pure functions.
 */
#ifndef WM_PROTO_TEXT_FOREIGN_LINE_H
#define WM_PROTO_TEXT_FOREIGN_LINE_H

#include "proto/ascii.h"

#include <cstddef>
#include <string_view>

namespace wm::text {

/// Whether the bytes begin as a TLS handshake record of any version (RFC 8446 §5.1). It need not hold a line end.
inline bool begins_tls(std::string_view line)
{
    return line.starts_with("\x16\x03");
}

/// Whether the line begins as "METHOD SP target SP HTTP/" (RFC 9112 §3). Any token is a method, as in the preface of HTTP/2.
inline bool begins_request(std::string_view line)
{
    size_t method = 0;
    while (method < line.size() && ascii::is(line[method], ascii::kToken))
        method++;
    if (method == 0 || method == line.size() || line[method] != ' ')
        return false;
    size_t target_end = line.find(' ', method + 1);
    return target_end != std::string_view::npos && target_end > method + 1 && line.substr(target_end + 1).starts_with("HTTP/");
}

/// Whether the line is a Host field: a request whose first line was too long to be recognised has one (RFC 9112 §3.2).
inline bool is_host_field(std::string_view line)
{
    return ascii::equal_fold(line.substr(0, 5), "host:");
}

/// The protocol that the line is of; nullptr: none of these. Most lines cost a look at their first byte.
inline const char *foreign_protocol(std::string_view line)
{
    if (line.empty() || (!ascii::is(line[0], ascii::kToken) && line[0] != 0x16))
        return nullptr;
    if (begins_tls(line))
        return "TLS";
    return begins_request(line) || is_host_field(line) ? "HTTP" : nullptr;
}

} // namespace wm::text

#endif
