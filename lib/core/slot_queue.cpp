#include "core/slot_queue.h"

#include <cstdlib>
#include <cstring>

namespace wm {

SlotQueue::~SlotQueue()
{
    free(slots_);
}

bool SlotQueue::reserve(size_t connections)
{
    size_t needed = 2 * (end_ - first_ + connections + 1); // so that drop_popped() moves at most what was popped
    if (needed <= capacity_)
        return true;
    size_t capacity = needed + needed / 2 + 16;
    void *grown = realloc(slots_, capacity * sizeof *slots_);
    if (!grown)
        return false;
    slots_ = static_cast<uint32_t *>(grown);
    capacity_ = capacity;
    return true;
}

void SlotQueue::drop_popped()
{
    memmove(slots_, slots_ + first_, (end_ - first_) * sizeof *slots_);
    end_ -= first_;
    first_ = 0;
}

} // namespace wm
