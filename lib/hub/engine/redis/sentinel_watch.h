/**
 * @file
 * Asks the sentinels where the master is: one of them at a time, each second, and the next one where it does not say. A sentinel that wants
 * a login gets that of the URL. Owned by a carrier; the app's thread.
 */
#ifndef WM_HUB_ENGINE_REDIS_SENTINEL_WATCH_H
#define WM_HUB_ENGINE_REDIS_SENTINEL_WATCH_H

#include "hub/engine/redis/redis_link.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm::redis {

/// From run() or the loop. May ask anew.
class SentinelEvents {
public:
    virtual void master_found(const EngineServer &master) = 0;
    /// All sentinels have been asked, and none knows.
    virtual void master_unknown(const Cause &why) = 0;

protected:
    ~SentinelEvents() = default;
};

class SentinelWatch final : private RedisLinkEvents {
public:
    static constexpr int64_t kEachMs = 1000; ///< between two answers and their next questions

    SentinelWatch(App &app, const EngineUrl &url, const EngineSettings &settings, SentinelEvents &events)
        : url_(url), settings_(settings), events_(events), link_(app, *this)
    {}

    /// Does not wait for the second to be over.
    void ask_now();
    void close();

    int64_t due_ms() const;
    void run(int64_t now_ms);

private:
    // RedisLinkEvents
    void link_ready(RedisLink &link) override;
    void link_answered(RedisLink &link, const Answer &answer) override;
    void link_ended(RedisLink &link, const Cause &why) override;

    void ask();
    void take(RedisLink &link, const Answer &answer);
    void failed(std::string_view why, bool lasts);

    const EngineUrl &url_;
    const EngineSettings &settings_;
    SentinelEvents &events_;
    RedisLink link_;
    size_t index_ = 0;  ///< of the sentinel that is asked
    size_t failed_ = 0; ///< sentinels since the last answer
    bool logs_in_ = false;
    bool asked_ = false; ///< and not answered
    int64_t ask_ms_ = Loop::kNever;
};

} // namespace wm::redis

#endif
