#include "core/ip_address.h"

#include <arpa/inet.h>
#include <cstring>

namespace wm {

namespace {

constexpr uint8_t kMapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

} // namespace

IpAddress IpAddress::from_octets(const void *octets, size_t size)
{
    IpAddress out;
    if (size < kSize)
        memcpy(out.octets, kMapped, sizeof kMapped);
    memcpy(out.octets + kSize - size, octets, size);
    return out;
}

bool IpAddress::parse(std::string_view text, IpAddress &out)
{
    char copy[INET6_ADDRSTRLEN];
    if (text.size() >= sizeof copy || text.find('\0') != std::string_view::npos)
        return false;
    memcpy(copy, text.data() ? text.data() : "", text.size());
    copy[text.size()] = '\0';
    uint8_t octets[kSize];
    bool ipv4 = inet_pton(AF_INET, copy, octets) == 1;
    if (!ipv4 && inet_pton(AF_INET6, copy, octets) != 1)
        return false;
    out = from_octets(octets, ipv4 ? 4 : kSize);
    return true;
}

bool IpAddress::is_ipv4() const
{
    return memcmp(octets, kMapped, sizeof kMapped) == 0;
}

} // namespace wm
