#include "session/websocket/control.h"

#include "conn/reactor.h"

#include <cstring>

namespace wm {

Framing frame_message(const Codec &, std::string_view payload, int32_t flags, char *room)
{
    websocket::Opcode opcode = flags & WM_SEND_BINARY ? websocket::kBinary : websocket::kText;
    return {{room, websocket::write_header(room, opcode, payload.size())}, payload};
}

void send_control(Connection &conn, websocket::Opcode opcode, std::string_view payload)
{
    Reactor &reactor = conn.owner->reactor;
    if (opcode == websocket::kPing && conn.queue_memory() > static_cast<size_t>(conn.options().max_send_buffer))
        return;
    char header[websocket::kMaxHeader];
    reactor.outbox.write(conn, {header, websocket::write_header(header, opcode, payload.size())}, payload, 0, true);
}

void send_pong(Connection &conn, std::string_view payload)
{
    static_assert(websocket::kMaxControlPayload + 2 <= SendQueue::kLatestMax);
    char frame[SendQueue::kLatestMax];
    size_t header = websocket::write_header(frame, websocket::kPong, payload.size());
    memcpy(frame + header, payload.data(), payload.size());
    conn.owner->reactor.outbox.write_latest(conn, {frame, header + payload.size()});
}

} // namespace wm
