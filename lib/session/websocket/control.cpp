#include "session/websocket/control.h"

#include "conn/reactor.h"
#include "proto/websocket/mask.h"
#include "session/sessions.h"

#include <cstring>

namespace wm {

namespace {

void mask_part(char *data, size_t len, const char *mask)
{
    websocket::unmask(data, len, mask);
}

/// A client's frame.
int send_masked(Connection &conn, websocket::Opcode opcode, std::string_view payload, int32_t flags, bool exempt)
{
    Reactor &reactor = conn.owner->reactor;
    char mask[websocket::kMaskSize], header[websocket::kMaxHeader];
    reactor.sessions->random.take(mask, sizeof mask);
    size_t size = websocket::write_header(header, opcode, payload.size(), mask);
    return reactor.outbox.write_changed(conn, {header, size}, payload, mask_part, mask, flags, exempt);
}

websocket::Opcode opcode_of(int32_t flags)
{
    return flags & WM_SEND_BINARY ? websocket::kBinary : websocket::kText;
}

} // namespace

Framing frame_message(const Codec &, std::string_view payload, int32_t flags, char *room)
{
    return {{room, websocket::write_header(room, opcode_of(flags), payload.size())}, payload};
}

int send_masked_message(Connection &conn, std::string_view payload, int32_t flags)
{
    return send_masked(conn, opcode_of(flags), payload, flags, false);
}

void send_control(Connection &conn, Role role, websocket::Opcode opcode, std::string_view payload)
{
    Reactor &reactor = conn.owner->reactor;
    if (opcode == websocket::kPing && conn.queue_memory() > static_cast<size_t>(conn.options().max_send_buffer))
        return;
    if (role == Role::kClient) {
        send_masked(conn, opcode, payload, 0, true);
        return;
    }
    char header[websocket::kMaxHeader];
    reactor.outbox.write(conn, {header, websocket::write_header(header, opcode, payload.size())}, payload, 0, true);
}

void send_pong(Connection &conn, Role role, std::string_view payload)
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
    reactor.outbox.write_latest(conn, {frame, header + payload.size()});
}

} // namespace wm
