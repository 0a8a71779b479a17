/*
 * The server that bench/events measures: sends each line to all listeners of server-sent events, and to all websocket pages.
 *
 *     bench_event_server HTTP WEBSOCKET INNER [--write]
 *
 * Each is HOST:PORT. On HTTP, /events is the stream, and all else is "Hello, world!"; INNER takes the lines and answers each with "ok".
 * When its last connection has closed, the streams end. With --write an event is formatted once, by this program, and written to each
 * stream. Exits with 0 on SIGTERM and SIGINT.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wm/wm.h"

#include "stop_on_signals.h"

enum { MAX_LISTENERS = 100000, MAX_EVENT = 65536 };

static const char BODY[] = "Hello, world!";
static wm_request listeners[MAX_LISTENERS];
static int listening, feeding, writes;
static int fed; /* a line has come: what only looked whether the port is open has sent none */
static wm_worker *pages;

static void on_request(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker;
    (void)data;
    (void)len;
    (void)kind;
    (void)user;
    const void *path;
    size_t path_len;
    wm_request request = wm_message_request(conn);
    if (wm_request_path(request, &path, &path_len) < 0)
        return;
    const int listens = path_len == 7 && memcmp(path, "/events", 7) == 0 && listening < MAX_LISTENERS;
    if (!listens)
        wm_request_respond(request, 200, NULL, 0, BODY, sizeof BODY - 1, 0);
    else if (wm_request_event_begin(request, NULL, 0) >= 0)
        listeners[listening++] = request;
}

static int send_event(wm_request to, const void *data, size_t len)
{
    return wm_request_event_send(to, NULL, 0, NULL, 0, -1, data, len);
}

static int write_event(wm_request to, const void *event, size_t len)
{
    return wm_request_respond_write(to, event, len);
}

static void tell_listeners(const void *data, size_t len)
{
    static char event[MAX_EVENT];
    int size = writes ? snprintf(event, sizeof event, "data: %.*s\n\n", (int)len, (const char *)data) : 0;
    for (int i = 0; i < listening;) {
        int result = writes ? write_event(listeners[i], event, (size_t)size) : send_event(listeners[i], data, len);
        if (result == WM_ECLOSED)
            listeners[i] = listeners[--listening];
        else
            i++;
    }
}

static void on_line(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker;
    (void)kind;
    (void)user;
    fed = 1;
    if (len + 16 > MAX_EVENT)
        return;
    tell_listeners(data, len);
    wm_worker_broadcast(pages, data, len, 0);
    wm_conn_send(conn, "ok", 2, 0);
}

static void on_page(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker;
    (void)conn;
    (void)data;
    (void)len;
    (void)kind;
    (void)user;
}

static void on_feed(wm_worker *worker, wm_conn conn, void *user)
{
    (void)worker;
    (void)conn;
    (void)user;
    feeding++;
}

static void on_feed_end(wm_worker *worker, wm_conn conn, int32_t reason, int32_t code, const void *text, size_t len, void *user)
{
    (void)worker;
    (void)conn;
    (void)reason;
    (void)code;
    (void)text;
    (void)len;
    (void)user;
    if (--feeding > 0 || !fed)
        return;
    while (listening > 0)
        wm_request_respond_end(listeners[--listening]);
}

static wm_worker *listen_on(wm_app *app, const char *scheme, const char *address, wm_message_fn on_message)
{
    char text[256];
    snprintf(text, sizeof text, "%s://%s", scheme, address);
    wm_worker *worker = wm_worker_new(app, text);
    return worker != NULL && wm_worker_on_message(worker, on_message, NULL, NULL) == 0 ? worker : NULL;
}

int main(int argc, char **argv)
{
    writes = argc == 5 && strcmp(argv[4], "--write") == 0;
    if (argc != 4 && !writes) {
        fprintf(stderr, "bench_event_server HTTP WEBSOCKET INNER [--write], each HOST:PORT\n");
        return 2;
    }
    wm_app *app = wm_app_new();
    wm_worker *inner = NULL;
    if (app != NULL && listen_on(app, "http", argv[1], on_request) != NULL &&
        (pages = listen_on(app, "websocket", argv[2], on_page)) != NULL)
        inner = listen_on(app, "text", argv[3], on_line);
    if (inner == NULL || wm_worker_on_open(inner, on_feed, NULL, NULL) < 0 || wm_worker_on_close(inner, on_feed_end, NULL, NULL) < 0 ||
        stop_on_signals(app) < 0) {
        fprintf(stderr, "bench_event_server: %s\n", wm_last_error());
        return 1;
    }
    int code = wm_app_run(app);
    wm_app_free(app);
    return code < 0 ? 1 : 0;
}
