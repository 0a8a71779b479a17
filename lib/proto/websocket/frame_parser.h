/**
 * @file
 * The websocket frame parser (RFC 6455 §5): frames in, messages and control frames out, in place. Its functions take
 * the role of the endpoint that reads: a server's frames are masked, a client's are not; and whether permessage-deflate was agreed on,
 * so that a message may be compressed (RFC 7692 §6).
 *
 * The fragments of a message are joined at the front of the bytes that the connection keeps:
 * [joined][gap][unread]. A step that runs out of bytes closes the gap. Pure; one connection's state.
 */
#ifndef WM_PROTO_WEBSOCKET_FRAME_PARSER_H
#define WM_PROTO_WEBSOCKET_FRAME_PARSER_H

#include "proto/role.h"
#include "proto/step.h"
#include "proto/utf8.h"
#include "proto/websocket/frame.h"
#include "proto/websocket/mask.h"

namespace wm::websocket {

/// The result of a kMessage (kText, kBinary) or kControl (kClose, kPing, kPong) step: complete, unmasked, text and close
/// frames validated; but for a compressed text.
struct Frame {
    Opcode opcode;
    char *data;
    size_t len;
};

/// Why a kFail step failed: the code for the close frame and a sentence.
struct FrameFailure {
    CloseCode code;
    const char *text;
};

/// Bytes of the mask in a frame that an endpoint of that role reads.
constexpr size_t mask_size(Role reader)
{
    return reader == Role::kServer ? kMaskSize : 0;
}

inline constexpr size_t kPlainHeader = 4; ///< bytes that hold all of a plain frame's header but its mask

/// The header of a plain frame: a whole message of up to 65535 bytes, its length in the shortest form.
struct PlainFrame {
    Opcode opcode;
    size_t header; ///< bytes; 0: the frame is no plain one
    size_t payload;
};

/// Reads the first kPlainHeader bytes of a frame. Outside a fragmented message FrameParser::check() has nothing against a plain frame but
/// its length.
template <Role reader> [[gnu::always_inline]] inline PlainFrame plain_frame(const unsigned char *p)
{
    constexpr unsigned kFin = 0x80, kMasked = reader == Role::kServer ? 0x80 : 0;
    if (p[0] != (kFin | kText) && p[0] != (kFin | kBinary))
        return {};
    Opcode opcode = static_cast<Opcode>(p[0] ^ kFin);
    size_t payload = p[1] ^ kMasked;
    if (payload < 126)
        return {opcode, 2 + mask_size(reader), payload};
    size_t extended = static_cast<size_t>(p[2]) << 8 | p[3];
    if (payload == 126 && extended >= 126)
        return {opcode, 4 + mask_size(reader), extended};
    return {};
}

/// The most bytes of a compressed message whose content is within the limit: what cannot be compressed grows (zlib's deflateBound).
constexpr size_t compressed_limit(size_t max_message)
{
    return max_message + (max_message >> 3) + (max_message >> 6) + 64;
}

class FrameParser {
public:
    /// A compressed message has up to compressed_limit() bytes.
    template <Role reader, bool deflate = false> Step step(char *data, size_t len, size_t max_message, Frame &out);
    /// step() without its short cut for whole messages, which gives the same: step() takes it for all others.
    template <Role reader, bool deflate = false>
    [[gnu::noinline]] Step step_by_rules(char *data, size_t len, size_t max_message, Frame &out);
    const FrameFailure &failure() const { return *failure_; }
    /// With deflate, after a kMessage step: whether that message is compressed.
    bool compressed() const { return compressed_; }

private:
    struct Header;

    bool is_compressed(const Header &header) const;
    [[gnu::cold]] Step fail_text();
    Step fail(const FrameFailure &failure);
    Step more(char *data, size_t len, size_t need);
    template <Role reader, bool deflate> const FrameFailure *check(const Header &header, size_t max_message) const;
    // Out of line, as most messages are whole at first sight.
    template <Role reader, bool deflate>
    [[gnu::noinline]] const FrameFailure *take_payload(const Header &header, char *payload, size_t len);
    const FrameFailure *check_close(const char *payload, size_t from);
    template <Role reader, bool deflate>
    [[gnu::noinline]] Step unfinished(const Header &header, char *data, size_t len, size_t header_size, size_t need);
    [[gnu::noinline]] Step control(const Frame &frame, size_t next);

    size_t joined_ = 0; ///< bytes of the fragmented message so far, at the front
    union {
        size_t unread_ = 0;           ///< where the next frame begins
        const FrameFailure *failure_; ///< of a kFail step, which is the last one
    };
    uint32_t taken_ = 0;           ///< payload bytes of that frame which are unmasked and validated
    Opcode first_ = kContinuation; ///< the opcode of the fragmented message; kContinuation: there is none
    Utf8 text_;                    ///< of the message, if it is a text that is not compressed; of a close frame's reason
    bool compressed_ = false;      ///< the message that was begun last; with deflate alone
};

// Inlined by force, as what it calls: there are four of it, and compilers then choose calls, which cost 5 % of an echo.
template <Role reader, bool deflate>
[[gnu::always_inline]] inline Step FrameParser::step(char *data, size_t len, size_t max_message, Frame &out)
{
    // With deflate most messages are compressed. And what has one caller is inlined there.
    if constexpr (!deflate) {
        if (first_ == kContinuation && taken_ == 0 && len >= kPlainHeader + (mask_size(reader) > 0 ? 2 : 0)) {
            PlainFrame frame = plain_frame<reader>(reinterpret_cast<const unsigned char *>(data));
            if (frame.header > 0 && frame.payload <= max_message && len >= frame.header + frame.payload) {
                // Most messages are whole at first sight: they need no state.
                char *body = data + frame.header;
                out = {frame.opcode, body, frame.payload};
                bool ascii = reader == Role::kServer && unmask(body, frame.payload, body - kMaskSize);
                if (!ascii && frame.opcode == kText && !is_utf8(body, frame.payload))
                    return fail_text();
                return {StepKind::kMessage, frame.header + frame.payload, 0};
            }
        }
    }
    return step_by_rules<reader, deflate>(data, len, max_message, out);
}

/// The code of a validated close frame; kNoStatus if it is empty.
int close_code(const Frame &frame);

} // namespace wm::websocket

#endif
