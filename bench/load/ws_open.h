/**
 * @file
 * Blocking exchanges of websocket clients before a run: the handshake, and a ping whose pong tells that all before it was taken.
 */
#ifndef WM_LOAD_WS_OPEN_H
#define WM_LOAD_WS_OPEN_H

#include "ws_frame.h"

namespace wm::load {

/// Sends the handshake's request; nullptr or what went wrong.
const char *ws_send_request(int fd);
/// Receives its answer. Nothing may follow it: no server here speaks first.
const char *ws_receive_answer(int fd);
/// Receives frames until a pong comes; anything but a ping before it is wrong.
const char *ws_await_pong(int fd);

} // namespace wm::load

#endif
