/**
 * @file
 * How long and how often a lost connection is tried again: with pauses that grow and have jitter, so that the clients of a server do
 * not all come back at once. One thread.
 */
#ifndef WM_PUSH_OUTAGE_H
#define WM_PUSH_OUTAGE_H

#include <chrono>
#include <optional>
#include <random>

namespace wm {

class Outage {
public:
    using Clock = std::chrono::steady_clock;

    /// `limit` bounds the time without a connection, in sum.
    explicit Outage(std::chrono::milliseconds limit) : limit_(limit), random_(std::random_device{}()) {}

    /// The connection is lost.
    void begin() { since_ = Clock::now(); }
    /// The pause before the next attempt; none when the time is over.
    std::optional<std::chrono::milliseconds> next_pause();
    /// What the next attempt may take; at least a millisecond.
    std::chrono::milliseconds left() const;
    /// There is a connection again. It may be lost again at once: the time counts until over().
    void connected() { used_ += Clock::now() - since_; }
    /// The server works.
    void over()
    {
        attempts_ = 0;
        used_ = {};
    }

private:
    static constexpr std::chrono::milliseconds kFirstPause{50};
    static constexpr unsigned kMaxDoublings = 4;

    std::chrono::milliseconds limit_;
    Clock::duration used_{}; ///< before since_
    Clock::time_point since_;
    unsigned attempts_ = 0;
    std::minstd_rand random_;
};

} // namespace wm

#endif
