#include "wm/websocket.h"

#include "api/callback.h"
#include "session/websocket/control.h"

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
