/**
 * @file
 * Messages that the host sends in parts (RFC 6455 §5.4): a frame for each. While one is open, the connection has a codec row of its own
 * with the same state: so whole messages wait, and the path of a message has no test for it. The app's thread.
 */
#ifndef WM_SESSION_WEBSOCKET_PARTS_H
#define WM_SESSION_WEBSOCKET_PARTS_H

#include "proto/role.h"
#include "session/codecs.h"

#include <cstdint>
#include <string_view>

namespace wm {

struct Connection;

/// Codec::begin_parts. parts: the row of the connection's codec until the end.
int begin_message(Connection &conn, Role role, CodecRow parts, int32_t flags);
/// Codec::send_part. whole: the row behind the last part.
int send_message_part(Connection &conn, Role role, CodecRow whole, std::string_view part, bool last);

/// The calls of the host, on any connection: results as wm_conn_send_begin and its kin.
int begin_host_message(Connection &conn, int32_t flags);
int send_host_part(Connection &conn, std::string_view part, bool last);

} // namespace wm

#endif
