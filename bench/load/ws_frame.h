/**
 * @file
 * Websocket framing of a client (RFC 6455 §5): masked frames out, unmasked frames in; and the opening handshake.
 */
#ifndef WM_LOAD_WS_FRAME_H
#define WM_LOAD_WS_FRAME_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wm::load {

enum WsOpcode : uint8_t { kWsText = 1, kWsBinary = 2, kWsClose = 8, kWsPing = 9, kWsPong = 10 };

/// Bytes that a client's frame has besides its payload, at most.
constexpr size_t kWsMaxHead = 14;

/// Masks from a fixed seed: every run sends the same bytes. RFC 6455 §5.3 requires unpredictable masks to protect proxies; there are
/// none here.
class WsMasks {
public:
    uint32_t next()
    {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return static_cast<uint32_t>(state_ >> 32);
    }

private:
    uint64_t state_ = 0x9e3779b97f4a7c15;
};

/// Writes the head of a final frame, mask included; returns its length. The payload belongs at out + that length, then ws_mask it.
size_t ws_write_head(char *out, WsOpcode opcode, size_t size, uint32_t mask);
void ws_mask(char *data, size_t size, uint32_t mask);

/// A complete masked frame, for rare frames.
std::string ws_frame(WsOpcode opcode, std::string_view payload, uint32_t mask);

/// A frame from the server.
struct WsFrame {
    size_t consumed = 0; ///< 0: incomplete
    uint8_t opcode = 0;
    const char *data = nullptr;
    size_t size = 0;
    const char *problem = nullptr; ///< protocol error; if set, nothing else is
};

WsFrame ws_parse(const char *data, size_t size);

/// The request of a handshake. Its key is the one of RFC 6455 §1.3, whose answer is known: no SHA-1 needed.
std::string ws_request();

/// Checks the server's answer. consumed 0: incomplete.
WsFrame ws_judge_answer(std::string_view data);

} // namespace wm::load

#endif
