// What --origin and --host allow, and what they refuse at the start.
#include "wm-serve/origin.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using wm::serve::HostList;
using wm::serve::OriginList;

bool allows(const char *value, const char *origin)
{
    OriginList list;
    std::string error = list.add(value);
    if (!error.empty())
        fail_msg("%s", error.c_str());
    return list.allows(origin);
}

void assert_allowed(const char *value, std::initializer_list<const char *> origins)
{
    for (const char *origin : origins)
        if (!allows(value, origin))
            fail_msg("%s does not allow %s", value, origin);
}

void assert_not_allowed(const char *value, std::initializer_list<const char *> origins)
{
    for (const char *origin : origins)
        if (allows(value, origin))
            fail_msg("%s allows %s", value, origin);
}

void assert_error(const char *value, const std::string &expected)
{
    OriginList list;
    assert_string_equal(list.add(value).c_str(), ("--origin '" + std::string(value) + "': " + expected).c_str());
}

void origin__is_compared_as_browsers_send_it(void **)
{
    for (const char *value : {"https://example.com", "https://example.com/", "HTTPS://Example.COM", "https://example.com:443",
                              " https://example.com ", "https://example.com:0443//"}) {
        assert_allowed(value, {"https://example.com"});
        assert_not_allowed(value,
                           {"http://example.com", "https://example.com:444", "https://example.com.evil.example", "https://evil-example.com",
                            "https://a.example.com", "null", "", "example.com", "https://example.com/x", "https://example.com:*"});
    }
    assert_allowed("http://example.com:80", {"http://example.com"});
    assert_allowed("http://example.com:8080", {"http://example.com:8080"});
    assert_not_allowed("http://example.com:443", {"http://example.com", "https://example.com"});
    assert_allowed("http://[0:0::1]:3000", {"http://[::1]:3000"});
    assert_allowed("http://192.0.2.1", {"http://192.0.2.1"});
    assert_allowed("https://xn--bcher-kva.example", {"https://xn--bcher-kva.example"});
    assert_allowed("capacitor://localhost", {"capacitor://localhost"});
    assert_allowed("chrome-extension://abcdef", {"chrome-extension://abcdef"});
    assert_allowed("file://", {"file://"});
}

void origin__without_a_scheme_is_http_and_https(void **)
{
    assert_allowed("example.com", {"http://example.com", "https://example.com"});
    assert_not_allowed("example.com", {"https://example.com:8443", "ftp://example.com", "https://a.example.com"});
    assert_allowed("localhost:3000", {"http://localhost:3000", "https://localhost:3000"});
    assert_not_allowed("localhost:3000", {"http://localhost"});
    assert_allowed("example.com:443", {"https://example.com"});
}

void origin__patterns(void **)
{
    assert_allowed("*", {"https://example.com", "null", "anything"});
    for (const char *value : {"*.example.com", "https://*.example.com", "https://*.Example.com/"}) {
        assert_allowed(value, {"https://a.example.com", "https://a.b.example.com"});
        assert_not_allowed(value,
                           {"https://example.com", "https://.example.com", "https://aexample.com", "https://a.example.com.evil.example"});
    }
    assert_not_allowed("https://*.example.com", {"http://a.example.com", "https://a.example.com:8443"});
    assert_allowed("https://*", {"https://any.example"});
    assert_not_allowed("https://*", {"http://any.example"});
    assert_allowed("http://localhost:*", {"http://localhost", "http://localhost:5173"});
    assert_not_allowed("http://localhost:*", {"https://localhost", "http://localhost.example:5173"});
}

void origin__lists(void **)
{
    for (const char *value :
         {"https://a.example,https://b.example", "https://a.example, https://b.example/,", "https://a.example https://b.example"}) {
        assert_allowed(value, {"https://a.example", "https://b.example"});
        assert_not_allowed(value, {"https://c.example", "http://a.example"});
    }
    OriginList list;
    assert_true(list.allows("https://any.example"));
    assert_string_equal(list.add("https://a.example").c_str(), "");
    assert_string_equal(list.add("https://b.example").c_str(), "");
    assert_true(list.allows("https://a.example") && list.allows("https://b.example") && !list.allows("https://c.example"));
}

void origin__that_can_never_match_is_refused_with_the_right_form(void **)
{
    assert_error("", "an origin is missing, such as https://example.com");
    assert_error(" , ", "an origin is missing, such as https://example.com");
    assert_error("https://", "a name is missing, such as example.com");
    assert_error("null", "any web page can have that origin, in a sandboxed frame: leave --origin out to let all pages in");
    assert_error("wss://example.com", "an origin is the address of the page, not of the websocket: https://example.com");
    assert_error("ws://example.com:3000/ws", "an origin is the address of the page, not of the websocket: http://example.com:3000");
    assert_error("https://example.com/app", "an origin ends with its host or port, so it is https://example.com");
    assert_error("example.com/app?x", "an origin ends with its host or port, so it is https://example.com");
    assert_error("https://user@example.com", "there is no user in it: give example.com");
    assert_error("https://bücher.example",
                 "browsers send such a name in punycode: give that form (xn--...), which for instance idn2 prints");
    assert_error("https://example.com:99999", "a port is a number from 1 to 65535, or *");
    assert_error("https://example.com:", "a port is a number from 1 to 65535, or *");
    assert_error("https://ex*mple.com", "a * stands alone or in front of a dot, as in *.example.com");
    assert_error("https://*.*.com", "a * stands alone or in front of a dot, as in *.example.com");
    assert_error(".example.com", "the names below a name are written *.example.com");
    assert_error("https://[::1", "there is no IPv6 address in the brackets");
    assert_error("https://example..com", "'example..com' is no name of a host");
    assert_error("://example.com", "an origin begins with its scheme, as in https://example.com");
    OriginList list;
    assert_string_equal(list.add("https://a.example,wss://b.example").c_str(),
                        "--origin 'wss://b.example': an origin is the address of the page, not of the websocket: https://b.example");
}

void host__is_a_name_of_this_server(void **)
{
    HostList list;
    assert_false(list.allows("push.example"));
    assert_string_equal(list.add("Push.example:8080,*.intern.example").c_str(), "");
    assert_true(list.allows("push.example") && list.allows("PUSH.EXAMPLE:81") && list.allows("a.intern.example"));
    assert_false(list.allows("intern.example") || list.allows("other.example") || list.allows(""));
    assert_string_equal(list.add("https://push.example/").c_str(),
                        "--host 'https://push.example/': a name as in the Host field is wanted: push.example");
    assert_string_equal(list.add("*").c_str(),
                        "--host '*': any web page could push, under a name of its own that leads here: give the names of this server");
    assert_string_equal(list.add("foo:99999").c_str(), "--host 'foo:99999': a port is a number from 1 to 65535, and may be left out: foo");
    assert_string_equal(list.add("").c_str(), "--host '': a name is missing, such as push.example.com");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(origin__is_compared_as_browsers_send_it),
        cmocka_unit_test(origin__without_a_scheme_is_http_and_https),
        cmocka_unit_test(origin__patterns),
        cmocka_unit_test(origin__lists),
        cmocka_unit_test(origin__that_can_never_match_is_refused_with_the_right_form),
        cmocka_unit_test(host__is_a_name_of_this_server),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
