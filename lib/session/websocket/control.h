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
Framing frame_message(const Codec &codec, std::string_view payload, int32_t flags, char *room);

/// Sends a ping or close frame. Skips a ping while the queue is over max_send_buffer.
void send_control(Connection &conn, websocket::Opcode opcode, std::string_view payload);

/// Answers a ping. Of pongs that wait in the queue only the latest stays (RFC 6455 §5.5.3).
void send_pong(Connection &conn, std::string_view payload);

} // namespace wm

#endif
