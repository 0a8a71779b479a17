/**
 * @file
 * Sends the messages of a websocket with permessage-deflate (RFC 7692 §7.2.1). The app's thread.
 */
#ifndef WM_SESSION_WEBSOCKET_COMPRESSED_H
#define WM_SESSION_WEBSOCKET_COMPRESSED_H

#include "conn/codec.h"
#include "proto/role.h"

#include <cstdint>
#include <string_view>

namespace wm {

/// Codec::send, by the role of our end.
template <Role role> int send_compressed_message(Connection &conn, std::string_view payload, int32_t flags);
/// Codec::variant and Codec::frame_variant of a server: those whose windows have one size share what is compressed.
uint32_t compressed_variant(const Connection &conn, std::string_view payload, int32_t flags);
Block *frame_compressed(Connection &conn, std::string_view payload, int32_t flags);

} // namespace wm

#endif
