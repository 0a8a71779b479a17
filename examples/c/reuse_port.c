/**
 * @file
 * Two listeners of one program, and one port for several processes: option reuse_port.
 *
 *   reuse_port [OUTER_ADDRESS [INNER_ADDRESS]]
 *
 * They are text://0.0.0.0:2015 and http://0.0.0.0:2016 unless given. Each copy serves in one process, by wm_app_run. Start a second copy
 * with another outer address: the kernel spreads the connections to port 2016 over both.
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
    wm_worker *inner = wm_worker_new(wm_worker_app(worker), inner_address);
    if (!inner || wm_worker_set_int(inner, "reuse_port", 1) != 0 || wm_worker_on_message(inner, on_message, NULL, NULL) != 0 ||
        wm_worker_listen(inner) != 0) {
        fprintf(stderr, "reuse_port: %s\n", wm_last_error());
        return -1;
    }
    printf("outer %s\ninner %s\n", wm_worker_address(worker), wm_worker_address(inner));
    fflush(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    char *inner_address = argc > 2 ? argv[2] : "http://0.0.0.0:2016";
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, argc > 1 ? argv[1] : "text://0.0.0.0:2015");
    if (!worker) {
        fprintf(stderr, "reuse_port: %s\n", wm_last_error());
        return 1;
    }
    wm_worker_on_start(worker, on_start, inner_address, NULL);
    wm_worker_on_message(worker, on_message, NULL, NULL);
    int result = wm_app_run(app);
    if (result != 0)
        fprintf(stderr, "reuse_port: %s\n", wm_last_error());
    wm_app_free(app);
    return result == 0 ? 0 : 1;
}
