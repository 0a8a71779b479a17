/**
 * @file
 * The carrier over a Redis Cluster: sharded channels, so that a message costs one server only. Each channel has a slot, and is subscribed
 * and published to at the server that has it. Inboxes of other nodes are at other servers, to which connections are opened when there is
 * something to send. Before Redis 7 it takes one server and plain channels, which the cluster copies to all. The app's thread.
 */
#ifndef WM_HUB_ENGINE_REDIS_CLUSTER_CARRIER_H
#define WM_HUB_ENGINE_REDIS_CLUSTER_CARRIER_H

#include "hub/engine/engine_state.h"
#include "hub/engine/redis/cluster_slots.h"
#include "hub/engine/redis/redis_link.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace wm::redis {

class ClusterCarrier final : public Carrier, private RedisLinkEvents {
public:
    static constexpr size_t kMaxSenders = 64;  ///< connections that publish; the one that was used least recently goes for another
    static constexpr int64_t kIdleMs = 60'000; ///< without a message, until one is closed
    static constexpr int64_t kRefreshMs = 250; ///< between two questions for the slots, while it is up

    ClusterCarrier(App &app, EngineUrl url, EngineSettings settings, CarrierEvents &events);
    ~ClusterCarrier() override = default;

    void open() override;
    void close() override;
    bool send(uint64_t to, const char *bytes, size_t size) override;
    void reset(const char *why) override;
    size_t max_bytes() const override;
    CarrierFacts facts() const override { return state_.facts(); }
    int64_t due_ms() const override;
    void run(int64_t now_ms) override;

private:
    enum Of { kInbox, kAll, kChannels };

    struct Sender {
        std::unique_ptr<RedisLink> link;
        int64_t used_ms = 0;
        int64_t not_before_ms = 0; ///< another attempt, where one has ended
    };

    // RedisLinkEvents
    void link_ready(RedisLink &link) override;
    void link_answered(RedisLink &link, const Answer &answer) override;
    void link_subscribed(RedisLink &link) override;
    void link_received(RedisLink &link, std::string_view message) override;
    bool link_refused(RedisLink &link, const Cause &why) override;
    void link_ended(RedisLink &link, const Cause &why) override;

    bool is_receiver(const RedisLink &link) const { return &link == &receives_[kInbox] || &link == &receives_[kAll]; }
    uint64_t node_of(const RedisLink &link) const { return &link == &receives_[kAll] ? Carrier::kAll : settings_.node; }
    void refresh();
    void refresh_soon();
    void take_slots(const RedisLink &link, const Answer &answer);
    const EngineServer *server_of(uint64_t node) const;
    void subscribe();
    RedisLink *sender_for(const EngineServer &server);
    void look_at_senders(int64_t now_ms);
    void fail(const Cause &why);

    App &app_;
    EngineUrl url_;
    EngineSettings settings_;
    CarrierEvents &events_;
    EngineState state_;
    ClusterSlots slots_;
    RedisLink asks_; ///< for the slots
    std::array<RedisLink, kChannels> receives_;
    std::vector<Sender> senders_;
    std::vector<EngineServer> known_;   ///< masters that were known last: asked before those of the URL
    size_t asked_ = 0;                  ///< which of them, and behind them of the URL's, is asked next
    std::string engine_;                ///< with its version
    int64_t refresh_ms_ = Loop::kNever; ///< while it is up
    int subscribed_ = 0;
    bool is_sharded_ = true;
    bool warned_ = false;
    bool reset_ = false; ///< by its owner; run() does it
    Cause reset_why_;
};

} // namespace wm::redis

#endif
