/**
 * @file
 * The inner loops of the head's parser: find the end of a run of allowed octets. Pure, any thread.
 *
 * Sixteen octets at a time with the compilers' vector type, which is SSE2, NEON or plain words as the machine
 * has it; octets that the block test cannot decide, and the last ones before the end, are looked up in the
 * table of ascii.h.
 */
#ifndef WM_PROTO_HTTP_SCAN_H
#define WM_PROTO_HTTP_SCAN_H

#include "proto/ascii.h"
#include "proto/bytes16.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace wm::http {

namespace detail {

using Block = uint8_t __attribute__((vector_size(16)));
inline constexpr std::ptrdiff_t kBlock = 16;

/// The first octet whose lane in stops is set (0xff), or kBlock.
template <class Mask> inline std::ptrdiff_t first_lane(Mask stops)
{
    static_assert(sizeof stops == kBlock);
    auto lanes = Bytes16::load(&stops).high_bits();
    return lanes ? static_cast<std::ptrdiff_t>(lanes.first()) : kBlock;
}

template <class Word> inline bool folds_to(const char *text, const char *lower)
{
    Word a;
    Word b;
    memcpy(&a, text, sizeof a);
    memcpy(&b, lower, sizeof b);
    return (a | static_cast<Word>(0x2020202020202020u)) == b;
}

} // namespace detail

/// Whether text is lower but for the case of letters, a word at a time. lower has letters, digits and '-'
/// only, and text no control characters: then or-ing 0x20 into text makes no other octets equal.
template <size_t N> inline bool equals_name(std::string_view text, const char (&lower)[N])
{
    constexpr size_t kSize = N - 1;
    static_assert(kSize >= 4);
    if (text.size() != kSize)
        return false;
    // Whole words, then one that ends with the text and overlaps them.
    if constexpr (kSize < 8)
        return detail::folds_to<uint32_t>(text.data(), lower) && detail::folds_to<uint32_t>(text.data() + kSize - 4, lower + kSize - 4);
    for (size_t at = 0; at + 8 <= kSize; at += 8)
        if (!detail::folds_to<uint64_t>(text.data() + at, lower + at))
            return false;
    return detail::folds_to<uint64_t>(text.data() + kSize - 8, lower + kSize - 8);
}

/// The first octet of [p, end) that is not of class kBits, or end.
template <unsigned kBits> inline const char *skip_class(const char *p, const char *end)
{
    while (p != end && ascii::is(*p, kBits))
        p++;
    return p;
}

/// skip_class<kToken>. Letters, digits and '-' by the block; the other tchars are rare.
inline const char *skip_token(const char *p, const char *end)
{
    while (end - p >= detail::kBlock) {
        detail::Block x;
        memcpy(&x, p, sizeof x);
        detail::Block letter = (x | 0x20) - 'a';
        detail::Block digit = x - '0';
        std::ptrdiff_t lane = detail::first_lane((letter > 25) & (digit > 9) & (x != '-'));
        p += lane;
        if (lane == detail::kBlock)
            continue;
        if (!ascii::is(*p, ascii::kToken))
            return p;
        p++;
    }
    return skip_class<ascii::kToken>(p, end);
}

/// skip_class<kPath>. Letters, digits and "-./" by the block.
inline const char *skip_path(const char *p, const char *end)
{
    while (end - p >= detail::kBlock) {
        detail::Block x;
        memcpy(&x, p, sizeof x);
        detail::Block letter = (x | 0x20) - 'a';
        detail::Block digit = x - '-'; // '-', '.', '/', then the digits
        std::ptrdiff_t lane = detail::first_lane((letter > 25) & (digit > '9' - '-'));
        p += lane;
        if (lane == detail::kBlock)
            continue;
        if (!ascii::is(*p, ascii::kPath))
            return p;
        p++;
    }
    return skip_class<ascii::kPath>(p, end);
}

/// skip_class<kValue>.
inline const char *skip_value(const char *p, const char *end)
{
    while (end - p >= detail::kBlock) {
        detail::Block x;
        memcpy(&x, p, sizeof x);
        std::ptrdiff_t lane = detail::first_lane((x < 0x20) | (x == 0x7f));
        p += lane;
        if (lane == detail::kBlock)
            continue;
        if (*p != '\t')
            return p;
        p++;
    }
    return skip_class<ascii::kValue>(p, end);
}

} // namespace wm::http

#endif
