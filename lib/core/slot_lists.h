/**
 * @file
 * Lists of slots, oldest first, whose links stand in one array: a slot is in one list at most. The app's
 * thread.
 */
#ifndef WM_CORE_SLOT_LISTS_H
#define WM_CORE_SLOT_LISTS_H

#include "core/reserve.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace wm {

class SlotLists {
public:
    static constexpr uint32_t kNone = UINT32_MAX;

    struct List {
        uint32_t first = kNone;
        uint32_t last = kNone;
        uint32_t count = 0;
    };

    /// Makes room for the slot's links; false when out of memory.
    bool reserve(uint32_t slot) { return reserve_slot(links_, slot); }

    void push_back(List &list, uint32_t slot)
    {
        links_[slot] = {list.last, kNone};
        (list.last == kNone ? list.first : links_[list.last].next) = slot;
        list.last = slot;
        list.count++;
    }

    void remove(List &list, uint32_t slot)
    {
        Link link = links_[slot];
        (link.before == kNone ? list.first : links_[link.before].next) = link.next;
        (link.next == kNone ? list.last : links_[link.next].before) = link.before;
        list.count--;
    }

private:
    struct Link {
        uint32_t before;
        uint32_t next;
    };

    std::vector<Link> links_;
};

} // namespace wm

#endif
