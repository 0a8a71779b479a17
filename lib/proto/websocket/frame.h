/**
 * @file
 * The websocket frame layout (RFC 6455 §5.2): opcodes, close codes and the writing of headers. Pure.
 */
#ifndef WM_PROTO_WEBSOCKET_FRAME_H
#define WM_PROTO_WEBSOCKET_FRAME_H

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace wm::websocket {

enum Opcode : uint8_t { kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

/// RFC 6455 §7.4.1.
enum CloseCode : uint16_t {
    kNormal = 1000,
    kGoingAway = 1001,
    kProtocolError = 1002,
    kNoStatus = 1005, ///< never on the wire
    kAbnormal = 1006, ///< never on the wire
    kInvalidPayload = 1007,
    kPolicy = 1008,
    kTooBig = 1009,
    kServiceRestart = 1012,
    kTryAgainLater = 1013,
};

inline constexpr size_t kMaxControlPayload = 125;
inline constexpr size_t kMaskSize = 4;
inline constexpr size_t kMaxHeader = 14; ///< of a masked frame; 10 of an unmasked one

/// Whether an endpoint may send that code in a close frame (RFC 6455 §7.4; 1012-1014 are IANA's).
constexpr bool may_be_sent(int code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

/// Writes the header of a final frame; returns its length, at most kMaxHeader. mask: nullptr, or kMaskSize bytes that
/// the caller applies to the payload.
inline size_t write_header(char *out, Opcode opcode, size_t len, const char *mask = nullptr)
{
    unsigned masked = mask ? 0x80 : 0;
    size_t size = 2;
    out[0] = static_cast<char>(0x80 | opcode);
    if (len < 126) {
        out[1] = static_cast<char>(masked | len);
    } else {
        int bytes = len < 65536 ? 2 : 8;
        out[1] = static_cast<char>(masked | (bytes == 2 ? 126 : 127));
        for (int i = 0; i < bytes; i++)
            out[2 + i] = static_cast<char>(len >> 8 * (bytes - 1 - i));
        size += static_cast<size_t>(bytes);
    }
    if (mask) {
        memcpy(out + size, mask, kMaskSize);
        size += kMaskSize;
    }
    return size;
}

} // namespace wm::websocket

#endif
