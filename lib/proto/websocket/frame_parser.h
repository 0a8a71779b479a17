/**
 * @file
 * The websocket frame parser for servers (RFC 6455 §5): masked frames in, messages and control frames out, in
 * place.
 *
 * The fragments of a message are joined at the front of the bytes that the connection keeps:
 * [joined][gap][unread]. A step that runs out of bytes closes the gap. Pure; one connection's state.
 */
#ifndef WM_PROTO_WEBSOCKET_FRAME_PARSER_H
#define WM_PROTO_WEBSOCKET_FRAME_PARSER_H

#include "proto/step.h"
#include "proto/utf8.h"
#include "proto/websocket/frame.h"

namespace wm::websocket {

/// The result of a kMessage (kText, kBinary) or kControl (kClose, kPing, kPong) step: complete, unmasked, text and close
/// frames validated.
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

class FrameParser {
public:
    Step step(char *data, size_t len, size_t max_message, Frame &out);
    const FrameFailure &failure() const { return *failure_; }

private:
    struct Header;

    Step fail(const FrameFailure &failure);
    Step more(char *data, size_t len, size_t need);
    const FrameFailure *check(const Header &header, size_t max_message) const;
    // Out of line, as most messages are whole at first sight.
    [[gnu::noinline]] const FrameFailure *take_payload(const Header &header, char *payload, size_t len);
    const FrameFailure *check_close(const char *payload, size_t from);
    [[gnu::noinline]] Step unfinished(const Header &header, char *data, size_t len, size_t header_size, size_t need);
    [[gnu::noinline]] Step control(const Frame &frame, size_t next);

    const FrameFailure *failure_ = nullptr;
    size_t joined_ = 0;            ///< bytes of the fragmented message so far, at the front
    size_t unread_ = 0;            ///< where the next frame begins
    uint32_t taken_ = 0;           ///< payload bytes of that frame which are unmasked and validated
    Opcode first_ = kContinuation; ///< the opcode of the fragmented message; kContinuation: there is none
    Utf8 text_;                    ///< of the message, if it is a text; of a close frame's reason
};

/// Applies a mask (RFC 6455 §5.3), from its first byte on.
void unmask(char *data, size_t len, const char mask[4]);

/// The code of a validated close frame; kNoStatus if it is empty.
int close_code(const Frame &frame);

} // namespace wm::websocket

#endif
