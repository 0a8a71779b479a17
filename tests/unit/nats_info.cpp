// What a NATS server says of itself, with each member of another type or none at all; and the lines that a client sends.
#include "proto/nats/info.h"
#include "proto/nats/limits.h"
#include "proto/nats/writer.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace std::string_literals;
using wm::nats::Info;
using wm::nats::read_info;

/// As nats-server 2.9.10 sends it.
constexpr const char *kReal =
    R"({"server_id":"NDJ","server_name":"NDJ","version":"2.9.10","proto":1,"go":"go1.19.8","host":"127.0.0.1","port":4222,"headers":true,)"
    R"("auth_required":true,"tls_required":true,"max_payload":1048576,"client_id":5,"client_ip":"127.0.0.1","cluster":"c",)"
    R"("connect_urls":["127.0.0.1:4222","[::1]:4223","a.example:4224"],"ldm":true})";

void what_a_server_says_is_read(void **)
{
    Info info;
    assert_null(read_info(kReal, info));
    assert_string_equal(info.version.c_str(), "2.9.10");
    assert_int_equal(info.max_payload, 1048576);
    assert_int_equal(info.servers.size(), 3);
    assert_string_equal(info.servers[1].c_str(), "[::1]:4223");
    assert_true(info.auth_required && info.tls_required && info.lame_duck);
}

void tls_is_offered_where_it_is_required(void **)
{
    Info info;
    assert_null(read_info(R"({"tls_available":true})", info));
    assert_true(info.tls_offered && !info.tls_required);
    assert_null(read_info(R"({"tls_required":true})", info));
    assert_true(info.tls_offered && info.tls_required);
}

void what_is_not_said_has_its_default(void **)
{
    Info info;
    assert_null(read_info(kReal, info));
    assert_null(read_info(" {} ", info)); // replaces all of it
    assert_int_equal(info.max_payload, wm::nats::kDefaultPayload);
    assert_true(info.version.empty() && info.servers.empty());
    assert_false(info.auth_required || info.tls_required || info.tls_offered || info.lame_duck);
}

void what_has_another_type_is_passed_over(void **)
{
    Info info;
    assert_null(
        read_info(R"({"version":2,"connect_urls":{"a":"b:1"},"ldm":"true","tls_required":1,"auth_required":[true],"LDM":true})", info));
    assert_true(info.version.empty() && info.servers.empty());
    assert_false(info.auth_required || info.tls_required || info.tls_offered || info.lame_duck);
    assert_null(read_info(R"({"connect_urls":[1,null,"","a:1",["b:2"],"c:3"]})", info));
    assert_int_equal(info.servers.size(), 2);
}

void servers_are_limited(void **)
{
    std::string list, longest(wm::nats::kMaxServer, 'a');
    for (size_t i = 0; i < wm::nats::kMaxServers + 5; i++)
        list += "\"" + longest + "b\",\"h:" + std::to_string(i) + "\",";
    Info info;
    assert_null(read_info("{\"connect_urls\":[" + list + "\"" + longest + "\"]}", info));
    assert_int_equal(info.servers.size(), wm::nats::kMaxServers);
    assert_string_equal(info.servers.back().c_str(), ("h:" + std::to_string(wm::nats::kMaxServers - 1)).c_str());
    assert_null(read_info("{\"connect_urls\":[\"" + longest + "\"]}", info));
    assert_int_equal(info.servers.size(), 1);
    assert_null(read_info("{\"version\":\"1\\u001b[2J" + std::string(1000, 'v') + "\"}", info));
    assert_true(info.version.size() < wm::nats::kMaxVersion + 20 && info.version.find('\x1b') == std::string::npos);
}

void what_is_wrong_is_refused_and_changes_nothing(void **)
{
    const std::string rows[] = {"",
                                "{",
                                "{}x",
                                "{}{}",
                                "{}\0"s,
                                "[]",
                                "1",
                                "null",
                                "{\"max_payload\":}",
                                "{\"max_payload\":0}",
                                "{\"max_payload\":-1}",
                                "{\"max_payload\":0.5}",
                                "{\"max_payload\":1e300}",
                                "{\"max_payload\":1e999}",
                                "{\"max_payload\":\"1024\"}",
                                "{\"max_payload\":null}",
                                "{'max_payload':1}",
                                std::string(60000, '['),
                                "{\"a\":" + std::string(1200, '[') + std::string(1200, ']') + "}"};
    for (const std::string &row : rows) {
        Info info;
        info.version = "before";
        info.max_payload = 7;
        assert_non_null(read_info(row, info));
        assert_true(info.version == "before" && info.max_payload == 7);
    }
}

void connect_line__leaves_out_what_is_empty(void **)
{
    std::string line = wm::nats::connect_line({{}, {}, {}, "wm-hub", "0.1.0", false});
    assert_string_equal(
        line.c_str(), "CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":true,\"tls_required\":false,\"headers\":false,\"protocol\":1,"
                      "\"lang\":\"c++\",\"name\":\"wm-hub\",\"version\":\"0.1.0\"}\r\n");
}

void connect_line__quotes_what_would_end_a_text_or_the_line(void **)
{
    std::string line = wm::nats::connect_line({"a\"b\\", "c\r\nPUB x 0\r\n", {}, "n", "1", true});
    assert_non_null(strstr(line.c_str(), "\"user\":\"a\\\"b\\\\\",\"pass\":\"c\\r\\nPUB x 0\\r\\n\"}\r\n"));
    assert_non_null(strstr(line.c_str(), "\"tls_required\":true"));
    assert_int_equal(line.find('\n'), line.size() - 1);
    assert_non_null(strstr(wm::nats::connect_line({{}, {}, "t", "n", "1", true}).c_str(), "\"auth_token\":\"t\"}\r\n"));
}

void lines_of_subjects(void **)
{
    assert_string_equal(wm::nats::sub_line("wm.x.all", 2).c_str(), "SUB wm.x.all 2\r\n");
    char out[wm::nats::kMaxPubHead];
    assert_string_equal(std::string(out, wm::nats::write_pub(out, "a.b", 0)).c_str(), "PUB a.b 0\r\n");
    std::string longest(wm::nats::kMaxSubject, 's');
    size_t size = wm::nats::write_pub(out, longest, SIZE_MAX);
    assert_true(size <= sizeof out);
    assert_string_equal(std::string(out, size).c_str(), ("PUB " + longest + " 18446744073709551615\r\n").c_str());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_a_server_says_is_read),
        cmocka_unit_test(tls_is_offered_where_it_is_required),
        cmocka_unit_test(what_is_not_said_has_its_default),
        cmocka_unit_test(what_has_another_type_is_passed_over),
        cmocka_unit_test(servers_are_limited),
        cmocka_unit_test(what_is_wrong_is_refused_and_changes_nothing),
        cmocka_unit_test(connect_line__leaves_out_what_is_empty),
        cmocka_unit_test(connect_line__quotes_what_would_end_a_text_or_the_line),
        cmocka_unit_test(lines_of_subjects),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
