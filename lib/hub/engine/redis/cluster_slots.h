/**
 * @file
 * The slots of a Redis Cluster: which one a channel is in, and which server has it, as CLUSTER SLOTS says. Pure; the owner's thread.
 */
#ifndef WM_HUB_ENGINE_REDIS_CLUSTER_SLOTS_H
#define WM_HUB_ENGINE_REDIS_CLUSTER_SLOTS_H

#include "hub/engine/engine_url.h"
#include "hub/engine/redis/redis_link.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace wm::redis {

inline constexpr uint16_t kSlots = 16384;

/// CRC16-XMODEM of what is in the first braces that hold something, or of all (Redis Cluster Specification, hash tags).
uint16_t slot_of(std::string_view channel);

class ClusterSlots {
public:
    static constexpr size_t kMaxServers = 1024; ///< masters; more are not a cluster

    /// From the answer of `asked`, in place of what was known. False: it is none; nothing is known then. Throws bad_alloc.
    bool read(const Answer &answer, const EngineServer &asked);
    /// All slots are at one server, which passes on to the others: that of a cluster without sharded channels.
    void set_alone(const EngineServer &server);
    void clear();

    /// nullptr: no server, as far as is known.
    const EngineServer *server_of(uint16_t slot) const;
    const std::vector<EngineServer> &servers() const { return servers_; }

private:
    struct Range {
        uint16_t first, last;
        uint16_t server;
    };

    bool read_range(const Answer &answer, size_t at, const EngineServer &asked);
    bool add(uint64_t first, uint64_t last, EngineServer server);

    std::vector<EngineServer> servers_;
    std::vector<Range> ranges_;
};

} // namespace wm::redis

#endif
