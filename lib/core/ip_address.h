/**
 * @file
 * An IP address as plain octets, for code that knows no sockets. Values, any thread.
 */
#ifndef WM_CORE_IP_ADDRESS_H
#define WM_CORE_IP_ADDRESS_H

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm {

/// An IPv4 address is the IPv4-mapped one (RFC 4291 §2.5.5.2), so that both forms of it are equal.
struct IpAddress {
    static constexpr size_t kSize = 16;

    uint8_t octets[kSize] = {};

    /// Of 4 or 16 octets.
    static IpAddress from_octets(const void *octets, size_t size);
    /// "192.0.2.1" or "2001:db8::1", without brackets and without a zone; false: it is neither.
    static bool parse(std::string_view text, IpAddress &out);

    bool is_ipv4() const;
    /// The four octets of an IPv4 address.
    const uint8_t *ipv4() const { return octets + kSize - 4; }
    bool operator==(const IpAddress &) const = default;
};

/// An address with a port; 0: it is not known.
struct IpPort {
    IpAddress ip;
    uint16_t port = 0;

    bool operator==(const IpPort &) const = default;
};

} // namespace wm

#endif
