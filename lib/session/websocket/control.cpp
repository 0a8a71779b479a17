#include "session/websocket/control.h"

#include "conn/reactor.h"
#include "core/error.h"
#include "proto/websocket/mask.h"
#include "session/sessions.h"

#include <cstring>

namespace wm {

namespace {

void mask_part(char *data, size_t len, const char *mask)
{
    websocket::unmask(data, len, mask);
}

/// The header of a final frame; a client's has a mask.
struct FrameHead {
    char mask[websocket::kMaskSize];
    char bytes[websocket::kMaxHeader];
    size_t size;

    FrameHead(Connection &conn, Role role, websocket::Opcode opcode, size_t len)
    {
        bool masks = role == Role::kClient;
        if (masks)
            conn.owner->reactor.sessions->random.take(mask, sizeof mask);
        size = websocket::write_header(bytes, opcode, len, masks ? mask : nullptr);
    }
    std::string_view text() const { return {bytes, size}; }
};

} // namespace

int send_masked_frame(Connection &conn, websocket::Opcode opcode, std::string_view payload, int32_t flags, bool exempt, char bits)
{
    FrameHead head(conn, Role::kClient, opcode, payload.size());
    head.bytes[0] = static_cast<char>(head.bytes[0] | bits);
    return conn.owner->reactor.outbox.write_changed(conn, head.text(), payload, mask_part, head.mask, flags, exempt);
}

Framing frame_message(const Codec &, std::string_view payload, int32_t flags, char *room)
{
    return {{room, websocket::write_header(room, opcode_of(flags), payload.size())}, payload};
}

int send_masked_message(Connection &conn, std::string_view payload, int32_t flags)
{
    return send_masked_frame(conn, opcode_of(flags), payload, flags, false);
}

int send_fragment(Connection &conn, Role role, websocket::Opcode opcode, bool last, std::string_view payload)
{
    FrameHead head(conn, role, opcode, payload.size());
    if (!last)
        head.bytes[0] &= 0x7F;
    Outbox &outbox = conn.owner->reactor.outbox;
    return role == Role::kClient ? outbox.write_changed(conn, head.text(), payload, mask_part, head.mask, 0, last)
                                 : outbox.write(conn, head.text(), payload, 0, last);
}

int hold_message(Connection &conn, Role role, std::string_view payload, int32_t flags)
{
    FrameHead head(conn, role, opcode_of(flags), payload.size());
    int result = 0;
    char *place = conn.owner->reactor.outbox.hold(conn, head.size + payload.size(), result);
    if (!place)
        return result;
    memcpy(place, head.bytes, head.size);
    if (!payload.empty())
        memcpy(place + head.size, payload.data(), payload.size());
    if (role == Role::kClient)
        mask_part(place + head.size, payload.size(), head.mask);
    return result;
}

int send_control(Connection &conn, Role role, websocket::Opcode opcode, std::string_view payload)
{
    if (role == Role::kClient)
        return send_masked_frame(conn, opcode, payload, 0, true);
    char header[websocket::kMaxHeader];
    std::string_view head(header, websocket::write_header(header, opcode, payload.size()));
    return conn.owner->reactor.outbox.write(conn, head, payload, 0, true);
}

int send_ping(Connection &conn, Role role, std::string_view payload)
{
    if (int full = conn.owner->reactor.outbox.check_send(conn, 0))
        return full;
    return send_control(conn, role, websocket::kPing, payload);
}

int send_pong(Connection &conn, Role role, std::string_view payload)
{
    static_assert(websocket::kMaxControlPayload + 2 + websocket::kMaskSize <= SendQueue::kLatestMax);
    Reactor &reactor = conn.owner->reactor;
    char frame[SendQueue::kLatestMax], mask[websocket::kMaskSize];
    bool masks = role == Role::kClient;
    if (masks)
        reactor.sessions->random.take(mask, sizeof mask);
    size_t header = websocket::write_header(frame, websocket::kPong, payload.size(), masks ? mask : nullptr);
    memcpy(frame + header, payload.data(), payload.size());
    if (masks)
        mask_part(frame + header, payload.size(), mask);
    return reactor.outbox.write_latest(conn, {frame, header + payload.size()});
}

int send_host_control(Connection &conn, int (*Codec::*send)(Connection &, std::string_view), std::string_view payload)
{
    const Codec &codec = conn.owner->reactor.codec(conn);
    if (conn.state > ConnState::kOpen)
        return fail(WM_ECLOSED, "the connection is closing");
    if (codec.has_handshake)
        return fail(WM_ESTATE, "the connection is not open yet");
    if (!(codec.*send))
        return fail(WM_ESTATE, "protocol %s has no pings and pongs: websockets have", codec.name);
    if (payload.size() > websocket::kMaxControlPayload)
        return fail(WM_EMSGSIZE, "a ping or pong has at most %zu bytes (RFC 6455 5.5), not %zu", websocket::kMaxControlPayload,
                    payload.size());
    return (codec.*send)(conn, payload);
}

} // namespace wm
