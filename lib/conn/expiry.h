/**
 * @file
 * The deadlines of a connection: handshake, the codec's own, idle, ping, pong, closing. The nearest stands in the app's row (Deadlines);
 * what happens when it passes is here. The app's thread.
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

    /// Puts the nearest of a connection's deadlines into the app's row.
    void update(Connection &conn);
    /// The deadline of that slot has passed.
    void expired(uint32_t slot);

    /// The peer has shown that it is alive, or there is a new interval: the next ping is a whole interval away.
    void alive(Connection &conn);

    /// The tick at which `ms` from now have passed.
    uint32_t ticks_after(int64_t ms);

private:
    void expired_open(Connection &conn, uint32_t now);
    void send_ping(Connection &conn);
    uint32_t next_ping(int64_t interval_ms);

    Reactor &reactor_;
    uint64_t random_ = 0x9E3779B97F4A7C15u;
};

} // namespace wm

#endif
