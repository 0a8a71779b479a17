#include "proto/websocket/frame_parser.h"

#include "proto/utf8.h"
#include "proto/websocket/mask.h"

#include <cstring>

namespace wm::websocket {

namespace {

constexpr FrameFailure kReserved = {kProtocolError, "reserved bit set without an extension (RFC 6455 5.2)"};
constexpr FrameFailure kMisplaced = {kProtocolError, "RSV1 in a frame that begins no message (RFC 7692 6)"};
constexpr FrameFailure kUnknownOpcode = {kProtocolError, "unknown opcode (RFC 6455 5.2)"};
constexpr FrameFailure kUnmasked = {kProtocolError, "unmasked frame from a client (RFC 6455 5.1)"};
constexpr FrameFailure kMasked = {kProtocolError, "masked frame from a server (RFC 6455 5.1)"};
constexpr FrameFailure kControlFragment = {kProtocolError, "fragmented control frame (RFC 6455 5.5)"};
constexpr FrameFailure kControlLength = {kProtocolError, "control frame over 125 bytes (RFC 6455 5.5)"};
constexpr FrameFailure kLongForm = {kProtocolError, "length not in its shortest form (RFC 6455 5.2)"};
constexpr FrameFailure kLengthSign = {kProtocolError, "64-bit length with its top bit set (RFC 6455 5.2)"};
constexpr FrameFailure kOrphan = {kProtocolError, "continuation without a message to continue (RFC 6455 5.4)"};
constexpr FrameFailure kInterleaved = {kProtocolError, "new message inside a fragmented one (RFC 6455 5.4)"};
constexpr FrameFailure kOversize = {kTooBig, "message over max_message"};
constexpr FrameFailure kNotUtf8 = {kInvalidPayload, "text is not UTF-8 (RFC 6455 8.1)"};
constexpr FrameFailure kShortClose = {kProtocolError, "close frame with one byte (RFC 6455 5.5.1)"};
constexpr FrameFailure kCloseCode = {kProtocolError, "close code that must not be sent (RFC 6455 7.4)"};
constexpr FrameFailure kCloseReason = {kInvalidPayload, "close reason is not UTF-8 (RFC 6455 5.5.1)"};

uint64_t big_endian(const unsigned char *p, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value = value << 8 | p[i];
    return value;
}

constexpr bool is_control(uint8_t opcode)
{
    return opcode & 8;
}

} // namespace

struct FrameParser::Header {
    uint8_t first;
    uint8_t second;
    uint64_t payload;

    bool fin() const { return first & 0x80; }
    uint8_t opcode() const { return first & 0x0F; }
    bool rsv1() const { return first & 0x40; }
    bool begins_message() const { return opcode() == kText || opcode() == kBinary; }
};

/// Of a data frame: whether it belongs to a compressed message, which its first frame says.
bool FrameParser::is_compressed(const Header &header) const
{
    return header.begins_message() ? header.rsv1() : compressed_;
}

int close_code(const Frame &frame)
{
    return frame.len == 0 ? int{kNoStatus} : static_cast<int>(big_endian(reinterpret_cast<const unsigned char *>(frame.data), 2));
}

Step FrameParser::fail(const FrameFailure &failure)
{
    failure_ = &failure;
    return {StepKind::kFail, 0, 0};
}

Step FrameParser::fail_text()
{
    return fail(kNotUtf8);
}

Step FrameParser::more(char *data, size_t len, size_t need)
{
    size_t gap = unread_ - joined_;
    if (gap > 0)
        memmove(data + joined_, data + unread_, len - unread_);
    unread_ = joined_;
    return {StepKind::kMore, len - gap, need > 0 ? need - gap : 0};
}

template <Role reader, bool deflate> const FrameFailure *FrameParser::check(const Header &header, size_t max_message) const
{
    if (header.first & (deflate ? 0x30 : 0x70))
        return &kReserved;
    if constexpr (deflate) {
        if (header.rsv1() && !header.begins_message())
            return &kMisplaced;
        if (is_compressed(header))
            max_message = compressed_limit(max_message);
    }
    uint8_t opcode = header.opcode();
    if (is_control(opcode)) {
        if (opcode > kPong)
            return &kUnknownOpcode;
        if (!header.fin())
            return &kControlFragment;
        if ((header.second & 0x7F) > kMaxControlPayload)
            return &kControlLength;
        if (opcode == kClose && header.payload == 1)
            return &kShortClose;
    } else {
        if (opcode > kBinary)
            return &kUnknownOpcode;
        if (opcode == kContinuation && first_ == kContinuation)
            return &kOrphan;
        if (opcode != kContinuation && first_ != kContinuation)
            return &kInterleaved;
    }
    bool masked = header.second & 0x80;
    if (masked != (reader == Role::kServer))
        return masked ? &kMasked : &kUnmasked;
    if (header.payload >> 63)
        return &kLengthSign;
    // Checked before a byte of the payload is kept.
    if (!is_control(opcode) && (joined_ > max_message || header.payload > max_message - joined_))
        return &kOversize;
    return nullptr;
}

/// Validates a close frame's payload from offset `from` to taken_ (RFC 6455 §5.5.1, §7.4). No message continues behind
/// a close frame, so text_ is free.
const FrameFailure *FrameParser::check_close(const char *payload, size_t from)
{
    constexpr size_t kCode = 2;
    if (from < kCode) {
        text_ = {};
        if (taken_ < kCode)
            return nullptr;
        if (!may_be_sent(static_cast<int>(big_endian(reinterpret_cast<const unsigned char *>(payload), 2))))
            return &kCloseCode;
        from = kCode;
    }
    return text_.feed(payload + from, taken_ - from) ? nullptr : &kCloseReason;
}

/// Unmasks and validates the payload octets that are new since the last step, so that a wrong octet fails as soon as it
/// is there.
template <Role reader, bool deflate> const FrameFailure *FrameParser::take_payload(const Header &header, char *payload, size_t len)
{
    size_t from = taken_;
    bool ascii = false;
    if constexpr (reader == Role::kServer) {
        const char *mask = payload - kMaskSize;
        const char turned[kMaskSize] = {mask[from & 3], mask[(from + 1) & 3], mask[(from + 2) & 3], mask[(from + 3) & 3]};
        ascii = unmask(payload + from, len - from, turned);
    }
    taken_ = static_cast<uint32_t>(len);
    uint8_t opcode = header.opcode();
    if (opcode == kClose)
        return check_close(payload, from);
    if constexpr (deflate)
        if (is_compressed(header))
            return nullptr;
    if (opcode == kText)
        text_ = from == 0 ? Utf8() : text_;
    else if (opcode != kContinuation || first_ != kText)
        return nullptr;
    if (ascii && text_.complete())
        return nullptr;
    return text_.feed(payload + from, len - from) ? nullptr : &kNotUtf8;
}

template <Role reader, bool deflate>
Step FrameParser::unfinished(const Header &header, char *data, size_t len, size_t header_size, size_t need)
{
    if (len - unread_ > header_size)
        if (const FrameFailure *failure = take_payload<reader, deflate>(header, data + unread_ + header_size, len - unread_ - header_size))
            return fail(*failure);
    return more(data, len, need);
}

/// next: where the frame ends. Inside a fragmented message it is not consumed: the joined bytes before it are still needed.
Step FrameParser::control(const Frame &frame, size_t next)
{
    if (frame.opcode == kClose && !text_.complete())
        return fail(kCloseReason);
    if (first_ == kContinuation)
        return {StepKind::kControl, next, 0};
    unread_ = next;
    return {StepKind::kControl, 0, 0};
}

template <Role reader, bool deflate> Step FrameParser::step_by_rules(char *data, size_t len, size_t max_message, Frame &out)
{
    for (;;) {
        unsigned char *p = reinterpret_cast<unsigned char *>(data) + unread_;
        size_t left = len - unread_;
        if (left < 2)
            return more(data, len, 0);
        Header header = {p[0], p[1], static_cast<uint64_t>(p[1] & 0x7F)};
        int extended = header.payload == 126 ? 2 : header.payload == 127 ? 8 : 0;
        size_t header_size = 2 + static_cast<size_t>(extended) + mask_size(reader);
        bool length_known = extended == 0 || left >= 2 + static_cast<size_t>(extended);
        if (extended)
            header.payload = length_known ? big_endian(p + 2, extended) : 0;
        // Checked as soon as two bytes are there: an invalid header fails without waiting for more.
        if (const FrameFailure *failure = check<reader, deflate>(header, max_message))
            return fail(*failure);
        if (length_known && extended && header.payload < (extended == 2 ? 126u : 65536u))
            return fail(kLongForm);
        size_t payload = static_cast<size_t>(header.payload);
        char *body = data + unread_ + header_size;
        Opcode opcode = static_cast<Opcode>(header.opcode());
        if (left < header_size || left - header_size < payload)
            return unfinished<reader, deflate>(header, data, len, header_size, length_known ? unread_ + header_size + payload : 0);
        size_t next = unread_ + header_size + payload;
        if (const FrameFailure *failure = take_payload<reader, deflate>(header, body, payload))
            return fail(*failure);
        taken_ = 0;
        if (is_control(opcode)) {
            out = {opcode, body, payload};
            return control(out, next);
        }
        if constexpr (deflate)
            compressed_ = is_compressed(header);
        if (first_ == kContinuation && header.fin()) {
            out = {opcode, body, payload};
        } else {
            memmove(data + joined_, body, payload);
            joined_ += payload;
            unread_ = next;
            if (first_ == kContinuation)
                first_ = opcode;
            if (!header.fin())
                continue;
            out = {first_, data, joined_};
            joined_ = unread_ = 0;
            first_ = kContinuation;
        }
        if (out.opcode == kText && !(deflate && compressed_) && !text_.complete())
            return fail(kNotUtf8);
        return {StepKind::kMessage, next, 0};
    }
}

template Step FrameParser::step_by_rules<Role::kServer>(char *, size_t, size_t, Frame &);
template Step FrameParser::step_by_rules<Role::kClient>(char *, size_t, size_t, Frame &);
template Step FrameParser::step_by_rules<Role::kServer, true>(char *, size_t, size_t, Frame &);
template Step FrameParser::step_by_rules<Role::kClient, true>(char *, size_t, size_t, Frame &);

} // namespace wm::websocket
