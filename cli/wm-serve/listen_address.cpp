#include "wm-serve/listen_address.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cctype>
#include <netinet/in.h>
#include <strings.h>

namespace wm::serve {

namespace {

bool ipv6(const std::string &host, struct in6_addr *out)
{
    return host.size() > 2 && host[0] == '[' && inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), out) == 1;
}

bool ipv4(const std::string &host, struct in_addr *out)
{
    return inet_pton(AF_INET, host.c_str(), out) == 1;
}

} // namespace

ListenAddress::ListenAddress(std::string_view text)
{
    size_t colon = text.find("://");
    if (colon == std::string_view::npos)
        return;
    scheme_ = text.substr(0, colon);
    std::transform(scheme_.begin(), scheme_.end(), scheme_.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    unix_ = scheme_ == "unix" || scheme_.ends_with("+unix");
    scheme_.erase(std::min(scheme_.find('+'), scheme_.size()));
    std::string_view rest = text.substr(colon + 3);
    if (unix_) {
        path_ = rest;
        return;
    }
    if (rest.ends_with('/'))
        rest.remove_suffix(1);
    size_t port = rest.rfind(':');
    host_ = rest.substr(0, port);
    port_ = port == std::string_view::npos ? "" : rest.substr(port + 1);
}

bool ListenAddress::is_any() const
{
    struct in6_addr six = {};
    struct in_addr four = {};
    return ipv6(host_, &six) ? IN6_IS_ADDR_UNSPECIFIED(&six) : ipv4(host_, &four) && four.s_addr == INADDR_ANY;
}

bool ListenAddress::is_localhost() const
{
    return strcasecmp(host_.c_str(), "localhost") == 0;
}

bool ListenAddress::is_local() const
{
    struct in6_addr six = {};
    struct in_addr four = {};
    if (ipv6(host_, &six))
        return IN6_IS_ADDR_LOOPBACK(&six);
    return unix_ || is_localhost() || (ipv4(host_, &four) && ntohl(four.s_addr) >> 24 == IN_LOOPBACKNET);
}

bool ListenAddress::collides(const ListenAddress &other) const
{
    if (unix_ || other.unix_)
        return unix_ && other.unix_ && path_ == other.path_;
    bool one_family = host_.starts_with('[') == other.host_.starts_with('[');
    bool one_host = strcasecmp(host_.c_str(), other.host_.c_str()) == 0 || (one_family && (is_any() || other.is_any()));
    return one_host && port_ == other.port_ && port_ != "0";
}

bool ListenAddress::is_same(const ListenAddress &other) const
{
    if (unix_ || other.unix_)
        return unix_ && other.unix_ && path_ == other.path_;
    return strcasecmp(host_.c_str(), other.host_.c_str()) == 0 && port_ == other.port_ && port_ != "0";
}

bool ListenAddress::meets(const ListenAddress &to) const
{
    ListenAddress here = *this, there = to;
    for (const char *loopback : {"127.0.0.1", "[::1]"}) {
        here.host_ = is_localhost() ? loopback : host_;
        there.host_ = to.is_localhost() ? loopback : to.host_;
        if (here.collides(there))
            return true;
    }
    return false;
}

std::string ListenAddress::endpoint(std::string_view any) const
{
    return (is_any() ? std::string(any) : host_) + ":" + port_;
}

} // namespace wm::serve
