/**
 * @file
 * Timers in a 4-ary heap by due time. Each knows its place, so a deletion needs no search. The app's thread.
 */
#ifndef WM_CORE_TIMER_QUEUE_H
#define WM_CORE_TIMER_QUEUE_H

#include "core/loop.h"
#include "core/slot_table.h"
#include "wm/timer.h"

#include <vector>

namespace wm {

struct Timer {
    int64_t due_ms = 0;
    int64_t repeat_ms = 0;
    wm_timer_fn fn = nullptr;
    void *user = nullptr;
    wm_destroy_fn destroy = nullptr;
    uint64_t record = 0; ///< number of its last record in the overflow list
    uint32_t place = UINT32_MAX;
    bool running = false; ///< inside its callback: a deletion waits until it returns
    bool deleted = false;
};

class TimerQueue {
public:
    explicit TimerQueue(uint32_t generation_base) : table_(generation_base) {}

    static constexpr uint32_t kNone = UINT32_MAX;

    /// A slot, or kNone when out of memory or slots. Its place in the heap is reserved while it lives.
    uint32_t add(int64_t due_ms, int64_t repeat_ms, wm_timer_fn fn, void *user, wm_destroy_fn destroy);
    Timer *find(uint32_t slot, uint32_t generation) { return table_.find(slot, generation); }
    Timer *at(uint32_t slot) { return table_.at(slot); }
    void release(uint32_t slot) { table_.release(slot); }

    void push(uint32_t slot);
    void remove(uint32_t slot);
    /// The slot that is due first, kNone when there is none.
    uint32_t first() const { return heap_.empty() ? UINT32_MAX : heap_[0].slot; }
    int64_t first_due_ms() const { return heap_.empty() ? Loop::kNever : heap_[0].due_ms; }

    uint32_t generation_of(uint32_t slot) const { return table_.generation_of(slot); }
    uint32_t highest_generation() const { return table_.highest_generation(); }
    uint32_t live() const { return table_.live(); }
    uint32_t used() const { return table_.used(); }
    bool live_at(uint32_t slot) const { return table_.live_at(slot); }

private:
    struct Entry {
        int64_t due_ms;
        uint32_t slot;
        uint32_t order; ///< timers with the same due time run in the order they were added

        bool before(const Entry &other) const
        {
            return due_ms != other.due_ms ? due_ms < other.due_ms : static_cast<int32_t>(order - other.order) < 0;
        }
    };

    void set(size_t place, Entry entry);
    void rise(size_t place);
    void sink(size_t place);

    SlotTable<Timer, kTimerSlots> table_;
    std::vector<Entry> heap_;
    uint32_t entered_ = 0;
};

} // namespace wm

#endif
