#include "conn/fair_share.h"

#include "conn/reactor.h"

#include <algorithm>
#include <new>

namespace wm {

bool FairShare::extend(Connection &conn)
{
    steps_ = kSteps;
    if (!used_up(conn))
        return true;
    try {
        exhausted_.push_back(conn.slot);
    } catch (const std::bad_alloc &) {
        return true; // the others wait rather than this one for ever
    }
    conn.set(kShareUsed);
    conn.set(kReadLess);
    return false;
}

bool FairShare::used_up(const Connection &conn)
{
    if (reactor_.dispatch.polling()) {
        bool again = slot_ == conn.slot;
        slot_ = conn.slot;
        return again;
    }
    bool turn_spent = reactor_.loop.turn_ms() * 1000 >= int64_t{kTurnUs};
    uint64_t share = turn_spent ? kLeastUs : std::max(kLeastUs, kTurnUs / rivals_);
    return reactor_.callback_watch.elapsed_us() >= share;
}

bool FairShare::begin_round()
{
    resuming_.swap(exhausted_);
    rivals_ = resuming_.size();
    return true;
}

void FairShare::resume()
{
    for (uint32_t slot : resuming_) {
        if (!reactor_.connections.live_at(slot))
            continue;
        Connection &conn = *reactor_.connections.at(slot);
        if (conn.has(kShareUsed)) {
            conn.unset(kShareUsed);
            reactor_.inbox.resume_parsing(conn);
        }
    }
    resuming_.clear();
}

} // namespace wm
