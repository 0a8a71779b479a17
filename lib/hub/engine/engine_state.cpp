#include "hub/engine/engine_state.h"

#include "core/log.h"

#include <algorithm>
#include <new>
#include <utility>

namespace wm {

/// Texts for people: without memory for them the state still is right.
void EngineState::note(std::string_view engine, std::string_view address, std::string_view error)
{
    try {
        facts_.engine = engine.empty() ? std::move(facts_.engine) : std::string(engine);
        facts_.address = address;
        facts_.error = error;
    } catch (const std::bad_alloc &) {
        facts_.error.clear();
    }
}

void EngineState::up(std::string_view engine, std::string_view address)
{
    up_ = true;
    up_since_ms_ = Loop::clock_ms();
    retry_ms_ = Loop::kNever;
    facts_.connects++;
    note(engine, address, {});
    if (!std::exchange(told_up_, true))
        log(WM_LOG_INFO, "engine %s: connected to %s, %s", shown_.c_str(), facts_.address.c_str(), facts_.engine.c_str());
    events_.carrier_up();
}

void EngineState::down(std::string_view why, bool lasts)
{
    bool was_up = std::exchange(up_, false);
    int64_t now = Loop::clock_ms(), up_ms = was_up ? now - up_since_ms_ : 0;
    retry_ms_ = now + (lasts ? backoff_.slow_ms() : backoff_.next_ms(up_ms));
    note({}, {}, why);
    if (up_ms >= Backoff::kLastedMs)
        told_.clear();
    if (is_new(facts_.error)) {
        log(WM_LOG_WARN, "engine %s: %s", shown_.c_str(), facts_.error.c_str());
        told_up_ = false;
    }
    if (was_up)
        events_.carrier_down();
}

/// Of several servers each may have a cause of its own, in turns.
bool EngineState::is_new(const std::string &cause)
{
    if (std::find(told_.begin(), told_.end(), cause) != told_.end())
        return false;
    try {
        if (told_.size() == kMaxTold)
            told_.erase(told_.begin());
        told_.push_back(cause);
    } catch (const std::bad_alloc &) {
        told_.clear(); // the log has it twice
    }
    return true;
}

void EngineState::close()
{
    up_ = false;
    retry_ms_ = Loop::kNever;
    backoff_ = {};
    note({}, {}, "closed");
}

} // namespace wm
