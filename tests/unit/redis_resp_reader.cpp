// Replies of Redis: the same values however they are cut, and an end with a reason where a server goes too far.
#include "hub/engine/redis/resp_command.h"
#include "hub/engine/redis/resp_reader.h"

#include <algorithm>
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm::redis;

/// Writes what it gets as one text.
struct Scribe final : RespSink {
    bool take(const RespValue &value) override
    {
        static constexpr const char *kTypes[] = {"string", "array", "integer", "nil", "status", "error"};
        text += std::to_string(value.depth) + "." + std::to_string(value.index) + " " + kTypes[static_cast<size_t>(value.type)];
        text += value.type == RespType::kInteger || value.type == RespType::kArray ? " " + std::to_string(value.number) : "";
        text += value.text.size() < 100 ? " " + std::string(value.text) + "\n" : " " + std::to_string(value.text.size()) + "\n";
        values++;
        if (throws)
            throw std::bad_alloc();
        return values != stop_at;
    }
    bool complete() override
    {
        text += "end\n";
        replies++;
        return replies != stop_behind;
    }

    std::string text;
    size_t values = 0, replies = 0, stop_at = 0, stop_behind = 0;
    bool throws = false;
};

void replies_are_the_same_however_they_are_cut(void **)
{
    constexpr std::string_view kWire = "+OK\r\n-ERR no\r\n:-42\r\n$-1\r\n*-1\r\n$0\r\n\r\n$6\r\na\r\nb\r\n\r\n*0\r\n"
                                       "*3\r\n$7\r\nmessage\r\n$2\r\nch\r\n$5\r\nhello\r\n*2\r\n*2\r\n:1\r\n*1\r\n+x\r\n$-1\r\n+last\r\n";
    constexpr const char *kText =
        "0.0 status OK\nend\n0.0 error ERR no\nend\n0.0 integer -42 \nend\n0.0 nil \nend\n0.0 nil \nend\n"
        "0.0 string \nend\n0.0 string a\r\nb\r\n\nend\n0.0 array 0 \nend\n"
        "0.0 array 3 \n1.0 string message\n1.1 string ch\n1.2 string hello\nend\n"
        "0.0 array 2 \n1.0 array 2 \n2.0 integer 1 \n2.1 array 1 \n3.0 status x\n1.1 nil \nend\n0.0 status last\nend\n";
    for (size_t step = 1; step <= kWire.size(); step++) {
        RespReader reader;
        Scribe scribe;
        assert_true(reader.open());
        for (size_t at = 0; at < kWire.size(); at += step)
            assert_true(reader.feed(kWire.data() + at, std::min(step, kWire.size() - at), scribe));
        assert_string_equal(scribe.text.c_str(), kText);
    }
}

void long_messages_come_whole_and_give_their_memory_back(void **)
{
    RespReader reader;
    Scribe scribe;
    assert_true(reader.open());
    std::string wire;
    for (size_t size : {size_t{100}, size_t{8} << 20, size_t{1} << 20, size_t{300} << 10})
        append_command(wire, {"message", "c", std::string(size, 'x')});
    for (size_t at = 0; at < wire.size(); at += 70000)
        assert_true(reader.feed(wire.data() + at, std::min<size_t>(70000, wire.size() - at), scribe));
    assert_int_equal(scribe.replies, 4);
    assert_non_null(strstr(scribe.text.c_str(), "1.2 string 8388608\n"));
    assert_non_null(strstr(scribe.text.c_str(), "1.2 string 307200\n"));
}

/// Feeds it until it ends; what it has fed.
size_t feed_until_it_ends(RespReader &reader, Scribe &scribe, const std::string &first, const std::string &again)
{
    size_t fed = first.size();
    bool goes_on = reader.feed(first.data(), first.size(), scribe);
    for (; goes_on && fed < size_t{64} << 20; fed += again.size())
        goes_on = reader.feed(again.data(), again.size(), scribe);
    assert_false(goes_on);
    return fed;
}

void what_goes_too_far_ends_with_a_reason(void **)
{
    static const struct {
        const char *first;
        std::string again;
        const char *error;
        size_t most;
    } kRows[] = {
        {"HTTP/1.1 400 Bad Request\r\n", "", "reply type byte", 0},
        {"$12a\r\n", "", "", 0},
        {":1x\r\n", "", "", 0},
        {"*99999999999999999999\r\n", "", "", 0},
        {"$536870912\r\n", std::string(65536, 'x'), "more than 8 MiB", size_t{9} << 20},
        {"+", std::string(65536, 'x'), "more than 8 MiB", size_t{9} << 20},
        {"*2147483647\r\n", ":1\r\n:1\r\n", "more than 65536 values", size_t{1} << 20},
        {"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", "*1\r\n", "nest", 10000},
        {"*1000\r\n", "*1000\r\n:1\r\n", "", size_t{1} << 20},
        {"%1\r\n", "", "reply type byte", 0},
    };
    for (const auto &row : kRows) {
        RespReader reader;
        Scribe scribe;
        assert_true(reader.open());
        size_t fed = feed_until_it_ends(reader, scribe, row.first, row.again);
        if (strlen(reader.error()) == 0 || !strstr(reader.error(), row.error))
            fail_msg("%s: %s", row.first, reader.error());
        assert_true(row.most == 0 || fed <= row.most);
        assert_false(reader.feed("+OK\r\n", 5, scribe)); // it stays closed
        assert_true(reader.open());
        assert_true(reader.feed("+OK\r\n", 5, scribe));
        assert_string_equal(reader.error(), "");
    }
}

void the_sink_can_end_it_and_throw(void **)
{
    constexpr std::string_view kWire = "*2\r\n:1\r\n:2\r\n+next\r\n";
    RespReader reader;
    Scribe at_value, behind_reply, throws;
    at_value.stop_at = 2;
    assert_true(reader.open());
    assert_false(reader.feed(kWire.data(), kWire.size(), at_value));
    assert_string_equal(at_value.text.c_str(), "0.0 array 2 \n1.0 integer 1 \n");
    assert_string_equal(reader.error(), "");
    behind_reply.stop_behind = 1;
    assert_true(reader.open());
    assert_false(reader.feed(kWire.data(), kWire.size(), behind_reply));
    assert_int_equal(behind_reply.values, 3);
    throws.throws = true;
    assert_true(reader.open());
    bool thrown = false;
    try {
        reader.feed(kWire.data(), kWire.size(), throws);
    } catch (const std::bad_alloc &) {
        thrown = true;
    }
    assert_true(thrown);
    assert_int_equal(throws.values, 1);
    throws.throws = false;
    assert_false(reader.feed(kWire.data(), kWire.size(), throws));
}

void commands_have_the_lengths_of_their_words(void **)
{
    std::string out;
    append_command(out, {"AUTH", "", "a\r\nb"});
    assert_string_equal(out.c_str(), "*3\r\n$4\r\nAUTH\r\n$0\r\n\r\n$4\r\na\r\nb\r\n");
    char head[64];
    assert_int_equal(publish_head(head, sizeof head, "PUBLISH", "wm:{c}", 10), 34);
    assert_string_equal(head, "*3\r\n$7\r\nPUBLISH\r\n$6\r\nwm:{c}\r\n$10\r\n");
    volatile size_t too_few = 34; // not known to the compiler, which would see that it is cut
    assert_int_equal(publish_head(head, too_few, "PUBLISH", "wm:{c}", 10), 0);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_are_the_same_however_they_are_cut), cmocka_unit_test(long_messages_come_whole_and_give_their_memory_back),
        cmocka_unit_test(what_goes_too_far_ends_with_a_reason),      cmocka_unit_test(the_sink_can_end_it_and_throw),
        cmocka_unit_test(commands_have_the_lengths_of_their_words),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
