/**
 * @file
 * A worker that opens another one while it runs: wm_worker_listen in on_start.
 *
 *   inner_listen [INNER_ADDRESS [OUTER_ADDRESS]]
 *
 * INNER_ADDRESS is http://0.0.0.0:2016 unless given. The outer worker has no address, it only starts; OUTER_ADDRESS gives it one.
 * Serves in one process, by wm_app_run; start it a second time to see what happens to a port that is in use.
 */
#include <stdio.h>
#include <wm/wm.h>

static void on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker, (void)data, (void)len, (void)kind, (void)user;
    wm_conn_send(conn, "hello\n", 6, 0);
}

static int32_t on_start(wm_worker *worker, int32_t index, void *user)
{
    const char *inner_address = user;
    (void)index;
    printf("outer %s\n", wm_worker_address(worker));
    wm_worker *inner = wm_worker_new(wm_worker_app(worker), inner_address);
    if (!inner) {
        fprintf(stderr, "inner_listen: %s\n", wm_last_error());
        return -1;
    }
    wm_worker_on_message(inner, on_message, NULL, NULL);
    if (wm_worker_listen(inner) == 0) {
        printf("inner %s\n", wm_worker_address(inner));
    } else {
        /* "Address already in use: http://0.0.0.0:2016". The outer worker can do without: it serves on. */
        fprintf(stderr, "inner_listen: %s\n", wm_worker_error(inner));
        wm_worker_free(inner);
    }
    fflush(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    char *inner_address = argc > 1 ? argv[1] : "http://0.0.0.0:2016";
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, argc > 2 ? argv[2] : NULL);
    if (!worker) {
        fprintf(stderr, "inner_listen: %s\n", wm_last_error());
        return 1;
    }
    wm_worker_on_start(worker, on_start, inner_address, NULL);
    wm_worker_on_message(worker, on_message, NULL, NULL);
    int result = wm_app_run(app);
    if (result != 0)
        fprintf(stderr, "inner_listen: %s\n", wm_last_error());
    wm_app_free(app);
    return result == 0 ? 0 : 1;
}
