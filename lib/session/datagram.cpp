#include "session/datagram.h"

#include "conn/datagram_port.h"
#include "conn/reactor.h"
#include "session/codecs.h"

namespace wm {

Rest parse_datagram(Connection &conn, char *data, size_t len)
{
    const Codec &stream = *codec_of(conn).stream;
    Rest rest = stream.parse(conn, data, len);
    if (!rest.incomplete && !conn.has(kNoInput))
        return rest;
    conn.unset(kNoInput);
    if (stream.restart && conn.state == ConnState::kOpen)
        stream.restart(conn);
    return {data + len, 0, false};
}

int send_datagram(Connection &conn, const Framing &bytes, int32_t flags)
{
    return conn.owner->datagrams->send(conn, bytes, flags);
}

int send_framed_datagram(Connection &conn, std::string_view payload, int32_t flags)
{
    const Codec &stream = *codec_of(conn).stream;
    if (flags & WM_SEND_RAW || !stream.frame)
        return send_datagram(conn, {{}, payload}, flags);
    char room[Codec::kFrameRoom];
    Framing framing = stream.frame(stream, payload, flags, room);
    return framing.size() == 0 ? too_long_to_frame(stream, payload.size()) : send_datagram(conn, framing, flags);
}

namespace {

/// udp://: a message is a datagram, also an empty one.
Rest parse_whole(Connection &conn, char *data, size_t len)
{
    Reactor &reactor = conn.owner->reactor;
    if (len > 0 && !reactor.inbox.wants_next(conn))
        return {data, len, false};
    reactor.dispatch.message(conn, data, len, WM_KIND_DATAGRAM, 0);
    return {data + len, 0, false};
}

} // namespace

const Codec kDatagramCodec = {.name = "udp", .stream = &kRawCodec, .parse = parse_whole, .send = send_framed_datagram};

} // namespace wm
