// A websocket after its handshake, of a server or a client: messages, control frames, the close handshake (RFC 6455).
#include "conn/reactor.h"
#include "proto/websocket/frame_parser.h"
#include "session/codecs.h"
#include "session/websocket/control.h"

#include <algorithm>
#include <cstring>

namespace wm {

namespace {

bool begin(Connection &conn)
{
    conn.codec_state.make<websocket::FrameParser>();
    return true;
}

void fail_connection(Connection &conn, const websocket::FrameFailure &failure)
{
    bool limit = failure.code == websocket::kTooBig;
    conn.owner->reactor.lifecycle.close_with_error(conn, limit ? WM_REASON_LIMIT : WM_REASON_PROTOCOL, limit ? WM_EMSGSIZE : WM_EPROTOCOL,
                                                   failure.code, failure.text);
}

void receive_close(Connection &conn, const websocket::Frame &frame)
{
    std::string_view text = frame.len > 2 ? std::string_view(frame.data + 2, frame.len - 2) : std::string_view();
    conn.owner->reactor.lifecycle.peer_closed(conn, websocket::close_code(frame), text);
}

/// A pong is for the host alone: for pong_timeout_ms Inbox::receive counts any byte as one.
template <Role role> void receive_control(Connection &conn, const websocket::Frame &frame)
{
    if (frame.opcode == websocket::kClose) {
        receive_close(conn, frame);
        return;
    }
    bool ping = frame.opcode == websocket::kPing;
    if (ping && conn.state == ConnState::kOpen && conn.options().auto_pong)
        send_pong(conn, role, {frame.data, frame.len});
    if (conn.state == ConnState::kOpen)
        conn.owner->reactor.dispatch.ping(conn, ping ? WM_EVENT_PING : WM_EVENT_PONG, {frame.data, frame.len});
}

template <Role role> Rest parse(Connection &conn, char *data, size_t len)
{
    Reactor &reactor = conn.owner->reactor;
    websocket::FrameParser &parser = conn.codec_state.as<websocket::FrameParser>();
    while (len > 0 && reactor.inbox.wants_next(conn)) {
        websocket::Frame frame = {};
        size_t max_message = static_cast<size_t>(conn.options().max_message);
        Step step = parser.step<role>(data, len, max_message, frame);
        if (step.kind == StepKind::kMore)
            return {data, step.size, true, step.need};
        if (step.kind == StepKind::kFail) {
            fail_connection(conn, parser.failure());
            return {data, len, false};
        }
        data += step.size;
        len -= step.size;
        if (step.kind == StepKind::kControl)
            receive_control<role>(conn, frame);
        else if (conn.state == ConnState::kOpen)
            reactor.dispatch.message(conn, frame.data, frame.len, frame.opcode == websocket::kText ? WM_KIND_TEXT : WM_KIND_BINARY, 0);
    }
    return {data, len, false};
}

/// Sends the host's close frame, or the answer to the peer's, which echoes its code (RFC 6455 §5.5.1).
template <Role role> void close(Connection &conn, int32_t code, std::string_view text)
{
    char payload[websocket::kMaxControlPayload];
    size_t text_len = std::min(text.size(), sizeof payload - 2);
    payload[0] = static_cast<char>(code >> 8);
    payload[1] = static_cast<char>(code);
    if (text_len > 0)
        memcpy(payload + 2, text.data(), text_len);
    size_t len = code == websocket::kNoStatus ? 0 : text_len + 2;
    send_control(conn, role, websocket::kClose, {payload, len});
}

template <Role role> int ping(Connection &conn, std::string_view payload)
{
    return send_ping(conn, role, payload);
}

template <Role role> int pong(Connection &conn, std::string_view payload)
{
    return send_pong(conn, role, payload);
}

} // namespace

const Codec kWebsocketCodec = {.name = "websocket",
                               .carries_bytes = true,
                               .close_code = websocket::kNormal,
                               .abnormal_code = websocket::kAbnormal,
                               .begin = begin,
                               .parse = parse<Role::kServer>,
                               .frame = frame_message,
                               .close = close<Role::kServer>,
                               .ping = ping<Role::kServer>,
                               .pong = pong<Role::kServer>};

const Codec kWebsocketClientCodec = {.name = "websocket",
                                     .close_code = websocket::kNormal,
                                     .abnormal_code = websocket::kAbnormal,
                                     .begin = begin,
                                     .parse = parse<Role::kClient>,
                                     .send = send_masked_message,
                                     .close = close<Role::kClient>,
                                     .ping = ping<Role::kClient>,
                                     .pong = pong<Role::kClient>};

} // namespace wm
