// What a NATS server sends: cut at every byte, limits to the byte and as soon as a length is announced, and what is refused.
#include "proto/nats/limits.h"
#include "proto/nats/parser.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace std::string_literals;
using wm::Step;
using wm::StepKind;
using wm::nats::Message;
using wm::nats::Parser;
using wm::nats::Verb;
using Error = wm::nats::Parser::Error;

constexpr size_t kPayload = 64;

std::string shown(const Message &message)
{
    static const char *const kNames[] = {"info", "msg", "ping", "pong", "ok", "err"};
    std::string text = kNames[static_cast<size_t>(message.verb)];
    if (message.verb == Verb::kMsg)
        text += " " + std::to_string(message.sid) + " " + std::string(message.payload);
    return message.text.empty() ? text : text + " " + std::string(message.text);
}

struct Reading {
    std::vector<std::string> messages;
    Error error = Error::kNone;
    size_t left = 0;
    size_t need = 0;
};

/// Feeds the pieces as a connection would: the rest is kept and fed again with more behind, in memory of exactly that size.
Reading feed(const std::vector<std::string> &pieces)
{
    Parser parser;
    Reading reading;
    std::string held;
    for (const std::string &piece : pieces) {
        held += piece;
        while (!held.empty()) {
            std::unique_ptr<char[]> exact(new char[held.size()]);
            memcpy(exact.get(), held.data(), held.size());
            Message message;
            Step step = parser.step(exact.get(), held.size(), kPayload, message);
            reading.error = parser.error();
            reading.need = step.need;
            if (step.kind == StepKind::kFail)
                return reading;
            if (step.kind == StepKind::kMore)
                break;
            reading.messages.push_back(shown(message));
            held.erase(0, step.size);
        }
        reading.left = held.size();
    }
    return reading;
}

std::vector<std::string> bytes_of(const std::string &text)
{
    std::vector<std::string> bytes;
    for (char c : text)
        bytes.emplace_back(1, c);
    return bytes;
}

void messages_are_the_same_wherever_they_are_cut(void **)
{
    std::string text = "INFO {\"a\":\"b c\"}\r\n+OK\r\nPING\r\nPONG\r\nMSG wm.x 1 5\r\nhe\r\no\r\nMSG wm.x 18446744 reply.to 0\r\n\r\n"
                       "-ERR 'Stale Connection'\r\nmsg\twm.x  2 \t 3 \r\n\0\n\r\r\nping \r\n-ERR plain\r\n-ERR\r\nMSG a 1"s;
    std::vector<std::string> expected = {
        "info {\"a\":\"b c\"}", "ok",   "ping",      "pong", "msg 1 he\r\no", "msg 18446744 ", "err Stale Connection",
        "msg 2 \0\n\r"s,        "ping", "err plain", "err"};
    Reading by_bytes = feed(bytes_of(text));
    assert_true(by_bytes.messages == expected && by_bytes.error == Error::kNone);
    for (size_t cut = 0; cut <= text.size(); cut++) {
        Reading reading = feed({text.substr(0, cut), text.substr(cut)});
        assert_true(reading.messages == expected);
        assert_int_equal(reading.error, Error::kNone);
        assert_int_equal(reading.left, 7);
    }
}

void need__is_known_with_the_line_of_a_message(void **)
{
    std::string line = "MSG wm.x 1 11\r\n", text = line + "hello world\r\n";
    for (size_t cut = 1; cut < text.size(); cut++) {
        Reading reading = feed({text.substr(0, cut)});
        assert_int_equal(reading.need, cut < line.size() ? 0 : text.size());
    }
}

struct Refused {
    std::string text;
    Error error;
};

void what_breaks_a_rule_is_refused_wherever_it_is_cut(void **)
{
    const Refused rows[] = {
        {"HTTP/1.1 400 Bad Request\r\n", Error::kVerb},
        {"\r\n", Error::kVerb},
        {" PING\r\n", Error::kVerb},
        {"PINGS\r\n", Error::kVerb},
        {"HMSG a 1 2 3\r\n", Error::kVerb},
        {"PUB a 1\r\nx\r\n", Error::kVerb},
        {"PING\n", Error::kLineEnd},
        {"\n", Error::kLineEnd},
        {"PING 1\r\n", Error::kFields},
        {"+OK x\r\n", Error::kFields},
        {"MSG\r\n", Error::kFields},
        {"MSG a\r\n", Error::kFields},
        {"MSG a 1\r\n", Error::kFields},
        {"MSG a 1 r 2 3\r\n", Error::kFields},
        {"MSG a x 1\r\n", Error::kFields},
        {"MSG a 1 -1\r\n", Error::kFields},
        {"MSG a 1 +1\r\n", Error::kFields},
        {"MSG a 1 0x1\r\n", Error::kFields},
        {"MSG a 1 1.0\r\n", Error::kFields},
        {"MSG a 1 9999999999999999999\r\n", Error::kFields},
        {"MSG a 1 18446744073709551617\r\n", Error::kFields},
        {"MSG a 1 65\r\n", Error::kLongPayload},
        {"MSG a 1 536870912\r\n", Error::kLongPayload},
        {"MSG a 1 999999999999999999\r\n", Error::kLongPayload},
        {"MSG a 1 2\r\nabc\r\n", Error::kPayloadEnd},
        {"MSG a 1 2\r\nab\n\r", Error::kPayloadEnd},
        {"MSG a 1 0\r\nPING\r\n", Error::kPayloadEnd},
    };
    for (const Refused &row : rows)
        for (size_t cut = 0; cut <= row.text.size(); cut++) {
            Reading reading = feed({"PONG\r\n" + row.text.substr(0, cut), row.text.substr(cut)});
            assert_int_equal(reading.error, row.error);
            assert_int_equal(reading.messages.size(), 1);
            assert_true(strlen(Parser::describe(row.error)) > 10);
        }
}

void the_limit_of_a_payload_counts_its_bytes_alone(void **)
{
    std::string payload(kPayload, 'x');
    assert_true(feed({"MSG a 1 64\r\n" + payload + "\r\n"}).messages.size() == 1);
    assert_int_equal(feed({"MSG a 1 0000000000000064\r\n" + payload + "\r\n"}).messages.size(), 1);
}

/// Whether a line of that many bytes, with its end, is taken; without its end it fails as soon as it is over the limit.
void expect_limit(const std::string &begin, size_t limit)
{
    std::string fits = begin + std::string(limit - begin.size() - 2, 'x') + "\r\n";
    assert_int_equal(feed({fits}).messages.size(), 1);
    assert_int_equal(feed({fits.substr(0, limit - 1), fits.substr(limit - 1)}).messages.size(), 1);
    std::string over = begin + std::string(limit - begin.size() - 1, 'x') + "\r\n";
    assert_int_equal(feed({over}).error, Error::kLongLine);
    assert_int_equal(feed({begin + std::string(limit - begin.size(), 'x')}).error, Error::kNone);
    assert_int_equal(feed({begin + std::string(limit - begin.size() + 1, 'x')}).error, Error::kLongLine);
}

void lines_have_limits(void **)
{
    expect_limit("-ERR ", wm::nats::kMaxLine);
    expect_limit("INFO ", wm::nats::kMaxInfo);
    expect_limit("info ", wm::nats::kMaxInfo);
    assert_int_equal(feed({std::string(wm::nats::kMaxLine + 1, 'I')}).error, Error::kLongLine);
}

void reset__begins_a_stream_anew(void **)
{
    Parser parser;
    Message message;
    std::string first = "MSG a 7 100\r\n", second = "MSG a 1 20\r\nab";
    assert_int_equal(parser.step(first.data(), first.size(), kPayload, message).kind, StepKind::kFail);
    parser.reset();
    assert_int_equal(parser.error(), Error::kNone);
    assert_int_equal(parser.step(second.data(), second.size(), kPayload, message).kind, StepKind::kMore);
    parser.reset();
    assert_int_equal(parser.step("PING\r\n", 6, kPayload, message).kind, StepKind::kMessage);
    assert_int_equal(message.verb, Verb::kPing);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_the_same_wherever_they_are_cut),
        cmocka_unit_test(need__is_known_with_the_line_of_a_message),
        cmocka_unit_test(what_breaks_a_rule_is_refused_wherever_it_is_cut),
        cmocka_unit_test(the_limit_of_a_payload_counts_its_bytes_alone),
        cmocka_unit_test(lines_have_limits),
        cmocka_unit_test(reset__begins_a_stream_anew),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
