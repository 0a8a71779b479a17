#include "wm-push/server_address.h"

#include "shared/printable.h"

#include <arpa/inet.h>
#include <charconv>
#include <cstddef>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace wm {

namespace {

constexpr std::string_view kForms = "give HOST:PORT, [IPV6]:PORT, unix:PATH or /PATH, for instance 127.0.0.1:5678";
constexpr std::string_view kDefaultPort = "5678";

// One byte of sun_path is a NUL: the last one, or the first one of an abstract name.
constexpr size_t kMaxPath = sizeof(sockaddr_un::sun_path) - 1;

bool refuse(std::string &error, const std::string &text)
{
    error = text;
    return false;
}

/// Takes a prefix whatever its case is (RFC 3986 §3.1).
bool take_prefix(std::string_view &text, std::string_view prefix)
{
    if (text.size() < prefix.size() || strncasecmp(text.data(), prefix.data(), prefix.size()) != 0)
        return false;
    text.remove_prefix(prefix.size());
    return true;
}

bool is_digits(std::string_view text)
{
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_port(std::string_view text)
{
    unsigned port = 0;
    auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), port);
    return code == std::errc() && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

bool parse_unix_path(std::string_view path, ServerAddress &out, std::string &error)
{
    if (path.empty() || path == "@")
        return refuse(error, "the path of the unix socket is missing; give unix:PATH, for instance unix:/run/wm/push.sock");
    if (path.size() > kMaxPath)
        return refuse(error, "the path has " + std::to_string(path.size()) + " bytes, that of a unix socket has at most " +
                                 std::to_string(kMaxPath));
    out.path = path;
    return true;
}

bool is_ipv6(std::string_view text)
{
    in6_addr address;
    return inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1;
}

/// The error for colons without brackets; `host` and `port` are what is on both sides of the last one.
std::string describe_ipv6(std::string_view text, std::string_view host, std::string_view port)
{
    std::string whole = "[" + std::string(text) + "]:" + std::string(kDefaultPort);
    std::string split = "[" + std::string(host) + "]:" + std::string(port);
    bool with_port = is_ipv6(host) && is_port(port);
    if (is_ipv6(text))
        return "an IPv6 address needs brackets; give " + whole + (with_port ? " or " + split : "");
    return with_port ? "an IPv6 address needs brackets; give " + split : "more than one colon; " + std::string(kForms);
}

/// Splits HOST[:PORT]. An IPv6 address needs brackets: otherwise its last group could be the port.
bool split_host(std::string_view text, std::string_view &host, std::string_view &port, std::string &error)
{
    port = kDefaultPort;
    if (text.starts_with('[')) {
        size_t close = text.find(']');
        if (close == std::string_view::npos || (close + 1 < text.size() && text[close + 1] != ':'))
            return refuse(error, "an IPv6 address is written as [::1]:5678");
        host = text.substr(1, close - 1);
        if (close + 1 < text.size())
            port = text.substr(close + 2);
        return true;
    }
    size_t colon = text.rfind(':');
    host = text.substr(0, colon);
    if (colon != std::string_view::npos)
        port = text.substr(colon + 1);
    return host.find(':') == std::string_view::npos || refuse(error, describe_ipv6(text, host, port));
}

bool check_host(std::string_view host, std::string_view port, std::string &error)
{
    if (host.empty())
        return refuse(error, "the host is missing; give 127.0.0.1:" + std::string(is_port(port) ? port : kDefaultPort));
    if (is_digits(host))
        return refuse(error, "the host is missing before the port; give 127.0.0.1:" + std::string(host));
    if (host.find_first_of("/ @?#\"'\\") != std::string_view::npos)
        return refuse(error, "\"" + printable_as_typed(host) + "\" is not a host; " + std::string(kForms));
    return is_port(port) || refuse(error, "\"" + printable_as_typed(port) + "\" is not a port; give a number from 1 to 65535");
}

/// The error for a URL of another port of wm-serve, or of something else.
std::string scheme_error(std::string_view scheme, std::string_view rest)
{
    std::string_view host = rest.substr(0, rest.find_first_of(":/"));
    return "wm-push does not speak " + printable_as_typed(scheme) + ", but the line protocol of wm-serve's --inner port; give " +
           printable_as_typed(host.empty() ? "127.0.0.1" : host) + ":5678, or what --inner says";
}

} // namespace

bool parse_server_address(std::string_view text, ServerAddress &out, std::string &error)
{
    out = ServerAddress();
    out.text = printable_as_typed(text);
    if (take_prefix(text, "unix://") || take_prefix(text, "text+unix://") || take_prefix(text, "unix:"))
        return parse_unix_path(text, out, error);
    if (text.starts_with('/') || text.starts_with("./") || text.starts_with("../"))
        return parse_unix_path(text, out, error);
    bool spoken = take_prefix(text, "text://") || take_prefix(text, "tcp://");
    if (size_t scheme = text.find("://"); !spoken && scheme != std::string_view::npos)
        return refuse(error, scheme_error(text.substr(0, scheme), text.substr(scheme + 3)));
    if (text.ends_with('/'))
        text.remove_suffix(1);
    std::string_view host;
    std::string_view port;
    if (!split_host(text, host, port, error) || !check_host(host, port, error))
        return false;
    out.host = host;
    out.port = port;
    if (port.data() == kDefaultPort.data()) // messages show it
        out.text = printable_as_typed(host.find(':') == std::string_view::npos ? out.host : "[" + out.host + "]") + ":" + out.port;
    return true;
}

unsigned make_unix_address(const ServerAddress &address, sockaddr_un &out)
{
    out = {};
    out.sun_family = AF_UNIX;
    address.path.copy(out.sun_path, kMaxPath);
    size_t len = offsetof(sockaddr_un, sun_path) + address.path.size();
    if (address.path[0] == '@')
        out.sun_path[0] = '\0'; // an abstract name is not terminated: its length ends it
    else
        len++;
    return static_cast<unsigned>(len);
}

} // namespace wm
