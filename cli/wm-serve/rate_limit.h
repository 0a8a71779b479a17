/**
 * @file
 * A rate with bursts: a bucket of tokens that fills evenly. The state of a bucket is one number, the time at which it is full again
 * (the generic cell rate algorithm of ITU-T I.371), so a bucket that is full needs none. Pure; any thread.
 */
#ifndef WM_SERVE_RATE_LIMIT_H
#define WM_SERVE_RATE_LIMIT_H

#include <cstdint>
#include <string_view>

namespace wm::serve {

class RateLimit {
public:
    static constexpr int64_t kMost = 1000000; ///< a second, and in a burst

    /// No limit.
    RateLimit() = default;
    /// Each from 1 to kMost.
    RateLimit(int64_t per_second, int64_t burst) : interval_us_(1000000 / per_second), burst_(burst), per_second_(per_second) {}

    bool limits() const { return per_second_ > 0; }
    int64_t per_second() const { return per_second_; }
    int64_t burst() const { return burst_; }

    /// Takes a token out of the bucket that is full again at full_us; 0: a new one. False if there is none. `now_us` is of a clock that is
    /// not set.
    bool take(int64_t now_us, int64_t &full_us) const
    {
        int64_t full = full_us > now_us ? full_us : now_us;
        if (full - now_us > interval_us_ * (burst_ - 1))
            return false;
        full_us = full + interval_us_;
        return true;
    }

private:
    int64_t interval_us_ = 0;
    int64_t burst_ = 0;
    int64_t per_second_ = 0;
};

/// Reads MESSAGES or MESSAGES/BURST, both from 1 to kMost, or off. A burst that is not given is five times as much. False for others.
bool parse_rate(std::string_view text, RateLimit &out);

/// Microseconds of the monotonic clock.
int64_t monotonic_us();

} // namespace wm::serve

#endif
