#include "conn/callback_watch.h"

#include "conn/endpoint.h"
#include "core/loop.h"

#include <algorithm>

namespace wm {

namespace {

constexpr uint64_t kMinCyclesPerMs = 1000; // no cycle clock is slower than 1 MHz

} // namespace

void CallbackWatch::set_limit(int64_t limit_ms)
{
    limit_ms_ = limit_ms;
    threshold_cycles_ = limit_ms > 0 ? static_cast<uint64_t>(limit_ms) * kMinCyclesPerMs : UINT64_MAX;
    if (origin_ms_ == 0)
        calibrate();
}

void CallbackWatch::calibrate()
{
    loop_.update_now();
    origin_ms_ = loop_.now_ms();
    origin_cycles_ = cycles();
}

/// The rate since calibrate(); 0: not known yet.
uint64_t CallbackWatch::cycles_per_ms(uint64_t now_cycles, int64_t now_ms) const
{
    int64_t since_origin_ms = now_ms - origin_ms_;
    return since_origin_ms > 0 ? (now_cycles - origin_cycles_) / static_cast<uint64_t>(since_origin_ms) : 0;
}

uint64_t CallbackWatch::elapsed_us() const
{
    uint64_t now = cycles();
    return (now - since_cycles_) * 1000 / std::max(kMinCyclesPerMs, cycles_per_ms(now, Loop::clock_ms()));
}

/// The slow path: converts cycles to milliseconds.
void CallbackWatch::check_elapsed()
{
    uint64_t now = cycles();
    int64_t turn_ms = loop_.now_ms(); // the start of the turn
    loop_.update_now();
    uint64_t per_ms = cycles_per_ms(now, loop_.now_ms());
    if (per_ms == 0)
        return;
    int64_t took_ms = static_cast<int64_t>((now - began_cycles_) / per_ms);
    // The measured rate is far above the minimum: a higher threshold keeps most callbacks off this path.
    threshold_cycles_ = static_cast<uint64_t>(limit_ms_) * per_ms / 2;
    if (took_ms < limit_ms_ || loop_.now_ms() - turn_ms < limit_ms_ / 2 || !throttle_.due(loop_.now_ms()))
        return;
    if (owner_)
        throttle_.log(WM_LOG_WARN, "worker %s (%s): on_%s blocked the loop for %lld ms", owner_->options.name.c_str(),
                      owner_->display.c_str(), callback_, static_cast<long long>(took_ms));
    else
        throttle_.log(WM_LOG_WARN, "a %s callback blocked the loop for %lld ms", callback_, static_cast<long long>(took_ms));
}

} // namespace wm
