/**
 * @file
 * Finds the next byte of a JSON string that needs handling. The platform file of the scan: SSE2 where available (every x86-64),
 * otherwise eight bytes at a time. Any thread.
 */
#ifndef WM_CLI_STRING_STOP_H
#define WM_CLI_STRING_STOP_H

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace wm {

/// Whether a byte ends a plain run: the quote, the backslash, control characters (RFC 8259 §7) and all bytes outside ASCII.
inline bool is_string_stop(char c)
{
    return c == '"' || c == '\\' || static_cast<signed char>(c) < 0x20;
}

#if defined(__SSE2__)

inline constexpr ptrdiff_t kStopBlock = 16;

/// A bit mask of the stops among the 16 bytes at p.
inline unsigned stop_bits(const char *p)
{
    __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i *>(p));
    // Compared as signed, bytes from 0x80 on are negative: one comparison finds them and the control characters.
    __m128i low = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
    __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    __m128i escape = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(quote, escape))));
}

inline ptrdiff_t first_stop(unsigned bits)
{
    return std::countr_zero(bits);
}

inline unsigned drop_stops(unsigned bits, ptrdiff_t bytes)
{
    return bits >> bytes;
}

#else

inline constexpr ptrdiff_t kStopBlock = 8;

/// The high bit of each of the 8 bytes at p that is a stop. No sum carries into the next byte, so every bit is exact.
inline uint64_t stop_bits(const char *p)
{
    constexpr uint64_t kOnes = 0x0101010101010101u;
    constexpr uint64_t kLow7 = kOnes * 0x7f;
    uint64_t bytes = 0;
    for (unsigned i = 0; i < 8; i++) // compiles to one load on little-endian machines
        bytes |= static_cast<uint64_t>(static_cast<unsigned char>(p[i])) << (8 * i);
    uint64_t quote = ((bytes ^ (kOnes * '"')) & kLow7) + kLow7;
    uint64_t escape = ((bytes ^ (kOnes * '\\')) & kLow7) + kLow7;
    uint64_t printable = (bytes & kLow7) + kOnes * 0x60;
    return (bytes | ~(quote & escape & printable)) & ~kLow7;
}

inline ptrdiff_t first_stop(uint64_t bits)
{
    return std::countr_zero(bits) / 8;
}

inline uint64_t drop_stops(uint64_t bits, ptrdiff_t bytes)
{
    return bits >> (8 * bytes);
}

#endif

/// find_string_stop for less than a block.
inline const char *find_string_stop_in_tail(const char *begin, const char *p, const char *end)
{
    if (end - begin < kStopBlock) {
        while (p < end && !is_string_stop(*p))
            p++;
        return p;
    }
    auto bits = drop_stops(stop_bits(end - kStopBlock), kStopBlock - (end - p));
    return bits != 0 ? p + first_stop(bits) : end;
}

/// The first stop in [p, end), or end. `begin` is the start of the whole text: a last, partial block is read as the block that ends
/// at `end`, so that no byte outside [begin, end) is touched.
inline const char *find_string_stop(const char *begin, const char *p, const char *end)
{
    while (end - p >= kStopBlock) {
        if (auto bits = stop_bits(p); bits != 0)
            return p + first_stop(bits);
        p += kStopBlock;
    }
    return p == end ? end : find_string_stop_in_tail(begin, p, end);
}

} // namespace wm

#endif
