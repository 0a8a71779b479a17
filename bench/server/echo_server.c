/*
 * The server that wm-load measures: an echo for tcp, udp, text, frame and websocket, "Hello, world!" for http.
 *
 *     bench_echo_server PROTO HOST:PORT [--tls CERT KEY] [--access-log FORMAT FILE] [--pull]
 *     bench_echo_server PROTO HOST:PORT [--tls CERT KEY] [--access-log FORMAT FILE] --processes N DIRECTORY COMMAND...
 *
 * It uses callbacks, or with --pull an array of records. It prints its address once it listens, and exits with 0 on SIGTERM and SIGINT.
 * With --processes, N of them serve under a master process, which keeps its files in DIRECTORY; COMMAND is one of wm_app_main.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wm/wm.h"

#include "stop_on_signals.h"

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

/* What the command line asks for. */
struct wishes {
    int pulls;
    int processes;         /* 0: serve in this process */
    const char *directory; /* of the master's files */
    int command;           /* the index of COMMAND in argv, behind DIRECTORY */
    const char *cert, *key;
    const char *log_format, *log; /* NULL: no access log */
    const char *deflate;          /* NULL: off */
};

static int parse(int argc, char **argv, struct wishes *out)
{
    int i = 3;
    while (i < argc) {
        if (strcmp(argv[i], "--tls") == 0 && i + 2 < argc) {
            out->cert = argv[i + 1];
            out->key = argv[i + 2];
            i += 3;
        } else if (strcmp(argv[i], "--access-log") == 0 && i + 2 < argc) {
            out->log_format = argv[i + 1];
            out->log = argv[i + 2];
            i += 3;
        } else if (strcmp(argv[i], "--deflate") == 0 && i + 1 < argc) {
            out->deflate = argv[i + 1];
            i += 2;
        } else if (strcmp(argv[i], "--pull") == 0) {
            out->pulls = 1;
            i++;
        } else if (strcmp(argv[i], "--processes") == 0 && i + 3 < argc && !out->pulls) {
            out->processes = atoi(argv[i + 1]);
            out->directory = argv[i + 2];
            out->command = i + 3;
            return out->processes > 0 ? 0 : -1;
        } else {
            return -1;
        }
    }
    return argc < 3 ? -1 : 0;
}

static int set_up(wm_worker *worker, const struct wishes *wishes, wm_message_fn on_message)
{
    if (wm_worker_on_start(worker, on_start, NULL, NULL) < 0)
        return -1;
    if (wishes->cert != NULL &&
        (wm_worker_set_str(worker, "transport", "ssl") < 0 || wm_worker_set_str(worker, "tls_cert", wishes->cert) < 0 ||
         wm_worker_set_str(worker, "tls_key", wishes->key) < 0))
        return -1;
    if (wishes->log != NULL && (wm_worker_set_str(worker, "access_log", wishes->log) < 0 ||
                                wm_worker_set_str(worker, "access_log_format", wishes->log_format) < 0))
        return -1;
    if (wishes->deflate != NULL && wm_worker_set_str(worker, "deflate", wishes->deflate) < 0)
        return -1;
    if (wishes->processes > 0 && wm_worker_set_int(worker, "count", wishes->processes) < 0)
        return -1;
    return wishes->pulls ? 0 : wm_worker_on_message(worker, on_message, NULL, NULL);
}

static int fail(void)
{
    fprintf(stderr, "bench_echo_server: %s\n", wm_last_error());
    return 1;
}

int main(int argc, char **argv)
{
    char address[256];
    struct wishes wishes = {0};
    if (parse(argc, argv, &wishes) < 0) {
        fprintf(stderr, "bench_echo_server tcp|udp|text|frame|websocket|http HOST:PORT [--tls CERT KEY] [--access-log combined|json FILE] "
                        "[--deflate shared|own] [--pull | --processes N DIRECTORY COMMAND...]\n");
        return 2;
    }
    snprintf(address, sizeof address, "%s://%s", argv[1], argv[2]);
    wm_app *app = wm_app_new();
    wm_worker *worker = app == NULL ? NULL : wm_worker_new(app, address);
    if (worker == NULL || set_up(worker, &wishes, strcmp(argv[1], "http") == 0 ? on_http : on_echo) < 0)
        return fail();
    int code;
    if (wishes.processes > 0) {
        if (wm_app_set_str(app, "run_dir", wishes.directory) < 0)
            return fail();
        argv[wishes.command - 1] = argv[0];
        code = wm_app_main(app, argc - wishes.command + 1, argv + wishes.command - 1);
    } else {
        code = serve(app, wishes.pulls) < 0 ? fail() : 0;
    }
    wm_app_free(app);
    return code;
}
