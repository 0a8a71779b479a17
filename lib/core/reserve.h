/**
 * @file
 * Reserves memory ahead: what may fail fails before anything is consumed. Any thread.
 */
#ifndef WM_CORE_RESERVE_H
#define WM_CORE_RESERVE_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
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

/// Makes a place for a slot in a list by slot, as a value-initialised entry; false when out of memory.
template <class T> bool reserve_slot(std::vector<T> &list, uint32_t slot)
{
    if (slot < list.size())
        return true;
    if (!reserve_in(list, size_t{slot} + 1))
        return false;
    list.resize(std::min<size_t>(list.capacity(), (slot | 255) + size_t{1})); // memory beyond is not touched yet
    return true;
}

} // namespace wm

#endif
