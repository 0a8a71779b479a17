#include "session/proxy/proxy_address.h"

#include "core/error.h"
#include "proto/ascii.h"

#include <cstring>
#include <netinet/in.h>

namespace wm {

namespace {

constexpr const char *kForm = "http://HOST:PORT, socks5://HOST:PORT or with USER:PASSWORD@ before the host";

/// Percent-decoding (RFC 3986 §2.1); false: malformed, or an octet that no login may have.
bool decode(std::string_view text, std::string &out)
{
    for (size_t at = 0; at < text.size(); at++) {
        char c = text[at];
        if (c == '%') {
            if (at + 2 >= text.size() || !ascii::is(text[at + 1], ascii::kHex) || !ascii::is(text[at + 2], ascii::kHex))
                return false;
            c = static_cast<char>(ascii::hex_value(text[at + 1]) * 16 + ascii::hex_value(text[at + 2]));
            at += 2;
        }
        out += c;
    }
    return !out.empty() && out.size() <= proxy::kMaxText && out.find_first_of(std::string_view("\0\r\n", 3)) == std::string::npos;
}

int parse_login(std::string_view text, proxy::Login &login)
{
    size_t colon = text.find(':');
    if (colon == std::string_view::npos || !decode(text.substr(0, colon), login.user) || !decode(text.substr(colon + 1), login.password))
        return fail(WM_EINVAL,
                    "option 'proxy': a login is USER:PASSWORD, of 1 to 255 bytes each, with ':', '@', '/' and '%%' percent-encoded");
    if (login.user.find(':') != std::string::npos) // RFC 7617 §2
        return fail(WM_EINVAL, "option 'proxy': the user has a ':'");
    return 0;
}

/// The octets of an IP address; empty for a name.
std::string octets_of(const Address &target)
{
    SocketAddress socket_address;
    if (!parse_ip(target.host.c_str(), target.port, socket_address))
        return {};
    const auto *in = reinterpret_cast<const struct sockaddr_in *>(&socket_address.storage);
    const auto *in6 = reinterpret_cast<const struct sockaddr_in6 *>(&socket_address.storage);
    bool ipv6 = socket_address.storage.ss_family == AF_INET6;
    const char *bytes = ipv6 ? reinterpret_cast<const char *>(&in6->sin6_addr) : reinterpret_cast<const char *>(&in->sin_addr);
    return {bytes, ipv6 ? sizeof in6->sin6_addr : sizeof in->sin_addr};
}

} // namespace

int ProxyAddress::parse(const std::string &text)
{
    std::string scheme = scheme_of(text);
    size_t begin = text.find("://") + strlen("://");
    if (scheme == "https")
        return fail(WM_EINVAL, "option 'proxy': a proxy is not spoken to over TLS: %s", kForm);
    if (scheme != "http" && scheme != "socks5" && scheme != "socks5h")
        return fail(WM_EINVAL, "option 'proxy' is %s", kForm);
    kind = scheme == "http" ? proxy::Kind::kHttp : proxy::Kind::kSocks5;
    size_t at = text.rfind('@');
    login = {};
    shown = text;
    std::string plain = text;
    if (at != std::string::npos && at >= begin) {
        if (int result = parse_login(std::string_view(text).substr(begin, at - begin), login))
            return result;
        plain = text.substr(0, begin) + text.substr(at + 1);
        shown = text.substr(0, text.find(':', begin)) + ":***" + text.substr(at);
    }
    if (address.parse(plain.c_str()) != 0)
        return fail(WM_EINVAL, "option 'proxy': %s", std::string(last_error()).c_str());
    if (address.unix_socket || address.port == 0)
        return fail(WM_EINVAL, "option 'proxy' is %s", kForm);
    return 0;
}

proxy::Request ProxyAddress::request_for(const Address &target) const
{
    return proxy::make_request(kind, {target.host, octets_of(target), target.port}, login);
}

} // namespace wm
