/**
 * @file
 * The inner loops of the head's parser: how far does a run of allowed octets go. Pure, any thread.
 */
#ifndef WM_PROTO_HTTP_SCAN_H
#define WM_PROTO_HTTP_SCAN_H

#include <bit>
#include <cstdint>
#include <cstring>

#include "proto/ascii.h"

namespace wm::http {

/// The first octet of [p, end) that is not of class kBits, or end.
template <unsigned kBits> inline const char *skip_class(const char *p, const char *end)
{
    while (end - p >= 4) {
        if (!ascii::is(p[0], kBits))
            return p;
        if (!ascii::is(p[1], kBits))
            return p + 1;
        if (!ascii::is(p[2], kBits))
            return p + 2;
        if (!ascii::is(p[3], kBits))
            return p + 3;
        p += 4;
    }
    while (p != end && ascii::is(*p, kBits))
        ++p;
    return p;
}

/**
 * skip_class<kValue>, eight octets at a time. In x, an octet below 0x20 borrows into its top bit when 0x20 is taken from each,
 * and so does a zero octet (0x7f before the xor) when 1 is; the lowest bit that is left is exact, those above may not be.
 */
inline const char *skip_value(const char *p, const char *end)
{
    constexpr uint64_t kOnes = 0x0101010101010101u;
    if constexpr (std::endian::native == std::endian::little) {
        while (end - p >= 8) {
            uint64_t x = 0;
            std::memcpy(&x, p, sizeof x);
            const uint64_t del = x ^ kOnes * 0x7f;
            const uint64_t stop = (((x - kOnes * 0x20) & ~x) | ((del - kOnes) & ~del)) & kOnes * 0x80;
            if (stop == 0) {
                p += 8;
                continue;
            }
            p += std::countr_zero(stop) / 8;
            if (*p != '\t')
                return p;
            ++p;
        }
    }
    return skip_class<ascii::kValue>(p, end);
}

} // namespace wm::http

#endif
