// What a Redis server says: the same values and the same end however the bytes are cut, and no more of either than the limits allow. Each
// reply is read as an error and as the slots of a cluster, too. The first octet is the number of cuts, the octets behind it are their
// distances.
#include "fuzz_check.h"
#include "hub/engine/redis/cluster_slots.h"
#include "hub/engine/redis/redis_error.h"
#include "hub/engine/redis/resp_reader.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using fuzz::check;
using namespace wm::redis;

constexpr uint8_t kDeepest = 7; // arrays in arrays, of hiredis 0.14; later ones allow more
constexpr size_t kToldError = 512;

struct Reading final : RespSink {
    bool take(const RespValue &value) override
    {
        check(value.type == RespType::kArray || value.number == 0 || value.type == RespType::kInteger, "a text has a number");
        check(open.size() == value.depth, "a value is at another depth than its array");
        check(value.depth <= kDeepest + 1, "arrays are too deep");
        if (!open.empty()) {
            check(value.index == open.back().next, "a value is at another place than behind the one before");
            open.back().next++;
        }
        if (value.type == RespType::kArray && value.number > 0)
            open.push_back({static_cast<size_t>(value.number), 0});
        while (!open.empty() && open.back().next == open.back().size)
            open.pop_back();
        note(value);
        return true;
    }

    bool complete() override
    {
        check(open.empty(), "a reply is complete, and an array of it is not");
        text += "end\n";
        read_slots();
        answer = {};
        return true;
    }

    void note(const RespValue &value)
    {
        text += std::to_string(value.depth) + "." + std::to_string(value.index) + "=" + std::to_string(static_cast<int>(value.type)) + ":" +
                std::to_string(value.number) + ":" + std::string(value.text) + "\n";
        answer.items.push_back({value.type, value.depth, value.number, answer.texts.size(), value.text.size()});
        answer.texts += value.text;
        check(explain(value.text).text.size() < kToldError, "an error is told at length");
    }

    void read_slots() const
    {
        ClusterSlots slots;
        bool known = slots.read(answer, {"asked", 1, {}});
        check(known || slots.servers().empty(), "slots of what is no answer");
        for (uint32_t slot = 0; slot < kSlots; slot += 97)
            if (const wm::EngineServer *server = slots.server_of(static_cast<uint16_t>(slot)))
                check(server->port > 0 && !server->host.empty(), "a server without an address");
    }

    struct Array {
        size_t size, next;
    };

    std::vector<Array> open; ///< arrays, the outermost first
    std::string text;
    Answer answer;
    bool failed = false;
};

/// Of a copy of the size of the piece, so that a read behind it is seen.
bool feed(RespReader &reader, Reading &reading, std::string_view piece)
{
    std::unique_ptr<char[]> exact(new char[piece.size()]);
    std::copy(piece.begin(), piece.end(), exact.get());
    reading.failed = !reader.feed(exact.get(), piece.size(), reading);
    check(!reading.failed || *reader.error() != '\0', "an end without a reason");
    return !reading.failed;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size < size_t{1} + data[0])
        return 0;
    size_t cuts = data[0];
    std::string_view stream(reinterpret_cast<const char *>(data) + 1 + cuts, size - 1 - cuts);
    RespReader whole_reader, cut_reader;
    Reading whole, cut;
    check(whole_reader.open() && cut_reader.open(), "no memory for a reader");
    bool goes_on = stream.empty() || feed(whole_reader, whole, stream);
    std::string_view left = stream;
    bool cut_goes_on = true;
    for (size_t i = 0; i <= cuts && cut_goes_on && !left.empty(); i++) {
        size_t piece = i < cuts ? std::min<size_t>(data[1 + i], left.size()) : left.size();
        cut_goes_on = feed(cut_reader, cut, left.substr(0, piece));
        left.remove_prefix(piece);
    }
    check(goes_on == cut_goes_on, "a cut stream ends otherwise");
    check(whole.text == cut.text, "a cut stream has other values");
    return 0;
}
