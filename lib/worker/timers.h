/**
 * @file
 * The timers of an app: maps ids to the queue and fires due timers. Owned by the app; the app's thread.
 */
#ifndef WM_WORKER_TIMERS_H
#define WM_WORKER_TIMERS_H

#include "core/timer_queue.h"

#include <cstdint>

namespace wm {

class App;

class Timers {
public:
    Timers(App &app, uint32_t generation_base) : app_(app), queue_(generation_base) {}

    /// Returns 0, with the error detail, when out of memory or ids.
    wm_timer add(int64_t delay_ms, int64_t repeat_ms, wm_timer_fn fn, void *user, wm_destroy_fn destroy);
    int remove(uint32_t slot, uint32_t generation);

    /// Fires the timers that are due.
    void run();
    /// Loop::kNever: no timer.
    int64_t due_ms() const { return queue_.first_due_ms(); }

    /// Calls the destroy notifiers of the remaining timers, when the app is freed.
    void drop_all();
    uint32_t live() const { return queue_.live(); }
    uint32_t highest_generation() const { return queue_.highest_generation(); }

private:
    void fire(uint32_t slot);
    void release(uint32_t slot);

    App &app_;
    TimerQueue queue_;
};

} // namespace wm

#endif
