/**
 * @file
 * Notices a callback of the host that holds up the loop for longer than slow_callback_ms, and logs which. The app's thread.
 *
 * Costs two reads of the cycle clock for each descriptor, timer or post that is dispatched, and one store for each message.
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
    /// The loop is open: intervals are measured against its clock from here on.
    void calibrate();

    /// A callback of that name may run next; owner nullptr: of the app.
    void begin(const Endpoint *owner, const char *callback)
    {
        owner_ = owner;
        callback_ = callback;
        since_ = cycles();
    }
    /// Another callback of the same owner runs next, often and shortly after: the time of both counts as its own.
    void name(const char *callback) { callback_ = callback; }
    /// As name(), but what has run so far is looked at first.
    void next(const char *callback)
    {
        end();
        since_ = cycles();
        callback_ = callback;
    }
    void end()
    {
        if (cycles() - since_ > suspicious_)
            look();
    }

private:
    void look();

    Loop &loop_;
    const Endpoint *owner_ = nullptr;
    const char *callback_ = "";
    uint64_t since_ = 0;
    uint64_t suspicious_ = UINT64_MAX; ///< cycles below which no callback is slow, on any machine
    int64_t limit_ms_ = 0;
    uint64_t origin_cycles_ = 0;
    int64_t origin_ms_ = 0;
    LogThrottle throttle_;
};

} // namespace wm

#endif
