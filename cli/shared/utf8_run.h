/**
 * @file
 * Skips runs of non-ASCII characters, 12 or 16 bytes at a time with SSE2 (every x86-64); elsewhere it skips nothing, and utf8_length
 * does the work. A platform file of the scan. Any thread.
 */
#ifndef WM_CLI_UTF8_RUN_H
#define WM_CLI_UTF8_RUN_H

#include <bit>
#include <cstddef>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace wm {

#if defined(__SSE2__)

/// The bit pattern of consecutive characters of one length: the fixed bits, and two lead bytes that are left to utf8_length because they
/// also begin overlong forms or surrogates.
struct Utf8Pattern {
    __m128i fixed;
    __m128i expected;
    __m128i odd_lead;
    __m128i other_odd_lead;
    int length;
    int block; ///< how many of the 16 bytes whole characters fill
};

inline Utf8Pattern utf8_pattern_of_two()
{
    return {_mm_set1_epi16(static_cast<short>(0xc0e0)),
            _mm_set1_epi16(static_cast<short>(0x80c0)),
            _mm_set1_epi8(static_cast<char>(0xc0)),
            _mm_set1_epi8(static_cast<char>(0xc1)),
            2,
            16};
}

inline Utf8Pattern utf8_pattern_of_three()
{
    auto repeated = [](unsigned lead, unsigned next) {
        char a = static_cast<char>(lead);
        char b = static_cast<char>(next);
        return _mm_setr_epi8(a, b, b, a, b, b, a, b, b, a, b, b, a, b, b, a);
    };
    return {
        repeated(0xf0, 0xc0), repeated(0xe0, 0x80), _mm_set1_epi8(static_cast<char>(0xe0)), _mm_set1_epi8(static_cast<char>(0xed)), 3, 12};
}

/// Skips the characters in [p, end) that match the pattern, one block at a time.
inline const char *skip_utf8_pattern(const char *p, const char *end, const Utf8Pattern &pattern)
{
    unsigned whole = (1u << pattern.block) - 1;
    while (end - p >= 16) {
        __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i *>(p));
        __m128i fits = _mm_cmpeq_epi8(_mm_and_si128(bytes, pattern.fixed), pattern.expected);
        __m128i odd = _mm_or_si128(_mm_cmpeq_epi8(bytes, pattern.odd_lead), _mm_cmpeq_epi8(bytes, pattern.other_odd_lead));
        unsigned bits = static_cast<unsigned>(_mm_movemask_epi8(_mm_andnot_si128(odd, fits)));
        // A branch rather than arithmetic on p: the next load does not depend on the bits of this block.
        if ((bits & whole) != whole)
            return p + std::countr_one(bits) / pattern.length * pattern.length;
        p += pattern.block;
    }
    return p;
}

/// Skips two- and three-byte characters at p (Chinese or Russian text, for example) as long as a simple test proves them valid. Stops at
/// everything else, valid or not.
inline const char *skip_utf8_runs(const char *p, const char *end)
{
    unsigned lead = static_cast<unsigned char>(*p);
    if (lead >= 0xe0)
        return skip_utf8_pattern(p, end, utf8_pattern_of_three());
    return skip_utf8_pattern(p, end, utf8_pattern_of_two());
}

#else

inline const char *skip_utf8_runs(const char *p, const char *)
{
    return p;
}

#endif

} // namespace wm

#endif
