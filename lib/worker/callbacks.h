/**
 * @file
 * Process-level callbacks of a worker, and callbacks of the master process. conn/callbacks.h has those of
 * connections.
 */
#ifndef WM_WORKER_CALLBACKS_H
#define WM_WORKER_CALLBACKS_H

#include "conn/callbacks.h"
#include "wm/app.h"

namespace wm {

struct WorkerCallbacks {
    Callback<wm_start_fn> start;
    Callback<wm_stop_fn> stop;
    Callback<wm_reload_fn> reload;

    /// Calls visit(callback) for each.
    template <class Visit> void each(Visit visit)
    {
        visit(start);
        visit(stop);
        visit(reload);
    }
};

/// Called in the master process.
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
