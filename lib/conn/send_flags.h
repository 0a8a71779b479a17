/**
 * @file
 * Flags of one message (WM_SEND_...).
 */
#ifndef WM_CONN_SEND_FLAGS_H
#define WM_CONN_SEND_FLAGS_H

#include "wm/types.h"

#include <cstdint>

namespace wm {

/// Those that each message may have.
inline constexpr int32_t kSendFlags = WM_SEND_BINARY | WM_SEND_RAW | WM_SEND_NOW | WM_SEND_UNCOMPRESSED;
/// Those of a message for connections that take the place of option slow_policy: one of them at most.
inline constexpr int32_t kSlowFlags = WM_SEND_SLOW_CLOSE | WM_SEND_SLOW_DROP_OLDEST | WM_SEND_SLOW_LATEST;

} // namespace wm

#endif
