/**
 * @file
 * The mask of a client's frame (RFC 6455 §5.3). Pure. In a header, as every message passes here.
 */
#ifndef WM_PROTO_WEBSOCKET_MASK_H
#define WM_PROTO_WEBSOCKET_MASK_H

#include "proto/bytes16.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace wm::websocket {

namespace detail {

/// The mask, as it lies in memory, for the bytes from offset on.
inline uint32_t turn_mask(uint32_t mask, size_t offset)
{
    int bits = static_cast<int>(offset % 4) * 8;
    return std::endian::native == std::endian::little ? std::rotr(mask, bits) : std::rotl(mask, bits);
}

/// The first and the last word of len bytes, which are at most two words: they overlap.
template <class Word> bool unmask_ends(char *data, size_t len, uint32_t mask)
{
    auto repeated = [](uint32_t part) { return static_cast<Word>(uint64_t{part} << 32 | part); };
    char *end = data + len - sizeof(Word);
    Word first, last;
    memcpy(&first, data, sizeof first);
    memcpy(&last, end, sizeof last);
    first ^= repeated(mask);
    last ^= repeated(turn_mask(mask, len));
    memcpy(data, &first, sizeof first);
    memcpy(end, &last, sizeof last);
    return ((first | last) & repeated(0x80808080)) == 0;
}

inline bool unmask_bytes(char *data, size_t len, const char *mask)
{
    int seen = 0;
    for (size_t i = 0; i < len; i++) {
        data[i] = static_cast<char>(data[i] ^ mask[i]);
        seen |= data[i];
    }
    return seen >= 0 && seen < 0x80;
}

/// At least 16 bytes.
inline bool unmask_blocks(char *data, size_t len, uint32_t mask)
{
    auto unmasked = [](const char *at, Bytes16 key) { return Bytes16::load(at) ^ key; };
    uint32_t turned = turn_mask(mask, len);
    Bytes16 key = Bytes16::repeat(&mask);
    // The last block is loaded before those that overlap it are written.
    char *end = data + len - 16;
    Bytes16 last = unmasked(end, Bytes16::repeat(&turned));
    Bytes16 seen = last;
    for (; end - data >= 64; data += 64) {
        Bytes16 a = unmasked(data, key), b = unmasked(data + 16, key), c = unmasked(data + 32, key), d = unmasked(data + 48, key);
        a.store(data);
        b.store(data + 16);
        c.store(data + 32);
        d.store(data + 48);
        seen = seen | ((a | b) | (c | d));
    }
    for (; data < end; data += 16) {
        Bytes16 block = unmasked(data, key);
        block.store(data);
        seen = seen | block;
    }
    last.store(end);
    return !seen.any_high_bit();
}

} // namespace detail

/// Applies a mask from its first byte on. Returns whether the result is all ASCII.
[[gnu::always_inline]] inline bool unmask(char *data, size_t len, const char mask[4])
{
    uint32_t word;
    memcpy(&word, mask, sizeof word);
    if (len >= 16)
        return detail::unmask_blocks(data, len, word);
    if (len >= 8)
        return detail::unmask_ends<uint64_t>(data, len, word);
    if (len >= 4)
        return detail::unmask_ends<uint32_t>(data, len, word);
    return detail::unmask_bytes(data, len, mask);
}

} // namespace wm::websocket

#endif
