/**
 * @file
 * Sends the frames of a websocket (RFC 6455 §5), by the role of our end: a client masks them. The app's thread.
 */
#ifndef WM_SESSION_WEBSOCKET_CONTROL_H
#define WM_SESSION_WEBSOCKET_CONTROL_H

#include "conn/codec.h"
#include "proto/role.h"
#include "proto/websocket/frame.h"

#include <string_view>

namespace wm {

/// Codec::frame of a server.
Framing frame_message(const Codec &codec, std::string_view payload, int32_t flags, char *room);
/// Codec::send of a client: each frame has a mask of its own (RFC 6455 §5.3).
int send_masked_message(Connection &conn, std::string_view payload, int32_t flags);

/// Sends a ping or close frame. Skips a ping while the queue is over max_send_buffer.
void send_control(Connection &conn, Role role, websocket::Opcode opcode, std::string_view payload);

/// Answers a ping. Of pongs that wait in the queue only the latest stays (RFC 6455 §5.5.3).
void send_pong(Connection &conn, Role role, std::string_view payload);

} // namespace wm

#endif
