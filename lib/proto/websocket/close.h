/**
 * @file
 * What a close frame may say (RFC 6455 §5.5.1, §7.4), as a host asks for it. Pure.
 */
#ifndef WM_PROTO_WEBSOCKET_CLOSE_H
#define WM_PROTO_WEBSOCKET_CLOSE_H

#include "proto/websocket/frame.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm::websocket {

inline constexpr size_t kMaxReason = kMaxControlPayload - 2;

/// 0, or WM_EINVAL with a detail. Code 0 stands for a default.
int check_close(int32_t code, std::string_view reason);

} // namespace wm::websocket

#endif
