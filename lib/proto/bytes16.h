/**
 * @file
 * 16 bytes that one instruction handles: SSE2 (every x86-64), NEON (every 64-bit ARM), and Scalar16 elsewhere. The platform
 * file of lib/proto; all three have the same functions and results. Values, any thread.
 */
#ifndef WM_PROTO_BYTES16_H
#define WM_PROTO_BYTES16_H

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
#endif

namespace wm {

/// Which of 16 bytes match: kWidth equal bits for each, the first byte lowest.
template <unsigned kWidth> struct Matches {
    uint64_t bits;

    explicit operator bool() const { return bits != 0; }
    /// The index of the first match. There is one.
    size_t first() const { return static_cast<size_t>(std::countr_zero(bits)) / kWidth; }
    /// Without the first count bytes (less than 16), whose place the others take.
    Matches behind(size_t count) const { return {bits >> (count * kWidth)}; }
    friend bool operator==(Matches, Matches) = default;
};

/// Two words of 8 bytes. They are little-endian on every machine, so that the first byte is the lowest.
class Scalar16 {
public:
    static Scalar16 load(const void *from)
    {
        uint64_t words[2];
        memcpy(words, from, sizeof words);
        return {little_endian(words[0]), little_endian(words[1])};
    }
    void store(void *to) const
    {
        uint64_t words[2] = {little_endian(low_), little_endian(high_)};
        memcpy(to, words, sizeof words);
    }
    static Scalar16 fill(uint8_t byte) { return {kOnes * byte, kOnes * byte}; }
    /// The four bytes at from, four times.
    static Scalar16 repeat(const void *from)
    {
        uint32_t word;
        memcpy(&word, from, sizeof word);
        uint64_t words = little_endian(uint64_t{word} << 32 | word);
        return {words, words};
    }

    friend Scalar16 operator^(Scalar16 a, Scalar16 b) { return {a.low_ ^ b.low_, a.high_ ^ b.high_}; }
    friend Scalar16 operator|(Scalar16 a, Scalar16 b) { return {a.low_ | b.low_, a.high_ | b.high_}; }
    friend Scalar16 operator&(Scalar16 a, Scalar16 b) { return {a.low_ & b.low_, a.high_ & b.high_}; }
    Scalar16 without(Scalar16 other) const { return {low_ & ~other.low_, high_ & ~other.high_}; }

    /// 0xFF where the byte is equal, else 0.
    Scalar16 equal(uint8_t byte) const
    {
        Scalar16 differing = *this ^ fill(byte);
        return {below(differing.low_, 1), below(differing.high_, 1)};
    }
    /// 0xFF where the byte is less than limit, which is 1 to 128, else 0.
    Scalar16 below(uint8_t limit) const { return {below(low_, limit), below(high_, limit)}; }
    /// The high bit where the byte is limit, which is over 128, or more; the other bits mean nothing.
    Scalar16 high_from(uint8_t limit) const { return {high_from(low_, limit), high_from(high_, limit)}; }
    /// The bytes with their high bit set.
    Matches<1> high_bits() const { return {gather(low_) | gather(high_) << 8}; }
    bool any_high_bit() const { return ((low_ | high_) & kHighBits) != 0; }

private:
    static constexpr uint64_t kOnes = 0x0101010101010101u;
    static constexpr uint64_t kLow7 = kOnes * 0x7F;
    static constexpr uint64_t kHighBits = kOnes * 0x80;

    Scalar16(uint64_t low, uint64_t high) : low_(low), high_(high) {}

    static uint64_t little_endian(uint64_t word) { return std::endian::native == std::endian::big ? __builtin_bswap64(word) : word; }
    // No sum carries into the next byte.
    static uint64_t below(uint64_t word, unsigned limit)
    {
        uint64_t others = word | ((word & kLow7) + kOnes * (0x80 - limit));
        return ((~others & kHighBits) >> 7) * 0xFF;
    }
    static uint64_t high_from(uint64_t word, unsigned limit) { return word & ((word & kLow7) + kOnes * (0x100 - limit)); }
    /// The high bits of the 8 bytes, side by side.
    static uint64_t gather(uint64_t word) { return (((word & kHighBits) >> 7) * 0x0102040810204080u) >> 56; }

    uint64_t low_;
    uint64_t high_;
};

#if defined(__SSE2__)

class Bytes16 {
public:
    static Bytes16 load(const void *from) { return Bytes16(_mm_loadu_si128(static_cast<const __m128i *>(from))); }
    void store(void *to) const { _mm_storeu_si128(static_cast<__m128i *>(to), value_); }
    static Bytes16 fill(uint8_t byte) { return Bytes16(_mm_set1_epi8(static_cast<char>(byte))); }
    static Bytes16 repeat(const void *from)
    {
        int word;
        memcpy(&word, from, sizeof word);
        return Bytes16(_mm_set1_epi32(word));
    }

    friend Bytes16 operator^(Bytes16 a, Bytes16 b) { return Bytes16(_mm_xor_si128(a.value_, b.value_)); }
    friend Bytes16 operator|(Bytes16 a, Bytes16 b) { return Bytes16(_mm_or_si128(a.value_, b.value_)); }
    friend Bytes16 operator&(Bytes16 a, Bytes16 b) { return Bytes16(_mm_and_si128(a.value_, b.value_)); }
    Bytes16 without(Bytes16 other) const { return Bytes16(_mm_andnot_si128(other.value_, value_)); }

    Bytes16 equal(uint8_t byte) const { return Bytes16(_mm_cmpeq_epi8(value_, fill(byte).value_)); }
    Bytes16 below(uint8_t limit) const
    {
        return Bytes16(_mm_cmpeq_epi8(_mm_min_epu8(value_, fill(static_cast<uint8_t>(limit - 1)).value_), value_));
    }
    Bytes16 high_from(uint8_t limit) const { return Bytes16(_mm_subs_epu8(value_, fill(static_cast<uint8_t>(limit - 0x80)).value_)); }
    Matches<1> high_bits() const { return {static_cast<unsigned>(_mm_movemask_epi8(value_))}; }
    bool any_high_bit() const { return _mm_movemask_epi8(value_) != 0; }

private:
    explicit Bytes16(__m128i value) : value_(value) {}

    __m128i value_;
};

#elif defined(__aarch64__) && defined(__ARM_NEON)

class Bytes16 {
public:
    static Bytes16 load(const void *from) { return Bytes16(vld1q_u8(static_cast<const uint8_t *>(from))); }
    void store(void *to) const { vst1q_u8(static_cast<uint8_t *>(to), value_); }
    static Bytes16 fill(uint8_t byte) { return Bytes16(vdupq_n_u8(byte)); }
    static Bytes16 repeat(const void *from)
    {
        uint32_t word;
        memcpy(&word, from, sizeof word);
        return Bytes16(vreinterpretq_u8_u32(vdupq_n_u32(word)));
    }

    friend Bytes16 operator^(Bytes16 a, Bytes16 b) { return Bytes16(veorq_u8(a.value_, b.value_)); }
    friend Bytes16 operator|(Bytes16 a, Bytes16 b) { return Bytes16(vorrq_u8(a.value_, b.value_)); }
    friend Bytes16 operator&(Bytes16 a, Bytes16 b) { return Bytes16(vandq_u8(a.value_, b.value_)); }
    Bytes16 without(Bytes16 other) const { return Bytes16(vbicq_u8(value_, other.value_)); }

    Bytes16 equal(uint8_t byte) const { return Bytes16(vceqq_u8(value_, fill(byte).value_)); }
    Bytes16 below(uint8_t limit) const { return Bytes16(vcltq_u8(value_, fill(limit).value_)); }
    Bytes16 high_from(uint8_t limit) const { return Bytes16(vcgeq_u8(value_, fill(limit).value_)); }
    Matches<4> high_bits() const
    {
        uint8x16_t set = vcltzq_s8(vreinterpretq_s8_u8(value_));
        uint8x8_t halves = vshrn_n_u16(vreinterpretq_u16_u8(set), 4);
        return {vget_lane_u64(vreinterpret_u64_u8(halves), 0)};
    }
    bool any_high_bit() const { return vmaxvq_u8(value_) >= 0x80; }

private:
    explicit Bytes16(uint8x16_t value) : value_(value) {}

    uint8x16_t value_;
};

#else

using Bytes16 = Scalar16;

#endif

} // namespace wm

#endif
