#include "session/websocket/parts.h"

#include "conn/reactor.h"
#include "core/error.h"
#include "session/websocket/control.h"

namespace wm {

int begin_message(Connection &conn, Role role, CodecRow parts, int32_t flags)
{
    websocket::Opcode opcode = flags & WM_SEND_BINARY ? websocket::kBinary : websocket::kText;
    conn.owner->reactor.outbox.commit(conn); // what waits for a slow peer must not come between the parts
    int result = send_fragment(conn, role, opcode, false, {});
    if (result >= 0)
        conn.codec = static_cast<uint8_t>(parts);
    return result;
}

int send_message_part(Connection &conn, Role role, CodecRow whole, std::string_view part, bool last)
{
    if (part.empty() && !last)
        return 0;
    int result = send_fragment(conn, role, websocket::kContinuation, last, part);
    if (result < 0 || !last)
        return result;
    conn.codec = static_cast<uint8_t>(whole);
    conn.owner->reactor.outbox.release_held(conn);
    return 0;
}

int begin_host_message(Connection &conn, int32_t flags)
{
    const Codec &codec = conn.owner->reactor.codec(conn);
    if (conn.state > ConnState::kOpen)
        return fail(WM_ECLOSED, "the connection is closing");
    if (codec.has_handshake)
        return fail(WM_ESTATE, "the connection is not open yet");
    if (codec.send_part)
        return fail(WM_ESTATE, "a message in parts is open: wm_conn_send_end comes first");
    if (!codec.begin_parts)
        return fail(WM_ESTATE, "protocol %s has no messages in parts: websockets have", codec.name);
    if (conn.has(kPipeTarget))
        return fail(WM_ESTATE, "another connection is piped to it: wm_conn_pipe(from, 0) ends that first");
    return codec.begin_parts(conn, flags);
}

int send_host_part(Connection &conn, std::string_view part, bool last)
{
    const Codec &codec = conn.owner->reactor.codec(conn);
    if (conn.state > ConnState::kOpen)
        return fail(WM_ECLOSED, "the connection is closing");
    if (!codec.send_part)
        return fail(WM_ESTATE, "no message in parts is open: wm_conn_send_begin comes first");
    return codec.send_part(conn, part, last);
}

} // namespace wm
