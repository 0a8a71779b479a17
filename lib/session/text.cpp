// text://: a message is a line.
#include "conn/reactor.h"
#include "core/log.h"
#include "net/transport.h"
#include "proto/text/foreign_line.h"
#include "proto/text/line_parser.h"
#include "session/codecs.h"
#include "session/datagram.h"
#include "session/half_open.h"
#include "session/sessions.h"

#include <cstring>
#include <netinet/in.h>

namespace wm {

namespace {

struct TextState {
    text::LineParser parser;
    bool skipping = false; ///< discarding a line that is over max_message
};

bool begin(Connection &conn)
{
    conn.codec_state.make<TextState>();
    return true;
}

/// Returns how many bytes belong to the line that is being skipped.
size_t skip_line(TextState &state, const char *data, size_t len)
{
    const void *end = memchr(data, '\n', len);
    if (!end)
        return len;
    state.skipping = false;
    return static_cast<size_t>(static_cast<const char *>(end) + 1 - data);
}

void refuse_line(Connection &conn, TextState &state, bool ended)
{
    Reactor &reactor = conn.owner->reactor;
    if (!conn.owner->options.skip_oversize) {
        reactor.lifecycle.close_with_error(conn, WM_REASON_LIMIT, WM_EMSGSIZE, 0, "line over max_message");
        return;
    }
    if (!ended) {
        state.skipping = true;
        state.parser.reset();
    }
    reactor.dispatch.error(conn, WM_EMSGSIZE, "line over max_message");
}

/// Ends a connection on which a browser speaks its own protocol: what is behind this line may be a web page's. False: the line is none of
/// that. A TLS hello may have no line end; a line over max_message is looked at as far as it is there.
[[gnu::noinline]] bool refuse_foreign(Connection &conn, StepKind kind, std::string_view line)
{
    if (!conn.owner->options.refuse_http)
        return false;
    const char *protocol = kind != StepKind::kMore ? text::foreign_protocol(line) : text::begins_tls(line) ? "TLS" : nullptr;
    if (!protocol)
        return false;
    Reactor &reactor = conn.owner->reactor;
    LogThrottle &throttle = reactor.sessions->foreign_throttle;
    if (throttle.due(reactor.loop.now_ms())) {
        SocketAddress peer;
        char ip[INET6_ADDRSTRLEN] = "";
        if (conn.owner->peer_of(conn, peer))
            format_ip(peer.storage, ip);
        throttle.log(WM_LOG_WARN, "%s: closed a connection from %s that speaks %s: a web page may try to reach this port",
                     conn.owner->display.c_str(), ip[0] ? ip : "this machine", protocol);
    }
    reactor.lifecycle.close_with_error(conn, WM_REASON_PROTOCOL, WM_EPROTOCOL, 0, "HTTP or TLS on a port of lines");
    return true;
}

Rest parse(Connection &conn, char *data, size_t len)
{
    Reactor &reactor = conn.owner->reactor;
    TextState &state = conn.codec_state.as<TextState>();
    while (len > 0 && reactor.inbox.wants_next(conn)) {
        if (state.skipping) {
            size_t skipped = skip_line(state, data, len);
            data += skipped;
            len -= skipped;
            continue;
        }
        size_t max_message = static_cast<size_t>(conn.options().max_message);
        size_t message_len = 0;
        Step step = state.parser.step(data, len, max_message, message_len);
        if (text::may_be_foreign(data[0])) [[unlikely]] {
            size_t seen = step.kind == StepKind::kMessage ? message_len : step.size;
            if (refuse_foreign(conn, step.kind, {data, seen}))
                return {data, len, false};
        }
        if (step.kind == StepKind::kMore)
            return {data, len, true, step.need};
        char *line = data;
        data += step.size;
        len -= step.size;
        if (step.kind == StepKind::kMessage)
            reactor.dispatch.message(conn, line, message_len, WM_KIND_TEXT, 0);
        else
            refuse_line(conn, state, line[step.size - 1] == '\n');
    }
    return {data, len, false};
}

Framing frame(const Codec &, std::string_view payload, int32_t, char *)
{
    return {payload, "\n"};
}

void restart(Connection &conn)
{
    begin(conn);
}

} // namespace

constexpr Codec kTextCodec = {.name = "text",
                              .datagram_row = row_of(CodecRow::kTextDatagram),
                              .has_boundaries = true,
                              .begin = begin,
                              .parse = parse,
                              .restart = restart,
                              .frame = frame,
                              .stays_half_open = half_open_by_option};
const Codec kTextDatagramCodec = over_datagrams(kTextCodec);

} // namespace wm
