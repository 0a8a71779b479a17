#include "wm-serve/connect_rates.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <netinet/in.h>
#include <random>

namespace wm::serve {

namespace {

/// An IPv4 address as a /64 that no IPv6 peer has: 0000::/8 is reserved (RFC 4291 §2.4).
uint64_t key_of_ipv4(const void *address)
{
    uint32_t word;
    std::memcpy(&word, address, sizeof word);
    return uint64_t{1} << 32 | ntohl(word);
}

/// What the address counts as; 0: not at all.
uint64_t key_of(const std::string &ip)
{
    struct in_addr four;
    struct in6_addr six;
    if (inet_pton(AF_INET, ip.c_str(), &four) == 1)
        return key_of_ipv4(&four);
    if (inet_pton(AF_INET6, ip.c_str(), &six) != 1)
        return 0;
    if (IN6_IS_ADDR_V4MAPPED(&six))
        return key_of_ipv4(six.s6_addr + 12);
    uint64_t network = 0;
    for (size_t i = 0; i < 8; i++)
        network = network << 8 | six.s6_addr[i];
    return network == 0 ? 1 : network; // ::1
}

} // namespace

void ConnectRates::setup(int64_t per_second)
{
    if (per_second == 0)
        return;
    limit_ = RateLimit(per_second, per_second);
    entries_.resize(kMaxAddresses);
    std::random_device random;
    secret_ = (uint64_t{random()} << 32 | random()) | 1;
}

/// The first of the places of a key.
size_t ConnectRates::home_of(uint64_t key) const
{
    // Murmur's finalizer over the keyed value: each bit of the secret reaches each bit of the hash.
    uint64_t hash = (key ^ secret_) * secret_;
    hash = (hash ^ hash >> 33) * 0xFF51AFD7ED558CCDu;
    hash = (hash ^ hash >> 33) * secret_;
    return static_cast<size_t>(hash ^ hash >> 32) % (kMaxAddresses / kWays) * kWays;
}

bool ConnectRates::take(const std::string &ip, int64_t now_us)
{
    uint64_t key = limit_.limits() ? key_of(ip) : 0;
    if (key == 0)
        return true;
    Entry *first = &entries_[home_of(key)], *end = first + kWays;
    Entry *entry = std::find_if(first, end, [key](const Entry &each) { return each.key == key; });
    if (entry == end) {
        entry = std::min_element(first, end, [](const Entry &a, const Entry &b) { return a.full_us < b.full_us; });
        *entry = {key, 0};
    }
    return limit_.take(now_us, entry->full_us);
}

} // namespace wm::serve
