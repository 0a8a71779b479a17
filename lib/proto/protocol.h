/**
 * @file
 * The protocols that a worker can speak, by the scheme of its address.
 */
#ifndef WM_PROTO_PROTOCOL_H
#define WM_PROTO_PROTOCOL_H

#include <cstdint>

namespace wm {

enum class Protocol : uint8_t { kRaw, kText, kWebsocket, kHttp };

inline constexpr int kProtocols = 4;

} // namespace wm

#endif
