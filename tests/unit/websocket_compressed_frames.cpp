// Frames where permessage-deflate was agreed on (RFC 7692 §6): where RSV1 may be, what is not validated yet, and the limits; the others
// as without it.
#include "frame_feed.h"
#include "proto/websocket/frame_parser.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
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

constexpr size_t kLimit = 1000;

/// Of a server, whose frames have no mask; length: as announced, in place of the payload's own.
std::string frame(int first, const std::string &payload, size_t length = SIZE_MAX)
{
    char header[websocket::kMaxHeader];
    size_t size = websocket::write_header(header, websocket::kBinary, length == SIZE_MAX ? payload.size() : length);
    header[0] = static_cast<char>(first);
    return std::string(header, size) + payload;
}

Result feed(const std::vector<std::string> &pieces)
{
    return frame_feed::feed(pieces, [](websocket::FrameParser &parser, char *data, size_t len, websocket::Frame &out) {
        return parser.step<Role::kClient, true>(data, len, kLimit, out);
    });
}

void compressed_and_plain_messages_wherever_they_are_cut(void **)
{
    std::string bytes;
    bytes += frame(0xC1, "\xff\xfe"); // no UTF-8: it is not the text
    bytes += frame(0x81, "plain");
    bytes += frame(0x41, "\xc3");
    bytes += frame(0x89, "ping");
    bytes += frame(0x00, "");
    bytes += frame(0x80, "\x28");
    bytes += frame(0x01, "men\xe4\xb8");
    bytes += frame(0x80, "\xad");
    bytes += frame(0xC2, "");
    bytes += frame(0x82, "\xff");
    bytes += frame(0x42, "");
    bytes += frame(0x80, "");
    bytes += frame(0x88, "\x03\xe8");
    const Result expected = {
        {"z1:\xff\xfe", "1:plain", "9:ping", "z1:\xc3\x28", "1:men\xe4\xb8\xad", "z2:", "2:\xff", "z2:", "8:\x03\xe8"}};
    for (size_t cut = 0; cut <= bytes.size(); cut++)
        assert_true(feed({bytes.substr(0, cut), bytes.substr(cut)}) == expected);
    assert_true(feed(octets(bytes)) == expected);
}

void rsv1_begins_a_message_or_fails(void **)
{
    const std::string rows[] = {
        frame(0xC8, "\x03\xe8"),             // a close
        frame(0xC9, ""),                     // a ping
        frame(0xCA, ""),                     // a pong
        frame(0xC0, "a"),                    // nothing to continue
        frame(0x41, "a") + frame(0xC0, "b"), // a continuation of a compressed message
        frame(0x41, "a") + frame(0x40, "b"), // or one that goes on
        frame(0x01, "a") + frame(0xC0, "b"), // of a plain one
        frame(0x01, "a") + frame(0xC1, "b"), // a message inside another
        frame(0xC3, ""),                     // a reserved opcode
        frame(0xE1, "a"),
        frame(0xD1, "a"), // with RSV2, RSV3
        frame(0xA1, "a"),
        frame(0x91, "a"), // without RSV1
        frame(0x41, "a") + frame(0xA0, "b"),
    };
    for (const std::string &row : rows) {
        assert_int_equal(feed({row}).failure, 1002);
        assert_int_equal(feed(octets(row)).failure, 1002);
    }
}

void a_plain_text_is_validated_also_behind_a_compressed_one(void **)
{
    assert_int_equal(feed({frame(0xC1, "\xc3") + frame(0x81, "\xff")}).failure, 1007);
    assert_int_equal(feed({frame(0x41, "\xc3") + frame(0x80, "") + frame(0x01, "\xe4") + frame(0x80, "x")}).failure, 1007);
    assert_int_equal(feed({frame(0xC1, "\xc3") + frame(0x88, "\x03\xe8\xff")}).failure, 1007);
}

void a_compressed_message_may_be_larger_than_its_content(void **)
{
    size_t most = websocket::compressed_limit(kLimit);
    assert_true(most > kLimit);
    assert_int_equal(feed({frame(0xC2, "", most)}).failure, 0);
    assert_int_equal(feed({frame(0xC2, "", most + 1)}).failure, 1009);
    assert_int_equal(feed({frame(0x42, std::string(10, 'x')) + frame(0x80, "", most - 10)}).failure, 0);
    assert_int_equal(feed({frame(0x42, std::string(10, 'x')) + frame(0x80, "", most - 9)}).failure, 1009);
    assert_int_equal(feed({frame(0xC2, "") + frame(0x82, "", kLimit + 1)}).failure, 1009);
    assert_int_equal(feed({frame(0xC2, "") + frame(0x02, "x") + frame(0x80, "", kLimit)}).failure, 1009);
    assert_int_equal(feed({frame(0x42, "x") + frame(0x89, "", 126)}).failure, 1002);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(compressed_and_plain_messages_wherever_they_are_cut),
        cmocka_unit_test(rsv1_begins_a_message_or_fails),
        cmocka_unit_test(a_plain_text_is_validated_also_behind_a_compressed_one),
        cmocka_unit_test(a_compressed_message_may_be_larger_than_its_content),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
