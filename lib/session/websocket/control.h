/**
 * @file
 * Control frames of a server (RFC 6455 §5.5), and the framing of its messages. The app's thread.
 */
#ifndef WM_SESSION_WEBSOCKET_CONTROL_H
#define WM_SESSION_WEBSOCKET_CONTROL_H

#include "conn/codec.h"
#include "proto/websocket/frame.h"

#include <string_view>

namespace wm {

/// Codec::frame.
Framing frame_message(std::string_view payload, int32_t flags, char *room);

/// Sends a control frame. Skips a pong while the queue is over max_send_buffer: the peer only needs the
/// latest (RFC 6455 §5.5.3).
void send_control(Connection &conn, websocket::Opcode opcode, std::string_view payload);

} // namespace wm

#endif
