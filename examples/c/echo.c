/**
 * @file
 * The smallest server: every line comes back, from one of four processes. Try it with `nc 127.0.0.1 2015`.
 *
 *   echo [ADDRESS] start|stop|restart|reload|status|connections [-d]
 */
#include "arguments.h"

#include <stdio.h>
#include <wm/wm.h>

static void on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker, (void)user;
    wm_conn_send(conn, data, len, kind == WM_KIND_BINARY ? WM_SEND_BINARY : 0);
}

int main(int argc, char **argv)
{
    const char *address = "text://0.0.0.0:2015";
    argc = take_addresses(argc, argv, &address, 1);
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, address);
    if (!worker) {
        fprintf(stderr, "echo: %s\n", wm_last_error());
        return 1;
    }
    wm_worker_set_int(worker, "count", 4);
    wm_worker_on_message(worker, on_message, NULL, NULL);
    return wm_app_main(app, argc, argv);
}
