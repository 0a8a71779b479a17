/**
 * @file
 * Bounds what one connection may take of a turn, so that peers that flood the loop with small messages delay
 * the others by milliseconds.
 *
 * A connection that has used its share is parsed on in the next turn, after the reads of the others; until then
 * it is not read. The share is kTurnUs of parsing and callbacks, divided by the connections that used theirs up
 * in the turn before. In a poll, whose callbacks the host makes later, it is kSteps to 2 * kSteps messages. Owned
 * by the reactor; the app's thread.
 */
#ifndef WM_CONN_FAIR_SHARE_H
#define WM_CONN_FAIR_SHARE_H

#include "conn/connection.h"
#include "core/slot_queue.h"

#include <cstddef>
#include <cstdint>

namespace wm {

class Reactor;

class FairShare {
public:
    explicit FairShare(Reactor &reactor) : reactor_(reactor) {}

    /// Makes room for that many connections; false when out of memory.
    bool reserve(size_t connections) { return exhausted_.reserve(connections); }

    /// Whether the connection, which wants one, may take one more message. If not, it is listed for the next turn.
    bool allows(Connection &conn) { return --steps_ != 0 || extend(conn); }

    /// A message has cost more than most: the clock is looked at before the next one.
    void look_soon() { steps_ = 1; }

    /// Call before the loop's turn. Returns whether resume() has something to do, so that the loop must not wait.
    bool begin_turn()
    {
        slot_ = kNone;
        rivals_ = 1;
        return !exhausted_.empty() && begin_round();
    }
    /// Call after the loop's turn: has those parsed on that used up their share in the turn before.
    void resume();
    /// Whether the next turn has one to resume.
    bool pending() const { return !exhausted_.empty(); }

private:
    static constexpr uint32_t kNone = UINT32_MAX;
    static constexpr int kSteps = 64;         ///< messages, of all connections, between two looks at the clock
    static constexpr uint64_t kTurnUs = 5000; ///< for all that use up their share
    static constexpr uint64_t kLeastUs = 10;

    bool extend(Connection &conn);
    bool begin_round();
    bool used_up(const Connection &conn);

    Reactor &reactor_;
    int steps_ = kSteps;
    size_t rivals_ = 1;     ///< connections that share kTurnUs
    uint32_t slot_ = kNone; ///< in a poll: of the last look
    SlotQueue exhausted_;   ///< each that is kShareUsed once
    size_t resuming_ = 0;   ///< entries at its front, of the turn before
};

} // namespace wm

#endif
