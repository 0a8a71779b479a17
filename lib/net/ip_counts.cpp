#include "net/ip_counts.h"

#include "core/random.h"
#include "core/reserve.h"

#include <cstring>
#include <netinet/in.h>
#include <new>
#include <utility>

namespace wm {

namespace {

constexpr size_t kFirstSize = 64;

/// An IPv4 address as a /64 that no IPv6 peer has: 0000::/8 is reserved (RFC 4291 §2.4).
uint64_t key_of_ipv4(const void *address)
{
    uint32_t word;
    memcpy(&word, address, sizeof word);
    return uint64_t{1} << 32 | ntohl(word);
}

} // namespace

IpCounts::IpCounts()
{
    random_bytes(&secret_, sizeof secret_);
    secret_ |= 1;
}

uint64_t IpCounts::key_of(const struct sockaddr_storage &address)
{
    if (address.ss_family == AF_INET)
        return key_of_ipv4(&reinterpret_cast<const struct sockaddr_in *>(&address)->sin_addr);
    if (address.ss_family != AF_INET6)
        return 0;
    const struct in6_addr &ip = reinterpret_cast<const struct sockaddr_in6 *>(&address)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&ip))
        return key_of_ipv4(ip.s6_addr + 12);
    uint64_t network = 0;
    for (size_t i = 0; i < 8; i++)
        network = network << 8 | ip.s6_addr[i];
    return network == 0 ? 1 : network; // ::1
}

size_t IpCounts::home_of(uint64_t key) const
{
    // Murmur's finalizer over the keyed value: each bit of the secret reaches each bit of the hash.
    uint64_t hash = (key ^ secret_) * secret_;
    hash = (hash ^ hash >> 33) * 0xFF51AFD7ED558CCDu;
    hash = (hash ^ hash >> 33) * secret_;
    return static_cast<size_t>(hash ^ hash >> 32) & (entries_.size() - 1);
}

size_t IpCounts::find(uint64_t key) const
{
    size_t at = home_of(key);
    while (entries_[at].key != 0 && entries_[at].key != key)
        at = (at + 1) & (entries_.size() - 1);
    return at;
}

uint32_t IpCounts::count(uint64_t key) const
{
    return entries_.empty() ? 0 : entries_[find(key)].count;
}

bool IpCounts::add(uint32_t slot, uint64_t key)
{
    if (!reserve_slot(keys_, slot))
        return false;
    try {
        if ((used_ + 1) * 2 > entries_.size())
            grow();
    } catch (const std::bad_alloc &) {
        return false;
    }
    Entry &entry = entries_[find(key)];
    used_ += entry.key == 0;
    entry.key = key;
    entry.count++;
    keys_[slot] = key;
    return true;
}

void IpCounts::grow()
{
    std::vector<Entry> before(entries_.empty() ? kFirstSize : entries_.size() * 2);
    before.swap(entries_);
    for (const Entry &entry : before)
        if (entry.key != 0)
            entries_[find(entry.key)] = entry;
}

void IpCounts::remove(uint32_t slot)
{
    uint64_t key = slot < keys_.size() ? std::exchange(keys_[slot], 0) : 0;
    if (key == 0)
        return;
    size_t at = find(key);
    if (--entries_[at].count == 0)
        erase(at);
}

/// Moves what follows the hole back, so that every entry is reached from its home.
void IpCounts::erase(size_t hole)
{
    size_t mask = entries_.size() - 1;
    used_--;
    for (size_t at = (hole + 1) & mask; entries_[at].key != 0; at = (at + 1) & mask) {
        size_t distance = (at - home_of(entries_[at].key)) & mask;
        if (distance < ((at - hole) & mask))
            continue; // its home lies behind the hole
        entries_[hole] = entries_[at];
        hole = at;
    }
    entries_[hole] = {};
}

} // namespace wm
