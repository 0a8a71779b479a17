#include "session/websocket/compressed.h"

#include "conn/reactor.h"
#include "session/sessions.h"
#include "session/websocket/control.h"

namespace wm {

namespace {

bool is_worth_compressing(const Connection &conn, std::string_view payload, int32_t flags)
{
    return !payload.empty() && !(flags & WM_SEND_UNCOMPRESSED) && payload.size() >= static_cast<size_t>(conn.owner->options.deflate_min);
}

/// The payload of the message's frame, until it is freed.
class FramePayload {
public:
    FramePayload(Connection &conn, std::string_view message, int32_t flags) : deflates_(conn.owner->reactor.sessions->deflates)
    {
        std::string_view packed;
        if (is_worth_compressing(conn, message, flags))
            packed = deflates_.compress(deflate_session(conn), message, static_cast<int>(conn.owner->options.deflate_level));
        compressed_ = !packed.empty();
        bytes_ = compressed_ ? packed : message;
    }
    FramePayload(const FramePayload &) = delete;
    FramePayload &operator=(const FramePayload &) = delete;
    ~FramePayload() { deflates_.clear_packed(); }

    std::string_view bytes() const { return bytes_; }
    /// What its first byte has beside the opcode.
    char bits() const { return compressed_ ? kCompressedBit : char{0}; }

private:
    Deflates &deflates_;
    std::string_view bytes_;
    bool compressed_;
};

/// Writes the header of a server's frame to kMaxHeader bytes.
std::string_view write_head(char *out, const FramePayload &payload, int32_t flags)
{
    size_t size = websocket::write_header(out, opcode_of(flags), payload.bytes().size());
    out[0] = static_cast<char>(out[0] | payload.bits());
    return {out, size};
}

} // namespace

/// The limits are asked first: what was compressed with a window of the connection's own has to leave.
template <Role role> int send_compressed_message(Connection &conn, std::string_view message, int32_t flags)
{
    Reactor &reactor = conn.owner->reactor;
    if (int refused = reactor.outbox.check_send(conn, message.size()))
        return refused;
    FramePayload payload(conn, message, flags);
    if constexpr (role == Role::kClient)
        return send_masked_frame(conn, opcode_of(flags), payload.bytes(), flags, true, payload.bits());
    char header[websocket::kMaxHeader];
    return reactor.outbox.write(conn, write_head(header, payload, flags), payload.bytes(), flags, true);
}

template int send_compressed_message<Role::kServer>(Connection &, std::string_view, int32_t);
template int send_compressed_message<Role::kClient>(Connection &, std::string_view, int32_t);

uint32_t compressed_variant(const Connection &conn, std::string_view payload, int32_t flags)
{
    const DeflateSession &session = deflate_session(conn);
    return !session.keeps_sent && is_worth_compressing(conn, payload, flags) ? session.sent_bits : 0;
}

Block *frame_compressed(Connection &conn, std::string_view message, int32_t flags)
{
    FramePayload payload(conn, message, flags);
    char header[websocket::kMaxHeader];
    return Block::make(write_head(header, payload, flags), payload.bytes());
}

} // namespace wm
