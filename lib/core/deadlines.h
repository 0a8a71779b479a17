/**
 * @file
 * One deadline for each connection, in ticks of 100 ms since the app was created: a dense array that is swept
 * when the nearest deadline is due, at most four times a second. No connection has a timer of its own. The
 * app's thread.
 */
#ifndef WM_CORE_DEADLINES_H
#define WM_CORE_DEADLINES_H

#include "core/reserve.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace wm {

class Deadlines {
public:
    static constexpr int64_t kTickMs = 100;
    static constexpr int64_t kSweepMs = 250;

    void start(int64_t now_ms) { origin_ms_ = now_ms - kTickMs; }
    uint32_t tick(int64_t now_ms) const { return static_cast<uint32_t>((now_ms - origin_ms_) / kTickMs); }
    /// The first tick at which at least `ms` have passed since now_ms.
    uint32_t tick_after(int64_t now_ms, int64_t ms) const
    {
        int64_t tick = (now_ms - origin_ms_ + ms + kTickMs - 1) / kTickMs;
        return tick < UINT32_MAX ? static_cast<uint32_t>(tick) : UINT32_MAX - 1;
    }

    /// Makes a place for a slot; false when out of memory.
    bool reserve(uint32_t slot) { return reserve_slot(ticks_, slot); }

    /// Sets the deadline of a slot that has a place; 0: none.
    void set(uint32_t slot, uint32_t at)
    {
        ticks_[slot] = at;
        if (at != 0 && at < nearest_)
            nearest_ = at;
    }

    /// When sweep() must run next; INT64_MAX: never.
    int64_t due_ms() const
    {
        if (nearest_ == kNone)
            return INT64_MAX;
        int64_t due = origin_ms_ + int64_t{nearest_} * kTickMs;
        return due > last_sweep_ms_ + kSweepMs ? due : last_sweep_ms_ + kSweepMs;
    }

    /// Calls expired(slot) for each slot whose deadline has passed; the deadline is cleared first.
    template <class Expired> void sweep(int64_t now_ms, Expired expired)
    {
        if (due_ms() > now_ms)
            return;
        last_sweep_ms_ = now_ms;
        uint32_t now = tick(now_ms);
        nearest_ = kNone;
        for (uint32_t slot = 0; slot < ticks_.size(); slot++) {
            uint32_t at = ticks_[slot];
            if (at == 0)
                continue;
            if (at > now) {
                nearest_ = at < nearest_ ? at : nearest_;
                continue;
            }
            ticks_[slot] = 0;
            expired(slot);
        }
    }

private:
    static constexpr uint32_t kNone = UINT32_MAX;

    std::vector<uint32_t> ticks_;
    int64_t origin_ms_ = 0;
    int64_t last_sweep_ms_ = 0;
    uint32_t nearest_ = kNone;
};

} // namespace wm

#endif
