#include "net/address.h"

#include "core/error.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

namespace wm {

namespace {

/// A decimal port of at most five digits.
bool parse_port(const std::string &text, uint16_t &port)
{
    const char *end = text.data() + text.size();
    auto [behind, error] = std::from_chars(text.data(), end, port);
    return text.size() <= 5 && error == std::errc() && behind == end;
}

bool is_host_name(const std::string &host)
{
    if (host.empty() || host.size() > 253)
        return false;
    for (char c : host)
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_'))
            return false;
    return true;
}

/// Digits and dots only, so that 1.2.3.999 is an invalid address and not a name to look up.
bool looks_like_ipv4(const std::string &host)
{
    return host.find_first_not_of("0123456789.") == std::string::npos;
}

int bad_unix_path(const char *address, const std::string &path)
{
    constexpr size_t kLongest = sizeof(sockaddr_un::sun_path) - 1;
    int scheme = static_cast<int>(std::string_view(address).find("://")) + 3; // as it was given
    if (path.empty() || path == "@")
        return fail(WM_EADDRESS, "no path in %s: the right form is %.*s/run/wm.sock, or %.*s@NAME", address, scheme, address, scheme,
                    address);
    if (path[0] != '/' && path[0] != '@')
        return fail(WM_EADDRESS, "the path in %s is not absolute: the right form is %.*s/run/wm.sock", address, scheme, address);
    if (path.size() > kLongest)
        return fail(WM_EADDRESS, "the path of a unix socket has %zu bytes, at most %zu fit: %s", path.size(), kLongest, address);
    return 0;
}

/// All before "://", in lower case; empty if there is no such thing.
std::string before_colon(std::string_view address)
{
    size_t colon = address.find("://");
    std::string out(address.substr(0, colon == std::string_view::npos ? 0 : colon));
    for (char &c : out)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    return out;
}

bool is_ipv6(const std::string &host)
{
    struct in6_addr ignored;
    return inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}

/// A name, an IPv4 address, or an IPv6 address in brackets.
bool is_host(const std::string &text)
{
    if (text.starts_with('[') && text.ends_with(']'))
        return is_ipv6(text.substr(1, text.size() - 2));
    struct in_addr ignored;
    return looks_like_ipv4(text) ? inet_pton(AF_INET, text.c_str(), &ignored) == 1 : is_host_name(text);
}

/// The port of the text, or one that shows where it stands.
std::string port_or_example(const std::string &text)
{
    uint16_t ignored = 0;
    std::string port = text.substr(text.rfind(':') + 1);
    return parse_port(port, ignored) ? port : "1234";
}

/// SCHEME://HOST:PORT with what the text behind "://" has of these.
std::string right_form(const std::string &scheme, const std::string &rest)
{
    std::string given = rest.substr(0, rest.find_first_of("/?# "));
    given.erase(0, given.rfind('@') + 1);
    std::string host = given.ends_with(']') ? given : given.substr(0, given.rfind(':'));
    return scheme + "://" + (is_host(host) ? host : "127.0.0.1") + ":" + port_or_example(given);
}

/// The same of an IPv6 address without brackets; "::1:80" is taken for a host and a port.
std::string in_brackets(const std::string &scheme, const std::string &rest)
{
    std::string host = rest.substr(0, rest.rfind(':'));
    bool whole = !is_ipv6(host);
    return scheme + "://[" + (whole ? rest : host) + "]:" + (whole ? "1234" : port_or_example(rest));
}

/// Whether text is as a scheme is (RFC 3986 §3.1).
bool is_scheme(std::string_view text)
{
    auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-'; };
    return !text.empty() && std::all_of(text.begin(), text.end(), fits);
}

} // namespace

int fail_without_scheme(const char *address, const char *example)
{
    std::string text = address;
    size_t slash = text.find('/');
    std::string before = text.substr(0, slash), behind = slash == text.npos ? "" : text.substr(slash + 1);
    bool colon = before.ends_with(':'), file = before == "unix:" || before.ends_with("+unix:");
    if (colon && is_scheme(before.substr(0, before.size() - 1)))
        return fail(WM_EADDRESS, "'//' is missing behind '%s' in '%s': the right form is %s//%s%s", before.c_str(), address, before.c_str(),
                    file ? "/" : "", behind.c_str());
    if (!colon && is_scheme(before) && behind.starts_with('/'))
        return fail(WM_EADDRESS, "':' is missing behind '%s' in '%s': the right form is %s:/%s", before.c_str(), address, before.c_str(),
                    behind.c_str());
    if (before.empty() && !behind.empty() && behind[0] != '/')
        return fail(WM_EADDRESS, "no scheme in '%s': the right form is %s+unix://%s", address, example, address);
    return fail(WM_EADDRESS, "no scheme in '%s': the right form is %s", address,
                right_form(example, text.substr(text.starts_with("//") ? 2 : 0)).c_str());
}

std::string scheme_of(std::string_view address)
{
    std::string out = before_colon(address);
    return out.substr(0, out.find('+'));
}

int Address::parse(const char *address)
{
    text = address;
    scheme = before_colon(text);
    if (scheme.empty())
        return fail_without_scheme(address, "websocket");
    std::string rest = text.substr(scheme.size() + strlen("://"));
    size_t plus = scheme.find('+');
    std::string transport = plus == std::string::npos ? "" : scheme.substr(plus + 1);
    scheme = scheme.substr(0, plus);
    if (plus != std::string::npos && transport != "unix")
        return fail(WM_EADDRESS, "unknown transport '+%s' in %s: only +unix can follow the scheme", transport.c_str(), address);
    unix_socket = transport == "unix" || scheme == "unix";
    if (unix_socket) {
        path = rest;
        return bad_unix_path(address, path);
    }

    if (!rest.empty() && rest.back() == '/')
        rest.pop_back();
    if (rest.starts_with('/') && rest.find_first_of("?# ") == std::string::npos)
        return fail(WM_EADDRESS, "%s has a path and no host: the right form is %s, or %s+unix://%s for a unix socket", address,
                    right_form(scheme, rest).c_str(), scheme.c_str(), rest.c_str());
    if (rest.find_first_of("/?#@ ") != std::string::npos)
        return fail(WM_EADDRESS, "%s has more than a host and a port: the right form is %s", address, right_form(scheme, rest).c_str());
    size_t port_colon = rest.rfind(':');
    if (!rest.empty() && rest[0] == '[') {
        size_t bracket = rest.find(']');
        if (bracket == std::string::npos || (bracket + 1 < rest.size() && rest[bracket + 1] != ':'))
            return fail(WM_EADDRESS, "bad IPv6 address in %s: the right form is %s://[::1]:%s", address, scheme.c_str(),
                        port_or_example(rest).c_str());
        port_colon = bracket + 1 < rest.size() ? bracket + 1 : std::string::npos;
        host = rest.substr(1, bracket - 1);
        if (!is_ipv6(host))
            return fail(WM_EADDRESS, "'%s' is not an IPv6 address in %s: the right form is %s://[::1]:%s", host.c_str(), address,
                        scheme.c_str(), port_or_example(rest).c_str());
    } else {
        host = rest.substr(0, port_colon);
        if (host.find(':') != std::string::npos)
            return fail(WM_EADDRESS, "an IPv6 address stands in brackets: %s", in_brackets(scheme, rest).c_str());
        if (!is_host(host))
            return fail(WM_EADDRESS, "bad host '%s' in %s: the right form is %s", host.c_str(), address, right_form(scheme, rest).c_str());
    }
    if (port_colon == std::string::npos)
        return fail(WM_EADDRESS, "no port in %s: the right form is %s:1234", address,
                    text.substr(0, text.find_last_not_of('/') + 1).c_str());
    std::string port_text = rest.substr(port_colon + 1);
    if (!parse_port(port_text, port))
        return fail(WM_EADDRESS, "bad port '%s' in %s: a port is a number from 0 to 65535", port_text.c_str(), address);
    return 0;
}

std::string Address::display(uint16_t bound_port) const
{
    if (unix_socket || port != 0 || bound_port == 0)
        return text;
    return text.substr(0, text.rfind(':') + 1) + std::to_string(bound_port);
}

namespace {

/// "IPv6%SCOPE" (RFC 4007 §11), whose scope is the name or the number of an interface.
bool parse_scoped(const std::string &text, struct sockaddr_in6 &out)
{
    size_t percent = text.find('%');
    if (percent == std::string::npos || inet_pton(AF_INET6, text.substr(0, percent).c_str(), &out.sin6_addr) != 1)
        return false;
    std::string scope = text.substr(percent + 1);
    out.sin6_scope_id = if_nametoindex(scope.c_str());
    const char *end = scope.data() + scope.size();
    if (out.sin6_scope_id == 0 && std::from_chars(scope.data(), end, out.sin6_scope_id).ptr != end)
        return false;
    return out.sin6_scope_id != 0;
}

} // namespace

bool parse_ip(const char *ip, uint16_t port, SocketAddress &out)
{
    memset(&out, 0, sizeof out);
    auto *in4 = reinterpret_cast<struct sockaddr_in *>(&out.storage);
    auto *in6 = reinterpret_cast<struct sockaddr_in6 *>(&out.storage);
    if (inet_pton(AF_INET, ip, &in4->sin_addr) == 1) {
        out.storage.ss_family = AF_INET;
        out.len = sizeof *in4;
    } else if (inet_pton(AF_INET6, ip, &in6->sin6_addr) == 1 || parse_scoped(ip, *in6)) {
        out.storage.ss_family = AF_INET6;
        out.len = sizeof *in6;
    } else {
        return false;
    }
    set_port(out, port);
    return true;
}

bool parse_source(const std::string &text, SocketAddress &out)
{
    if (parse_ip(text.c_str(), 0, out))
        return true;
    bool bracket = !text.empty() && text[0] == '[';
    size_t colon = text.rfind(':'), host_end = bracket ? text.find(']') : colon;
    if (host_end == std::string::npos)
        return false;
    uint16_t port = 0;
    bool has_port = colon != std::string::npos && colon >= host_end;
    bool ends = has_port ? colon == host_end + bracket && parse_port(text.substr(colon + 1), port) : host_end + 1 == text.size();
    std::string ip = text.substr(bracket, host_end - bracket);
    return ends && parse_ip(ip.c_str(), port, out) && bracket == (out.storage.ss_family == AF_INET6);
}

void set_port(SocketAddress &address, uint16_t port)
{
    if (address.storage.ss_family == AF_INET)
        reinterpret_cast<struct sockaddr_in *>(&address.storage)->sin_port = htons(port);
    else if (address.storage.ss_family == AF_INET6)
        reinterpret_cast<struct sockaddr_in6 *>(&address.storage)->sin6_port = htons(port);
}

int make_unix_address(std::string_view path, SocketAddress &out)
{
    memset(&out, 0, sizeof out);
    auto *un = reinterpret_cast<struct sockaddr_un *>(&out.storage);
    if (path.empty() || path.size() >= sizeof un->sun_path)
        return fail(WM_EADDRESS, "the path of a unix socket has 1 to %zu bytes: %.*s", sizeof un->sun_path - 1,
                    static_cast<int>(path.size()), path.data());
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path.data(), path.size());
    out.len = static_cast<socklen_t>(offsetof(struct sockaddr_un, sun_path) + path.size() + 1);
    if (path[0] == '@') { // unix(7): an abstract name begins with NUL and is not terminated
        un->sun_path[0] = '\0';
        out.len--;
    }
    return 0;
}

int resolve(const Address &address, SocketAddress &out)
{
    if (address.unix_socket)
        return make_unix_address(address.path, out);
    memset(&out, 0, sizeof out);
    struct addrinfo hints = {};
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    struct addrinfo *list = nullptr;
    int result = getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &list);
    if (result != 0)
        return fail(WM_EDNS, "cannot resolve host '%s': %s (%s)", address.host.c_str(), gai_strerror(result), address.text.c_str());
    memcpy(&out.storage, list->ai_addr, list->ai_addrlen);
    out.len = list->ai_addrlen;
    freeaddrinfo(list);
    return 0;
}

bool to_ip(const struct sockaddr_storage &address, IpAddress &out)
{
    if (address.ss_family == AF_INET)
        out = IpAddress::from_octets(&reinterpret_cast<const struct sockaddr_in *>(&address)->sin_addr, 4);
    else if (address.ss_family == AF_INET6)
        out = IpAddress::from_octets(&reinterpret_cast<const struct sockaddr_in6 *>(&address)->sin6_addr, IpAddress::kSize);
    else
        return false;
    return true;
}

SocketAddress to_socket_address(const IpPort &address)
{
    SocketAddress out;
    memset(&out, 0, sizeof out);
    bool ipv4 = address.ip.is_ipv4();
    out.storage.ss_family = ipv4 ? AF_INET : AF_INET6;
    out.len = ipv4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    if (ipv4)
        memcpy(&reinterpret_cast<struct sockaddr_in *>(&out.storage)->sin_addr, address.ip.ipv4(), 4);
    else
        memcpy(&reinterpret_cast<struct sockaddr_in6 *>(&out.storage)->sin6_addr, address.ip.octets, IpAddress::kSize);
    set_port(out, address.port);
    return out;
}

int format_ip(const struct sockaddr_storage &address, char *out)
{
    out[0] = '\0';
    if (address.ss_family == AF_INET)
        inet_ntop(AF_INET, &reinterpret_cast<const struct sockaddr_in *>(&address)->sin_addr, out, INET6_ADDRSTRLEN);
    else if (address.ss_family == AF_INET6) {
        const struct in6_addr &ip = reinterpret_cast<const struct sockaddr_in6 *>(&address)->sin6_addr;
        // An IPv4 peer of a dual-stack listener is shown as IPv4.
        if (IN6_IS_ADDR_V4MAPPED(&ip))
            inet_ntop(AF_INET, ip.s6_addr + 12, out, INET6_ADDRSTRLEN);
        else
            inet_ntop(AF_INET6, &ip, out, INET6_ADDRSTRLEN);
    }
    return static_cast<int>(strlen(out));
}

int port_of(const struct sockaddr_storage &address)
{
    if (address.ss_family == AF_INET)
        return ntohs(reinterpret_cast<const struct sockaddr_in *>(&address)->sin_port);
    if (address.ss_family == AF_INET6)
        return ntohs(reinterpret_cast<const struct sockaddr_in6 *>(&address)->sin6_port);
    return 0;
}

namespace {

/// "%eth0", or with the number of an interface that has gone; "": the address is not of one link.
std::string scope_of(const SocketAddress &address)
{
    uint32_t scope = reinterpret_cast<const struct sockaddr_in6 &>(address.storage).sin6_scope_id;
    char name[IF_NAMESIZE];
    if (scope == 0)
        return "";
    return std::string("%") + (if_indextoname(scope, name) ? name : std::to_string(scope));
}

} // namespace

std::string format_address(const SocketAddress &address)
{
    if (address.storage.ss_family == AF_UNIX) {
        const auto *un = reinterpret_cast<const struct sockaddr_un *>(&address.storage);
        size_t len = address.len > offsetof(struct sockaddr_un, sun_path) ? address.len - offsetof(struct sockaddr_un, sun_path) : 0;
        if (len == 0)
            return "";
        if (un->sun_path[0] == '\0')
            return "@" + std::string(un->sun_path + 1, len - 1);
        return std::string(un->sun_path, strnlen(un->sun_path, len));
    }
    char ip[INET6_ADDRSTRLEN];
    format_ip(address.storage, ip);
    std::string out = strchr(ip, ':') ? "[" + std::string(ip) + scope_of(address) + "]" : ip;
    return out + ":" + std::to_string(port_of(address.storage));
}

} // namespace wm
