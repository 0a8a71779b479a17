/**
 * @file
 * Finds the bytes of JSON strings that need handling. The platform file of the scan: SSE2 (every x86-64), NEON (every 64-bit ARM),
 * else words of eight bytes. Any thread.
 */
#ifndef WM_CLI_STRING_STOP_H
#define WM_CLI_STRING_STOP_H

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
#endif

namespace wm {

/// Whether a byte ends a plain run: the quote, the backslash, control characters (RFC 8259 §7) and all bytes outside ASCII.
inline bool is_string_stop(char c)
{
    return c == '"' || c == '\\' || static_cast<signed char>(c) < 0x20;
}

#if defined(__SSE2__)

/// One bit for each of the 16 bytes at p that is a stop, the first byte lowest.
inline uint64_t string_stops(const char *p)
{
    __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i *>(p));
    // Compared as signed, bytes from 0x80 on are negative: one comparison finds them and the control characters.
    __m128i low = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
    __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    __m128i escape = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(quote, escape))));
}

#elif defined(__aarch64__) && defined(__ARM_NEON)

inline uint64_t string_stops(const char *p)
{
    static constexpr uint8_t kBits[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    int8x16_t bytes = vld1q_s8(reinterpret_cast<const int8_t *>(p));
    uint8x16_t named = vorrq_u8(vceqq_s8(bytes, vdupq_n_s8('"')), vceqq_s8(bytes, vdupq_n_s8('\\')));
    uint8x16_t stops = vandq_u8(vorrq_u8(vcltq_s8(bytes, vdupq_n_s8(0x20)), named), vld1q_u8(kBits));
    return vaddv_u8(vget_low_u8(stops)) | static_cast<uint64_t>(vaddv_u8(vget_high_u8(stops))) << 8;
}

#else

/// One bit for each of the 8 bytes at p that is a stop. No sum carries into the next byte, so every bit is exact.
inline uint64_t string_stops_of_word(const char *p)
{
    constexpr uint64_t kOnes = 0x0101010101010101u;
    constexpr uint64_t kLow7 = kOnes * 0x7f;
    uint64_t bytes = 0;
    for (unsigned i = 0; i < 8; i++) // compiles to one load on little-endian machines
        bytes |= static_cast<uint64_t>(static_cast<unsigned char>(p[i])) << (8 * i);
    uint64_t quote = ((bytes ^ (kOnes * '"')) & kLow7) + kLow7;
    uint64_t escape = ((bytes ^ (kOnes * '\\')) & kLow7) + kLow7;
    uint64_t printable = (bytes & kLow7) + kOnes * 0x60;
    uint64_t high_bits = (bytes | ~(quote & escape & printable)) & ~kLow7;
    return ((high_bits >> 7) * 0x0102040810204080u) >> 56; // side by side
}

inline uint64_t string_stops(const char *p)
{
    return string_stops_of_word(p) | string_stops_of_word(p + 8) << 8;
}

#endif

/// The stops of a text, looked for in windows of 64 bytes: the strings that end inside the window cost no more loads. Touches no byte
/// outside the text.
class StringStops {
public:
    StringStops(const char *begin, const char *end) : begin_(begin), end_(end), window_(begin) {}

    /// The first stop in [p, end), or end. p is not before that of the last call.
    [[gnu::always_inline]] const char *find(const char *p)
    {
        ptrdiff_t at = p - window_;
        if (at < kWindow) [[likely]]
            if (uint64_t stops = stops_ >> at; stops != 0) [[likely]]
                return p + static_cast<unsigned>(std::countr_zero(stops));
        return find_in_next_windows(p);
    }

private:
    static constexpr ptrdiff_t kWindow = 64;
    static constexpr ptrdiff_t kBlock = 16;

    [[gnu::noinline]] const char *find_in_next_windows(const char *p)
    {
        for (; end_ - p >= kWindow; p += kWindow) {
            uint64_t stops = string_stops(p) | string_stops(p + 16) << 16 | string_stops(p + 32) << 32 | string_stops(p + 48) << 48;
            if (stops != 0) {
                window_ = p;
                stops_ = stops;
                return p + std::countr_zero(stops);
            }
        }
        move_to_last_window(p);
        return p + std::countr_zero(stops_ >> (p - window_));
    }

    /// p is less than a window before the end. The bits behind the end are set.
    void move_to_last_window(const char *p)
    {
        if (end_ - p < kBlock && end_ - begin_ >= kBlock)
            p = end_ - kBlock;
        ptrdiff_t len = end_ - p;
        uint64_t stops = ~uint64_t{0} << len;
        if (len >= kBlock) { // the blocks overlap
            ptrdiff_t last = len - kBlock, second = std::min(kBlock, last), third = std::min(2 * kBlock, last);
            stops |=
                string_stops(p) | string_stops(p + second) << second | string_stops(p + third) << third | string_stops(p + last) << last;
        } else {
            for (ptrdiff_t i = 0; i < len; i++)
                stops |= static_cast<uint64_t>(is_string_stop(p[i])) << i;
        }
        window_ = p;
        stops_ = stops;
    }

    const char *begin_;
    const char *end_;
    const char *window_;
    uint64_t stops_ = 0;
};

} // namespace wm

#endif
