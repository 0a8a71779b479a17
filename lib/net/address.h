/**
 * @file
 * Addresses as users write them: SCHEME://HOST:PORT, SCHEME+unix:///PATH, unix:///PATH, unix://@NAME. Pure,
 * except resolve().
 */
#ifndef WM_NET_ADDRESS_H
#define WM_NET_ADDRESS_H

#include "core/ip_address.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/socket.h>

namespace wm {

struct Address {
    bool unix_socket = false;
    std::string scheme; ///< in lower case, without "+unix"
    std::string host;   ///< without brackets
    uint16_t port = 0;
    std::string path; ///< of a unix socket; an abstract name begins with '@'
    std::string text; ///< as given

    /// Parses the form; session/schemes knows which schemes there are. 0, or WM_EADDRESS with the nearest valid
    /// form in the detail.
    int parse(const char *address);

    /// The text, with the bound port in place of port 0.
    std::string display(uint16_t bound_port) const;
};

/// The scheme of an address, in lower case (RFC 3986 §3.1) and without "+unix"; empty if there is none.
std::string scheme_of(std::string_view address);

/// WM_EADDRESS for an address in which scheme_of() finds none; the detail shows what is missing, or the address with the example as its
/// scheme.
int fail_without_scheme(const char *address, const char *example);

/// A socket address with its length.
struct SocketAddress {
    struct sockaddr_storage storage;
    socklen_t len;

    const struct sockaddr *get() const { return reinterpret_cast<const struct sockaddr *>(&storage); }
};

/// "192.0.2.1", "2001:db8::1" or "fe80::1%eth0", without brackets, with that port; false: it is none of these.
bool parse_ip(const char *ip, uint16_t port, SocketAddress &out);
void set_port(SocketAddress &address, uint16_t port);
/// "IP", "IP:PORT", or "[IPv6]:PORT"; false: none of these.
bool parse_source(const std::string &text, SocketAddress &out);

/// 0 or WM_EDNS. Looks a name up in the calling thread, which blocks: listening happens at a start.
int resolve(const Address &address, SocketAddress &out);

/// The address of a unix socket; a path that begins with '@' is an abstract name. 0, or WM_EADDRESS.
int make_unix_address(std::string_view path, SocketAddress &out);

/// The address of a socket of IP; false: it is of another family.
bool to_ip(const struct sockaddr_storage &address, IpAddress &out);
/// Of AF_INET or AF_INET6.
SocketAddress to_socket_address(const IpPort &address);

/// "192.0.2.1", "::1", or "" for a unix socket, into out of at least 46 bytes; returns the length.
int format_ip(const struct sockaddr_storage &address, char *out);
int port_of(const struct sockaddr_storage &address);
/// "IP:PORT", "[IPv6]:PORT", of one link "[IPv6%SCOPE]:PORT", the path of a unix socket, or "".
std::string format_address(const SocketAddress &address);

} // namespace wm

#endif
