#include "conn/reactor.h"

#include "core/reserve.h"

#include <algorithm>

namespace wm {

Reactor::Reactor(uint32_t index, uint32_t generation_base)
    : callback_watch(loop), connections(generation_base), dispatch(*this), overflow(*this), outbox(*this), fair_share(*this),
      assembly(*this), inbox(*this), lifecycle(*this), ending(*this), pipes(*this), expiry(*this), todos(*this), index_(index)
{
    loop.update_now();
    deadlines.start(loop.now_ms());
}

void Reactor::has_work()
{
    // Inside a turn, its end does the work; else the next turn does it before it waits. A host that waits for
    // the descriptor has to learn of it; one wake-up suffices.
    if (inside || signalled_ || !loop.is_watched())
        return;
    signalled_ = true;
    loop.wake();
}

void Reactor::deadline_moved()
{
    loop.move_due();
    if (!inside && loop.is_watched())
        arm_due(owner);
}

bool Reactor::reserve_connection()
{
    size_t count = connections.live() + 1;
    return inbox.reserve() && outbox.reserve(count) && todos.reserve(count, dispatch.pulls()) && fair_share.reserve(count) &&
           (!dispatch.pulls() || overflow.reserve(count));
}

bool Reactor::reserve_retire(wm_destroy_fn destroy)
{
    if (!destroy)
        return true;
    if (!reserve_in(retired_, retired_.size() + retirable_ + 1))
        return false;
    retirable_++;
    return true;
}

void Reactor::retire(void *user, wm_destroy_fn destroy)
{
    if (!destroy)
        return;
    retirable_--;
    retired_.push_back({user, destroy});
    has_work();
}

void Reactor::call_retired()
{
    while (!retired_.empty()) {
        Retired last = retired_.back();
        retired_.pop_back();
        last.destroy(last.user);
    }
}

void Reactor::forget(ReactorObserver &observer)
{
    for (auto &observers : observers_)
        std::erase(observers, &observer);
}

void Reactor::notify_released(Connection &conn)
{
    for (ReactorObserver *observer : observers_[ReactorObserver::kReleased])
        observer->released(conn);
}

void Reactor::call_observers(ReactorObserver::Event event)
{
    // By index: an observer may add or remove observers.
    const auto &observers = observers_[event];
    for (size_t i = 0; i < observers.size(); i++) {
        switch (event) {
        case ReactorObserver::kStarted:
            observers[i]->started();
            break;
        case ReactorObserver::kStopping:
            observers[i]->stopping();
            break;
        default:
            observers[i]->idle();
            break;
        }
    }
}

} // namespace wm
