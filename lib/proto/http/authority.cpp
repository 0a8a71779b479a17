#include "proto/http/authority.h"

#include "proto/ascii.h"
#include "proto/http/scan.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <system_error>

namespace wm::http {

namespace {

using ascii::is;

bool valid_ipv4(std::string_view text)
{
    size_t at = 0;
    for (int octet = 0; octet < 4; octet++) {
        if (octet != 0 && (at == text.size() || text[at++] != '.'))
            return false;
        const char *begin = text.data() + at;
        uint8_t value = 0;
        auto [end, error] = std::from_chars(begin, text.data() + text.size(), value);
        // dec-octet has no leading zeros: some readers take them for octal.
        if (error != std::errc() || (end - begin > 1 && *begin == '0'))
            return false;
        at += static_cast<size_t>(end - begin);
    }
    return at == text.size();
}

/// IPv6address of RFC 3986 §3.2.2: eight groups, or fewer around one "::", the last two possibly as IPv4.
bool valid_ipv6(std::string_view text)
{
    int groups = 0;
    bool gap = false;
    size_t at = 0;
    if (text.substr(0, 2) == "::") {
        gap = true;
        at = 2;
    }
    while (at < text.size()) {
        size_t begin = at;
        while (at < text.size() && at - begin < 4 && is(text[at], ascii::kHex))
            at++;
        if (at < text.size() && text[at] == '.') {
            groups += 2;
            return valid_ipv4(text.substr(begin)) && (gap ? groups <= 7 : groups == 8);
        }
        if (at == begin)
            return false;
        groups++;
        if (at == text.size())
            break;
        if (text[at++] != ':' || at == text.size())
            return false;
        if (text[at] == ':') {
            if (gap)
                return false;
            gap = true;
            at++;
        }
    }
    return gap ? groups <= 7 : groups == 8;
}

/// "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )
bool valid_ip_future(std::string_view text)
{
    size_t dot = text.find('.');
    if (dot == std::string_view::npos || dot < 2 || dot + 1 == text.size())
        return false;
    auto hex = [](char c) { return is(c, ascii::kHex); };
    auto address = [](char c) { return is(c, ascii::kRegName) || c == ':'; };
    return std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(dot), hex) &&
           std::all_of(text.begin() + static_cast<std::ptrdiff_t>(dot) + 1, text.end(), address);
}

/// port = *DIGIT, so "host:" is well-formed; above 65535 it is not a TCP port.
bool valid_port(std::string_view text)
{
    unsigned value = 0;
    for (char c : text) {
        if (!is(c, ascii::kDigit))
            return false;
        value = value * 10 + static_cast<unsigned>(c - '0');
        if (value > 65535)
            return false;
    }
    return true;
}

/// The length of the reg-name at the front of text; an incomplete percent-encoding ends it.
size_t reg_name_size(std::string_view text)
{
    const char *end = text.data() + text.size();
    const char *p = skip_class<ascii::kRegName>(text.data(), end);
    while (end - p > 2 && *p == '%' && is(p[1], ascii::kHex) && is(p[2], ascii::kHex))
        p = skip_class<ascii::kRegName>(p + 3, end);
    return static_cast<size_t>(p - text.data());
}

} // namespace

bool valid_authority(std::string_view text)
{
    size_t host = 0;
    if (!text.empty() && text.front() == '[') {
        size_t close = text.find(']');
        if (close == std::string_view::npos)
            return false;
        std::string_view literal = text.substr(1, close - 1);
        bool future = !literal.empty() && ascii::lower(literal.front()) == 'v';
        if (future ? !valid_ip_future(literal) : !valid_ipv6(literal))
            return false;
        host = close + 1;
    } else {
        host = reg_name_size(text);
        if (host == 0)
            return false;
    }
    if (host == text.size())
        return true;
    return text[host] == ':' && valid_port(text.substr(host + 1));
}

} // namespace wm::http
