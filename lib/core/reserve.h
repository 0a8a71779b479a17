/**
 * @file
 * Reserves memory ahead: what may fail fails before anything is consumed. Any thread.
 */
#ifndef WM_CORE_RESERVE_H
#define WM_CORE_RESERVE_H

#include <cstddef>
#include <new>
#include <vector>

namespace wm {

/// Makes room for `needed` entries, growing in amortised constant time; false when out of memory.
template <class T> bool reserve_in(std::vector<T> &list, size_t needed)
{
    if (needed <= list.capacity())
        return true;
    try {
        list.reserve(needed + needed / 2 + 16);
        return true;
    } catch (const std::bad_alloc &) {
        return false;
    }
}

} // namespace wm

#endif
