// Connections by peer address: what an address counts as, and the table against a model.
#include "net/ip_counts.h"

#include <arpa/inet.h>
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <map>
#include <netinet/in.h>
#include <random>
#include <vector>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm;

uint64_t key(const char *ip)
{
    struct sockaddr_storage storage = {};
    auto *in4 = reinterpret_cast<struct sockaddr_in *>(&storage);
    auto *in6 = reinterpret_cast<struct sockaddr_in6 *>(&storage);
    if (inet_pton(AF_INET, ip, &in4->sin_addr) == 1)
        storage.ss_family = AF_INET;
    else if (inet_pton(AF_INET6, ip, &in6->sin6_addr) == 1)
        storage.ss_family = AF_INET6;
    else
        storage.ss_family = AF_UNIX;
    return IpCounts::key_of(storage);
}

void key__ipv6_by_its_64(void **)
{
    assert_true(key("2001:db8:1:2::1") == key("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    assert_true(key("2001:db8:1:2::1") != key("2001:db8:1:3::1"));
    assert_true(key("::1") != 0);
}

void key__ipv4_whole_and_mapped_as_ipv4(void **)
{
    assert_true(key("192.0.2.1") == key("::ffff:192.0.2.1"));
    assert_true(key("192.0.2.1") != key("192.0.2.2"));
    assert_true(key("::ffff:192.0.2.1") != key("::1"));
    assert_true(key("0.0.0.0") != 0);
}

void key__of_a_unix_socket_is_none(void **)
{
    assert_true(key("unix") == 0);
}

void counts__agree_with_a_model(void **)
{
    IpCounts counts;
    std::map<uint64_t, uint32_t> model;
    std::vector<uint64_t> slots(500);
    std::mt19937 random(1);
    for (int step = 0; step < 50000; step++) {
        auto slot = static_cast<uint32_t>(random() % slots.size());
        if (slots[slot] != 0) {
            counts.remove(slot);
            if (--model[slots[slot]] == 0)
                model.erase(slots[slot]);
            slots[slot] = 0;
        } else {
            slots[slot] = 1 + random() % 300;
            assert_true(counts.add(slot, slots[slot]));
            model[slots[slot]]++;
        }
        assert_int_equal(counts.addresses(), model.size());
        uint64_t any = 1 + random() % 300;
        assert_int_equal(counts.count(any), model.contains(any) ? model[any] : 0);
    }
    for (uint64_t any = 1; any <= 300; any++)
        assert_int_equal(counts.count(any), model.contains(any) ? model[any] : 0);
}

void remove__of_what_was_not_counted_is_nothing(void **)
{
    IpCounts counts;
    counts.remove(7);
    assert_true(counts.add(3, 5));
    counts.remove(7);
    counts.remove(2);
    assert_int_equal(counts.count(5), 1);
    counts.remove(3);
    counts.remove(3);
    assert_int_equal(counts.count(5), 0);
    assert_int_equal(counts.addresses(), 0);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key__ipv6_by_its_64),
        cmocka_unit_test(key__ipv4_whole_and_mapped_as_ipv4),
        cmocka_unit_test(key__of_a_unix_socket_is_none),
        cmocka_unit_test(counts__agree_with_a_model),
        cmocka_unit_test(remove__of_what_was_not_counted_is_nothing),
    };
    return cmocka_run_group_tests_name("net_ip_counts", tests, nullptr, nullptr);
}
