/**
 * @file
 * SipHash-2-4 (https://www.aumasson.jp/siphash): a hash of short texts by a key of 128 bits, the same on every machine. For hashes that
 * leave the process, or whose key others may know; a table of one process takes core/keyed_hash.h, which costs a third. One thread.
 */
#ifndef WM_CORE_SIP_HASH_H
#define WM_CORE_SIP_HASH_H

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm {

/// The hash of one text: words first, if any, then the rest.
class SipHash {
public:
    SipHash(uint64_t key0, uint64_t key1)
        : v0_(key0 ^ 0x736f6d6570736575), v1_(key1 ^ 0x646f72616e646f6d), v2_(key0 ^ 0x6c7967656e657261), v3_(key1 ^ 0x7465646279746573)
    {}

    /// Eight bytes of the text, as a number in little-endian order.
    void add(uint64_t word)
    {
        v3_ ^= word;
        rounds(2);
        v0_ ^= word;
        size_ += 8;
    }
    /// The rest of the text. The object is used up.
    uint64_t finish(std::string_view rest)
    {
        size_t at = 0;
        for (; rest.size() - at >= 8; at += 8)
            add(load(rest.data() + at, 8));
        size_t left = rest.size() - at;
        uint64_t last = load(rest.data() + at, left) | (size_ + left) << 56;
        add(last);
        v2_ ^= 0xff;
        rounds(4);
        return v0_ ^ v1_ ^ v2_ ^ v3_;
    }

private:
    static uint64_t load(const char *at, size_t size)
    {
        uint64_t word = 0;
        for (size_t i = 0; i < size; i++) // compilers make one load of eight
            word |= uint64_t{static_cast<unsigned char>(at[i])} << 8 * i;
        return word;
    }
    void rounds(int count)
    {
        for (; count > 0; count--) {
            v0_ += v1_;
            v1_ = std::rotl(v1_, 13) ^ v0_;
            v0_ = std::rotl(v0_, 32);
            v2_ += v3_;
            v3_ = std::rotl(v3_, 16) ^ v2_;
            v0_ += v3_;
            v3_ = std::rotl(v3_, 21) ^ v0_;
            v2_ += v1_;
            v1_ = std::rotl(v1_, 17) ^ v2_;
            v2_ = std::rotl(v2_, 32);
        }
    }

    uint64_t v0_, v1_, v2_, v3_;
    size_t size_ = 0;
};

} // namespace wm

#endif
