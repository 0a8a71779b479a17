// Fingerprints against the vectors of SipHash's authors, and what they tell apart.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

#include "hub/cluster/fingerprint.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm;
using namespace wm::cluster;

constexpr uint64_t kKey0 = 0x0706050403020100, kKey1 = 0x0f0e0d0c0b0a0908;

/// The bytes 0, 1, 2, ...
std::string counted(size_t size)
{
    std::string text;
    for (size_t i = 0; i < size; i++)
        text += static_cast<char>(i);
    return text;
}

uint64_t sip(std::string_view text)
{
    return SipHash(kKey0, kKey1).finish(text);
}

void agrees_with_the_vectors(void **)
{
    assert_int_equal(sip(""), 0x726fdb47dd0e0e31);
    assert_int_equal(sip(counted(1)), 0x74f839c593dc67fd);
    assert_int_equal(sip(counted(7)), 0xab0200f58b01d137);
    assert_int_equal(sip(counted(8)), 0x93f5f5799a932462);
    assert_int_equal(sip(counted(15)), 0xa129ca6149be45e5);
}

void words_are_bytes_in_little_endian_order(void **)
{
    SipHash hash(kKey0, kKey1);
    hash.add(0x0706050403020100);
    assert_int_equal(hash.finish(counted(15).substr(8)), 0xa129ca6149be45e5);
}

void agrees_with_sha256(void **)
{
    std::array<unsigned char, 32> hash;
    assert_true(sha256({"a", "", "bc"}, hash));
    const unsigned char start[] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea}; // of "abc"
    assert_memory_equal(hash.data(), start, sizeof start);
}

/// Another implementation of all of it (Python's hashlib, and the reference SipHash) has computed these.
void fingerprints_stay_what_they_are(void **)
{
    Fingerprints prints;
    assert_true(prints.set_key("default", "secret"));
    assert_int_equal(prints.of(0x1234, NameKind::kUid, "user1"), 0x251115f8741eb8ff);
    assert_int_equal(prints.of(0x1234, NameKind::kGroup, "a group of more than eight bytes"), 0x31475f6c400ce804);
}

void cluster_secret_hub_kind_and_name_are_told_apart(void **)
{
    std::set<uint64_t> seen;
    size_t made = 0;
    for (const char *cluster : {"default", "other"})
        for (const char *secret : {"", "secret"}) {
            Fingerprints prints;
            assert_true(prints.set_key(cluster, secret));
            for (uint16_t hub : {uint16_t{0}, uint16_t{1}, uint16_t{256}})
                for (NameKind kind : {NameKind::kUid, NameKind::kGroup})
                    for (std::string name :
                         {std::string(""), std::string("a"), std::string("a\0", 2), std::string("12345678"), std::string("123456789")}) {
                        seen.insert(prints.of(hub, kind, name));
                        made++;
                    }
        }
    assert_int_equal(seen.size(), made);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_vectors),
        cmocka_unit_test(words_are_bytes_in_little_endian_order),
        cmocka_unit_test(agrees_with_sha256),
        cmocka_unit_test(fingerprints_stay_what_they_are),
        cmocka_unit_test(cluster_secret_hub_kind_and_name_are_told_apart),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
