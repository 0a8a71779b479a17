/**
 * @file
 * Sends a broadcast to one connection, and defines what a broadcast of a worker, hub or group counts. The app's
 * thread.
 */
#ifndef WM_WORKER_BROADCAST_H
#define WM_WORKER_BROADCAST_H

#include "conn/connection.h"
#include "conn/outbox.h"

#include <cstdint>

namespace wm {

/// Whether the connection is sent broadcasts. Only an open one is: before its handshake it may still be refused, and after its close
/// nothing is sent.
inline bool gets_broadcasts(const Connection &conn)
{
    return conn.state == ConnState::kOpen;
}

/// True when the connection took the message. One whose queue is full gets an error event instead.
inline bool broadcast_to(Outbox &outbox, Connection &conn, SharedMessage &message)
{
    return gets_broadcasts(conn) && outbox.send(conn, message) >= 0;
}

} // namespace wm

#endif
