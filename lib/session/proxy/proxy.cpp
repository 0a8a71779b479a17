// What precedes a client's own protocol where a proxy is between: CONNECT, or SOCKS5.
#include "conn/reactor.h"
#include "proto/proxy/proxy_dialog.h"
#include "session/codecs.h"

#include <new>

namespace wm {

namespace {

struct ProxyState {
    proxy::Dialog *dialog;
};

proxy::Dialog *dialog_of(const Connection &conn)
{
    return conn.codec_state.as<ProxyState>().dialog;
}

bool begin(Connection &conn)
{
    ProxyState &state = conn.codec_state.make<ProxyState>();
    state.dialog = new (std::nothrow) proxy::Dialog(*conn.owner->proxy);
    return state.dialog;
}

void end(Connection &conn)
{
    delete dialog_of(conn);
}

void start(Connection &conn)
{
    conn.owner->reactor.outbox.write_ahead(conn, conn.owner->proxy->first);
}

Rest parse(Connection &conn, char *data, size_t len)
{
    Reactor &reactor = conn.owner->reactor;
    const EndpointOptions &options = conn.owner->options;
    while (len > 0 && reactor.inbox.wants_next(conn)) {
        proxy::Dialog &dialog = *dialog_of(conn);
        Step step = dialog.step(data, len, static_cast<size_t>(options.max_header_bytes), static_cast<size_t>(options.max_headers));
        if (step.kind == StepKind::kMore)
            return {data, step.size, true, step.need};
        if (step.kind == StepKind::kFail) {
            conn.owner->refused(conn, dialog.error(), dialog.text());
            return {data, len, false};
        }
        data += step.size;
        len -= step.size;
        if (step.kind == StepKind::kMessage) {
            reactor.lifecycle.enter_tunnel(conn, len);
            break; // what follows is for the codec that the connection has now
        }
        if (!dialog.next().empty())
            reactor.outbox.write_ahead(conn, dialog.next());
    }
    return {data, len, false};
}

} // namespace

const Codec kProxyCodec = {.name = "proxy", .has_handshake = true, .begin = begin, .end = end, .start = start, .parse = parse};

} // namespace wm
