/**
 * @file
 * Blocking exchanges of websocket clients before a run: the handshake, and a ping whose pong shows that the server has read everything
 * before it.
 */
#ifndef WM_LOAD_WS_OPEN_H
#define WM_LOAD_WS_OPEN_H

#include "connection.h"
#include "ws_frame.h"

namespace wm::load {

/// Sends the handshake's request. nullptr or an error text.
const char *ws_send_request(Connection &connection);
/// Receives its answer. Nothing may follow it: these servers do not send first.
const char *ws_receive_answer(Connection &connection);
/// Receives frames until a pong comes; anything but a ping before it is an error.
const char *ws_await_pong(Connection &connection);

} // namespace wm::load

#endif
