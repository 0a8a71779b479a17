/*
 * The server that wm-load measures: an echo for tcp, text and websocket, "Hello, world!" for http.
 *
 *     bench_echo_server PROTO HOST:PORT [--pull]
 *     bench_echo_server PROTO HOST:PORT --processes N DIRECTORY COMMAND...
 *
 * It uses callbacks, or with --pull an array of records. It prints its address once it listens, and exits with 0 on SIGTERM and SIGINT.
 * With --processes, N of them serve under a master process, which keeps its files in DIRECTORY; COMMAND is one of wm_app_main.
 */
#define _POSIX_C_SOURCE 200809L

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wm/wm.h"

enum { EVENTS = 1024 };

static const char BODY[] = "Hello, world!";

static void answer(wm_request request)
{
    wm_request_respond(request, 200, NULL, 0, BODY, sizeof BODY - 1, 0);
}

static void echo(wm_conn conn, const void *data, size_t len, int32_t kind)
{
    wm_conn_send(conn, data, len, kind == WM_KIND_BINARY ? WM_SEND_BINARY : 0);
}

static void on_echo(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker;
    (void)user;
    echo(conn, data, len, kind);
}

static void on_http(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker;
    (void)data;
    (void)len;
    (void)kind;
    (void)user;
    answer(wm_message_request(conn));
}

static int32_t on_start(wm_worker *worker, int32_t index, void *user)
{
    (void)index;
    (void)user;
    printf("%s\n", wm_worker_address(worker));
    return fflush(stdout) == 0 ? 0 : -1;
}

static volatile sig_atomic_t stopped;

static void note_signal(int number)
{
    (void)number;
    stopped = 1;
}

static void stop_when_signalled(wm_timer timer, void *app)
{
    (void)timer;
    if (stopped)
        wm_app_stop(app);
}

/* A look ten times a second, not a thread that waits for signals: with a second thread each system call takes longer, in libc and in the
 * kernel. */
static int stop_on_signals(wm_app *app)
{
    struct sigaction action = {.sa_handler = note_signal};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    return wm_timer_add(app, 100, 100, stop_when_signalled, app, NULL) != 0 ? 0 : -1;
}

static void handle(const wm_event *event)
{
    const int32_t kind = (int32_t)(event->flags & 0xff);
    if (event->kind != WM_EVENT_MESSAGE)
        return;
    if (kind == WM_KIND_HTTP)
        answer(event->id);
    else
        echo(event->conn, event->data, event->len, kind);
}

static int pull(wm_app *app)
{
    static wm_event events[EVENTS];
    int count;
    while ((count = wm_app_poll(app, events, EVENTS, -1)) >= 0)
        for (int i = 0; i < count; i++)
            handle(&events[i]);
    return count == WM_ESTOPPED ? 0 : count;
}

/* Serves in this process until the first signal. */
static int serve(wm_app *app, int pulls)
{
    if (stop_on_signals(app) < 0)
        return -1;
    return pulls ? pull(app) : wm_app_run(app);
}

int main(int argc, char **argv)
{
    char address[256];
    const int pulls = argc == 4 && strcmp(argv[3], "--pull") == 0;
    const int processes = argc > 6 && strcmp(argv[3], "--processes") == 0 ? atoi(argv[4]) : 0;
    if (argc < 3 || (argc > 3 && !pulls && processes < 1)) {
        fprintf(stderr, "bench_echo_server tcp|text|websocket|http HOST:PORT [--pull | --processes N DIRECTORY COMMAND...]\n");
        return 2;
    }
    snprintf(address, sizeof address, "%s://%s", argv[1], argv[2]);
    wm_app *app = wm_app_new();
    wm_worker *worker = app == NULL ? NULL : wm_worker_new(app, address);
    if (worker == NULL || wm_worker_on_start(worker, on_start, NULL, NULL) < 0) {
        fprintf(stderr, "bench_echo_server: %s\n", wm_last_error());
        return 1;
    }
    if (!pulls)
        wm_worker_on_message(worker, strcmp(argv[1], "http") == 0 ? on_http : on_echo, NULL, NULL);
    if (processes > 0) {
        if (wm_worker_set_int(worker, "count", processes) < 0 || wm_app_set_str(app, "run_dir", argv[5]) < 0) {
            fprintf(stderr, "bench_echo_server: %s\n", wm_last_error());
            return 1;
        }
        argv[5] = argv[0];
        const int code = wm_app_main(app, argc - 5, argv + 5);
        wm_app_free(app);
        return code;
    }
    if (serve(app, pulls) < 0) {
        fprintf(stderr, "bench_echo_server: %s\n", wm_last_error());
        return 1;
    }
    wm_app_free(app);
    return 0;
}
