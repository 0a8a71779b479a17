/**
 * @file
 * How often each address connects. An IPv6 address counts by its /64, the smallest network that a site is given (RFC 6177 §2). The table
 * has a fixed size: where it is full, the address with the fullest bucket makes room, and is let in as a new one when it comes again. One
 * thread.
 */
#ifndef WM_SERVE_CONNECT_RATES_H
#define WM_SERVE_CONNECT_RATES_H

#include "wm-serve/rate_limit.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace wm::serve {

class ConnectRates {
public:
    static constexpr size_t kMaxAddresses = 32768; ///< 512 KiB

    /// Connects of an address a second; 0: no limit. Allocates the table. Throws std::bad_alloc, and where there are no random numbers.
    void setup(int64_t per_second);
    /// Counts a connect; false if there are too many. An address that is none, as of a unix socket, is not counted.
    bool take(const std::string &ip, int64_t now_us);

private:
    static constexpr size_t kWays = 8; ///< places that an address may be at

    struct Entry {
        uint64_t key = 0; ///< 0: free
        int64_t full_us = 0;
    };

    size_t home_of(uint64_t key) const;

    RateLimit limit_;
    std::vector<Entry> entries_;
    uint64_t secret_ = 0; ///< peers choose addresses, and must not choose places
};

} // namespace wm::serve

#endif
