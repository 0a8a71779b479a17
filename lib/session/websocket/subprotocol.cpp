#include "session/websocket/subprotocol.h"

#include "conn/reactor.h"
#include "core/error.h"
#include "proto/websocket/handshake.h"

#include <cstdlib>
#include <cstring>

namespace wm {

int choose_subprotocol(Connection &conn, std::string_view fields)
{
    const EndpointOptions &options = conn.owner->options;
    if (options.ws_subprotocols.empty()) [[likely]]
        return 0;
    std::string_view chosen = websocket::choose_protocol(options.ws_subprotocols, fields);
    if (chosen.empty() && options.ws_subprotocol_required)
        return fail(WM_EPROTOCOL, "Sec-WebSocket-Protocol offers none of the subprotocols that are spoken here");
    return set_subprotocol(conn, chosen);
}

int set_subprotocol(Connection &conn, std::string_view protocol)
{
    if (subprotocol_of(conn) == protocol)
        return 0;
    char *copy = conn.make_cold() ? strndup(protocol.empty() ? "" : protocol.data(), protocol.size()) : nullptr;
    if (!copy)
        return fail(WM_ENOMEM, "out of memory for a subprotocol");
    free(conn.cold->subprotocol);
    conn.cold->subprotocol = copy;
    return 0;
}

std::string_view subprotocol_of(const Connection &conn)
{
    return conn.cold && conn.cold->subprotocol ? conn.cold->subprotocol : std::string_view();
}

} // namespace wm
