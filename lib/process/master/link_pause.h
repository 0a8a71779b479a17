/**
 * @file
 * When a pair of processes may get another link: soon after one that has held, later after each that has not, so that a process without
 * hope costs little. A plain value; the master's thread.
 */
#ifndef WM_PROCESS_MASTER_LINK_PAUSE_H
#define WM_PROCESS_MASTER_LINK_PAUSE_H

#include <algorithm>
#include <cstdint>

namespace wm {

class LinkPause {
public:
    static constexpr int64_t kShortestMs = 50;
    static constexpr int64_t kLongestMs = 2000;
    static constexpr int64_t kHeldMs = 1000; ///< a link that lasts so much longer than its pause ends a row of those that have not

    /// Of the next attempt.
    int64_t again_ms() const { return again_ms_; }
    /// An attempt is made.
    void attempt(int64_t now_ms)
    {
        bool held = now_ms - again_ms_ >= kHeldMs;
        pause_ms_ = held ? kShortestMs : std::clamp(2 * pause_ms_, kShortestMs, kLongestMs);
        again_ms_ = now_ms + pause_ms_;
    }

private:
    int64_t again_ms_ = 0;
    int64_t pause_ms_ = 0;
};

} // namespace wm

#endif
