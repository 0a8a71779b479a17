// The parser of what a NATS server sends, against a reading of the whole stream by std::string: the same messages however the bytes are
// cut, and a failure at the same one. INFO is read as well. The first octet is the number of cuts, the octets behind it are their
// distances.
#include "fuzz_check.h"
#include "fuzz_cuts.h"
#include "proto/nats/info.h"
#include "proto/nats/limits.h"
#include "proto/nats/parser.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using fuzz::check;
using wm::Step;
using wm::StepKind;
using wm::nats::Message;
using wm::nats::Parser;
using wm::nats::Verb;

constexpr size_t kPayload = 48;

struct Reading {
    std::vector<std::string> messages;
    bool failed = false;
};

std::string upper(std::string text)
{
    for (char &c : text)
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c;
    return text;
}

std::vector<std::string> split(const std::string &line)
{
    std::vector<std::string> fields(1);
    for (char c : line)
        if (c != ' ' && c != '\t')
            fields.back() += c;
        else if (!fields.back().empty() || fields.size() == 1)
            fields.emplace_back();
    if (fields.size() > 1 && fields.back().empty())
        fields.pop_back();
    return fields;
}

/// Whether it is a number of at most 18 digits.
bool is_number(const std::string &field)
{
    return !field.empty() && field.size() <= 18 && field.find_first_not_of("0123456789") == std::string::npos;
}

/// Bytes of the payload; -1: the line is wrong.
int64_t payload_of(const std::vector<std::string> &fields)
{
    bool whole = (fields.size() == 4 || fields.size() == 5) && !fields[1].empty();
    if (!whole || !is_number(fields[2]) || !is_number(fields.back()) || std::stoull(fields.back()) > kPayload)
        return -1;
    return std::stoll(fields.back());
}

/// What the rules say; false: the stream fails at this message. left is behind it; empty `out`: it is not whole.
bool read_one(std::string_view &left, std::string &out)
{
    size_t end = left.find('\n');
    bool is_info = upper(std::string(left.substr(0, 4))) == "INFO";
    if (std::min(left.size(), end == std::string_view::npos ? end : end + 1) > (is_info ? wm::nats::kMaxInfo : wm::nats::kMaxLine))
        return false;
    if (end == std::string_view::npos)
        return true;
    if (end == 0 || left[end - 1] != '\r')
        return false;
    std::string line(left.substr(0, end - 1));
    std::vector<std::string> fields = split(line);
    std::string verb = upper(fields[0]);
    left.remove_prefix(end + 1);
    if (verb == "MSG") {
        int64_t size = payload_of(fields);
        if (size < 0)
            return false;
        size_t len = static_cast<size_t>(size);
        if (left.size() < len + 2)
            return true;
        out = "MSG " + std::to_string(std::stoull(fields[2])) + " " + std::string(left.substr(0, len));
        bool closed = left.substr(len, 2) == "\r\n";
        left.remove_prefix(len + 2);
        return closed;
    }
    out = verb;
    if (verb == "PING" || verb == "PONG" || verb == "+OK")
        return fields.size() == 1;
    return verb == "INFO" || verb == "-ERR";
}

Reading reference(std::string_view left)
{
    Reading reading;
    while (!left.empty()) {
        std::string message;
        if (!read_one(left, message)) {
            reading.failed = true;
            break;
        }
        if (message.empty())
            break;
        reading.messages.push_back(message);
    }
    return reading;
}

std::string shown(const Message &message)
{
    static const char *const kNames[] = {"INFO", "MSG", "PING", "PONG", "+OK", "-ERR"};
    std::string text = kNames[static_cast<size_t>(message.verb)];
    if (message.verb == Verb::kMsg)
        text += " " + std::to_string(message.sid) + " " + std::string(message.payload);
    return text;
}

void read_info_of(const Message &message)
{
    wm::nats::Info info;
    info.max_payload = 7;
    const char *why = wm::nats::read_info(message.text, info);
    check(info.max_payload > 0 && info.servers.size() <= wm::nats::kMaxServers, "INFO is over its limits");
    check(!why || info.max_payload == 7, "INFO that is refused has changed what was known");
}

void feed(Parser &parser, std::string &held, std::string_view piece, Reading &reading)
{
    held.append(piece);
    while (!held.empty() && !reading.failed) {
        size_t len = held.size();
        std::unique_ptr<char[]> exact(new char[len]);
        memcpy(exact.get(), held.data(), len);
        Message message;
        Step step = parser.step(exact.get(), len, kPayload, message);
        check(step.size <= len, "a step consumed more than it was given");
        if (step.kind == StepKind::kMore) {
            check(step.size == len, "a rest is not kept whole");
            check(step.need == 0 || (step.need > len && step.need <= wm::nats::kMaxLine + kPayload + 2), "need is over its limit");
            return;
        }
        reading.failed = step.kind == StepKind::kFail;
        check(reading.failed == (parser.error() != Parser::Error::kNone), "a failure has no cause, or a success has one");
        if (reading.failed)
            return;
        if (message.verb == Verb::kInfo)
            read_info_of(message);
        reading.messages.push_back(shown(message));
        held.erase(0, step.size);
    }
}

Reading play(std::string_view bytes, const std::vector<size_t> &cuts)
{
    Parser parser;
    Reading reading;
    std::string held;
    size_t at = 0;
    for (size_t cut : cuts) {
        feed(parser, held, bytes.substr(at, cut - at), reading);
        at = cut;
    }
    feed(parser, held, bytes.substr(at), reading);
    return reading;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const auto [bytes, cuts, every] = fuzz::Cuts(data, size, 1);
    Reading expected = reference(bytes);
    for (const Reading &got : {play(bytes, {}), play(bytes, cuts), play(bytes, every)}) {
        check(got.failed == expected.failed, "a message that breaks a rule is taken, or one that breaks none refused");
        check(got.messages == expected.messages, "other messages than the stream has");
    }
    return 0;
}
