/**
 * @file
 * Logs a callback of the host that blocks the loop for longer than slow_callback_ms. Owned by the reactor;
 * the app's thread.
 *
 * Costs two reads of the cycle clock per descriptor, timer or post, and one store per message.
 */
#ifndef WM_CONN_CALLBACK_WATCH_H
#define WM_CONN_CALLBACK_WATCH_H

#include "core/cycle_clock.h"
#include "core/log.h"

#include <cstdint>

namespace wm {

class Endpoint;
class Loop;

class CallbackWatch {
public:
    explicit CallbackWatch(Loop &loop) : loop_(loop) {}

    /// 0: off.
    void set_limit(int64_t limit_ms);
    /// Starts measuring against the loop's clock. Call it when the loop opens.
    void calibrate();

    /// Starts timing a callback of that name. owner nullptr: a callback of the app.
    void begin(const Endpoint *owner, const char *callback)
    {
        running_ = true;
        owner_ = owner;
        callback_ = callback;
        began_cycles_ = since_cycles_ = cycles();
    }
    /// Renames the callback that is being timed. Cheaper than next(): the time so far counts for the new
    /// name.
    void name(const char *callback) { callback_ = callback; }
    /// Ends the current measurement and starts one for another callback of the same owner.
    void next(const char *callback)
    {
        if (!running_)
            return; // the host's own call, made outside of a turn, has led to it
        begin_next(callback);
    }
    /// Microseconds since begin().
    uint64_t elapsed_us() const;
    void end()
    {
        if (cycles() - began_cycles_ > threshold_cycles_)
            check_elapsed();
        running_ = false;
    }

private:
    void begin_next(const char *callback)
    {
        const Endpoint *owner = owner_;
        uint64_t since = since_cycles_;
        end();
        begin(owner, callback);
        since_cycles_ = since;
    }
    void check_elapsed();
    uint64_t cycles_per_ms(uint64_t now_cycles, int64_t now_ms) const;

    Loop &loop_;
    const Endpoint *owner_ = nullptr; ///< valid while running_
    const char *callback_ = "";
    bool running_ = false;
    uint64_t began_cycles_ = 0;
    uint64_t since_cycles_ = 0;              ///< of the first callback
    uint64_t threshold_cycles_ = UINT64_MAX; ///< no callback that took fewer cycles is slow
    int64_t limit_ms_ = 0;
    uint64_t origin_cycles_ = 0;
    int64_t origin_ms_ = 0;
    LogThrottle throttle_;
};

} // namespace wm

#endif
