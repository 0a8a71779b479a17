// tcp:// and unix://: bytes as they are read, without message boundaries.
#include "conn/reactor.h"
#include "session/codecs.h"
#include "session/half_open.h"

namespace wm {

namespace {

Rest parse(Connection &conn, char *data, size_t len)
{
    Reactor &reactor = conn.owner->reactor;
    if (len == 0 || !reactor.inbox.wants(conn))
        return {data, len, false};
    reactor.dispatch.message(conn, data, len, WM_KIND_RAW, 0);
    return {data + len, 0, false};
}

} // namespace

const Codec kRawCodec = {.name = "raw",
                         .datagram_row = row_of(CodecRow::kDatagram),
                         .carries_bytes = true,
                         .parse = parse,
                         .stays_half_open = half_open_by_option};

} // namespace wm
