// permessage-deflate (RFC 7692): the first octet says what the others are. 0: Sec-WebSocket-Extensions lines of a request, which a server
// answers as its client takes it, or declines. 1: of an answer, which a client takes only if it was asked for. 2: the data of compressed
// messages, each behind its length, which inflate to the same whatever room a step has. 3: a message, which comes back as it was.
#include "fuzz_check.h"
#include "proto/websocket/deflate.h"
#include "proto/websocket/extensions.h"
#include "proto/websocket/frame_parser.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace {

using fuzz::check;
using namespace wm::websocket;

constexpr DeflateWish kWishes[] = {{true, 15}, {false, 15}, {false, 9}};
constexpr size_t kMost = 1 << 16; // bytes of an inflated message

/// Header lines as the parser of heads lets them pass: each line of the input is a value.
std::string fields_of(std::string_view input)
{
    std::string fields;
    while (!input.empty()) {
        size_t end = std::min(input.find('\n'), input.size());
        fields += "Sec-WebSocket-Extensions: ";
        for (char c : input.substr(0, end))
            fields += (c >= ' ' && c != 0x7f) || c == '\t' || c < 0 ? c : '_';
        fields += "\r\n";
        input.remove_prefix(std::min(end + 1, input.size()));
    }
    return fields;
}

void check_bits(const DeflateTerms &terms, const DeflateWish &wish)
{
    check(terms.server_bits >= kLeastWindowBits && terms.server_bits <= kMostWindowBits, "a window of the server that does not exist");
    check(terms.client_bits >= kLeastWindowBits && terms.client_bits <= kMostWindowBits, "a window of the client that does not exist");
    check(!wish.resets || (terms.server_resets && terms.client_resets), "context of streams that are shared");
}

void offers(std::string_view input)
{
    std::string fields = fields_of(input);
    for (const DeflateWish &wish : kWishes) {
        DeflateTerms terms, again;
        if (!choose_deflate(fields, wish, terms) || !terms.agreed())
            continue;
        check_bits(terms, wish);
        check(terms.server_bits <= wish.window_bits, "a window larger than the option");
        char answer[kMaxExtensionAnswer];
        size_t size = write_deflate_answer(answer, terms);
        check(size <= sizeof answer, "an answer over its room");
        constexpr DeflateWish kAny = {false, 15};
        check(!check_deflate_answer({answer, size}, &kAny, again), "an answer that no client takes");
        check(again.server_bits == terms.server_bits && again.client_bits == terms.client_bits &&
                  again.server_resets == terms.server_resets && again.client_resets == terms.client_resets,
              "the two ends have agreed on different things");
    }
}

void answers(std::string_view input)
{
    std::string fields = fields_of(input);
    for (const DeflateWish &wish : kWishes) {
        DeflateTerms terms;
        if (check_deflate_answer(fields, &wish, terms) || !terms.agreed())
            continue;
        check_bits(terms, wish);
        check(terms.client_bits <= wish.window_bits, "a window larger than the option");
    }
    DeflateTerms none;
    check(input.empty() || check_deflate_answer(fields, nullptr, none), "an extension that was not asked for");
}

struct Inflated {
    std::string bytes;
    bool malformed = false;
    bool cut = false; ///< there is more than kMost
};

Inflated inflate_by(Inflater &inflater, std::string_view data, size_t room)
{
    Inflated out;
    std::unique_ptr<char[]> part(new char[room]);
    inflater.begin(data);
    for (;;) {
        size_t made = 0;
        Inflater::Result result = inflater.step(part.get(), room, made);
        check(made <= room, "a step that made more than its room");
        out.bytes.append(part.get(), made);
        out.malformed = result == Inflater::Result::kMalformed;
        out.cut = out.bytes.size() > kMost;
        if (result != Inflater::Result::kMore || out.cut)
            return out;
        check(made == room, "a step that stopped early");
    }
}

void messages(std::string_view input)
{
    auto one = Inflater::make(15), other = Inflater::make(15);
    while (!input.empty()) {
        size_t size = std::min<size_t>(static_cast<unsigned char>(input[0]), input.size() - 1);
        std::string data(input.substr(1, size)); // of its own, so that a look past its bytes is found
        input.remove_prefix(1 + size);
        Inflated large = inflate_by(*one, data, 4096), small = inflate_by(*other, data, 1 + size % 7);
        check(large.malformed == small.malformed || large.cut || small.cut, "whether it fails hangs on the room");
        size_t common = std::min(large.bytes.size(), small.bytes.size());
        check(large.bytes.compare(0, common, small.bytes, 0, common) == 0, "what it makes hangs on the room");
        if (large.malformed || small.malformed || large.cut || small.cut)
            return;
        check(large.bytes.size() == small.bytes.size(), "how much it makes hangs on the room");
    }
}

void round_trip(std::string_view input)
{
    if (input.size() < 2)
        return;
    int bits = 8 + input[0] % 8, level = 1 + static_cast<unsigned char>(input[0]) / 8 % 9;
    auto deflater = Deflater::make(std::max(bits, 8), level);
    auto inflater = Inflater::make(std::max(bits, 8));
    std::string message(input.substr(1));
    for (int turn = 0; turn < 3; turn++) {
        std::unique_ptr<char[]> out(new char[deflater->bound(message.size())]);
        size_t size = deflater->compress(message, out.get(), deflater->bound(message.size()));
        check(size > 0 && size <= compressed_limit(message.size()), "a compressed message over its limit");
        Inflated back = inflate_by(*inflater, {out.get(), size}, 1000);
        check(!back.malformed && (back.cut || back.bytes == message), "a message that does not come back");
        if (back.cut)
            return;
        message += message.substr(message.size() / 2);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    std::string_view input(reinterpret_cast<const char *>(data) + 1, size - 1);
    void (*const kinds[])(std::string_view) = {offers, answers, messages, round_trip};
    kinds[data[0] % 4](input);
    return 0;
}
