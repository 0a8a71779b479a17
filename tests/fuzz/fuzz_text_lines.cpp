// LineParser against a reading of the whole stream by std::string: the same lines, however the bytes are cut, and a failure exactly
// where a line is over the limit. The first octet is the number of cuts, the octets behind it are their distances; then the limit.
#include "fuzz_check.h"
#include "fuzz_cuts.h"
#include "proto/text/line_parser.h"

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

struct Reading {
    std::vector<std::string> lines;
    bool failed = false;
};

/// What the rules say: lines end with LF, one CR before it goes, and none is longer than max_message.
Reading reference(std::string_view bytes, size_t max_message)
{
    Reading reading;
    for (;;) {
        size_t end = bytes.find('\n');
        std::string_view line = bytes.substr(0, end);
        if (end == std::string_view::npos) {
            // Over the limit already, unless the one byte too many may be the CR of the line's end.
            reading.failed = line.size() > max_message && !(line.size() == max_message + 1 && line.back() == '\r');
            return reading;
        }
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        if (line.size() > max_message) {
            reading.failed = true;
            return reading;
        }
        reading.lines.emplace_back(line);
        bytes.remove_prefix(end + 1);
    }
}

void feed(wm::text::LineParser &parser, std::string &held, std::string_view piece, size_t max_message, Reading &reading)
{
    held.append(piece);
    while (!held.empty() && !reading.failed) {
        size_t len = held.size();
        std::unique_ptr<char[]> exact(new char[len]);
        memcpy(exact.get(), held.data(), len);
        size_t message_len = 0;
        Step step = parser.step(exact.get(), len, max_message, message_len);
        check(step.size <= len, "a step consumed more than it was given");
        if (step.kind == StepKind::kMore)
            return;
        reading.failed = step.kind == StepKind::kFail;
        if (!reading.failed)
            reading.lines.emplace_back(exact.get(), message_len);
        held.erase(0, step.size);
    }
}

Reading play(std::string_view bytes, const std::vector<size_t> &cuts, size_t max_message)
{
    wm::text::LineParser parser;
    Reading reading;
    std::string held;
    size_t at = 0;
    for (size_t cut : cuts) {
        feed(parser, held, bytes.substr(at, cut - at), max_message, reading);
        at = cut;
    }
    feed(parser, held, bytes.substr(at), max_message, reading);
    return reading;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t max_message = data[1] % 64;
    const auto [bytes, cuts, every] = fuzz::Cuts(data, size, 2);
    Reading expected = reference(bytes, max_message);
    for (const Reading &got : {play(bytes, {}, max_message), play(bytes, cuts, max_message), play(bytes, every, max_message)}) {
        check(got.failed == expected.failed, "a line over the limit is taken, or one within it refused");
        check(got.lines == expected.lines, "other lines than the stream has");
    }
    return 0;
}
