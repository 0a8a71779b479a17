#include "wm/websocket.h"

#include "api/callback.h"
#include "api/text.h"
#include "session/websocket/client.h"
#include "session/websocket/control.h"
#include "session/websocket/parts.h"
#include "session/websocket/subprotocol.h"

using namespace wm;

int wm_worker_on_ping(wm_worker *worker, wm_ping_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(worker, &Worker::callbacks, &ConnCallbacks::ping, fn, user, destroy);
}

int wm_worker_on_pong(wm_worker *worker, wm_ping_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(worker, &Worker::callbacks, &ConnCallbacks::pong, fn, user, destroy);
}

int wm_client_on_ping(wm_client *client, wm_ping_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(client, &ConnCallbacks::ping, fn, user, destroy);
}

int wm_client_on_pong(wm_client *client, wm_ping_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(client, &ConnCallbacks::pong, fn, user, destroy);
}

int wm_conn_on_ping(wm_conn conn, wm_ping_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(conn, &ConnCallbacks::ping, fn, user, destroy);
}

int wm_conn_on_pong(wm_conn conn, wm_ping_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(conn, &ConnCallbacks::pong, fn, user, destroy);
}

int wm_conn_ping(wm_conn conn, const void *data, size_t len)
{
    if (int wrong = check_span("data", data, len))
        return wrong;
    return with_connection(conn, [&](Connection &self) { return send_host_control(self, &Codec::ping, span(data, len)); });
}

int wm_conn_pong(wm_conn conn, const void *data, size_t len)
{
    if (int wrong = check_span("data", data, len))
        return wrong;
    return with_connection(conn, [&](Connection &self) { return send_host_control(self, &Codec::pong, span(data, len)); });
}

int wm_conn_ws_subprotocol(wm_conn conn, char *out, size_t cap)
{
    return with_connection(conn, [&](Connection &self) {
        const Codec &codec = self.owner->reactor.codec(self);
        if (!codec.pong && !codec.has_handshake)
            return fail(WM_ESTATE, "protocol %s has no subprotocols: websockets have", codec.name);
        const WebsocketClient *client = self.owner->client ? object(self.owner->client)->websocket() : nullptr;
        return copy_out(client ? client->subprotocol : subprotocol_of(self), out, cap);
    });
}

int wm_conn_send_begin(wm_conn conn, int32_t flags)
{
    if (flags & ~WM_SEND_BINARY)
        return fail(WM_EINVAL, "flags %#x: a message in parts takes WM_SEND_BINARY or 0", static_cast<unsigned>(flags));
    return with_connection(conn, [&](Connection &self) { return begin_host_message(self, flags); });
}

int wm_conn_send_write(wm_conn conn, const void *data, size_t len)
{
    if (int wrong = check_span("data", data, len))
        return wrong;
    return with_connection(conn, [&](Connection &self) { return send_host_part(self, span(data, len), false); });
}

int wm_conn_send_end(wm_conn conn)
{
    return with_connection(conn, [](Connection &self) { return send_host_part(self, {}, true); });
}
