/**
 * @file
 * Callbacks of the host: function, user pointer and destroy notifier; and the set of a connection's
 * callbacks. Owned by the endpoint, or by a connection that has some of its own.
 */
#ifndef WM_CONN_CALLBACKS_H
#define WM_CONN_CALLBACKS_H

#include "wm/http_body.h"
#include "wm/websocket.h"
#include "wm/worker.h"

namespace wm {

template <class Function> struct Callback {
    Function fn = nullptr;
    void *user = nullptr;
    wm_destroy_fn destroy = nullptr;

    explicit operator bool() const { return fn; }
};

struct ConnCallbacks {
    Callback<wm_handshake_fn> handshake;
    Callback<wm_conn_fn> connect;
    Callback<wm_conn_fn> open;
    Callback<wm_message_fn> message;
    Callback<wm_body_fn> body;
    Callback<wm_part_fn> part;
    Callback<wm_ping_fn> ping;
    Callback<wm_ping_fn> pong;
    Callback<wm_error_fn> error;
    Callback<wm_conn_fn> closing;
    Callback<wm_close_fn> close;
    Callback<wm_conn_fn> buffer_full;
    Callback<wm_conn_fn> buffer_drain;

    /// Calls visit(callback) for each.
    template <class Visit> void each(Visit visit)
    {
        visit(handshake);
        visit(connect);
        visit(open);
        visit(message);
        visit(body);
        visit(part);
        visit(ping);
        visit(pong);
        visit(error);
        visit(closing);
        visit(close);
        visit(buffer_full);
        visit(buffer_drain);
    }
};

} // namespace wm

#endif
