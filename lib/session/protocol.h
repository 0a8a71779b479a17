/**
 * @file
 * The protocols that a worker can speak, and the schemes that name them.
 */
#ifndef WM_SESSION_PROTOCOL_H
#define WM_SESSION_PROTOCOL_H

#include <cstdint>

namespace wm {

enum class Protocol : uint8_t { kRaw, kText, kWebsocket, kHttp };

inline constexpr int kProtocols = 4;

/// The protocol that the scheme of an address names: 0, or WM_EADDRESS with the nearest scheme in the detail.
int find_protocol(const char *address, Protocol &out);

} // namespace wm

#endif
