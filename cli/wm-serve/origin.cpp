#include "wm-serve/origin.h"

#include "shared/printable.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstddef>

namespace wm::serve {

namespace {

constexpr int kAnyPort = -1;

std::string lower(std::string_view text)
{
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    return out;
}

int default_port(std::string_view scheme)
{
    return scheme == "http" ? 80 : scheme == "https" ? 443 : 0;
}

bool is_scheme(std::string_view text)
{
    auto taken = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.'; };
    return !text.empty() && text[0] >= 'a' && text[0] <= 'z' && std::all_of(text.begin(), text.end(), taken);
}

/// RFC 3986 §3.2.2, as far as names of hosts go: others are never an origin's.
bool is_name(std::string_view text)
{
    auto taken = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_'; };
    return !text.empty() && text.front() != '.' && text.find("..") == std::string_view::npos &&
           std::all_of(text.begin(), text.end(), taken);
}

/// The address in brackets as browsers write it: compressed, in lower case (RFC 5952). Empty: it is none.
std::string ipv6(std::string_view bracketed)
{
    in6_addr address;
    char text[INET6_ADDRSTRLEN];
    if (!bracketed.ends_with(']') || inet_pton(AF_INET6, std::string(bracketed.substr(1, bracketed.size() - 2)).c_str(), &address) != 1)
        return "";
    inet_ntop(AF_INET6, &address, text, sizeof text);
    return std::string("[") + text + "]";
}

/// An origin, or a pattern of some, in its parts. The port is that of the text: 0 where there is none.
struct Parts {
    std::string scheme, host, behind; ///< behind: a path, a query or a fragment
    int port = 0;
    bool port_is_valid = true;
};

Parts split(std::string_view text)
{
    Parts parts;
    if (size_t colon = text.find("://"); colon != std::string_view::npos) {
        parts.scheme = lower(text.substr(0, colon));
        text.remove_prefix(colon + 3);
    }
    size_t end = std::min(text.find_first_of("/?#"), text.size());
    parts.behind = text.substr(end);
    text = text.substr(0, end);
    size_t host = text.starts_with('[') ? std::min(text.find(']'), text.size()) : 0;
    size_t colon = text.find(':', host);
    parts.host = lower(text.substr(0, colon));
    if (colon == std::string_view::npos)
        return parts;
    std::string_view port = text.substr(colon + 1);
    if (port == "*") {
        parts.port = kAnyPort;
        return parts;
    }
    auto [stop, error] = std::from_chars(port.data(), port.data() + port.size(), parts.port);
    parts.port_is_valid = error == std::errc() && stop == port.data() + port.size() && parts.port > 0 && parts.port <= 65535;
    return parts;
}

/// Calls take(part) for each part of a list with commas or blanks, until one returns a text.
template <class Take> std::string for_each_part(std::string_view list, Take take)
{
    constexpr std::string_view kBetween = ", \t";
    for (size_t at = list.find_first_not_of(kBetween); at != std::string_view::npos; at = list.find_first_not_of(kBetween, at)) {
        size_t end = std::min(list.find_first_of(kBetween, at), list.size());
        std::string error = take(list.substr(at, end - at));
        if (!error.empty())
            return error;
        at = end;
    }
    return "";
}

std::string usage_error(const char *flag, std::string_view given, const std::string &why)
{
    return std::string(flag) + " '" + printable(given, 200) + "': " + why;
}

} // namespace

std::string HostPattern::parse(std::string_view text)
{
    std::string given = lower(text);
    if (std::any_of(given.begin(), given.end(), [](char c) { return static_cast<signed char>(c) < 0; }))
        return "browsers send such a name in punycode: give that form (xn--...), which for instance idn2 prints";
    any_ = given == "*";
    below_ = given.starts_with("*.");
    host_ = below_ ? given.substr(1) : given;
    if (given.starts_with('[')) {
        host_ = ipv6(given);
        return host_.empty() ? "there is no IPv6 address in the brackets" : "";
    }
    if (given.starts_with('.') && is_name(given.substr(1)))
        return "the names below a name are written *" + given;
    if (given.find('*') != std::string::npos && !any_ && !(below_ && is_name(host_.substr(1))))
        return "a * stands alone or in front of a dot, as in *.example.com";
    if (given.find('@') != std::string::npos)
        return "there is no user in it: give " + given.substr(given.rfind('@') + 1);
    if (!any_ && !below_ && !is_name(given))
        return given.empty() ? "a name is missing, such as example.com" : "'" + printable(given, 200) + "' is no name of a host";
    return "";
}

bool HostPattern::matches(std::string_view host) const
{
    return any_ || (below_ ? host.size() > host_.size() && host.ends_with(host_) : host == host_);
}

std::string OriginList::add(const std::string &value)
{
    size_t before = patterns_.size();
    std::string error = for_each_part(value, [this](std::string_view part) { return add_one(part); });
    if (error.empty() && patterns_.size() == before && !any_)
        return usage_error("--origin", value, "an origin is missing, such as https://example.com");
    return error;
}

std::string OriginList::add_one(std::string_view text)
{
    auto error = [text](const std::string &why) { return usage_error("--origin", text, why); };
    if (text == "*") {
        any_ = true;
        return "";
    }
    if (lower(text) == "null")
        return error("any web page can have that origin, in a sandboxed frame: leave --origin out to let all pages in");
    Parts parts = split(text);
    std::string right = (parts.scheme.empty() ? "https" : parts.scheme) + "://" + parts.host;
    if (parts.port != 0)
        right += parts.port == kAnyPort ? ":*" : ":" + std::to_string(parts.port);
    if (parts.scheme == "ws" || parts.scheme == "wss")
        return error("an origin is the address of the page, not of the websocket: " + right.replace(0, 2, "http"));
    if (text.find("://") != std::string_view::npos && !is_scheme(parts.scheme))
        return error("an origin begins with its scheme, as in https://example.com");
    if (!parts.port_is_valid)
        return error("a port is a number from 1 to 65535, or *");
    if (parts.behind.find_first_not_of('/') != std::string::npos)
        return error("an origin ends with its host or port, so it is " + right);
    Pattern pattern = {parts.scheme, {}, parts.port};
    bool file = parts.scheme == "file" && parts.host.empty(); // as some web views send it
    std::string wrong = file ? "" : pattern.host.parse(parts.host);
    if (!wrong.empty())
        return error(wrong);
    if (parts.port != 0 && parts.port == default_port(parts.scheme))
        pattern.port = 0;
    patterns_.push_back(pattern);
    return "";
}

bool OriginList::allows(std::string_view origin) const
{
    if (any_ || patterns_.empty())
        return true;
    Parts parts = split(origin);
    if (parts.scheme.empty() || !parts.behind.empty() || !parts.port_is_valid || parts.port == kAnyPort)
        return false;
    int own = default_port(parts.scheme);
    int port = parts.port == 0 ? own : parts.port;
    return std::any_of(patterns_.begin(), patterns_.end(), [&](const Pattern &pattern) {
        bool scheme = pattern.scheme.empty() ? own != 0 : pattern.scheme == parts.scheme;
        bool right_port = pattern.port == kAnyPort || port == (pattern.port == 0 ? own : pattern.port);
        return scheme && right_port && pattern.host.matches(parts.host);
    });
}

std::string HostList::add(const std::string &value)
{
    size_t before = patterns_.size();
    std::string error = for_each_part(value, [this](std::string_view part) {
        auto refuse = [part](const std::string &why) { return usage_error("--host", part, why); };
        Parts parts = split(part);
        if (!parts.scheme.empty() || !parts.behind.empty())
            return refuse("a name as in the Host field is wanted: " + parts.host);
        if (!parts.port_is_valid)
            return refuse("a port is a number from 1 to 65535, and may be left out: " + parts.host);
        HostPattern pattern;
        std::string wrong = pattern.parse(parts.host);
        if (wrong.empty() && pattern.is_any())
            wrong = "any web page could push, under a name of its own that leads here: give the names of this server";
        if (!wrong.empty())
            return refuse(wrong);
        patterns_.push_back(pattern);
        return std::string();
    });
    if (error.empty() && patterns_.size() == before)
        return usage_error("--host", value, "a name is missing, such as push.example.com");
    return error;
}

bool HostList::allows(std::string_view authority) const
{
    std::string name = split(authority).host;
    return std::any_of(patterns_.begin(), patterns_.end(), [&name](const HostPattern &pattern) { return pattern.matches(name); });
}

} // namespace wm::serve
