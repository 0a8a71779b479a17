// A websocket after its handshake, of a server or a client: messages, control frames, the close handshake (RFC 6455).
#include "conn/reactor.h"
#include "proto/websocket/frame_parser.h"
#include "session/codecs.h"
#include "session/sessions.h"
#include "session/websocket/compressed.h"
#include "session/websocket/control.h"
#include "session/websocket/parts.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace wm {

namespace {

bool begin(Connection &conn)
{
    conn.codec_state.make<websocket::FrameParser>();
    return true;
}

bool begin_deflate(Connection &conn)
{
    conn.codec_state.make<DeflateSession *>() = conn.owner->reactor.sessions->deflates.take();
    return true;
}

void end_deflate(Connection &conn)
{
    delete &deflate_session(conn);
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

/// A pong is for the host alone: for pong_timeout_ms Inbox::receive counts any byte as one. Out of line: messages are more.
template <Role role> [[gnu::noinline]] void receive_control(Connection &conn, const websocket::Frame &frame)
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

int32_t kind_of(websocket::Opcode opcode)
{
    return opcode == websocket::kText ? WM_KIND_TEXT : WM_KIND_BINARY;
}

/// In a poll the record has the bytes until the next one.
void deliver_record(Connection &conn, websocket::Opcode opcode, MessageBuffer &inflated)
{
    Reactor &reactor = conn.owner->reactor;
    bool empty = inflated.bytes().empty();
    Tail *kept = inflated.take_or_copy();
    if (!kept && !empty) {
        reactor.lifecycle.destroy(conn, WM_REASON_ERROR, ENOMEM);
        return;
    }
    reactor.dispatch.message(conn, kept ? kept->data() : nullptr, kept ? kept->size() : 0, kind_of(opcode), 0);
    if (!kept)
        return;
    reactor.assembly.retire(kept);
    if (reactor.assembly.batch_is_full())
        reactor.dispatch.end_batch();
}

void deliver_compressed(Connection &conn, const websocket::Frame &frame)
{
    Reactor &reactor = conn.owner->reactor;
    Deflates &deflates = reactor.sessions->deflates;
    MessageBuffer &inflated = deflates.inflated();
    const websocket::FrameFailure *failure =
        deflates.inflate(deflate_session(conn), frame, static_cast<size_t>(conn.options().max_message));
    if (failure == &Deflates::kNoMemory)
        reactor.lifecycle.destroy(conn, WM_REASON_ERROR, ENOMEM);
    else if (failure)
        fail_connection(conn, *failure);
    else if (reactor.dispatch.polling())
        deliver_record(conn, frame.opcode, inflated);
    else
        reactor.dispatch.message(conn, inflated.bytes().data(), inflated.bytes().size(), kind_of(frame.opcode), 0);
    inflated.clear();
}

template <bool deflate> websocket::FrameParser &parser_of(Connection &conn)
{
    if constexpr (deflate)
        return deflate_session(conn).parser;
    else
        return conn.codec_state.as<websocket::FrameParser>();
}

template <Role role, bool deflate> Rest parse(Connection &conn, char *data, size_t len)
{
    Reactor &reactor = conn.owner->reactor;
    websocket::FrameParser &parser = parser_of<deflate>(conn);
    while (len > 0 && reactor.inbox.wants_next(conn)) {
        websocket::Frame frame = {};
        size_t max_message = static_cast<size_t>(conn.options().max_message);
        Step step = parser.step<role, deflate>(data, len, max_message, frame);
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
            deflate &&parser.compressed() ? deliver_compressed(conn, frame)
                                          : reactor.dispatch.message(conn, frame.data, frame.len, kind_of(frame.opcode), 0);
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

template <Role role, CodecRow parts> int begin_parts(Connection &conn, int32_t flags)
{
    return begin_message(conn, role, parts, flags);
}

template <Role role, CodecRow whole> int send_part(Connection &conn, std::string_view part, bool last)
{
    return send_message_part(conn, role, whole, part, last);
}

template <Role role> int hold(Connection &conn, std::string_view payload, int32_t flags)
{
    return hold_message(conn, role, payload, flags);
}

bool never_quiet(const Connection &)
{
    return false;
}

/// That codec while a message in parts is open; whole: its own row. What is sent is not compressed.
template <Role role, CodecRow whole> constexpr Codec in_parts(Codec codec)
{
    codec.begin = nullptr;
    codec.frame = nullptr;
    codec.variant = nullptr;
    codec.frame_variant = nullptr;
    codec.send = hold<role>;
    codec.begin_parts = nullptr;
    codec.send_part = send_part<role, whole>;
    codec.is_quiet = never_quiet;
    return codec;
}

} // namespace

constexpr Codec kWebsocketCodec = {.name = "websocket",
                                   .carries_bytes = true,
                                   .close_code = websocket::kNormal,
                                   .abnormal_code = websocket::kAbnormal,
                                   .slow_code = websocket::kTryAgainLater,
                                   .begin = begin,
                                   .parse = parse<Role::kServer, false>,
                                   .frame = frame_message,
                                   .close = close<Role::kServer>,
                                   .ping = ping<Role::kServer>,
                                   .pong = pong<Role::kServer>,
                                   .begin_parts = begin_parts<Role::kServer, CodecRow::kWebsocketParts>};

constexpr Codec kWebsocketClientCodec = {.name = "websocket",
                                         .close_code = websocket::kNormal,
                                         .abnormal_code = websocket::kAbnormal,
                                         .slow_code = websocket::kTryAgainLater,
                                         .begin = begin,
                                         .parse = parse<Role::kClient, false>,
                                         .send = send_masked_message,
                                         .close = close<Role::kClient>,
                                         .ping = ping<Role::kClient>,
                                         .pong = pong<Role::kClient>,
                                         .begin_parts = begin_parts<Role::kClient, CodecRow::kWebsocketClientParts>};

constexpr Codec kDeflateCodec = {.name = "websocket",
                                 .carries_bytes = true,
                                 .close_code = websocket::kNormal,
                                 .abnormal_code = websocket::kAbnormal,
                                 .slow_code = websocket::kTryAgainLater,
                                 .begin = begin_deflate,
                                 .end = end_deflate,
                                 .parse = parse<Role::kServer, true>,
                                 .frame = frame_message,
                                 .variant = compressed_variant,
                                 .frame_variant = frame_compressed,
                                 .send = send_compressed_message<Role::kServer>,
                                 .close = close<Role::kServer>,
                                 .ping = ping<Role::kServer>,
                                 .pong = pong<Role::kServer>,
                                 .begin_parts = begin_parts<Role::kServer, CodecRow::kDeflateParts>};

constexpr Codec kDeflateClientCodec = {.name = "websocket",
                                       .close_code = websocket::kNormal,
                                       .abnormal_code = websocket::kAbnormal,
                                       .slow_code = websocket::kTryAgainLater,
                                       .begin = begin_deflate,
                                       .end = end_deflate,
                                       .parse = parse<Role::kClient, true>,
                                       .send = send_compressed_message<Role::kClient>,
                                       .close = close<Role::kClient>,
                                       .ping = ping<Role::kClient>,
                                       .pong = pong<Role::kClient>,
                                       .begin_parts = begin_parts<Role::kClient, CodecRow::kDeflateClientParts>};

constexpr Codec kWebsocketPartsCodec = in_parts<Role::kServer, CodecRow::kWebsocket>(kWebsocketCodec);
constexpr Codec kWebsocketClientPartsCodec = in_parts<Role::kClient, CodecRow::kWebsocketClient>(kWebsocketClientCodec);
constexpr Codec kDeflatePartsCodec = in_parts<Role::kServer, CodecRow::kDeflate>(kDeflateCodec);
constexpr Codec kDeflateClientPartsCodec = in_parts<Role::kClient, CodecRow::kDeflateClient>(kDeflateClientCodec);

} // namespace wm
