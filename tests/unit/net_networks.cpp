// Lists of addresses and networks: what belongs to them, and what is said of a bad entry.
#include "net/networks.h"

#include "core/error.h"
#include "net/address.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm;

bool has(const char *list, const char *ip)
{
    Networks networks;
    assert_int_equal(networks.parse(list), 0);
    IpAddress address;
    assert_true(IpAddress::parse(ip, address));
    SocketAddress peer = to_socket_address({address, 1});
    bool contained = networks.contains(address);
    assert_int_equal(networks.has_peer(peer.storage), contained || strchr(list, '*'));
    return contained;
}

void addresses_belong_by_their_prefix(void **)
{
    static constexpr struct {
        const char *list, *ip;
        bool belongs;
    } kRows[] = {
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"192.0.2.1", "::ffff:192.0.2.1", true}, // as a dual-stack socket shows it
        {"10.0.0.0/8", "10.255.1.2", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.0.0.0/9", "10.127.255.255", true},
        {"10.0.0.0/9", "10.128.0.0", false},
        {"10.0.0.2/31", "10.0.0.3", true},
        {"10.0.0.2/31", "10.0.0.4", false},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "2001:db8::1", true},
        {"::/0", "203.0.113.9", false},
        {"::ffff:0:0/96", "203.0.113.9", true},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"::1", "::1", true},
        {"::1", "127.0.0.1", false},
        {"10.0.0.0/8, 192.0.2.1,,\t2001:db8::/32\r\n", "2001:db8::1", true},
        {"10.0.0.0/8 192.0.2.1", "192.0.2.1", true},
        {"", "127.0.0.1", false},
        {"*", "127.0.0.1", false}, // a peer is one, an address that it tells of is not
        {"unix", "127.0.0.1", false},
    };
    for (const auto &row : kRows)
        if (has(row.list, row.ip) != row.belongs)
            fail_msg("'%s' %s '%s'", row.list, row.belongs ? "lacks" : "has", row.ip);
}

void peers_over_a_unix_socket_are_named(void **)
{
    SocketAddress peer;
    assert_int_equal(make_unix_address("/tmp/peer", peer), 0);
    Networks networks;
    assert_true(networks.empty());
    for (const char *list : {"unix", "*", "10.0.0.0/8, unix"}) {
        assert_int_equal(networks.parse(list), 0);
        assert_true(networks.has_peer(peer.storage) && !networks.empty());
    }
    for (const char *list : {"", " , ", "0.0.0.0/0 ::/0"}) {
        assert_int_equal(networks.parse(list), 0);
        assert_false(networks.has_peer(peer.storage));
    }
}

void a_bad_entry_is_shown_with_its_place(void **)
{
    static constexpr struct {
        const char *list, *detail;
    } kRows[] = {
        {"10.0.0.0/8, proxy.example.com", "entry 2, 'proxy.example.com', is no address and no network: the right form is '192.0.2.1', "
                                          "'10.0.0.0/8', '2001:db8::/32', 'unix' or '*'"},
        {"10.0.0.0/33", "entry 1, '10.0.0.0/33', has no prefix from 0 to 32 behind '/'"},
        {"::1 10.0.0.0/", "entry 2, '10.0.0.0/', has no prefix from 0 to 32 behind '/'"},
        {"::/129", "entry 1, '::/129', has no prefix from 0 to 128 behind '/'"},
        {"10.0.0.0/+8", "entry 1, '10.0.0.0/+8', has no prefix from 0 to 32 behind '/'"},
        {"10.0.0.0/255.0.0.0", "entry 1, '10.0.0.0/255.0.0.0', has no prefix from 0 to 32 behind '/'"},
        {"10.1.2.3/8", "entry 1, '10.1.2.3/8', has bits behind its prefix: the network is '10.0.0.0/8'"},
        {"2001:db8::1/32", "entry 1, '2001:db8::1/32', has bits behind its prefix: the network is '2001:db8::/32'"},
        {"[::1]", "entry 1, '[::1]', is no address and no network: the right form is '192.0.2.1', '10.0.0.0/8', '2001:db8::/32', 'unix' or "
                  "'*'"},
    };
    for (const auto &row : kRows) {
        Networks networks;
        assert_int_equal(networks.parse("192.0.2.1"), 0);
        assert_int_equal(networks.parse(row.list), WM_EINVAL);
        assert_string_equal(last_error(), row.detail);
        IpAddress before;
        assert_true(IpAddress::parse("192.0.2.1", before) && networks.contains(before)); // as it was
    }
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_belong_by_their_prefix),
        cmocka_unit_test(peers_over_a_unix_socket_are_named),
        cmocka_unit_test(a_bad_entry_is_shown_with_its_place),
    };
    return cmocka_run_group_tests_name("networks", tests, nullptr, nullptr);
}
