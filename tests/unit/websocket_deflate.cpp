// Messages of permessage-deflate (RFC 7692 §7.2): the examples of the RFC, each window in a window of its size, context, blocks of all
// kinds, and data that is none.
#include "proto/websocket/deflate.h"
#include "proto/websocket/frame_parser.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <zlib.h>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm::websocket;
using namespace std::string_literals;

constexpr const char *kMalformed = "(malformed)";

/// The message, or kMalformed. room: of each step.
std::string inflated(Inflater &inflater, const std::string &data, size_t room = 4096)
{
    std::string out, part(room, '\0');
    inflater.begin(data);
    for (;;) {
        size_t made = 0;
        Inflater::Result result = inflater.step(part.data(), room, made);
        assert_true(made <= room);
        out.append(part, 0, made);
        if (result == Inflater::Result::kDone)
            return out;
        if (result == Inflater::Result::kMalformed)
            return kMalformed;
        assert_true(result == Inflater::Result::kMore && made == room);
    }
}

std::string inflated(const std::string &data, size_t room = 4096)
{
    return inflated(*Inflater::make(15), data, room);
}

std::string deflated(Deflater &deflater, const std::string &message)
{
    std::string out(deflater.bound(message.size()), '\0');
    size_t size = deflater.compress(message, out.data(), out.size());
    assert_true(size > 0 && size <= out.size());
    out.resize(size);
    return out;
}

/// Text that repeats itself, near and far; or bytes without any order.
std::string sample(size_t size, bool random)
{
    std::minstd_rand generator(static_cast<unsigned>(size));
    std::string out;
    while (out.size() < size) {
        size_t from = out.size() > 20 ? generator() % (out.size() - 10) : 0;
        if (random || out.size() < 100 || generator() % 4 == 0)
            out += static_cast<char>(generator() % (random ? 256 : 26) + (random ? 0 : 'a'));
        else
            out += std::string(out, from, 3 + generator() % 60);
    }
    out.resize(size);
    return out;
}

void the_examples_of_the_rfc(void **)
{
    const std::string hello = "\xf2\x48\xcd\xc9\xc9\x07\x00"s;
    assert_string_equal(inflated(hello).c_str(), "Hello");
    auto deflater = Deflater::make(15, 6);
    assert_true(deflated(*deflater, "Hello") == hello);
    assert_true(deflated(*deflater, "Hello") == "\xf2\x00\x11\x00\x00"s); // §7.2.3.2: refers to the first
    auto inflater = Inflater::make(15);
    assert_string_equal(inflated(*inflater, hello).c_str(), "Hello");
    assert_string_equal(inflated(*inflater, "\xf2\x00\x11\x00\x00"s).c_str(), "Hello");
    assert_string_equal(inflated("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"s).c_str(), "Hello");         // §7.2.3.3: not compressed
    assert_string_equal(inflated("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s).c_str(), "Hello");                     // §7.2.3.4: BFINAL
    assert_string_equal(inflated("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s).c_str(), "Hello"); // §7.2.3.5: two blocks
    assert_string_equal(inflated("\x00"s).c_str(), "");                                                      // §7.2.3.6: empty
}

void messages_of_all_sizes_come_back(void **)
{
    for (int bits = 8; bits <= 15; bits++) {
        auto deflater = Deflater::make(bits, 1 + bits % 9);
        auto inflater = Inflater::make(bits);
        assert_true(deflater && inflater);
        for (bool random : {false, true})
            for (size_t size : {1U, 16U, 64U, 127U, 256U, 1024U, 4096U, 16384U, 65536U, 131072U}) {
                std::string message = sample(size, random), data = deflated(*deflater, message);
                assert_true(data.size() <= compressed_limit(size));
                assert_true(inflated(*inflater, data, 1 + size / 3) == message);
            }
    }
}

/// Through an inflater whose window is exactly that, which gets one byte of room at a time: all that a message refers to is in its window.
void a_window_of_8_bits_is_not_left(void **)
{
    for (int level = 1; level <= 9; level++) {
        auto deflater = Deflater::make(8, level);
        z_stream stream = {};
        assert_int_equal(inflateInit2(&stream, -8), Z_OK);
        for (size_t size : {10U, 300U, 5000U, 20000U, 257U, 100000U}) {
            std::string message = sample(size, false), data = deflated(*deflater, message) + "\x00\x00\xff\xff"s, out;
            stream.next_in = reinterpret_cast<Bytef *>(data.data());
            stream.avail_in = static_cast<uInt>(data.size());
            for (;;) {
                Bytef octet;
                stream.next_out = &octet;
                stream.avail_out = 1;
                int result = inflate(&stream, Z_SYNC_FLUSH);
                assert_true(result == Z_OK || result == Z_BUF_ERROR);
                if (stream.avail_out == 1)
                    break;
                out += static_cast<char>(octet);
            }
            assert_true(out == message);
        }
        inflateEnd(&stream);
    }
}

void context_is_taken_over_or_not(void **)
{
    std::string message = sample(1000, false);
    auto deflater = Deflater::make(15, 6);
    std::string first = deflated(*deflater, message), second = deflated(*deflater, message);
    assert_true(second.size() < 20);
    deflater->reset();
    assert_true(deflated(*deflater, message) == first);

    auto inflater = Inflater::make(15);
    assert_true(inflated(*inflater, first) == message);
    assert_true(inflated(*inflater, second) == message);
    inflater->reset();
    assert_string_equal(inflated(*inflater, second).c_str(), kMalformed);
    inflater->reset();
    assert_true(inflated(*inflater, first) == message);
}

void a_level_takes_effect_behind_a_reset(void **)
{
    std::string message = sample(20000, false);
    auto quick = Deflater::make(15, 1), best = Deflater::make(15, 9);
    std::string quickly = deflated(*quick, message), well = deflated(*best, message);
    assert_true(quickly != well);
    quick->reset();
    quick->set_level(9);
    assert_true(deflated(*quick, message) == well);
    quick->reset();
    quick->set_level(1);
    assert_true(deflated(*quick, message) == quickly);
}

void a_final_block_ends_no_message(void **)
{
    const std::string final_hello = "\xf3\x48\xcd\xc9\xc9\x07\x00"s; // BFINAL
    assert_string_equal(inflated(final_hello).c_str(), "Hello");     // without the octet that makes room for the trailer
    assert_string_equal(inflated(final_hello + final_hello + "\x00"s).c_str(), "HelloHello");
    assert_string_equal(inflated(final_hello + "\xf2\x48\xcd\xc9\xc9\x07\x00"s, 1).c_str(), "HelloHello");
    auto inflater = Inflater::make(15);
    assert_string_equal(inflated(*inflater, final_hello + "\x00"s).c_str(), "Hello");
    assert_string_equal(inflated(*inflater, "\xf2\x00\x11\x00\x00"s).c_str(), "Hello"); // the context stays
    std::string many;
    for (int i = 0; i < 1024; i++)
        many += "\x03\x00"s;
    assert_string_equal(inflated(many).c_str(), "");
    assert_string_equal(inflated(many + "\x03\x00"s).c_str(), kMalformed);
}

void what_is_no_message_is_malformed(void **)
{
    const std::string rows[] = {
        "\xff\xff\xff\xff"s,                     // block type 3
        "\x06"s,                                 // the same
        "\xf2\x48\xcd\xc9"s,                     // cut off inside a block
        "\xf2\x48\xcd\xc9\xc9\x07"s,             // without the flush
        "\x00\x05\x00\xfa\xff\x48\x65"s,         // shorter than it says
        "\x00\x05\x00\x00\x00\x48\x65\x6c\x6c"s, // LEN and NLEN differ
        "\xf2\x00\x11\x00\x00"s,                 // refers to what was never there
        "\x05\xe0\x81\x08\x00\x00\x00\x00\x20\x7f\xeb\x0b"s.substr(0, 5),
    };
    for (const std::string &row : rows)
        for (size_t room : {1U, 4096U})
            assert_string_equal(inflated(row, room).c_str(), kMalformed);
}

void a_bomb_is_made_only_as_far_as_it_is_asked_for(void **)
{
    auto deflater = Deflater::make(15, 9);
    std::string data = deflated(*deflater, std::string(64 << 20, '\0'));
    assert_true(data.size() < 70000);
    auto inflater = Inflater::make(15);
    inflater->begin(data);
    char out[1000];
    size_t made = 0;
    assert_true(inflater->step(out, sizeof out, made) == Inflater::Result::kMore);
    assert_int_equal(made, sizeof out);
    inflater->reset();
    assert_string_equal(inflated(*inflater, "\xf2\x48\xcd\xc9\xc9\x07\x00"s).c_str(), "Hello");
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_rfc),
        cmocka_unit_test(messages_of_all_sizes_come_back),
        cmocka_unit_test(a_window_of_8_bits_is_not_left),
        cmocka_unit_test(context_is_taken_over_or_not),
        cmocka_unit_test(a_level_takes_effect_behind_a_reset),
        cmocka_unit_test(a_final_block_ends_no_message),
        cmocka_unit_test(what_is_no_message_is_malformed),
        cmocka_unit_test(a_bomb_is_made_only_as_far_as_it_is_asked_for),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
