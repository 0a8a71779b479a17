// The 16-byte vectors of this machine and their scalar twin, each against plain loops, on random bytes at every alignment.
#include "proto/bytes16.h"

#include <algorithm>
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <random>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using wm::Bytes16;
using wm::Scalar16;

struct Block {
    uint8_t bytes[16];
};

/// Bytes of few values, so that equal ones and borders are frequent.
Block random_block(std::mt19937 &random)
{
    const uint8_t frequent[] = {0, 0x1F, 0x20, 0x22, 0x5C, 0x7E, 0x7F, 0x80, 0x81, 0xFE, 0xFF};
    Block block;
    for (uint8_t &byte : block.bytes)
        byte = random() % 2 ? static_cast<uint8_t>(random()) : frequent[random() % sizeof frequent];
    return block;
}

template <class Vector> Block stored(Vector vector)
{
    Block block;
    vector.store(block.bytes);
    return block;
}

template <class Vector, class Rule> void check_each(Vector result, Rule rule)
{
    Block got = stored(result);
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(got.bytes[i], rule(i));
}

template <class Vector> void check_matches(Vector vector, const Block &block)
{
    auto matches = vector.high_bits();
    size_t first = 0;
    while (first < 16 && block.bytes[first] < 0x80)
        first++;
    assert_int_equal(static_cast<bool>(matches), first < 16);
    assert_int_equal(vector.any_high_bit(), first < 16);
    if (first < 16)
        assert_int_equal(matches.first(), first);
    for (size_t skipped = 0; skipped < 16; skipped++) {
        size_t next = skipped;
        while (next < 16 && block.bytes[next] < 0x80)
            next++;
        auto rest = matches.behind(skipped);
        assert_int_equal(static_cast<bool>(rest), next < 16);
        if (next < 16)
            assert_int_equal(rest.first(), next - skipped);
    }
}

template <class Vector> void check(const Block &a, const Block &b)
{
    Vector va = Vector::load(a.bytes), vb = Vector::load(b.bytes);
    check_each(va, [&](size_t i) { return a.bytes[i]; });
    check_each(va ^ vb, [&](size_t i) { return a.bytes[i] ^ b.bytes[i]; });
    check_each(va | vb, [&](size_t i) { return a.bytes[i] | b.bytes[i]; });
    check_each(va & vb, [&](size_t i) { return a.bytes[i] & b.bytes[i]; });
    check_each(va.without(vb), [&](size_t i) { return a.bytes[i] & ~b.bytes[i]; });
    check_each(Vector::fill(b.bytes[0]), [&](size_t) { return b.bytes[0]; });
    check_each(Vector::repeat(b.bytes + 1), [&](size_t i) { return b.bytes[1 + i % 4]; });
    check_each(va.equal(b.bytes[0]), [&](size_t i) { return a.bytes[i] == b.bytes[0] ? 0xFF : 0; });
    check_matches(va, a);
    check_matches(va.equal(b.bytes[0]), stored(va.equal(b.bytes[0])));
    for (unsigned limit : {1u, 0x20u, 0x7Fu, 0x80u, (b.bytes[0] & 0x7Fu) + 1u})
        check_each(va.below(static_cast<uint8_t>(limit)), [&](size_t i) { return a.bytes[i] < limit ? 0xFF : 0; });
    for (unsigned limit : {0x81u, 0xC0u, 0xFFu, std::max(0x81u, b.bytes[0] | 0x80u)})
        check_each(va.high_from(static_cast<uint8_t>(limit)) & Vector::fill(0x80),
                   [&](size_t i) { return a.bytes[i] >= limit ? 0x80 : 0; });
}

template <class Vector> void operations(void **)
{
    std::mt19937 random(16);
    for (int i = 0; i < 20000; i++)
        check<Vector>(random_block(random), random_block(random));
    for (unsigned byte = 0; byte < 256; byte++)
        for (unsigned other = 0; other < 256; other++) {
            Block a = {}, b = {};
            memset(a.bytes, static_cast<int>(byte), 16);
            memset(b.bytes, static_cast<int>(other), 16);
            check<Vector>(a, b);
        }
}

template <class Vector> void loads_and_stores_at_every_alignment(void **)
{
    std::mt19937 random(17);
    for (size_t from = 0; from < 16; from++)
        for (size_t to = 0; to < 16; to++) {
            uint8_t source[48], target[48], expected[48];
            for (size_t i = 0; i < 48; i++) {
                source[i] = static_cast<uint8_t>(random());
                target[i] = expected[i] = static_cast<uint8_t>(random());
            }
            memcpy(expected + to, source + from, 16);
            Vector::load(source + from).store(target + to);
            assert_memory_equal(target, expected, sizeof target);
        }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        {"operations", operations<Bytes16>, nullptr, nullptr, nullptr},
        {"operations, scalar", operations<Scalar16>, nullptr, nullptr, nullptr},
        {"loads_and_stores_at_every_alignment", loads_and_stores_at_every_alignment<Bytes16>, nullptr, nullptr, nullptr},
        {"loads_and_stores_at_every_alignment, scalar", loads_and_stores_at_every_alignment<Scalar16>, nullptr, nullptr, nullptr},
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
