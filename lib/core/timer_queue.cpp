#include "core/timer_queue.h"

#include "core/reserve.h"

namespace wm {

uint32_t TimerQueue::add(int64_t due_ms, int64_t repeat_ms, wm_timer_fn fn, void *user, wm_destroy_fn destroy)
{
    uint32_t slot = reserve_in(heap_, size_t{table_.live()} + 1) ? table_.acquire() : kNone;
    if (slot == kNone)
        return slot;
    Timer *timer = table_.at(slot);
    timer->due_ms = due_ms;
    timer->repeat_ms = repeat_ms;
    timer->fn = fn;
    timer->user = user;
    timer->destroy = destroy;
    push(slot);
    return slot;
}

void TimerQueue::push(uint32_t slot)
{
    heap_.push_back({table_.at(slot)->due_ms, slot, entered_++});
    table_.at(slot)->place = static_cast<uint32_t>(heap_.size() - 1);
    rise(heap_.size() - 1);
}

void TimerQueue::remove(uint32_t slot)
{
    size_t place = table_.at(slot)->place;
    if (place == UINT32_MAX)
        return;
    table_.at(slot)->place = UINT32_MAX;
    Entry last = heap_.back();
    heap_.pop_back();
    if (place == heap_.size())
        return;
    set(place, last);
    rise(place);
    sink(table_.at(last.slot)->place);
}

void TimerQueue::set(size_t place, Entry entry)
{
    heap_[place] = entry;
    table_.at(entry.slot)->place = static_cast<uint32_t>(place);
}

void TimerQueue::rise(size_t place)
{
    Entry entry = heap_[place];
    while (place > 0) {
        size_t parent = (place - 1) / 4;
        if (!entry.before(heap_[parent]))
            break;
        set(place, heap_[parent]);
        place = parent;
    }
    set(place, entry);
}

void TimerQueue::sink(size_t place)
{
    Entry entry = heap_[place];
    for (;;) {
        size_t least = place;
        for (size_t child = place * 4 + 1; child <= place * 4 + 4 && child < heap_.size(); child++)
            if (heap_[child].before(least == place ? entry : heap_[least]))
                least = child;
        if (least == place)
            break;
        set(place, heap_[least]);
        place = least;
    }
    set(place, entry);
}

} // namespace wm
