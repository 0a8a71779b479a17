// Websocket frames (RFC 6455 §5): unmasking, joining of fragments in place, cut at every byte, and what is refused with which code.
#include "frame_feed.h"
#include "proto/websocket/frame_parser.h"
#include "proto/websocket/mask.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm;
using namespace std::string_literals;
using frame_feed::octets;
using frame_feed::Result;

/// Whose frames the cases read: each runs for both roles.
Role reader = Role::kServer;

bool masks()
{
    return reader == Role::kServer;
}

size_t mask_bytes()
{
    return websocket::mask_size(reader);
}

Step read_step(websocket::FrameParser &parser, char *data, size_t len, size_t max_message, websocket::Frame &out)
{
    return masks() ? parser.step<Role::kServer>(data, len, max_message, out) : parser.step<Role::kClient>(data, len, max_message, out);
}

Step read_by_rules(websocket::FrameParser &parser, char *data, size_t len, size_t max_message, websocket::Frame &out)
{
    return masks() ? parser.step_by_rules<Role::kServer>(data, len, max_message, out)
                   : parser.step_by_rules<Role::kClient>(data, len, max_message, out);
}

std::string frame(int first, const std::string &payload, bool masked, int form = 0)
{
    std::string out(1, static_cast<char>(first));
    size_t len = payload.size();
    int bytes = form ? form : len < 126 ? 1 : len < 65536 ? 2 : 8;
    int mark = masked ? 0x80 : 0;
    out += static_cast<char>(mark | (bytes == 1 ? static_cast<int>(len) : bytes == 2 ? 126 : 127));
    for (int i = bytes - 1; bytes > 1 && i >= 0; i--)
        out += static_cast<char>(static_cast<uint64_t>(len) >> 8 * i);
    const char mask[] = {0x12, static_cast<char>(0xF0), 0x55, static_cast<char>(0x9A)};
    if (masked)
        out.append(mask, 4);
    for (size_t i = 0; i < len; i++)
        out += static_cast<char>(masked ? payload[i] ^ mask[i % 4] : payload[i]);
    return out;
}

std::string frame(int first, const std::string &payload)
{
    return frame(first, payload, masks());
}

/// The second octet of a header.
std::string second(int length)
{
    return std::string(1, static_cast<char>(masks() ? 0x80 | length : length));
}

Result feed(const std::vector<std::string> &pieces, size_t max_message = 1 << 20)
{
    return frame_feed::feed(pieces, [&](websocket::FrameParser &parser, char *data, size_t len, websocket::Frame &out) {
        return read_step(parser, data, len, max_message, out);
    });
}

void a_stream_is_the_same_wherever_it_is_cut(void **)
{
    std::string long_text(200, 'l'), bytes;
    bytes += frame(0x81, "hello");
    bytes += frame(0x01, "frag");
    bytes += frame(0x89, "ping");
    bytes += frame(0x00, "");
    bytes += frame(0x00, "men\xe4\xb8");
    bytes += frame(0x8A, "");
    bytes += frame(0x80, "\xad");
    bytes += frame(0x82, long_text);
    bytes += frame(0x88, "\x03\xe8");
    std::vector<std::string> expected = {"1:hello", "9:ping", "10:", "1:fragmen\xe4\xb8\xad", "2:" + long_text, "8:\x03\xe8"};
    for (size_t cut = 0; cut <= bytes.size(); cut++) {
        Result result = feed({bytes.substr(0, cut), bytes.substr(cut)});
        assert_int_equal(result.failure, 0);
        assert_true(result.events == expected);
    }
    assert_true(feed(octets(bytes)).events == expected);
}

/// A step over the bytes of a message that have come so far; on kMore, need is counted from the start of what size leaves.
Step step_over(const std::string &bytes, size_t max_message)
{
    websocket::FrameParser parser;
    websocket::Frame out = {};
    std::string held = bytes;
    Step step = read_step(parser, held.data(), held.size(), max_message, out);
    while (step.kind == StepKind::kControl && step.size == 0)
        step = read_step(parser, held.data(), held.size(), max_message, out);
    return step;
}

void need__is_the_end_of_the_frame_once_its_length_is_known(void **)
{
    for (size_t len : {0u, 1u, 125u, 126u, 200u, 65536u}) {
        std::string bytes = frame(0x82, std::string(len, 'x'));
        size_t length_ends = len < 126 ? 2 : len < 65536 ? 4 : 10;
        for (size_t cut = 0; cut < bytes.size(); cut += cut < 300 ? 1 : 997) {
            Step step = step_over(bytes.substr(0, cut), len);
            assert_int_equal(step.kind, StepKind::kMore);
            assert_int_equal(step.size, cut);
            assert_int_equal(step.need, cut < length_ends ? 0 : bytes.size());
        }
    }
}

void need__counts_what_is_joined_and_no_gap(void **)
{
    const std::string frames[] = {frame(0x02, std::string(130, 'a')), frame(0x89, "ping"), frame(0x00, "bc"),
                                  frame(0x80, std::string(200, 'd'))};
    const size_t joined_before[] = {0, 130, 130, 132};
    constexpr size_t kMaxMessage = 332;
    std::string before;
    for (size_t i = 0; i < 4; i++) {
        size_t length_ends = frames[i].size() > 131 ? 4 : 2;
        for (size_t cut = 0; cut < frames[i].size(); cut++) {
            Step step = step_over(before + frames[i].substr(0, cut), kMaxMessage);
            assert_int_equal(step.kind, StepKind::kMore);
            assert_int_equal(step.size, joined_before[i] + cut);
            assert_int_equal(step.need, cut < length_ends ? 0 : joined_before[i] + frames[i].size());
            assert_true(step.need <= kMaxMessage + 8);
        }
        before += frames[i];
    }
    assert_int_equal(step_over(before, kMaxMessage).kind, StepKind::kMessage);
}

void lengths_at_their_borders(void **)
{
    for (size_t len : {0u, 1u, 124u, 125u, 126u, 127u, 65535u, 65536u, 70000u}) {
        std::string payload(len, 'x');
        Result result = feed({frame(0x82, payload)});
        assert_int_equal(result.failure, 0);
        assert_int_equal(result.events.size(), 1);
        assert_true(result.events[0] == "2:" + payload);
    }
    // RFC 6455 §5.2: the minimal number of bytes; the top bit of 64 is 0.
    assert_int_equal(feed({frame(0x82, std::string(125, 'x'), masks(), 2)}).failure, 1002);
    assert_int_equal(feed({frame(0x82, std::string(65535, 'x'), masks(), 8)}).failure, 1002);
    assert_int_equal(feed({"\x82" + second(127) + "\x80\0\0\0\0\0\0\1"s}).failure != 0, 1);
}

void the_limit_acts_before_the_payload_has_come(void **)
{
    assert_int_equal(feed({frame(0x82, std::string(100, 'x'))}, 100).failure, 0);
    assert_int_equal(feed({frame(0x82, std::string(101, 'x')).substr(0, 8)}, 100).failure, 1009);
    assert_int_equal(feed({frame(0x02, std::string(60, 'x')) + frame(0x80, std::string(40, 'x'))}, 100).failure, 0);
    assert_int_equal(feed({frame(0x02, std::string(60, 'x')) + frame(0x80, std::string(41, 'x')).substr(0, 6)}, 100).failure, 1009);
    assert_int_equal(feed({"\x82" + second(127) + "\x7f\xff\xff\xff\xff\xff\xff\xff"s}, 100).failure, 1009);
    // Control frames have a limit of their own.
    assert_int_equal(feed({frame(0x89, std::string(125, 'p'))}, 1).failure, 0);
}

void what_breaks_a_rule_is_refused_with_its_code(void **)
{
    const struct {
        std::string bytes;
        int code;
    } rows[] = {
        {frame(0x81, "x", !masks()), 1002}, // unmasked from a client, masked from a server, §5.1
        {frame(0xC1, "x"), 1002},           // RSV without extension, §5.2
        {frame(0xA1, "x"), 1002},
        {frame(0x91, "x"), 1002},
        {frame(0x83, "x"), 1002}, // reserved opcodes
        {frame(0x8B, "x"), 1002},
        {frame(0x09, "x"), 1002},                    // a control frame in fragments, §5.5
        {frame(0x89, std::string(126, 'x')), 1002},  // or too long
        {frame(0x80, "x"), 1002},                    // nothing to continue, §5.4
        {frame(0x01, "a") + frame(0x81, "b"), 1002}, // a new message inside another
        {frame(0x81, "\xff"), 1007},                 // text that is no UTF-8, §8.1
        {frame(0x01, "\xe4\xb8") + frame(0x80, "x"), 1007},
    };
    for (const auto &row : rows)
        assert_int_equal(feed({row.bytes}).failure, row.code);
    assert_int_equal(feed({frame(0x82, "\xff")}).failure, 0);
}

void close_payloads(void **)
{
    const struct {
        std::string payload;
        int code, failure;
    } rows[] = {
        {""s, 1005, 0},         {"\x03"s, 0, 1002},     {"\x03\xe8"s, 1000, 0}, {"\x03\xe8ok"s, 1000, 0}, {"\x03\xe8\xff"s, 0, 1007},
        {"\x03\xed"s, 0, 1002}, {"\x03\xee"s, 0, 1002}, {"\x03\xec"s, 0, 1002}, {"\x03\xf7"s, 0, 1002},   {"\x0b\xb8"s, 3000, 0},
        {"\x13\x87"s, 4999, 0}, {"\x13\x88"s, 0, 1002}, {"\x03\xe7"s, 0, 1002}, {"\0\0"s, 0, 1002},
    };
    for (const auto &row : rows) {
        std::string bytes = frame(0x88, row.payload);
        assert_int_equal(feed({bytes}).failure, row.failure);
        if (row.failure != 0)
            continue;
        websocket::FrameParser parser;
        websocket::Frame out = {};
        assert_int_equal(read_step(parser, bytes.data(), bytes.size(), 0, out).kind, StepKind::kControl);
        assert_int_equal(websocket::close_code(out), row.code);
    }
    // A character that a fragmented text leaves open is none of a close frame's.
    assert_true(feed({frame(0x01, "\xe2"), frame(0x88, "")}).events == std::vector<std::string>{"8:"});
    assert_true(feed({frame(0x01, "\xe2"), frame(0x88, "\x03\xe8ok")}).events == std::vector<std::string>{"8:\x03\xe8ok"});
}

/// The bytes after which the stream fails, fed one at a time; 0: it does not.
size_t fails_after(const std::string &bytes)
{
    std::vector<std::string> pieces;
    for (size_t i = 0; i < bytes.size(); i++) {
        pieces.push_back(bytes.substr(i, 1));
        if (feed(pieces).failure != 0)
            return i + 1;
    }
    return 0;
}

/// Autobahn's 6.4, strictly: at the octet that is wrong, whatever the frame and the message still lack.
void text_fails_at_the_octet_that_is_wrong(void **)
{
    const struct {
        std::string text;
        size_t wrong; ///< offset
    } rows[] = {
        {"ab\xff"s, 2},
        {"\x80"s, 0},
        {"a\xc3("s, 2},
        {"\xe2\x82"
         "a"s,
         2},
        {"\xf0\x9f\x98("s, 3},
        {"\xc0\x80"s, 0},
        {"\xe0\x9f\xbf"s, 1},
        {"\xed\xa0\x80"s, 1},
        {"\xf0\x8f\xbf"s, 1},
        {"\xf4\x90\x80\x80"s, 1},
        {"\xf5\x80"s, 0},
        {"\xe4\xb8\xad\xff"s, 3},
        {std::string(40, '.') + "\xce\xba\xe1\xbd\xb9\xcf\x83\xf4\x90", 48},
    };
    for (const auto &row : rows) {
        const std::string behind = "and more";
        std::string whole = frame(0x81, row.text + behind);
        assert_int_equal(fails_after(whole), 2 + mask_bytes() + row.wrong + 1);
        std::string parts = frame(0x01, "x"), last = frame(0x80, row.text + behind);
        assert_int_equal(fails_after(parts + last), parts.size() + 2 + mask_bytes() + row.wrong + 1);
        std::string close = frame(0x88, "\x03\xe8" + row.text + behind);
        assert_int_equal(fails_after(close), 2 + mask_bytes() + 2 + row.wrong + 1);
        // The fragments may cut the character anywhere.
        for (size_t cut = 1; cut <= row.wrong; cut++) {
            std::string first = frame(0x01, row.text.substr(0, cut)) + frame(0x89, "ping");
            assert_int_equal(fails_after(first + frame(0x00, row.text.substr(cut))), first.size() + 2 + mask_bytes() + row.wrong + 1 - cut);
        }
    }
    assert_int_equal(fails_after(frame(0x88, "\x03\xed and more")), 2 + mask_bytes() + 2);
    assert_int_equal(fails_after(frame(0x88, "\x03")), 2);
}

void unmask_at_every_alignment_and_length(void **)
{
    const char mask[4] = {0x11, 0x22, static_cast<char>(0x83), 0x44};
    std::mt19937 random(4);
    std::vector<char> memory(400), expected;
    for (size_t offset = 0; offset < 40; offset++)
        for (size_t len = 0; len < 150; len++) {
            for (char &c : memory)
                c = static_cast<char>(random());
            expected = memory;
            for (size_t i = 0; i < len; i++)
                expected[offset + i] = static_cast<char>(expected[offset + i] ^ mask[i % 4]);
            websocket::unmask(memory.data() + offset, len, mask);
            assert_true(memory == expected); // and nothing behind it
        }
}

void unmask__tells_whether_the_payload_is_ascii(void **)
{
    const char mask[4] = {0x11, static_cast<char>(0xF2), static_cast<char>(0x83), 0x44};
    for (size_t len = 0; len < 200; len++)
        for (size_t other = 0; other <= len; other++) {
            std::string bytes;
            for (size_t i = 0; i < len; i++)
                bytes += static_cast<char>((i == other ? 0x80 : 0x7F) ^ mask[i % 4]);
            assert_int_equal(websocket::unmask(bytes.data(), len, mask), other == len);
        }
}

/// What a step over one copy of the bytes does, and the parser afterwards.
struct Outcome {
    websocket::FrameParser parser;
    std::vector<char> bytes;
    websocket::Frame frame = {};
    Step step = {};

    Outcome(const websocket::FrameParser &before, const std::vector<char> &input) : parser(before), bytes(input) {}
};

void assert_same(const Outcome &a, const Outcome &b)
{
    assert_int_equal(a.step.kind, b.step.kind);
    if (a.step.kind == StepKind::kFail) {
        assert_ptr_equal(&a.parser.failure(), &b.parser.failure());
        return;
    }
    assert_int_equal(a.step.size, b.step.size);
    assert_int_equal(a.step.need, b.step.need);
    assert_true(a.bytes == b.bytes);
    if (a.step.kind == StepKind::kMore)
        return;
    assert_int_equal(a.frame.opcode, b.frame.opcode);
    assert_int_equal(a.frame.len, b.frame.len);
    assert_int_equal(a.frame.data - a.bytes.data(), b.frame.data - b.bytes.data());
}

void check_both_ways(const websocket::FrameParser &before, const std::vector<char> &input, size_t max_message)
{
    Outcome quick(before, input), ruled(before, input);
    quick.step = read_step(quick.parser, quick.bytes.data(), input.size(), max_message, quick.frame);
    ruled.step = read_by_rules(ruled.parser, ruled.bytes.data(), input.size(), max_message, ruled.frame);
    assert_same(quick, ruled);
}

/// Every pair of first bytes behind those frames, with lengths around the borders, a mask and a payload, whole and with its last byte
/// missing.
void check_all_headers(const std::string &frames)
{
    websocket::FrameParser before;
    std::vector<char> front(frames.begin(), frames.end());
    websocket::Frame frame = {};
    for (Step step = {}; !front.empty() && step.kind != StepKind::kControl;) {
        step = read_step(before, front.data(), front.size(), 1000, frame);
        if (step.kind != StepKind::kMore) {
            front.erase(front.begin(), front.begin() + static_cast<ptrdiff_t>(step.size));
            continue;
        }
        front.resize(step.size);
        break;
    }
    for (int first = 0; first < 256; first++)
        for (int second = 0; second < 256; second++)
            for (size_t extended : {0u, 125u, 126u, 200u, 201u}) {
                size_t payload = (second & 0x7F) < 126 ? static_cast<size_t>(second & 0x7F) : extended;
                if ((second & 0x7F) < 126 && extended > 0)
                    break;
                std::vector<char> input = front;
                input.push_back(static_cast<char>(first));
                input.push_back(static_cast<char>(second));
                for (int i = (second & 0x7F) == 126 ? 1 : (second & 0x7F) == 127 ? 7 : -1; i >= 0; i--)
                    input.push_back(static_cast<char>(static_cast<uint64_t>(extended) >> 8 * i));
                // A close code may be sent, and text is UTF-8, as the mask is that of a zero octet.
                const char *parts = "\0\0\0\0\x03\xe8\x2e";
                input.insert(input.end(), parts, parts + (first % 16 == 8 ? 7 : 4));
                size_t whole = input.size() - (first % 16 == 8 ? 3 : 0) + payload;
                input.resize(whole, '.');
                for (size_t max_message : {size_t{0}, size_t{124}, size_t{200}})
                    check_both_ways(before, input, max_message);
                input.pop_back();
                check_both_ways(before, input, 200);
            }
}

void the_short_cut_and_the_rules_agree_on_every_header(void **)
{
    check_all_headers("");
    check_all_headers(frame(0x81, "whole"));
    check_all_headers(frame(0x01, "text"));
    check_all_headers(frame(0x02, "\xff"));
    check_all_headers(frame(0x01, "text") + frame(0x89, "ping"));
}

void the_short_cut_and_the_rules_agree_at_every_length(void **)
{
    const std::string texts[] = {
        "", "\x7f", "\xc3\xa9", "\xc3", "\xff", std::string(60, 'a') + "\xe4\xb8\xad", std::string(61, 'a') + "\xe4\xb8"};
    websocket::FrameParser before;
    for (int first : {0x81, 0x82})
        for (const std::string &text : texts)
            for (size_t len : {0u, 1u, 50u, 120u, 124u, 125u, 126u, 127u, 300u}) {
                std::string bytes = frame(first, std::string(len, 'b') + text);
                std::vector<char> input(bytes.begin(), bytes.end());
                for (size_t behind : {0u, 1u, 20u}) {
                    input.resize(bytes.size() + behind, '\x81');
                    check_both_ways(before, input, 200);
                }
                for (size_t there = 1; there < bytes.size(); there++) {
                    websocket::FrameParser parser;
                    websocket::Frame out = {};
                    std::vector<char> started(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(there));
                    check_both_ways(before, started, 1000);
                    if (read_step(parser, started.data(), there, 1000, out).kind == StepKind::kFail)
                        break;
                    started.insert(started.end(), bytes.begin() + static_cast<ptrdiff_t>(there), bytes.end());
                    check_both_ways(parser, started, 1000);
                }
            }
}

void headers_that_are_written(void **)
{
    char out[websocket::kMaxHeader];
    assert_int_equal(websocket::write_header(out, websocket::kText, 125), 2);
    assert_memory_equal(out, "\x81\x7d", 2);
    assert_int_equal(websocket::write_header(out, websocket::kBinary, 126), 4);
    assert_memory_equal(out, "\x82\x7e\0\x7e", 4);
    assert_int_equal(websocket::write_header(out, websocket::kText, 65535), 4);
    assert_int_equal(websocket::write_header(out, websocket::kText, 65536), 10);
    assert_memory_equal(out, "\x81\x7f\0\0\0\0\0\1\0\0", 10);
}

void masked_headers_that_are_written(void **)
{
    char out[websocket::kMaxHeader];
    const char mask[] = {1, 2, 3, 4};
    assert_int_equal(websocket::write_header(out, websocket::kText, 0, mask), 6);
    assert_memory_equal(out, "\x81\x80\1\2\3\4", 6);
    assert_int_equal(websocket::write_header(out, websocket::kText, 65535, mask), 8); // the short form, RFC 6455 §5.2
    assert_memory_equal(out, "\x81\xfe\xff\xff\1\2\3\4", 8);
    assert_int_equal(websocket::write_header(out, websocket::kBinary, 65536, mask), 14);
    assert_memory_equal(out, "\x82\xff\0\0\0\0\0\1\0\0\1\2\3\4", 14);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_is_the_same_wherever_it_is_cut),
        cmocka_unit_test(need__is_the_end_of_the_frame_once_its_length_is_known),
        cmocka_unit_test(need__counts_what_is_joined_and_no_gap),
        cmocka_unit_test(lengths_at_their_borders),
        cmocka_unit_test(the_limit_acts_before_the_payload_has_come),
        cmocka_unit_test(what_breaks_a_rule_is_refused_with_its_code),
        cmocka_unit_test(close_payloads),
        cmocka_unit_test(text_fails_at_the_octet_that_is_wrong),
        cmocka_unit_test(unmask_at_every_alignment_and_length),
        cmocka_unit_test(unmask__tells_whether_the_payload_is_ascii),
        cmocka_unit_test(the_short_cut_and_the_rules_agree_on_every_header),
        cmocka_unit_test(the_short_cut_and_the_rules_agree_at_every_length),
        cmocka_unit_test(headers_that_are_written),
        cmocka_unit_test(masked_headers_that_are_written),
    };
    int failed = cmocka_run_group_tests_name("a server reads", tests, nullptr, nullptr);
    reader = Role::kClient;
    return failed + cmocka_run_group_tests_name("a client reads", tests, nullptr, nullptr);
}
