// frame://: a message is behind its length, 4 bytes that count themselves too.
#include "conn/reactor.h"
#include "proto/frame/length_field.h"
#include "session/codecs.h"
#include "session/datagram.h"
#include "session/half_open.h"

namespace wm {

namespace {

void refuse(Connection &conn, framed::LengthError error)
{
    Lifecycle &lifecycle = conn.owner->reactor.lifecycle;
    if (error == framed::LengthError::kLong)
        lifecycle.close_with_error(conn, WM_REASON_LIMIT, WM_EMSGSIZE, 0, "frame over max_message");
    else
        lifecycle.close_with_error(conn, WM_REASON_PROTOCOL, WM_EPROTOCOL, 0,
                                   "frame with a length below 4, the bytes of the length itself");
}

Rest parse(Connection &conn, char *data, size_t len)
{
    Reactor &reactor = conn.owner->reactor;
    while (len > 0 && reactor.inbox.wants_next(conn)) {
        framed::LengthError error = {};
        Step step = framed::step(framed::kFrame, data, len, static_cast<uint64_t>(conn.options().max_message), error);
        if (step.kind == StepKind::kMore)
            return {data, len, true, step.need};
        if (step.kind == StepKind::kFail) {
            refuse(conn, error);
            return {data, len, false};
        }
        char *payload = data + framed::kFrame.strip;
        size_t payload_len = step.size - framed::kFrame.strip;
        data += step.size;
        len -= step.size;
        reactor.dispatch.message(conn, payload, payload_len, WM_KIND_BINARY, 0);
    }
    return {data, len, false};
}

Framing add_length(const Codec &, std::string_view payload, int32_t, char *room)
{
    size_t header = framed::write_length(framed::kFrame, payload.size(), room);
    return header > 0 ? Framing{{room, header}, payload} : Framing{};
}

int send(Connection &conn, std::string_view payload, int32_t flags)
{
    return conn.owner->reactor.outbox.write_framed(conn, payload, flags);
}

} // namespace

constexpr Codec kFrameCodec = {.name = "frame",
                               .datagram_row = row_of(CodecRow::kFrameDatagram),
                               .has_boundaries = true,
                               .parse = parse,
                               .frame = add_length,
                               .send = send,
                               .stays_half_open = half_open_by_option};
const Codec kFrameDatagramCodec = over_datagrams(kFrameCodec);

} // namespace wm
