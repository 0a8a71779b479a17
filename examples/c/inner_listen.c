/**
 * @file
 * A worker that opens another one in each of its processes: wm_worker_listen in on_start. Without reuse_port only one of them gets the
 * port; see reuse_port.c for a port of all.
 *
 *   inner_listen [INNER_ADDRESS [OUTER_ADDRESS]] start|stop|restart|reload|status|connections [-d]
 *
 * The default of INNER_ADDRESS is http://0.0.0.0:2016. Without OUTER_ADDRESS the outer worker does not listen.
 */
#include "arguments.h"

#include <stdio.h>
#include <wm/wm.h>

static const char *inner_address;

static void on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker, (void)data, (void)len, (void)kind, (void)user;
    wm_conn_send(conn, "hello\n", 6, 0);
}

static int32_t on_start(wm_worker *worker, int32_t index, void *user)
{
    (void)index, (void)user;
    wm_worker *inner = wm_worker_new(wm_worker_app(worker), inner_address);
    if (!inner) {
        fprintf(stderr, "inner_listen: %s\n", wm_last_error());
        return -1; /* an address that is none: no process can serve, and the start fails */
    }
    wm_worker_on_message(inner, on_message, NULL, NULL);
    /*
     * Fails in all processes but one. The library logs "Address already in use: http://0.0.0.0:2016", which is in wm_worker_error, too,
     * and `status` shows the worker as [listen failed] for as long as it is there. The process can do without it: it serves on.
     */
    wm_worker_listen(inner);
    return 0;
}

int main(int argc, char **argv)
{
    const char *addresses[] = {"http://0.0.0.0:2016", NULL};
    argc = take_addresses(argc, argv, addresses, 2);
    inner_address = addresses[0];
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, addresses[1]);
    if (!worker) {
        fprintf(stderr, "inner_listen: %s\n", wm_last_error());
        return 1;
    }
    wm_worker_set_int(worker, "count", 4);
    wm_worker_on_start(worker, on_start, NULL, NULL);
    wm_worker_on_message(worker, on_message, NULL, NULL);
    return wm_app_main(app, argc, argv);
}
