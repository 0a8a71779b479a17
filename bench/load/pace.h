/**
 * @file
 * The schedule of an open loop (--rate): message k of a phase is due k intervals after its start, however long answers take.
 *
 * Latency counts from when a message was due, so that a server that stalls is charged for all that had to wait. One thread.
 */
#ifndef WM_LOAD_PACE_H
#define WM_LOAD_PACE_H

#include <cstdint>

namespace wm::load {

class Pace {
public:
    Pace() = default;
    Pace(double rate, uint64_t count, uint64_t start) : interval_ns_(1e9 / rate), count_(count), start_(start) {}

    /// Messages taken so far.
    uint64_t taken() const { return taken_; }
    bool is_over() const { return taken_ == count_; }
    /// When message k is due.
    uint64_t due(uint64_t k) const { return start_ + static_cast<uint64_t>(static_cast<double>(k) * interval_ns_); }
    /// Takes the next message if it is due.
    bool take(uint64_t now)
    {
        if (is_over() || due(taken_) > now)
            return false;
        taken_++;
        return true;
    }

private:
    double interval_ns_ = 0;
    uint64_t count_ = 0;
    uint64_t start_ = 0;
    uint64_t taken_ = 0;
};

} // namespace wm::load

#endif
