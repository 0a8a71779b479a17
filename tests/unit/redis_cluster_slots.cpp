// Slots of a Redis Cluster, and what its servers' errors mean.
#include "hub/engine/redis/channels.h"
#include "hub/engine/redis/cluster_slots.h"
#include "hub/engine/redis/redis_error.h"

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

using namespace wm;
using namespace wm::redis;

/// CLUSTER KEYSLOT of a server says the same.
void a_channel_has_the_slot_that_redis_says(void **)
{
    static constexpr struct {
        const char *channel;
        uint16_t slot;
    } kRows[] = {
        {"123456789", 12739}, {"foo", 12182}, {"{foo}", 12182},  {"a{foo}b", 12182},   {"a{foo}{bar}", 12182},
        {"foo{}", 5542},      {"", 0},        {"{}{foo}", 2263}, {"foo{{bar}}", 4015},
    };
    for (const auto &row : kRows)
        if (slot_of(row.channel) != row.slot)
            fail_msg("%s: %u", row.channel, slot_of(row.channel));
}

void channels_have_the_cluster_and_the_node(void **)
{
    EngineSettings settings;
    assert_true(Channel(settings, Carrier::kAll).text() == "wm:{default}");
    assert_true(Channel(settings, 0xab).text() == "wm:{default:00000000000000ab}");
    settings.cluster.assign(EngineSettings::kMaxCluster, 'c');
    assert_true(Channel(settings, UINT64_MAX).text() == "wm:{" + settings.cluster + ":ffffffffffffffff}");
}

struct Writer {
    Writer() { value(RespType::kArray, 0, 0, ""); }
    void value(RespType type, uint8_t depth, int64_t number, std::string_view text)
    {
        answer.items.push_back({type, depth, number, answer.texts.size(), text.size()});
        answer.texts += text;
    }
    void range(int64_t first, int64_t last, const char *host, int64_t port)
    {
        value(RespType::kArray, 1, 4, "");
        value(RespType::kInteger, 2, first, "");
        value(RespType::kInteger, 2, last, "");
        server(host, port);
        server("replica", 1);
    }
    void server(const char *host, int64_t port)
    {
        value(RespType::kArray, 2, 3, "");
        value(host ? RespType::kString : RespType::kNil, 3, 0, host ? host : "");
        value(RespType::kInteger, 3, port, "");
        value(RespType::kString, 3, 0, "an id");
    }
    Answer answer;
};

const EngineServer kAsked = {"asked", 7, {}};

std::string server_of(const ClusterSlots &slots, uint16_t slot)
{
    const EngineServer *server = slots.server_of(slot);
    return server ? server->text() : "none";
}

void slots_are_at_their_masters(void **)
{
    Writer writer;
    writer.range(0, 99, "a", 1);
    writer.range(100, 199, nullptr, 2); // a host that the server does not know is its own
    writer.range(200, 200, "", 3);
    writer.range(201, 300, "?", 4);
    writer.range(301, 16383, "a", 1);
    ClusterSlots slots;
    assert_true(slots.read(writer.answer, kAsked));
    assert_string_equal(server_of(slots, 0).c_str(), "a:1");
    assert_string_equal(server_of(slots, 199).c_str(), "asked:2");
    assert_string_equal(server_of(slots, 200).c_str(), "asked:3");
    assert_string_equal(server_of(slots, 201).c_str(), "none");
    assert_string_equal(server_of(slots, 16383).c_str(), "a:1");
    assert_int_equal(slots.servers().size(), 3);
    slots.set_alone(kAsked);
    assert_string_equal(server_of(slots, 0).c_str(), "asked:7");
    assert_string_equal(server_of(slots, 16383).c_str(), "asked:7");
}

void what_is_no_answer_leaves_nothing_known(void **)
{
    ClusterSlots slots;
    static constexpr struct {
        int64_t first, last, port;
    } kRows[] = {{-1, 5, 1}, {5, 4, 1}, {0, 16384, 1}, {0, 5, 0}, {0, 5, 65536}};
    for (const auto &row : kRows) {
        slots.set_alone(kAsked);
        Writer writer;
        writer.range(0, 99, "a", 1);
        writer.range(row.first, row.last, "b", row.port);
        assert_false(slots.read(writer.answer, kAsked));
        assert_string_equal(server_of(slots, 0).c_str(), "none");
    }
    Writer whole;
    whole.range(0, 99, "a", 1);
    for (size_t size = 0; size < 7; size++) {
        Answer cut = whole.answer;
        cut.items.resize(size);
        assert_int_equal(slots.read(cut, kAsked), size == 1);
    }
    for (size_t i = 1; i < 7; i++) {
        Answer wrong = whole.answer;
        wrong.items[i].type = RespType::kStatus;
        if (i != 5 && slots.read(wrong, kAsked))
            fail_msg("value %zu", i);
    }
    Writer many;
    for (int i = 0; i <= static_cast<int>(ClusterSlots::kMaxServers); i++)
        many.range(i, i, "a", i + 1);
    assert_false(slots.read(many.answer, kAsked));
}

void errors_say_what_would_be_right(void **)
{
    static constexpr struct {
        const char *error, *text;
        bool lasts, moved;
    } kRows[] = {
        {"NOAUTH Authentication required.", "give it with the engine's URL", true, false},
        {"WRONGPASS invalid username-password pair or user is disabled.", "the password is wrong", true, false},
        {"NOPERM this user has no permissions to run the 'publish' command", "+publish", true, false},
        {"OOM command not allowed when used memory > 'maxmemory'.", "raise its maxmemory", true, false},
        {"MISCONF Redis is configured to save RDB snapshots", "see its log", true, false},
        {"READONLY You can't write against a read only replica.", "redis+sentinel://", false, true},
        {"LOADING Redis is loading the dataset in memory", "reads its data", false, false},
        {"MOVED 3999 127.0.0.1:6381", "moved the channel", false, true},
        {"ERR unknown command 'SSUBSCRIBE'", "too old", true, false},
        {"ERR \r\n\x01 odd", "the server refuses: ERR     odd", false, false},
    };
    for (const auto &row : kRows) {
        Cause cause = explain(row.error);
        if (!strstr(cause.text.c_str(), row.text) || cause.lasts != row.lasts || cause.moved != row.moved)
            fail_msg("%s: %s", row.error, cause.text.c_str());
    }
    assert_true(explain(std::string(100000, 'x')).text.size() < 300);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_channel_has_the_slot_that_redis_says),
        cmocka_unit_test(channels_have_the_cluster_and_the_node),
        cmocka_unit_test(slots_are_at_their_masters),
        cmocka_unit_test(what_is_no_answer_leaves_nothing_known),
        cmocka_unit_test(errors_say_what_would_be_right),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
