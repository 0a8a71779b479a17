/**
 * @file
 * Sets and handles the deadlines of a connection: handshake, the codec's own, idle, ping, pong, closing.
 * Deadlines holds only the nearest. Owned by the reactor; the app's thread.
 */
#ifndef WM_CONN_EXPIRY_H
#define WM_CONN_EXPIRY_H

#include "conn/connection.h"

#include <cstdint>

namespace wm {

class Reactor;

class Expiry {
public:
    explicit Expiry(Reactor &reactor) : reactor_(reactor) {}

    /// Arms the nearest deadline of the connection.
    void update(Connection &conn);
    /// Something waits until the kernel takes it (send_timeout_ms). progress: part of it has left since the last call.
    void watch_send(Connection &conn, bool progress);
    /// Handles the deadline of that slot, which has passed.
    void expired(uint32_t slot);

    /// Schedules the next ping a full interval from now: the peer is alive, or the interval has changed.
    void restart_ping(Connection &conn);

    /// Returns the tick that is `ms` from now.
    uint32_t tick_after(int64_t ms);

private:
    void expire(Connection &conn, uint32_t now);
    void expired_open(Connection &conn, uint32_t now);
    void send_ping(Connection &conn);
    uint32_t next_ping(int64_t interval_ms);

    Reactor &reactor_;
    uint64_t random_ = 0; ///< state of the jitter; drawn with the first ping, so that processes forked from one app differ
};

} // namespace wm

#endif
