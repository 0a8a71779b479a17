/**
 * @file
 * How many connections each peer address has. An IPv6 address counts by its /64, the smallest network that a
 * site is given (RFC 6177 §2); an IPv4-mapped one as IPv4. The app's thread.
 *
 * An open-addressing table of the addresses that have connections, so it is as bounded as these are. Hashes
 * are keyed with a random secret, because peers choose addresses.
 */
#ifndef WM_NET_IP_COUNTS_H
#define WM_NET_IP_COUNTS_H

#include <cstddef>
#include <cstdint>
#include <sys/socket.h>
#include <vector>

namespace wm {

class IpCounts {
public:
    IpCounts();

    /// What the address counts as; 0: not at all, as a unix socket has none.
    static uint64_t key_of(const struct sockaddr_storage &address);

    uint32_t count(uint64_t key) const;
    /// Counts the connection in that slot; false when out of memory.
    bool add(uint32_t slot, uint64_t key);
    /// Counts it no longer, if it was counted.
    void remove(uint32_t slot);
    /// Addresses that have connections.
    size_t addresses() const { return used_; }

private:
    struct Entry {
        uint64_t key = 0; ///< 0: free
        uint32_t count = 0;
    };

    size_t home_of(uint64_t key) const;
    /// Its entry, or the free one at which it would be.
    size_t find(uint64_t key) const;
    void grow();
    void erase(size_t hole);

    std::vector<Entry> entries_; ///< a power of two, at most half full
    std::vector<uint64_t> keys_; ///< by slot; 0: not counted
    size_t used_ = 0;
    uint64_t secret_;
};

} // namespace wm

#endif
