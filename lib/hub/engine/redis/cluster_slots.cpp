#include "hub/engine/redis/cluster_slots.h"

#include <algorithm>
#include <array>
#include <utility>

namespace wm::redis {

namespace {

constexpr std::array<uint16_t, 256> make_table()
{
    std::array<uint16_t, 256> table = {};
    for (unsigned i = 0; i < 256; i++) {
        unsigned crc = i << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1;
        table[i] = static_cast<uint16_t>(crc);
    }
    return table;
}

constexpr std::array<uint16_t, 256> kTable = make_table();

} // namespace

uint16_t slot_of(std::string_view channel)
{
    size_t open = channel.find('{');
    size_t shut = open == std::string_view::npos ? open : channel.find('}', open);
    if (shut != std::string_view::npos && shut > open + 1)
        channel = channel.substr(open + 1, shut - open - 1);
    unsigned crc = 0;
    for (char c : channel)
        crc = (crc << 8 & 0xffff) ^ kTable[(crc >> 8 ^ static_cast<unsigned char>(c)) & 0xff];
    return static_cast<uint16_t>(crc % kSlots);
}

void ClusterSlots::clear()
{
    servers_.clear();
    ranges_.clear();
}

void ClusterSlots::set_alone(const EngineServer &server)
{
    clear();
    servers_.push_back(server);
    ranges_.push_back({0, kSlots - 1, 0});
}

bool ClusterSlots::read(const Answer &answer, const EngineServer &asked)
{
    clear();
    if (answer.items.empty() || answer.items.front().type != RespType::kArray)
        return false;
    for (size_t at = 1; at < answer.items.size(); at++)
        if (answer.items[at].depth == 1 && !read_range(answer, at, asked)) {
            clear();
            return false;
        }
    return true;
}

/// [first, last, [host, port, id, ...] of the master, those of its replicas]: the first five values behind the array.
bool ClusterSlots::read_range(const Answer &answer, size_t at, const EngineServer &asked)
{
    using Item = Answer::Item;
    if (answer.items.size() - at < 6 || answer.items[at].type != RespType::kArray)
        return false;
    const Item *items = &answer.items[at + 1];
    auto is_number = [items](size_t i, uint8_t depth) { return items[i].type == RespType::kInteger && items[i].depth == depth; };
    if (!is_number(0, 2) || !is_number(1, 2) || items[2].type != RespType::kArray || items[3].depth != 3 || !is_number(4, 3))
        return false;
    // A host that is nil is not known, and one that is empty is that of the server that was asked.
    std::string_view host = answer.text(items[3]);
    bool is_unknown = host == "?";
    if (items[3].type == RespType::kNil || host.empty())
        host = asked.host;
    int64_t port = items[4].number;
    if (port < 1 || port > UINT16_MAX || items[0].number < 0 || items[1].number < items[0].number || items[1].number >= kSlots)
        return false;
    return is_unknown || add(static_cast<uint64_t>(items[0].number), static_cast<uint64_t>(items[1].number),
                             {std::string(host), static_cast<uint16_t>(port), {}});
}

bool ClusterSlots::add(uint64_t first, uint64_t last, EngineServer server)
{
    auto known = std::find(servers_.begin(), servers_.end(), server);
    size_t index = static_cast<size_t>(known - servers_.begin());
    if (known == servers_.end()) {
        if (servers_.size() == kMaxServers)
            return false;
        servers_.push_back(std::move(server));
    }
    if (ranges_.size() == kSlots)
        return false;
    ranges_.push_back({static_cast<uint16_t>(first), static_cast<uint16_t>(last), static_cast<uint16_t>(index)});
    return true;
}

const EngineServer *ClusterSlots::server_of(uint16_t slot) const
{
    for (const Range &range : ranges_)
        if (slot >= range.first && slot <= range.last)
            return &servers_[range.server];
    return nullptr;
}

} // namespace wm::redis
