/**
 * @file
 * Numbers in little-endian bytes. Plain functions.
 */
#ifndef WM_HUB_ROUTER_LITTLE_ENDIAN_H
#define WM_HUB_ROUTER_LITTLE_ENDIAN_H

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace wm::router {

template <class T> T swap_if_big(T value)
{
    if constexpr (std::endian::native == std::endian::big) {
        T swapped = 0;
        for (size_t i = 0; i < sizeof value; i++, value = static_cast<T>(value >> 8))
            swapped = static_cast<T>(swapped << 8 | (value & 0xff));
        return swapped;
    }
    return value;
}

/// Reads a T and moves on; the caller has checked that it is there.
template <class T> T take(const char *&at)
{
    T value;
    memcpy(&value, at, sizeof value);
    at += sizeof value;
    return swap_if_big(value);
}

/// Writes a T and returns where the next one goes.
template <class T> char *put(char *at, T value)
{
    value = swap_if_big(value);
    memcpy(at, &value, sizeof value);
    return at + sizeof value;
}

} // namespace wm::router

#endif
