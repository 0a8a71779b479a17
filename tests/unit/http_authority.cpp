// host[:port]: what RFC 3986 §3.2 allows, and what is refused of it.
#include "proto/http/authority.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <string>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace std::string_literals;

void check(const std::string &text, bool expected)
{
    if (wm::http::valid_authority(text) != expected)
        fail_msg("\"%s\" was %s", text.c_str(), expected ? "refused" : "taken");
}

void names_and_ipv4(void **)
{
    for (const char *host :
         {"localhost", "example.com", "a.b.example.com", "127.0.0.1", "a", "a_b", "-", "a.", "x~y!$&'()*+,;=z", "a,b", "%41%e4b", "1"})
        for (const char *port : {"", ":", ":80", ":8080", ":65535", ":0", ":00080"})
            check(host + std::string(port), true);
}

void no_names(void **)
{
    for (std::string text : {"",        ":",        ":80",   "a:b",  "a:80a", "a:65536", "a:99999999999999999999",
                             "a:80:80", "a:-1",     "a: 80", " a",   "a b",   "a, b",    "u@a",
                             "a/b",     "a?b",      "a#b",   "a\\b", "%",     "%4",      "%4g",
                             "a%",      "\xc3\xa4", "::1",   "<a>",  "\"a\"", "a|b",     "a^b",
                             "{a}",     "a]",       "a[",    "a:80]"})
        check(text, false);
    check("a\0b"s, false);
    check("a:8\0"s, false);
}

void ipv6(void **)
{
    for (const char *address : {"::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::8", "fe80::abcd:EF01",
                                "::1.2.3.4", "::ffff:255.255.255.255", "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5::1.2.3.4"})
        for (const char *port : {"", ":", ":80"})
            check("[" + std::string(address) + "]" + port, true);
}

void no_ipv6(void **)
{
    for (const char *address : {"",
                                ":",
                                ":::",
                                "1",
                                "1:2:3:4:5:6:7",
                                "1:2:3:4:5:6:7:8:9",
                                "1::2::3",
                                "1:2:3:4:5:6:7:8::",
                                "::1:2:3:4:5:6:7:8",
                                "12345::",
                                "g::",
                                ":1::",
                                "1:",
                                "1::2:",
                                "1.2.3.4",
                                "::1.2.3",
                                "::1.2.3.4.5",
                                "::1.2.3.256",
                                "::01.2.3.4",
                                "::1.2.3.4:5",
                                "1:2:3:4:5:6:7:1.2.3.4",
                                "::1%25eth0",
                                "::1 "})
        check("[" + std::string(address) + "]", false);
    for (const char *text : {"[", "[]", "[::1", "[::1]x", "[::1]80", "[::1]:x", "[::1]:65536", "[[::1]]", "x[::1]"})
        check(text, false);
}

void future_addresses(void **)
{
    for (const char *text : {"[v1.a]", "[vF.a:b]", "[V1a.x]:80"})
        check(text, true);
    for (const char *text : {"[v.a]", "[v1.]", "[v1]", "[vg.a]", "[v1.a@b]", "[v]"})
        check(text, false);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(names_and_ipv4), cmocka_unit_test(no_names),         cmocka_unit_test(ipv6),
        cmocka_unit_test(no_ipv6),        cmocka_unit_test(future_addresses),
    };
    return cmocka_run_group_tests_name("http_authority", tests, nullptr, nullptr);
}
