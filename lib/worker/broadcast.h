/**
 * @file
 * Sends a broadcast to one connection, and defines what a broadcast of a worker or hub counts. The app's
 * thread.
 */
#ifndef WM_WORKER_BROADCAST_H
#define WM_WORKER_BROADCAST_H

#include "conn/connection.h"
#include "conn/outbox.h"

#include <cstdint>

namespace wm {

/// True when the connection took the message. Only an open one is asked: before its handshake it may still be
/// refused, and after its close nothing is sent. One whose queue is full gets an error event instead.
inline bool broadcast_to(Outbox &outbox, Connection &conn, SharedMessage &message)
{
    return conn.state == ConnState::kOpen && outbox.send(conn, message) >= 0;
}

} // namespace wm

#endif
