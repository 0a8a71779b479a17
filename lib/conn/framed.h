/**
 * @file
 * A message for many connections: framed once for each protocol that is among them. The app's thread; lives as long as the call that sends
 * it.
 */
#ifndef WM_CONN_FRAMED_H
#define WM_CONN_FRAMED_H

#include "core/buffer.h"
#include "proto/websocket/frame.h"
#include "session/protocol.h"
#include "wm/types.h"

#include <cstddef>
#include <cstdint>

namespace wm {

/// Of a message that is sent with these flags.
inline websocket::Opcode opcode_of(int32_t flags)
{
    return flags & WM_SEND_BINARY ? websocket::kBinary : websocket::kText;
}

/// A message framed once a protocol, for many connections.
class Framed {
public:
    Framed(const void *data, size_t len, int32_t flags) : data_(static_cast<const char *>(data)), len_(len), flags_(flags) {}
    Framed(const Framed &) = delete;
    Framed &operator=(const Framed &) = delete;
    ~Framed();

    /// The bytes for that protocol, or nullptr when memory has run out.
    Block *block(Protocol protocol);
    const char *data() const { return data_; }
    size_t size() const { return len_; }
    int32_t flags() const { return flags_; }

private:
    const char *data_;
    size_t len_;
    int32_t flags_;
    Block *blocks_[kProtocols] = {};
};

} // namespace wm

#endif
