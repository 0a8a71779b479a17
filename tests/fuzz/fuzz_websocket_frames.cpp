// All readings of one stream must agree: the input is played into FrameParser whole, cut at places that the input itself chooses, and cut
// at every octet, each with and without the short cut for whole messages, as a server and as a client, with permessage-deflate and
// without. Its first octet is the number of cuts, the octets behind it are their distances; then comes one for the limit. What is fed
// lies in an allocation of its exact size, so that a step that looks past its bytes is found.
#include "fuzz_check.h"
#include "fuzz_cuts.h"
#include "proto/utf8.h"
#include "proto/websocket/frame_parser.h"

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
using wm::websocket::Frame;

struct Reading {
    std::string events;
    bool failed = false;
};

void take(Reading &reading, const Frame &frame, bool compressed, size_t max_message)
{
    bool control = frame.opcode >= wm::websocket::kClose;
    size_t most = control ? wm::websocket::kMaxControlPayload : compressed ? wm::websocket::compressed_limit(max_message) : max_message;
    check(frame.len <= most, "an event over its limit");
    check(frame.opcode != wm::websocket::kText || compressed || wm::is_utf8(frame.data, frame.len), "a text that is not UTF-8");
    reading.events += compressed ? "z" : "";
    reading.events += std::to_string(frame.opcode) + ":" + std::to_string(frame.len) + ":";
    reading.events.append(frame.data, frame.len);
}

using StepFunction = Step (wm::websocket::FrameParser::*)(char *, size_t, size_t, Frame &);

/// Feeds one piece behind what is held, as the inbox does: consumed bytes go, the others stay at the front.
void feed(wm::websocket::FrameParser &parser, StepFunction function, std::string &held, std::string_view piece, size_t max_message,
          Reading &reading)
{
    held.append(piece);
    while (!held.empty() && !reading.failed) {
        size_t len = held.size();
        std::unique_ptr<char[]> exact(new char[len]);
        memcpy(exact.get(), held.data(), len);
        Frame frame = {};
        Step step = (parser.*function)(exact.get(), len, max_message, frame);
        check(step.size <= len, "a step consumed more than it was given");
        if (step.kind == StepKind::kFail) {
            reading.failed = true;
            reading.events += "fail:" + std::to_string(parser.failure().code);
            return;
        }
        if (step.kind == StepKind::kMore) {
            check(step.need == 0 || step.need > step.size, "a step that has what it needs asks for more");
            check(step.need <= wm::websocket::compressed_limit(max_message) + 6 + wm::websocket::kMaxControlPayload,
                  "a step needs more than the limits allow");
            held.assign(exact.get(), step.size);
            return;
        }
        take(reading, frame, step.kind == StepKind::kMessage && parser.compressed(), max_message);
        held.assign(exact.get() + step.size, len - step.size);
    }
}

Reading play(StepFunction function, std::string_view bytes, const std::vector<size_t> &cuts, size_t max_message)
{
    wm::websocket::FrameParser parser;
    Reading reading;
    std::string held;
    size_t at = 0;
    for (size_t cut : cuts) {
        feed(parser, function, held, bytes.substr(at, cut - at), max_message, reading);
        at = cut;
    }
    feed(parser, function, held, bytes.substr(at), max_message, reading);
    return reading;
}

template <wm::Role reader, bool deflate>
void check_role(std::string_view bytes, const std::vector<size_t> &cuts, const std::vector<size_t> &every, size_t max_message)
{
    constexpr StepFunction kStep = &wm::websocket::FrameParser::step<reader, deflate>;
    constexpr StepFunction kByRules = &wm::websocket::FrameParser::step_by_rules<reader, deflate>;
    Reading whole = play(kStep, bytes, {}, max_message);
    for (StepFunction function : {kStep, kByRules})
        for (const std::vector<size_t> &places : {std::vector<size_t>(), cuts, every}) {
            Reading other = play(function, bytes, places, max_message);
            check(whole.failed == other.failed, "whether it fails hangs on the cuts or on the short cut");
            check(whole.events == other.events, "the events hang on the cuts or on the short cut");
        }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t max_message = size_t{data[1]} * data[1];
    const auto [bytes, cuts, every] = fuzz::Cuts(data, size, 2);
    using wm::Role;
    check_role<Role::kServer, false>(bytes, cuts, every, max_message);
    check_role<Role::kClient, false>(bytes, cuts, every, max_message);
    check_role<Role::kServer, true>(bytes, cuts, every, max_message);
    check_role<Role::kClient, true>(bytes, cuts, every, max_message);
    return 0;
}
