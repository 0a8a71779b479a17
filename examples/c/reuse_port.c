/**
 * @file
 * Four processes, and a second port that each of them opens by itself: option reuse_port. The kernel spreads its connections.
 *
 *   reuse_port [OUTER_ADDRESS [INNER_ADDRESS]] start|stop|restart|reload|status|connections [-d]
 *
 * The defaults are text://0.0.0.0:2015 and http://0.0.0.0:2016.
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
    if (!inner || wm_worker_set_int(inner, "reuse_port", 1) != 0 || wm_worker_on_message(inner, on_message, NULL, NULL) != 0 ||
        wm_worker_listen(inner) != 0) {
        fprintf(stderr, "reuse_port: %s\n", wm_last_error());
        return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *addresses[] = {"text://0.0.0.0:2015", "http://0.0.0.0:2016"};
    argc = take_addresses(argc, argv, addresses, 2);
    inner_address = addresses[1];
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, addresses[0]);
    if (!worker) {
        fprintf(stderr, "reuse_port: %s\n", wm_last_error());
        return 1;
    }
    wm_worker_set_int(worker, "count", 4);
    wm_worker_on_start(worker, on_start, NULL, NULL);
    wm_worker_on_message(worker, on_message, NULL, NULL);
    return wm_app_main(app, argc, argv);
}
