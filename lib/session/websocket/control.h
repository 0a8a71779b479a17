/**
 * @file
 * Sends the frames of a websocket (RFC 6455 §5), by the role of our end: a client masks them. The app's thread.
 */
#ifndef WM_SESSION_WEBSOCKET_CONTROL_H
#define WM_SESSION_WEBSOCKET_CONTROL_H

#include "conn/codec.h"
#include "proto/role.h"
#include "proto/websocket/frame.h"
#include "wm/types.h"

#include <string_view>

namespace wm {

/// Codec::frame of a server.
Framing frame_message(const Codec &codec, std::string_view payload, int32_t flags, char *room);
/// Codec::send of a client: each frame has a mask of its own (RFC 6455 §5.3).
int send_masked_message(Connection &conn, std::string_view payload, int32_t flags);

/// The opcode of a message that is sent with those WM_SEND_ flags.
inline websocket::Opcode opcode_of(int32_t flags)
{
    return flags & WM_SEND_BINARY ? websocket::kBinary : websocket::kText;
}
/// RSV1 in the first byte of a frame: its message is compressed (RFC 7692 §6).
inline constexpr char kCompressedBit = 0x40;
/// Sends a client's frame, exempt from limits or not. bits: are set in its first byte.
int send_masked_frame(Connection &conn, websocket::Opcode opcode, std::string_view payload, int32_t flags, bool exempt, char bits = 0);
/// Sends a frame of a message in parts: the first one has its opcode, the others are continuations. No limit refuses the last.
int send_fragment(Connection &conn, Role role, websocket::Opcode opcode, bool last, std::string_view payload);
/// Codec::send while such a message is open: a message that waits for its end.
int hold_message(Connection &conn, Role role, std::string_view payload, int32_t flags);

/// Sends a control frame, which no limit refuses: results as wm_conn_send.
int send_control(Connection &conn, Role role, websocket::Opcode opcode, std::string_view payload);
/// Sends a ping: as send_control, or WM_EFULL while the queue is over max_send_buffer.
int send_ping(Connection &conn, Role role, std::string_view payload);
/// Sends a pong. Of pongs that wait in the queue only the latest stays (RFC 6455 §5.5.3).
int send_pong(Connection &conn, Role role, std::string_view payload);

/// A ping or pong of the host's, by Codec::ping or Codec::pong of any connection's codec: results as wm_conn_ping.
int send_host_control(Connection &conn, int (*Codec::*send)(Connection &, std::string_view), std::string_view payload);

} // namespace wm

#endif
