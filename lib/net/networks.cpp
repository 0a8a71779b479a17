#include "net/networks.h"

#include "core/error.h"
#include "net/address.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <netinet/in.h>
#include <string>
#include <utility>

namespace wm {

namespace {

constexpr std::string_view kBetween = ", \t\r\n";
constexpr const char *kForm = "the right form is '192.0.2.1', '10.0.0.0/8', '2001:db8::/32', 'unix' or '*'";
constexpr unsigned kIpv4Prefix = 96; // of the IPv4-mapped addresses

int wrong(std::string_view entry, size_t number, const char *what)
{
    return fail(WM_EINVAL, "entry %zu, '%.*s', %s", number, static_cast<int>(std::min<size_t>(entry.size(), 64)), entry.data(), what);
}

/// Sets the octets behind the prefix to 0. Whether they were.
bool clear_behind(IpAddress &ip, unsigned bits)
{
    IpAddress given = ip;
    for (unsigned i = 0; i < IpAddress::kSize; i++) {
        unsigned kept = bits > i * 8 ? std::min(bits - i * 8, 8u) : 0;
        ip.octets[i] = static_cast<uint8_t>(ip.octets[i] & (0xff00u >> kept));
    }
    return ip == given;
}

bool has_prefix(const IpAddress &ip, const IpAddress &prefix, unsigned bits)
{
    if (memcmp(ip.octets, prefix.octets, bits / 8) != 0)
        return false;
    return bits % 8 == 0 || ((ip.octets[bits / 8] ^ prefix.octets[bits / 8]) & (0xff00u >> bits % 8) & 0xff) == 0;
}

} // namespace

int Networks::parse_network(std::string_view entry, size_t number, Network &out)
{
    size_t slash = entry.find('/');
    if (!IpAddress::parse(entry.substr(0, slash), out.first))
        return wrong(entry, number, (std::string("is no address and no network: ") + kForm).c_str());
    bool ipv4 = entry.find(':') == std::string_view::npos;
    unsigned most = ipv4 ? 32 : 128, bits = most;
    if (slash != std::string_view::npos) {
        const char *end = entry.data() + entry.size();
        auto [behind, error] = std::from_chars(entry.data() + slash + 1, end, bits);
        if (error != std::errc() || behind != end || bits > most)
            return wrong(entry, number, ipv4 ? "has no prefix from 0 to 32 behind '/'" : "has no prefix from 0 to 128 behind '/'");
    }
    out.bits = bits + (ipv4 ? kIpv4Prefix : 0);
    if (clear_behind(out.first, out.bits))
        return 0;
    char ip[INET6_ADDRSTRLEN];
    format_ip(to_socket_address({out.first, 0}).storage, ip);
    return wrong(entry, number,
                 ("has bits behind its prefix: the network is '" + std::string(ip) + "/" + std::to_string(bits) + "'").c_str());
}

int Networks::add(std::string_view entry, size_t number)
{
    if (entry == "*") {
        every_peer_ = true;
        return 0;
    }
    if (entry == "unix") {
        unix_peers_ = true;
        return 0;
    }
    Network network;
    if (int result = parse_network(entry, number, network))
        return result;
    networks_.push_back(network);
    return 0;
}

int Networks::parse(std::string_view text)
{
    Networks parsed;
    size_t number = 0;
    for (size_t at = text.find_first_not_of(kBetween); at != std::string_view::npos; at = text.find_first_not_of(kBetween, at)) {
        std::string_view entry = text.substr(at, text.find_first_of(kBetween, at) - at);
        if (int result = parsed.add(entry, ++number))
            return result;
        at += entry.size();
    }
    *this = std::move(parsed);
    return 0;
}

bool Networks::contains(const IpAddress &ip) const
{
    return std::any_of(networks_.begin(), networks_.end(), [&ip](const Network &each) {
        bool ipv4 = each.bits >= kIpv4Prefix && each.first.is_ipv4(); // "::/0" has no IPv4 address
        return ipv4 == ip.is_ipv4() && has_prefix(ip, each.first, each.bits);
    });
}

bool Networks::has_peer(const struct sockaddr_storage &peer) const
{
    if (every_peer_)
        return true;
    IpAddress ip;
    return to_ip(peer, ip) ? contains(ip) : peer.ss_family == AF_UNIX && unix_peers_;
}

} // namespace wm
