// Addresses: what is taken, into which parts, and how they are shown. What is refused stands in tests/api/listen.c.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "core/error.h"
#include "net/address.h"

#include "wm/error.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm;

void tcp_parts(void **)
{
    const struct {
        const char *text, *scheme, *host;
        int port;
    } rows[] = {
        {"text://127.0.0.1:5678", "text", "127.0.0.1", 5678},
        {"websocket://0.0.0.0:0", "websocket", "0.0.0.0", 0},
        {"http://[::]:65535", "http", "::", 65535},
        {"tcp://[fe80::1:2]:80/", "tcp", "fe80::1:2", 80},
        {"http://localhost:08080", "http", "localhost", 8080},
        {"http://a-b_c.example:1", "http", "a-b_c.example", 1},
        {"Text://LocalHost:1", "text", "LocalHost", 1}, // RFC 3986 §3.1
    };
    for (const auto &row : rows) {
        Address address;
        assert_int_equal(address.parse(row.text), 0);
        assert_string_equal(address.scheme.c_str(), row.scheme);
        assert_string_equal(address.host.c_str(), row.host);
        assert_int_equal(address.port, row.port);
        assert_false(address.unix_socket);
        assert_string_equal(address.text.c_str(), row.text);
    }
}

void unix_parts(void **)
{
    const struct {
        const char *text, *scheme, *path;
    } rows[] = {
        {"unix:///run/a.sock", "unix", "/run/a.sock"},        {"unix://@name", "unix", "@name"},
        {"text+unix:///run/wm.sock", "text", "/run/wm.sock"}, {"websocket+unix://@a/b:c", "websocket", "@a/b:c"},
        {"UNIX:///run/A.sock", "unix", "/run/A.sock"},        {"Text+Unix:///run/A.sock", "text", "/run/A.sock"},
    };
    for (const auto &row : rows) {
        Address address;
        assert_int_equal(address.parse(row.text), 0);
        assert_true(address.unix_socket);
        assert_string_equal(address.scheme.c_str(), row.scheme);
        assert_string_equal(address.path.c_str(), row.path);
        assert_string_equal(address.display(77).c_str(), row.text);
    }
}

void shown_is_what_was_given_but_a_port_of_0(void **)
{
    Address fixed, any, v6, slash;
    assert_int_equal(fixed.parse("text://127.0.0.1:80"), 0);
    assert_string_equal(fixed.display(80).c_str(), "text://127.0.0.1:80");
    assert_int_equal(any.parse("text://127.0.0.1:0"), 0);
    assert_string_equal(any.display(4321).c_str(), "text://127.0.0.1:4321");
    assert_string_equal(any.display(0).c_str(), "text://127.0.0.1:0");
    assert_int_equal(v6.parse("http://[::1]:0"), 0);
    assert_string_equal(v6.display(4321).c_str(), "http://[::1]:4321");
}

void resolved_and_shown_again(void **)
{
    const struct {
        const char *text, *shown;
    } rows[] = {
        {"text://127.0.0.1:5678", "127.0.0.1:5678"}, {"text://[::1]:5678", "[::1]:5678"}, {"text://[::ffff:192.0.2.1]:9", "192.0.2.1:9"},
        {"unix:///run/a.sock", "/run/a.sock"},       {"unix://@abstract", "@abstract"},
    };
    for (const auto &row : rows) {
        Address address;
        SocketAddress resolved;
        assert_int_equal(address.parse(row.text), 0);
        assert_int_equal(resolve(address, resolved), 0);
        assert_string_equal(format_address(resolved).c_str(), row.shown);
        assert_int_equal(port_of(resolved.storage), address.port);
    }
}

void the_longest_unix_path_fits(void **)
{
    std::string path = "/" + std::string(106, 'p');
    Address address;
    SocketAddress resolved;
    assert_int_equal(address.parse(("unix://" + path).c_str()), 0);
    assert_int_equal(resolve(address, resolved), 0);
    assert_int_equal(resolved.len, offsetof(struct sockaddr_un, sun_path) + 108);
    assert_string_equal(format_address(resolved).c_str(), path.c_str());
    assert_int_equal(address.parse(("unix://" + path + "x").c_str()), WM_EADDRESS);
}

void unix_addresses__a_path_or_an_abstract_name(void **)
{
    SocketAddress address;
    assert_int_equal(make_unix_address("@name", address), 0);
    assert_int_equal(address.len, offsetof(struct sockaddr_un, sun_path) + 5);
    assert_string_equal(format_address(address).c_str(), "@name");
    assert_int_equal(make_unix_address("relative", address), 0);
    assert_string_equal(format_address(address).c_str(), "relative");
    assert_int_equal(make_unix_address("", address), WM_EADDRESS);
    assert_int_equal(make_unix_address(std::string(108, 'p'), address), WM_EADDRESS);
}

void what_is_wrong_and_the_right_form(void **)
{
    const struct {
        const char *text, *detail;
    } rows[] = {
        {"http:/127.0.0.1:80", "'//' is missing behind 'http:' in 'http:/127.0.0.1:80': the right form is http://127.0.0.1:80"},
        {"unix:/run/a.sock", "'//' is missing behind 'unix:' in 'unix:/run/a.sock': the right form is unix:///run/a.sock"},
        {"text+unix:/a", "'//' is missing behind 'text+unix:' in 'text+unix:/a': the right form is text+unix:///a"},
        {"http//a.example:80", "':' is missing behind 'http' in 'http//a.example:80': the right form is http://a.example:80"},
        {"a.example:80", "no scheme in 'a.example:80': the right form is websocket://a.example:80"},
        {"a.example", "no scheme in 'a.example': the right form is websocket://a.example:1234"},
        {"0.0.0.0:80/", "no scheme in '0.0.0.0:80/': the right form is websocket://0.0.0.0:80"},
        {"//a:80", "no scheme in '//a:80': the right form is websocket://a:80"},
        {"/run/a.sock", "no scheme in '/run/a.sock': the right form is websocket+unix:///run/a.sock"},
        {"80", "no scheme in '80': the right form is websocket://127.0.0.1:80"},
        {"", "no scheme in '': the right form is websocket://127.0.0.1:1234"},
        {"HTTP://b:81/path?x=/", "HTTP://b:81/path?x=/ has more than a host and a port: the right form is http://b:81"},
        {"text://user:word@b:81", "text://user:word@b:81 has more than a host and a port: the right form is text://b:81"},
        {"text://[::2]:81/x", "text://[::2]:81/x has more than a host and a port: the right form is text://[::2]:81"},
        {"text://b/x", "text://b/x has more than a host and a port: the right form is text://b:1234"},
        {"udp:///run/a.sock",
         "udp:///run/a.sock has a path and no host: the right form is udp://127.0.0.1:1234, or udp+unix:///run/a.sock for "
         "a unix socket"},
        {"text://:81", "bad host '' in text://:81: the right form is text://127.0.0.1:81"},
        {"text://*:81", "bad host '*' in text://*:81: the right form is text://127.0.0.1:81"},
        {"text://[::g]:81", "'::g' is not an IPv6 address in text://[::g]:81: the right form is text://[::1]:81"},
        {"text://[::1:81", "bad IPv6 address in text://[::1:81: the right form is text://[::1]:81"},
        {"text://fe80::1:2:81", "an IPv6 address stands in brackets: text://[fe80::1:2]:81"},
        {"text://::1", "an IPv6 address stands in brackets: text://[::1]:1234"},
    };
    for (const auto &row : rows) {
        Address address;
        assert_int_equal(address.parse(row.text), WM_EADDRESS);
        assert_string_equal(last_error(), row.detail);
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(tcp_parts),
        cmocka_unit_test(unix_parts),
        cmocka_unit_test(shown_is_what_was_given_but_a_port_of_0),
        cmocka_unit_test(resolved_and_shown_again),
        cmocka_unit_test(the_longest_unix_path_fits),
        cmocka_unit_test(unix_addresses__a_path_or_an_abstract_name),
        cmocka_unit_test(what_is_wrong_and_the_right_form),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
