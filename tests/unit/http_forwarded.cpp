// Whose request it is, by X-Forwarded-For and Forwarded: trusted chains, lies of clients, and what is no address.
#include "proto/http/forwarded.h"

#include "net/networks.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm;
using http::ForwardedBy;
using std::string;

/// "IP PORT" or "-", and "s" behind it for https, "!" where what is malformed hides the client.
string read(const string &fields, ForwardedBy by)
{
    Networks networks;
    assert_int_equal(networks.parse("10.0.0.0/8 2001:db8:1::/48"), 0);
    auto contains = [](const void *list, const IpAddress &ip) { return static_cast<const Networks *>(list)->contains(ip); };
    http::Forwarded found = http::read_forwarded(fields, by, {contains, &networks});
    string behind = string(found.https ? " s" : "") + (found.malformed ? " !" : "");
    if (!found.known)
        return "-" + behind;
    char ip[40] = "";
    const uint8_t *octets = found.client.ip.octets;
    if (found.client.ip.is_ipv4())
        snprintf(ip, sizeof ip, "%d.%d.%d.%d", octets[12], octets[13], octets[14], octets[15]);
    else
        snprintf(ip, sizeof ip, "%x:%x..%x", octets[0] << 8 | octets[1], octets[2] << 8 | octets[3], octets[15]);
    return string(ip) + " " + std::to_string(found.client.port) + behind;
}

struct Row {
    const char *value; ///< of one line; '|' begins another
    const char *found;
};

template <size_t kCount> void expect(const Row (&rows)[kCount], const char *name, ForwardedBy by)
{
    for (const Row &row : rows) {
        string fields = "Host: a\r\n" + string(name) + ": ";
        for (const char *at = row.value; *at; at++)
            fields += *at == '|' ? "\r\nX: y\r\n" + string(name) + ":" : string(1, *at);
        fields += "\r\nAccept: *\r\n";
        string found = read(fields, by);
        if (found != row.found)
            fail_msg("of '%s' came '%s', not '%s'", row.value, found.c_str(), row.found);
    }
}

void the_right_most_address_that_is_not_trusted(void **)
{
    static constexpr Row kRows[] = {
        {"203.0.113.7", "203.0.113.7 0"},
        {"203.0.113.7, 10.1.1.1", "203.0.113.7 0"},
        {"203.0.113.7,10.1.1.1,10.2.2.2", "203.0.113.7 0"},
        {"1.1.1.1, 203.0.113.7", "203.0.113.7 0"},            // the client says it is 1.1.1.1
        {"10.9.9.9, 203.0.113.7, 10.1.1.1", "203.0.113.7 0"}, // or a proxy
        {"1.1.1.1|203.0.113.7", "203.0.113.7 0"},
        {"203.0.113.7|10.1.1.1", "203.0.113.7 0"},
        {"203.0.113.7, , ,", "203.0.113.7 0"},
        {"10.1.1.1", "10.1.1.1 0"}, // all are trusted: the farthest
        {"10.1.1.1, 10.2.2.2", "10.1.1.1 0"},
        {"2001:db8:2::7", "2001:db8..7 0"},
        {"2001:db8:2::7, 2001:db8:1::1", "2001:db8..7 0"},
        {"::ffff:203.0.113.7, ::ffff:10.1.1.1", "203.0.113.7 0"},
        {"203.0.113.7:4711", "203.0.113.7 4711"},
        {"[2001:db8:2::7]:4711, 10.1.1.1:80", "2001:db8..7 4711"},
        {"[2001:db8:2::7]", "2001:db8..7 0"},
        {"203.0.113.7:_port", "203.0.113.7 0"},
        {"", "-"},
        {" ,\t, ", "-"},
        {"unknown", "-"},
        {"203.0.113.7, unknown", "-"},
        {"203.0.113.7, unknown, 10.1.1.1", "10.1.1.1 0"}, // whose peer it does not tell
        {"unknown, 203.0.113.7", "203.0.113.7 0"},
        {"_hidden, 10.1.1.1", "10.1.1.1 0"},
        {"203.0.113.7:", "-"},
        {"203.0.113.7:65536", "-"},
        {"203.0.113.7:1x", "-"},
        {"203.0.113.7:000080", "-"},
        {"[203.0.113.7]", "-"},
        {"[2001:db8:2::7", "-"},
        {"[2001:db8:2::7]80", "-"},
        {"[]", "-"},
        {"2001:db8:2::7:", "-"},
        {"fe80::1%eth0", "-"},
        {"203.0.113.7 10.1.1.1", "-"},
        {"\"203.0.113.7\"", "-"},
        {"203.0.113.007", "-"},
        {"0x7f.1", "-"},
        {"localhost", "-"},
        {":", "-"},
    };
    expect(kRows, "X-Forwarded-For", ForwardedBy::kForwardedFor);
    expect(kRows, "x-FORWARDED-for", ForwardedBy::kForwardedFor);
    for (const Row &row : kRows)
        assert_string_equal(read(string("X-Forwarded-For: ") + row.value + "\r\n", ForwardedBy::kForwarded).c_str(), "-");
}

void forwarded_has_parameters(void **)
{
    static constexpr Row kRows[] = {
        {"for=203.0.113.7", "203.0.113.7 0"},
        {"For=\"203.0.113.7\"", "203.0.113.7 0"},
        {"for=203.0.113.7;proto=https;by=10.1.1.1", "203.0.113.7 0 s"},
        {"proto=HTTPS;FOR=203.0.113.7", "203.0.113.7 0 s"},
        {"for=203.0.113.7;proto=https, for=10.1.1.1;proto=http", "203.0.113.7 0 s"}, // what the client has used
        {"for=203.0.113.7;proto=http, for=10.1.1.1;proto=https", "203.0.113.7 0"},
        {"for=\"[2001:db8:2::7]:4711\"", "2001:db8..7 4711"},
        {"for=\"[2001:db8:2::7]\", for=10.1.1.1", "2001:db8..7 0"},
        {"for=\"203.0.113.7:4711\"", "203.0.113.7 4711"},
        {"for=\"203.0.113.7:_x\"", "203.0.113.7 0"},
        {"for=1.1.1.1, for=203.0.113.7", "203.0.113.7 0"},
        {"for=1.1.1.1|for=203.0.113.7", "203.0.113.7 0"},
        {"for=203.0.113.7 ; proto=https , , for=10.1.1.1;", "203.0.113.7 0 s"},
        {"host=\"a,b;for=1.1.1.1\";for=203.0.113.7", "203.0.113.7 0"},
        {"host=\"a\\\\\",for=203.0.113.7", "203.0.113.7 0"},
        {"for=203.0.113.7;ext=\"\"", "203.0.113.7 0"},
        {"for=unknown", "-"},
        {"for=_hidden, for=10.1.1.1", "10.1.1.1 0"},
        {"for=203.0.113.7, for=unknown", "-"},
        {"for=203.0.113.7, proto=https", "-"}, // an element without an address
        {"", "-"},
        // What a client has left open in front of what the proxy appends.
        {"for=1.1.1.1;a=\", for=203.0.113.7", "- !"},
        {"for=1.1.1.1;a=\", for=\"203.0.113.7\"", "- !"},
        {"for=1.1.1.1;a=\", for=\"[2001:db8:2::7]\";proto=\"https\"", "- !"},
        {"for=1.1.1.1;a=\"\\|for=203.0.113.7", "203.0.113.7 0"},
        {"for=1.1.1.1;a=\", for=203.0.113.7|for=10.1.1.1", "10.1.1.1 0 !"},
        {"for=1.1.1.1;a=\", for=203.0.113.7|for=unknown", "-"},
        {"for=203.0.113.7;for=1.1.1.1", "- !"},
        {"for=203.0.113.7;proto=http;proto=https", "- !"},
        {"for =203.0.113.7", "- !"},
        {"for= 203.0.113.7", "- !"},
        {"for", "- !"},
        {"for=", "- !"},
        {"for=203.0.113.7:4711", "- !"}, // a colon stands in quotes
        {"for=[2001:db8:2::7]", "- !"},
        {"for=203.0.113.7 for=1.1.1.1", "- !"},
        {"203.0.113.7", "- !"},
        {"for=\"203.0.113.\\7\"", "-"},
        {"=203.0.113.7", "- !"},
    };
    expect(kRows, "Forwarded", ForwardedBy::kForwarded);
    expect(kRows, "FORWARDED", ForwardedBy::kForwarded);
    for (const Row &row : kRows)
        assert_string_equal(read(string("Forwarded: ") + row.value + "\r\n", ForwardedBy::kForwardedFor).c_str(), "-");
}

void the_last_protocol_counts(void **)
{
    static constexpr Row kRows[] = {
        {"https", "- s"},      {"HTTPS", "- s"}, {"http", "-"},   {"http, https", "- s"}, {"https, http", "-"}, {"https|http", "-"},
        {"http|https", "- s"}, {"", "-"},        {"https,", "-"}, {"\"https\"", "-"},     {"httpsx", "-"},
    };
    expect(kRows, "X-Forwarded-Proto", ForwardedBy::kForwardedFor);
    assert_string_equal(read("X-Forwarded-Proto: https\r\n", ForwardedBy::kForwarded).c_str(), "-");
    assert_string_equal(read("X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n", ForwardedBy::kForwardedFor).c_str(),
                        "203.0.113.7 0 s");
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_right_most_address_that_is_not_trusted),
        cmocka_unit_test(forwarded_has_parameters),
        cmocka_unit_test(the_last_protocol_counts),
    };
    return cmocka_run_group_tests_name("forwarded", tests, nullptr, nullptr);
}
