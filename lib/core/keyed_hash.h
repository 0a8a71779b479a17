/**
 * @file
 * A hash of what peers choose, keyed with a random secret, so that nobody can choose many of one hash: multiply and fold, eight bytes a
 * step. The hash stays in the process: for one that leaves it there is core/sip_hash.h. One thread.
 */
#ifndef WM_CORE_KEYED_HASH_H
#define WM_CORE_KEYED_HASH_H

#include "core/random.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace wm {

class KeyedHash {
public:
    /// Call it before the first hash; in the process that uses it, so that processes forked from one differ.
    void draw_secret()
    {
        random_bytes(secret_, sizeof secret_);
        secret_[0] |= 1;
        secret_[1] |= 1;
    }
    uint64_t of(std::string_view bytes) const
    {
        uint64_t state = secret_[0] ^ bytes.size();
        const char *p = bytes.data();
        size_t left = bytes.size();
        for (; left > 8; p += 8, left -= 8)
            state = fold(state ^ load<uint64_t>(p), secret_[1]);
        return fold(fold(state ^ load_short(p, left), secret_[1]), secret_[0] ^ secret_[1]);
    }
    uint64_t of(uint64_t number) const { return fold(secret_[0] ^ number, secret_[1]); }
    uint64_t of(const void *object, uint32_t number) const
    {
        return fold(secret_[0] ^ reinterpret_cast<uintptr_t>(object), secret_[1] ^ uint64_t{number} << 32);
    }

private:
    template <class Word> static uint64_t load(const char *p)
    {
        Word word;
        memcpy(&word, p, sizeof word);
        return word;
    }
    /// A word for each text of 0 to 8 bytes, another for each of the same length: loads of a fixed size that overlap.
    static uint64_t load_short(const char *p, size_t len)
    {
        if (len >= 4)
            return load<uint32_t>(p) | load<uint32_t>(p + len - 4) << 32;
        if (len >= 2)
            return load<uint16_t>(p) | load<uint16_t>(p + len - 2) << 16;
        return len == 1 ? load<uint8_t>(p) : 0;
    }
    /// The two halves of a 128-bit product, folded.
    static uint64_t fold(uint64_t a, uint64_t b)
    {
        __extension__ using Wide = unsigned __int128;
        Wide product = static_cast<Wide>(a) * b;
        return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
    }

    uint64_t secret_[2] = {};
};

} // namespace wm

#endif
