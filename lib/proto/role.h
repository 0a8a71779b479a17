/**
 * @file
 * The two ends of a connection.
 */
#ifndef WM_PROTO_ROLE_H
#define WM_PROTO_ROLE_H

#include <cstdint>

namespace wm {

enum class Role : uint8_t { kServer, kClient };

} // namespace wm

#endif
