/**
 * @file
 * Recognises what an HTTP or TLS client sends to a port of lines. A web page makes its browser send such requests to any port of the
 * user's machine, and chooses the lines of the body. Pure functions.
 */
#ifndef WM_PROTO_TEXT_FOREIGN_LINE_H
#define WM_PROTO_TEXT_FOREIGN_LINE_H

#include "proto/ascii.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace wm::text {

/// Whether a line with that first byte can be of HTTP or TLS at all. The first method of a browser begins with a letter: only a
/// preflight permits one that a page makes up.
inline bool may_be_foreign(char first)
{
    static constexpr auto kFirst = [] {
        std::array<bool, 256> table{};
        for (size_t c = 0; c < table.size(); c++)
            table[c] = ascii::is(static_cast<char>(c), ascii::kAlpha) || c == 0x16;
        return table;
    }();
    return kFirst[static_cast<unsigned char>(first)];
}

/// Whether the bytes begin as a TLS handshake record of any version (RFC 8446 §5.1). It need not hold a line end.
inline bool begins_tls(std::string_view line)
{
    return line.starts_with("\x16\x03");
}

/// Whether the line begins as "METHOD SP target SP HTTP/" (RFC 9112 §3). Any token is a method, as in the preface of HTTP/2.
inline bool begins_request(std::string_view line)
{
    size_t method = line.find(' ');
    size_t target = method == std::string_view::npos ? method : line.find(' ', method + 1);
    if (target == std::string_view::npos || target == method + 1 || !line.substr(target + 1).starts_with("HTTP/"))
        return false;
    return std::all_of(line.begin(), line.begin() + static_cast<ptrdiff_t>(method), [](char c) { return ascii::is(c, ascii::kToken); });
}

/// Whether the line is a Host field: a request whose first line was too long to be recognised has one (RFC 9112 §3.2).
inline bool is_host_field(std::string_view line)
{
    return ascii::equal_fold(line.substr(0, 5), "host:");
}

/// The protocol of the line; nullptr: neither.
inline const char *foreign_protocol(std::string_view line)
{
    if (line.empty() || !may_be_foreign(line[0]))
        return nullptr;
    if (begins_tls(line))
        return "TLS";
    return begins_request(line) || is_host_field(line) ? "HTTP" : nullptr;
}

} // namespace wm::text

#endif
