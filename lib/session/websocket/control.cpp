#include "session/websocket/control.h"

#include "conn/reactor.h"

namespace wm {

Framing frame_message(std::string_view payload, int32_t flags, char *room)
{
    websocket::Opcode opcode = flags & WM_SEND_BINARY ? websocket::kBinary : websocket::kText;
    return {{room, websocket::write_header(room, opcode, payload.size())}, payload};
}

void send_control(Connection &conn, websocket::Opcode opcode, std::string_view payload)
{
    Reactor &reactor = conn.owner->reactor;
    if (opcode != websocket::kClose && conn.queued() > static_cast<size_t>(conn.options->max_send_buffer))
        return;
    char header[websocket::kMaxHeader];
    reactor.outbox.write(conn, {header, websocket::write_header(header, opcode, payload.size())}, payload, 0, true);
}

} // namespace wm
