/**
 * @file
 * An echo of datagrams: each is a message, and each sender a connection while it is among the last 1 024. Try it with
 * `echo hello | socat -t 1 - UDP:127.0.0.1:2017`.
 *
 *   datagrams [ADDRESS]        udp://127.0.0.1:2017, or udp+unix:///PATH
 */
#include <signal.h>
#include <stdio.h>
#include <wm/wm.h>

static void on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker, (void)kind, (void)user;
    wm_conn_send(conn, data, len, 0); /* what cannot be sent is lost, as datagrams may be */
}

static int32_t on_start(wm_worker *worker, int32_t index, void *user)
{
    (void)index, (void)user;
    printf("datagrams at %s\n", wm_worker_address(worker));
    fflush(stdout);
    return 0;
}

static void on_signal(wm_signal signal, int32_t number, void *user)
{
    (void)signal, (void)number;
    wm_app_stop((wm_app *)user);
}

int main(int argc, char **argv)
{
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, argc > 1 ? argv[1] : "udp://127.0.0.1:2017");
    wm_worker_on_start(worker, on_start, NULL, NULL);
    wm_worker_on_message(worker, on_message, NULL, NULL);
    wm_signal_add(app, SIGTERM, on_signal, app, NULL);
    wm_signal_add(app, SIGINT, on_signal, app, NULL);
    if (!worker || wm_app_run(app) != 0) {
        fprintf(stderr, "%s\n", wm_last_error());
        return 1;
    }
    wm_app_free(app);
    return 0;
}
