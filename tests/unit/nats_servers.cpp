// Which server of a NATS cluster is tried next, whatever servers name; and what their errors mean.
#include "hub/engine/nats/cause.h"
#include "hub/engine/nats/servers.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using wm::nats::Servers;

/// The next ones, as "host:port ".
std::string round(Servers &servers, size_t count)
{
    std::string text;
    for (size_t i = 0; i < count; i++) {
        servers.next();
        text += servers.current().at.text() + " ";
    }
    return text;
}

void servers_of_the_url_take_turns(void **)
{
    Servers servers({{"a", 1, {}}, {"b", 2, {}}, {"c", 3, {}}}, 7);
    assert_string_equal(servers.current().at.text().c_str(), "b:2");
    assert_string_equal(round(servers, 4).c_str(), "c:3 a:1 b:2 c:3 ");
    assert_true(servers.has_other());
    Servers alone({{"a", 1, {}}}, 5);
    assert_string_equal(round(alone, 2).c_str(), "a:1 a:1 ");
    assert_false(alone.has_other());
}

void each_second_server_is_of_the_url(void **)
{
    Servers servers({{"a", 1, {}}, {"b", 2, {}}}, 0);
    servers.learn({"c:3", "d:4", "e:5"});
    std::string turns = round(servers, 8);
    assert_string_equal(turns.c_str(), "c:3 b:2 d:4 a:1 e:5 b:2 c:3 a:1 ");
}

void what_is_named_takes_the_place_of_what_was(void **)
{
    Servers servers({{"a", 1, {}}}, 0);
    servers.learn({"b:2"});
    assert_string_equal(round(servers, 1).c_str(), "b:2 ");
    servers.learn({});
    assert_string_equal(servers.current().at.text().c_str(), "b:2"); // it is connected to
    assert_string_equal(round(servers, 2).c_str(), "a:1 a:1 ");
    servers.learn({"a:1", "c:3", "c:3", "", "c", "c:0", "c:99999", "nats://d:4", "u:p@d:4", "d:4/x", ":4", "[::1]:5", "\x01:6"});
    assert_string_equal(round(servers, 4).c_str(), "[::1]:5 a:1 c:3 a:1 ");
}

void what_is_named_has_the_certificate_of_who_named_it(void **)
{
    Servers servers({{"a", 1, {}}, {"b", 2, {}}}, 0);
    assert_string_equal(servers.current().tls_name.c_str(), "a");
    servers.learn({"10.0.0.1:4222"});
    servers.next();
    assert_string_equal(servers.current().at.host.c_str(), "10.0.0.1");
    assert_string_equal(servers.current().tls_name.c_str(), "a");
    servers.learn({"10.0.0.2:4222"}); // named by one that was named
    servers.next();
    assert_string_equal(servers.current().tls_name.c_str(), "b");
    servers.next();
    assert_string_equal(servers.current().at.host.c_str(), "10.0.0.2");
    assert_string_equal(servers.current().tls_name.c_str(), "a");
}

void errors_say_what_would_be_right(void **)
{
    const struct {
        const char *error;
        const char *part;
        bool lasts;
    } kRows[] = {
        {"Authorization Violation", "user and password", true},
        {"authorization violation", "user and password", true},
        {"User Authentication Expired", "another one", true},
        {"Permissions Violation for Subscription to \"wm.x.all\"", "permissions.subscribe", true},
        {"Permissions Violation for Publish to \"wm.x.all\"", "permissions.publish", true},
        {"maximum connections exceeded", "max_connections", true},
        {"Maximum Payload Violation", "max_payload", false},
        {"Slow Consumer", "too slowly", false},
        {"Stale Connection", "pings", false},
        {"Server Shutdown", "ended the connection", false},
        {"", "ended the connection", false},
    };
    for (const auto &row : kRows) {
        wm::nats::Cause cause = wm::nats::cause_of(row.error, true);
        assert_non_null(strstr(cause.text.c_str(), row.part));
        assert_non_null(strstr(cause.text.c_str(), "-ERR '"));
        assert_int_equal(cause.lasts, row.lasts);
    }
    assert_non_null(strstr(wm::nats::cause_of("Authorization Violation", false).text.c_str(), "none is set"));
    assert_null(strstr(wm::nats::cause_of("Authorization Violation", true).text.c_str(), "none is set"));
    std::string text = wm::nats::cause_of("x\x1b[2J\n" + std::string(4000, 'y'), true).text;
    assert_true(text.size() < 300 && text.find('\x1b') == std::string::npos && text.find('\n') == std::string::npos);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(servers_of_the_url_take_turns),
        cmocka_unit_test(each_second_server_is_of_the_url),
        cmocka_unit_test(what_is_named_takes_the_place_of_what_was),
        cmocka_unit_test(what_is_named_has_the_certificate_of_who_named_it),
        cmocka_unit_test(errors_say_what_would_be_right),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
