/**
 * @file
 * A queue of connection slots whose memory is reserved when a connection is accepted, so that listing one cannot fail later. A
 * connection is listed at most once at a time, which its flag shows; the entry of one that has gone stays until it is popped. The
 * app's thread.
 */
#ifndef WM_CORE_SLOT_QUEUE_H
#define WM_CORE_SLOT_QUEUE_H

#include <cstddef>
#include <cstdint>

namespace wm {

class SlotQueue {
public:
    SlotQueue() = default;
    SlotQueue(const SlotQueue &) = delete;
    SlotQueue &operator=(const SlotQueue &) = delete;
    ~SlotQueue();

    /// Makes room for one more entry of each of that many connections; false when out of memory.
    bool reserve(size_t connections);

    void push(uint32_t slot)
    {
        if (end_ == capacity_)
            drop_popped();
        slots_[end_++] = slot;
    }
    bool empty() const { return first_ == end_; }
    size_t size() const { return end_ - first_; }
    uint32_t front() const { return slots_[first_]; }
    uint32_t pop_back()
    {
        uint32_t slot = slots_[--end_];
        if (first_ == end_)
            first_ = end_ = 0;
        return slot;
    }
    uint32_t pop()
    {
        uint32_t slot = slots_[first_++];
        if (first_ == end_)
            first_ = end_ = 0;
        return slot;
    }

private:
    void drop_popped();

    uint32_t *slots_ = nullptr;
    size_t first_ = 0;
    size_t end_ = 0;
    size_t capacity_ = 0;
};

} // namespace wm

#endif
