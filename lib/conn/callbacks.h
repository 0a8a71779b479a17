/**
 * @file
 * The callbacks of a worker and of an app: function, user pointer and the notifier that gives the pointer back.
 */
#ifndef WM_CONN_CALLBACKS_H
#define WM_CONN_CALLBACKS_H

#include "wm/app.h"
#include "wm/worker.h"

namespace wm {

template <class Function> struct Callback {
    Function fn = nullptr;
    void *user = nullptr;
    wm_destroy_fn destroy = nullptr;

    explicit operator bool() const { return fn; }
};

struct Callbacks {
    Callback<wm_start_fn> start;
    Callback<wm_stop_fn> stop;
    Callback<wm_reload_fn> reload;
    Callback<wm_handshake_fn> handshake;
    Callback<wm_conn_fn> connect;
    Callback<wm_conn_fn> open;
    Callback<wm_message_fn> message;
    Callback<wm_error_fn> error;
    Callback<wm_close_fn> close;
    Callback<wm_conn_fn> buffer_full;
    Callback<wm_conn_fn> buffer_drain;

    /// Calls visit(callback) for each.
    template <class Visit> void each(Visit visit)
    {
        visit(start);
        visit(stop);
        visit(reload);
        visit(handshake);
        visit(connect);
        visit(open);
        visit(message);
        visit(error);
        visit(close);
        visit(buffer_full);
        visit(buffer_drain);
    }
};

/// Of an app, for its master process.
struct AppCallbacks {
    Callback<wm_app_fn> master_start;
    Callback<wm_app_fn> master_stop;
    Callback<wm_app_fn> master_reload;
    Callback<wm_exit_fn> worker_exit;

    template <class Visit> void each(Visit visit)
    {
        visit(master_start);
        visit(master_stop);
        visit(master_reload);
        visit(worker_exit);
    }
};

} // namespace wm

#endif
