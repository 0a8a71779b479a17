/**
 * @file
 * What is known of another machine's clock: by how much its times differ from ours, at least. A plain value.
 *
 * A message says when it was sent, and the newest of our times that its sender had seen by then: so it was sent after that one by our
 * clock, too. The difference of the two never makes a message seem younger than it is; the best of a minute makes it seem older by the
 * fastest round trip of that minute at most.
 */
#ifndef WM_HUB_CLUSTER_PEER_CLOCK_H
#define WM_HUB_CLUSTER_PEER_CLOCK_H

#include <algorithm>
#include <array>
#include <cstdint>

namespace wm::cluster {

class PeerClock {
public:
    /// A message has come: sent_ms by its sender's clock, echo_ms by ours; 0: it had seen none.
    void sample(int64_t sent_ms, int64_t echo_ms, int64_t now_ms)
    {
        int64_t most = now_ms - sent_ms; // it cannot have been sent later than now
        if (now_ms >= next_window_ms_) {
            best_ = {kUnknown, best_[0]};
            next_window_ms_ = now_ms + kWindowMs;
        }
        if (echo_ms > 0 && echo_ms <= now_ms)
            best_[0] = std::max(best_[0], echo_ms - sent_ms);
        for (int64_t &best : best_) // above it only when a clock has stood still, as that of a suspended machine does
            best = std::min(best, most);
    }
    bool is_known() const { return offset() != kUnknown; }
    /// Added to a time of the other machine, it makes one of ours that is not later.
    int64_t offset() const { return std::max(best_[0], best_[1]); }

private:
    static constexpr int64_t kUnknown = INT64_MIN;
    static constexpr int64_t kWindowMs = 30'000; ///< two of them: clocks drift apart by a few milliseconds meanwhile

    std::array<int64_t, 2> best_ = {kUnknown, kUnknown}; ///< of this window, and of the one before
    int64_t next_window_ms_ = INT64_MIN;
};

} // namespace wm::cluster

#endif
