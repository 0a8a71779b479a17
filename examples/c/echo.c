/**
 * @file
 * The smallest server: every line comes back. Try it with `nc 127.0.0.1 2015`.
 *
 *   echo [ADDRESS]
 */
#include <stdio.h>
#include <wm/wm.h>

static void on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker, (void)user;
    wm_conn_send(conn, data, len, kind == WM_KIND_BINARY ? WM_SEND_BINARY : 0);
}

static int32_t on_start(wm_worker *worker, int32_t index, void *user)
{
    (void)index, (void)user;
    printf("%s\n", wm_worker_address(worker));
    fflush(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, argc > 1 ? argv[1] : "text://0.0.0.0:2015");
    if (!worker) {
        fprintf(stderr, "echo: %s\n", wm_last_error());
        return 1;
    }
    wm_worker_on_start(worker, on_start, NULL, NULL);
    wm_worker_on_message(worker, on_message, NULL, NULL);
    int result = wm_app_run(app);
    if (result != 0)
        fprintf(stderr, "echo: %s\n", wm_last_error());
    wm_app_free(app);
    return result == 0 ? 0 : 1;
}
