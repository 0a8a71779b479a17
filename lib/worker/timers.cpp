#include "worker/timers.h"

#include "core/error.h"
#include "worker/app.h"

namespace wm {

wm_timer Timers::add(int64_t delay_ms, int64_t repeat_ms, wm_timer_fn fn, void *user, wm_destroy_fn destroy)
{
    if (app_.freeing()) {
        App::being_freed();
        return 0;
    }
    app_.reactor.loop.update_now();
    bool recorded = fn || app_.reactor.overflow.reserve_record();
    bool retirable = recorded && app_.reactor.reserve_retire(destroy);
    uint32_t slot = retirable ? queue_.add(app_.reactor.loop.now_ms() + delay_ms, repeat_ms, fn, user, destroy) : TimerQueue::kNone;
    if (slot == TimerQueue::kNone) {
        if (!fn && recorded)
            app_.reactor.overflow.release_record();
        if (retirable)
            app_.reactor.release_retire(destroy);
        fail(WM_ENOMEM, "out of memory or ids for a timer");
        return 0;
    }
    app_.reactor.deadline_moved();
    return pack_id(IdKind::kTimer, app_.index(), slot, queue_.generation_of(slot));
}

int Timers::remove(uint32_t slot, uint32_t generation)
{
    Timer *timer = queue_.find(slot, generation);
    if (!timer && app_.reactor.overflow.drop_timer(pack_id(IdKind::kTimer, app_.index(), slot, generation)))
        return 0; // a one-shot timer that has fired, but whose record the host has not had
    if (!timer || timer->deleted)
        return fail(WM_ECLOSED, "no such timer: it has run, or was deleted");
    if (timer->running) {
        timer->deleted = true;
        return 0;
    }
    queue_.remove(slot);
    app_.reactor.overflow.drop(timer->record);
    app_.reactor.retire(timer->user, timer->destroy);
    release(slot);
    app_.reactor.deadline_moved();
    return 0;
}

void Timers::release(uint32_t slot)
{
    if (!queue_.at(slot)->fn)
        app_.reactor.overflow.release_record();
    queue_.release(slot);
}

void Timers::run()
{
    // A timer that is added or due again meanwhile waits for the next turn, so that a delay of 0 does not
    // starve the loop.
    int64_t now = app_.reactor.loop.now_ms();
    for (size_t budget = queue_.live(); budget > 0 && queue_.first_due_ms() <= now; budget--)
        fire(queue_.first());
}

void Timers::fire(uint32_t slot)
{
    Timer *timer = queue_.at(slot);
    uint64_t id = pack_id(IdKind::kTimer, app_.index(), slot, queue_.generation_of(slot));
    queue_.remove(slot);
    timer->running = true;
    if (timer->fn) {
        app_.reactor.callback_watch.begin(nullptr, "timer");
        timer->fn(id, timer->user);
        app_.reactor.callback_watch.end();
    } else if (!app_.reactor.overflow.is_pending(timer->record)) { // else this round is skipped
        timer->record = app_.reactor.dispatch.timer(id, timer->user, timer->repeat_ms > 0 ? nullptr : timer->destroy);
    }
    timer->running = false;
    if (timer->repeat_ms > 0 && !timer->deleted) {
        int64_t next = timer->due_ms + timer->repeat_ms;
        timer->due_ms = next > app_.reactor.loop.now_ms() ? next : app_.reactor.loop.now_ms() + timer->repeat_ms;
        queue_.push(slot);
        return;
    }
    if (timer->fn)
        app_.reactor.retire(timer->user, timer->destroy);
    release(slot);
}

void Timers::drop_all()
{
    for (uint32_t slot = 0; slot < queue_.used(); slot++)
        if (queue_.live_at(slot) && queue_.at(slot)->destroy)
            queue_.at(slot)->destroy(queue_.at(slot)->user);
}

} // namespace wm
