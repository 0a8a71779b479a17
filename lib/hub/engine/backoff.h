/**
 * @file
 * When the next attempt to connect begins: 50 ms, twice as much each time, 2 s at most, with full jitter, so that the nodes of a cluster
 * whose engine has gone do not come back at once. The owner's thread.
 */
#ifndef WM_HUB_ENGINE_BACKOFF_H
#define WM_HUB_ENGINE_BACKOFF_H

#include "core/random.h"

#include <algorithm>
#include <cstdint>

namespace wm {

class Backoff {
public:
    static constexpr int64_t kFirstMs = 50, kMostMs = 2000;
    static constexpr int64_t kLastedMs = 5000; ///< a connection that was up for so long begins anew

    /// Of the next attempt; up_ms: how long the last one was up, 0: it was not.
    int64_t next_ms(int64_t up_ms)
    {
        if (up_ms >= kLastedMs)
            most_ms_ = kFirstMs;
        int64_t delay = random_up_to(most_ms_);
        most_ms_ = std::min(2 * most_ms_, kMostMs);
        return delay;
    }

    /// Of an attempt that fails until a person has changed something, as a wrong password: from half of the most up to it.
    int64_t slow_ms()
    {
        most_ms_ = kMostMs;
        return kMostMs / 2 + random_up_to(kMostMs / 2);
    }

private:
    static int64_t random_up_to(int64_t most)
    {
        uint64_t random;
        random_bytes(&random, sizeof random);
        return static_cast<int64_t>(random % static_cast<uint64_t>(most + 1));
    }

    int64_t most_ms_ = kFirstMs;
};

} // namespace wm

#endif
