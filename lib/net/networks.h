/**
 * @file
 * A list of addresses and networks, as users write it: "10.0.0.0/8, 2001:db8::/32 192.0.2.1". Beside these it may name "unix", peers over
 * a unix socket, and "*", every peer.
 */
#ifndef WM_NET_NETWORKS_H
#define WM_NET_NETWORKS_H

#include "core/ip_address.h"

#include <cstdint>
#include <string_view>
#include <sys/socket.h>
#include <vector>

namespace wm {

class Networks {
public:
    /// Parses a list with commas or blanks; an empty one has nothing. 0, or WM_EINVAL with the entry, its place and the right form in
    /// the detail; then the list stays as it was.
    int parse(std::string_view text);

    bool empty() const { return networks_.empty() && !every_peer_ && !unix_peers_; }
    /// Whether a network has the address. "*" says nothing about addresses that a peer tells of.
    bool contains(const IpAddress &ip) const;
    /// Whether the peer of a socket belongs to the list.
    bool has_peer(const struct sockaddr_storage &peer) const;

private:
    struct Network {
        IpAddress first;
        unsigned bits; ///< of the prefix, of 128
    };

    static int parse_network(std::string_view entry, size_t number, Network &out);
    int add(std::string_view entry, size_t number);

    std::vector<Network> networks_;
    bool every_peer_ = false;
    bool unix_peers_ = false;
};

} // namespace wm

#endif
