#include "conn/fair_share.h"

#include "conn/reactor.h"

#include <algorithm>

namespace wm {

bool FairShare::extend(Connection &conn)
{
    steps_ = kSteps;
    if (!used_up(conn))
        return true;
    conn.set(kShareUsed);
    conn.set(kReadLess);
    exhausted_.push(conn.slot);
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
    rivals_ = resuming_ = exhausted_.size();
    return true;
}

void FairShare::resume()
{
    for (; resuming_ > 0; resuming_--) {
        uint32_t slot = exhausted_.pop();
        if (!reactor_.connections.live_at(slot))
            continue;
        Connection &conn = *reactor_.connections.at(slot);
        if (conn.has(kShareUsed)) {
            conn.unset(kShareUsed);
            reactor_.inbox.resume_parsing(conn);
        }
    }
}

} // namespace wm
