/**
 * @file
 * What carriers of all engines have in common: whether one is up, why it is not, when it tries again, and what the log says of it. Owned by
 * the carrier; the app's thread.
 */
#ifndef WM_HUB_ENGINE_ENGINE_STATE_H
#define WM_HUB_ENGINE_ENGINE_STATE_H

#include "core/loop.h"
#include "hub/cluster/carrier.h"
#include "hub/engine/backoff.h"

#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <vector>

namespace wm {

/// Keeps why a carrier is to begin anew; empty: there was no memory for it.
inline void keep_reason(std::string &reason, const char *why)
{
    try {
        reason = why;
    } catch (const std::bad_alloc &) {
        reason.clear();
    }
}

class EngineState {
public:
    /// shown: the engine's URL, without its login.
    EngineState(CarrierEvents &events, std::string shown) : events_(events), shown_(std::move(shown)) {}

    bool is_up() const { return up_; }
    /// When the next attempt is to begin; Loop::kNever: there is one, or none is wanted.
    int64_t retry_ms() const { return retry_ms_; }
    void retry_at(int64_t when_ms) { retry_ms_ = when_ms; }
    /// An attempt begins.
    void begin() { retry_ms_ = Loop::kNever; }

    /// Both channels are subscribed. engine: with its version. Tells the owner of the carrier.
    void up(std::string_view engine, std::string_view address);
    /// A connection or an attempt has ended; plans the next. lasts: the cause is there until a person has changed something. Tells the
    /// owner, if it was up.
    void down(std::string_view why, bool lasts);
    /// No other attempt follows, and no event.
    void close();

    CarrierFacts facts() const { return facts_; }

private:
    static constexpr size_t kMaxTold = 16;

    bool is_new(const std::string &cause);
    void note(std::string_view engine, std::string_view address, std::string_view error);

    CarrierEvents &events_;
    std::string shown_;
    CarrierFacts facts_;
    Backoff backoff_;
    int64_t retry_ms_ = Loop::kNever;
    int64_t up_since_ms_ = 0;
    std::vector<std::string> told_; ///< causes that the log has, since it was up for long
    bool told_up_ = false;          ///< the last line of the log says that it is up
    bool up_ = false;
};

} // namespace wm

#endif
