// The output of connections.
#include <algorithm>
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "process/report/connection_report.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using wm::connections_json;
using wm::connections_text;

template <size_t N> void put(char (&field)[N], const char *text)
{
    memcpy(field, text, std::min(strlen(text), N));
}

wm::ConnectionRecord record(uint64_t id, const char *worker, const char *remote)
{
    wm::ConnectionRecord out{};
    out.id = id;
    out.family = 4;
    put(out.worker, worker);
    put(out.transport, "tcp");
    put(out.protocol, "websocket");
    put(out.status, "ESTABLISHED");
    put(out.local, "127.0.0.1:14236");
    put(out.remote, remote);
    return out;
}

wm::ConnectionAnswer answer(pid_t pid, const char *worker, std::vector<wm::ConnectionRecord> records)
{
    wm::ConnectionAnswer out;
    out.pid = pid;
    out.worker = worker;
    out.answered = true;
    out.records = std::move(records);
    return out;
}

wm::ConnectionAnswer silent(pid_t pid, const char *worker, int64_t busy_ms)
{
    wm::ConnectionAnswer out;
    out.pid = pid;
    out.worker = worker;
    out.busy_ms = busy_ms;
    return out;
}

void put_uid(wm::ConnectionRecord &record, const std::string &uid)
{
    record.uid_size = static_cast<uint8_t>(uid.size());
    memcpy(record.uid, uid.data(), uid.size());
}

/// Three connections of two processes, each with something of its own, and a process that is silent.
std::vector<wm::ConnectionAnswer> sample()
{
    wm::ConnectionRecord ws = record(9, "pusher", "127.0.0.1:44412");
    ws.send_queue = 1536;
    ws.bytes_read = 140;
    ws.bytes_written = uint64_t{3} << 40;
    ws.idle_ms = 1200;
    put_uid(ws, "uid1");
    wm::ConnectionRecord local = record(8, "push", "");
    local.family = 0;
    local.recv_queue = 7;
    local.bytes_read = 2048;
    put(local.transport, "unix\0");
    memset(local.protocol, 0, sizeof local.protocol);
    put(local.protocol, "text");
    put(local.status, "CLOSING\0\0\0\0");
    memset(local.status + 7, 0, 4);
    memset(local.local, 0, sizeof local.local);
    put(local.local, "/run/push.sock");
    wm::ConnectionRecord six = record(70, "web", "[::1]:5");
    six.family = 6;
    return {answer(18692, "pusher", {ws, local}), silent(18693, "pusher", 12345), answer(18694, "web", {six})};
}

bool contains(const std::string &text, const std::string &part)
{
    return text.find(part) != std::string::npos;
}

/// PID and CID of each line, the word "silent" where there is no connection.
std::string order(const std::vector<wm::ConnectionAnswer> &answers, const char *sort, const char *worker = "")
{
    std::string text = connections_text(answers, {worker, sort}), out;
    size_t at = text.find('\n', text.find('\n') + 1) + 1;
    for (size_t end = 0; at < text.size(); at = end + 1) {
        end = text.find('\n', at);
        char pid[32], name[64], cid[32];
        assert_int_equal(sscanf(text.c_str() + at, "%31s %63s %31s", pid, name, cid), 3);
        bool answered = text[at] != 0 && std::string(cid).find_first_not_of("0123456789") == std::string::npos;
        out += std::string(out.empty() ? "" : " ") + (answered ? cid : "silent");
    }
    return out;
}

void text__whole(void **)
{
    assert_string_equal(
        connections_text(sample(), {}).c_str(),
        R"(---------------------------------------------------------- CONNECTION STATUS ----------------------------------------------------------
PID    Worker  CID  Trans  Protocol   ipv4  ipv6  Recv-Q  Send-Q  Bytes-R  Bytes-W  Status       Local Address    Foreign Address  Uid
18692  pusher  9    tcp    websocket  1     0     0B      1.5KB   140B     3.0TB    ESTABLISHED  127.0.0.1:14236  127.0.0.1:44412  uid1
18692  push    8    unix   text       0     0     7B      0B      2.0KB    0B       CLOSING      /run/push.sock   -                -
18693  pusher  busy for 12.3s: no answer within 500 ms
18694  web     70   tcp    websocket  0     1     0B      0B      0B       0B       ESTABLISHED  127.0.0.1:14236  [::1]:5          -
)");
}

void text__without_connections_is_the_heading(void **)
{
    for (const std::vector<wm::ConnectionAnswer> &answers : {std::vector<wm::ConnectionAnswer>{}, {answer(1, "web", {})}}) {
        std::string text = connections_text(answers, {});
        assert_true(text.ends_with("\nPID  Worker  CID  Trans  Protocol  ipv4  ipv6  Recv-Q  Send-Q  Bytes-R  Bytes-W  Status  Local "
                                   "Address  Foreign Address  Uid\n"));
    }
}

void silent_child__says_why(void **)
{
    wm::ConnectionAnswer stopped = silent(3, "web", 5000);
    stopped.stopped = true;
    std::string text = connections_text({silent(1, "web", 0), silent(2, "", 99), stopped}, {});
    assert_true(contains(text, "\n1    web     no answer within 500 ms\n"));
    assert_true(contains(text, "\n2    -       busy for 0.0s: no answer within 500 ms\n"));
    assert_true(contains(text, "\n3    web     stopped: no answer\n"));
}

void records__without_an_end_are_read_to_their_size(void **)
{
    wm::ConnectionRecord full{};
    memset(&full, 'x', sizeof full);
    std::string text = connections_text({answer(1, "web", {full})}, {});
    assert_true(contains(text, "\n1    " + std::string(32, 'x') + "  8680820740569200760  " + std::string(8, 'x') + "  " +
                                   std::string(16, 'x') + "  0 "));
    assert_true(text.ends_with("  " + std::string(112, 'x') + "  " + std::string(112, 'x') + "  " + std::string(40, 'x') + "...\n"));
    assert_true(contains(connections_json({answer(1, "web", {full})}, {}), "\"status\":\"" + std::string(16, 'x') + "\""));
}

void records__of_any_bytes_are_one_line(void **)
{
    std::string text = connections_text({answer(1, "web", {record(1, "we\nb", "/tmp/\x1b[2J\xff\r")})}, {});
    assert_true(text.ends_with("  /tmp/?[2J??      -\n"));
    assert_true(contains(text, "\n1    we?b  "));
    assert_true(contains(connections_json({answer(1, "web", {record(1, "we\"b", "/tmp/\x1b\xff")})}, {}), R"("worker":"we\"b",)"));
}

void filter__by_the_worker_of_the_connection(void **)
{
    assert_string_equal(order(sample(), "", "pusher").c_str(), "9 silent");
    assert_string_equal(order(sample(), "", "push").c_str(), "8");
    assert_string_equal(order(sample(), "", "pushe").c_str(), "");
    assert_string_equal(order(sample(), "", "Web").c_str(), "");
    assert_string_equal(order(sample(), "cid", "web").c_str(), "70");
}

void filter__by_a_name_longer_than_a_record(void **)
{
    std::string name(40, 'n');
    wm::ConnectionRecord cut = record(5, std::string(31, 'n').c_str(), "");
    assert_string_equal(order({answer(1, name.c_str(), {cut}), silent(2, name.c_str(), 0)}, "", name.c_str()).c_str(), "5 silent");
    assert_string_equal(order({answer(1, name.c_str(), {cut})}, "", std::string(30, 'n').c_str()).c_str(), "");
}

std::string with_uid(const std::string &uid, const std::string &filter)
{
    wm::ConnectionRecord bound = record(1, "web", "");
    put_uid(bound, uid);
    return connections_json({answer(1, "web", {bound})}, {"", "", filter});
}

void filter__by_the_uid_of_a_hub(void **)
{
    assert_true(contains(connections_json(sample(), {"", "", "uid1"}), "\"id\":9,"));
    assert_false(contains(connections_json(sample(), {"", "", "uid1"}), "\"id\":8,"));
    assert_false(contains(connections_json(sample(), {"", "", "uid"}), "\"id\""));
    assert_false(contains(connections_json(sample(), {"web", "", "uid1"}), "\"id\""));
    std::string longest(255, 'u'), zero("a\0b", 3);
    assert_true(contains(with_uid(longest, longest), longest));
    assert_false(contains(with_uid(longest, longest.substr(1)), "uuu"));
    assert_true(contains(with_uid(zero, zero), "\"uid\":\"a\\u0000b\""));
    assert_false(contains(with_uid(zero, "a"), "uid"));
}

void uid__of_any_bytes_is_cut_between_characters_in_the_table(void **)
{
    wm::ConnectionRecord bound = record(1, "web", "");
    put_uid(bound, "\n" + std::string(38, 'a') + "\u00e9\u00e9");
    assert_true(connections_text({answer(1, "web", {bound})}, {}).ends_with("  ?" + std::string(38, 'a') + "...\n"));
}

void sort__by_every_column(void **)
{
    const struct {
        const char *column, *expected;
    } rows[] = {
        {"", "9 8 silent 70"},       {"pid", "70 silent 9 8"},      {"worker", "8 9 silent 70"},  {"cid", "70 9 8 silent"},
        {"trans", "9 70 8 silent"},  {"protocol", "8 9 70 silent"}, {"ipv4", "9 8 70 silent"},    {"ipv6", "70 9 8 silent"},
        {"recv-q", "8 9 70 silent"}, {"send-q", "9 8 70 silent"},   {"bytes-r", "8 9 70 silent"}, {"bytes-w", "9 8 70 silent"},
        {"status", "8 9 70 silent"}, {"local", "8 9 70 silent"},    {"foreign", "8 9 70 silent"}, {"no such column", "9 8 silent 70"},
        {"uid", "8 70 9 silent"},
    };
    for (const auto &row : rows)
        assert_string_equal(order(sample(), row.column).c_str(), row.expected);
}

void sort__numbers_by_size_not_by_spelling(void **)
{
    std::vector<wm::ConnectionRecord> records;
    for (uint64_t size : {uint64_t{5}, uint64_t{1000}, uint64_t{0}, UINT64_MAX, uint64_t{20}}) {
        records.push_back(record(records.size() + 1, "web", ""));
        records.back().send_queue = size;
    }
    assert_string_equal(order({answer(1, "web", records)}, "send-q").c_str(), "4 2 5 1 3");
}

void sort__equals_stay_in_order(void **)
{
    std::vector<wm::ConnectionRecord> records;
    for (uint64_t id : {5u, 3u, 9u, 1u, 7u})
        records.push_back(record(id, "web", "same"));
    for (const char *column : {"pid", "worker", "send-q", "status", "foreign"})
        assert_string_equal(order({answer(1, "web", records)}, column).c_str(), "5 3 9 1 7");
}

/// A document that is written here over several lines.
std::string one_line(std::string text)
{
    text.erase(std::remove(text.begin(), text.end(), '\n'), text.end());
    return text + "\n";
}

constexpr const char *kWholeDocument = R"json(
{"connections":[
{"pid":18694,"worker":"web","id":70,"transport":"tcp","protocol":"websocket","family":6,"recv_queue":0,"send_queue":0,
"bytes_read":0,"bytes_written":0,"idle_ms":0,"status":"ESTABLISHED","local":"127.0.0.1:14236","remote":"[::1]:5","uid":null},
{"pid":18692,"worker":"pusher","id":9,"transport":"tcp","protocol":"websocket","family":4,"recv_queue":0,"send_queue":1536,
"bytes_read":140,"bytes_written":3298534883328,"idle_ms":1200,"status":"ESTABLISHED","local":"127.0.0.1:14236",
"remote":"127.0.0.1:44412","uid":"uid1"},
{"pid":18692,"worker":"push","id":8,"transport":"unix","protocol":"text","family":null,"recv_queue":7,"send_queue":0,
"bytes_read":2048,"bytes_written":0,"idle_ms":0,"status":"CLOSING","local":"/run/push.sock","remote":null,"uid":null}],"unanswered":[
{"pid":18693,"worker":"pusher","stopped":false,"busy_ms":12345},{"pid":18695,"worker":"web","stopped":true,"busy_ms":null}]}
)json";

void json__whole(void **)
{
    wm::ConnectionAnswer stopped = silent(18695, "web", 0);
    stopped.stopped = true;
    std::vector<wm::ConnectionAnswer> answers = sample();
    answers.push_back(stopped);
    assert_string_equal(connections_json(answers, {"", "cid"}).c_str(), one_line(kWholeDocument).c_str());
    assert_string_equal(connections_json(answers, {"nobody", ""}).c_str(), "{\"connections\":[],\"unanswered\":[]}\n");
}

void text__of_a_hundred_thousand(void **)
{
    std::vector<wm::ConnectionRecord> records;
    for (uint64_t i = 0; i < 100000; i++) {
        records.push_back(record(i * 7919 % 100000, "pusher", "127.0.0.1:44412"));
        records.back().send_queue = i * 104729 % 1000;
    }
    std::vector<wm::ConnectionAnswer> answers = {answer(18692, "pusher", std::move(records))};
    std::string text = connections_text(answers, {"pusher", "send-q"});
    assert_int_equal(std::count(text.begin(), text.end(), '\n'), 100002);
    size_t first = text.find('\n', text.find('\n') + 1) + 1;
    assert_true(contains(text.substr(first, 200), "  999B  "));
    assert_true(contains(text.substr(text.size() - 130), "  0B  "));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(text__whole),
        cmocka_unit_test(text__without_connections_is_the_heading),
        cmocka_unit_test(silent_child__says_why),
        cmocka_unit_test(records__without_an_end_are_read_to_their_size),
        cmocka_unit_test(records__of_any_bytes_are_one_line),
        cmocka_unit_test(filter__by_the_worker_of_the_connection),
        cmocka_unit_test(filter__by_a_name_longer_than_a_record),
        cmocka_unit_test(filter__by_the_uid_of_a_hub),
        cmocka_unit_test(uid__of_any_bytes_is_cut_between_characters_in_the_table),
        cmocka_unit_test(sort__by_every_column),
        cmocka_unit_test(sort__numbers_by_size_not_by_spelling),
        cmocka_unit_test(sort__equals_stay_in_order),
        cmocka_unit_test(json__whole),
        cmocka_unit_test(text__of_a_hundred_thousand),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
