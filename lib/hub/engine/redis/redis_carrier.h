/**
 * @file
 * The carrier over one Redis server, named by the URL or by sentinels: a connection that is subscribed to both channels, and one that
 * publishes. The app's thread.
 */
#ifndef WM_HUB_ENGINE_REDIS_REDIS_CARRIER_H
#define WM_HUB_ENGINE_REDIS_REDIS_CARRIER_H

#include "hub/engine/engine_state.h"
#include "hub/engine/redis/redis_link.h"
#include "hub/engine/redis/sentinel_watch.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace wm::redis {

inline constexpr size_t kMaxMessage = size_t{8} << 20; ///< bytes, by choice: Redis takes 512 MiB

class RedisCarrier final : public Carrier, private RedisLinkEvents, private SentinelEvents {
public:
    RedisCarrier(App &app, EngineUrl url, EngineSettings settings, CarrierEvents &events);
    ~RedisCarrier() override = default;

    void open() override;
    void close() override;
    bool send(uint64_t to, const char *bytes, size_t size) override;
    void reset(const char *why) override;
    size_t max_bytes() const override { return kMaxMessage; }
    CarrierFacts facts() const override { return state_.facts(); }
    int64_t due_ms() const override;
    void run(int64_t now_ms) override;

private:
    // RedisLinkEvents
    void link_ready(RedisLink &link) override;
    void link_subscribed(RedisLink &link) override;
    void link_received(RedisLink &link, std::string_view message) override;
    void link_ended(RedisLink &link, const Cause &why) override;
    // SentinelEvents
    void master_found(const EngineServer &master) override;
    void master_unknown(const Cause &why) override;

    bool uses_sentinels() const { return url_.kind == EngineKind::kSentinel; }
    void begin();
    void connect(const EngineServer &server);
    void note_up();
    void fail(const Cause &why);

    EngineUrl url_;
    EngineSettings settings_;
    CarrierEvents &events_;
    EngineState state_;
    RedisLink receives_;
    RedisLink sends_;
    SentinelWatch sentinels_;
    bool awaits_master_ = false; ///< the next answer of the sentinels is connected to
    int subscribed_ = 0;         ///< channels
    bool reset_ = false;         ///< by its owner; run() does it
    Cause reset_why_;
};

} // namespace wm::redis

#endif
