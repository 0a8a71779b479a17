/**
 * @file
 * The contract suite's host: one app and one worker that record every event, over callbacks or over wm_app_poll, on tcp or unix sockets,
 * over TLS, or with clients that are the library's own.
 *
 * A scenario is a cmocka test that gets a `struct host *`, acts as the clients on raw sockets from the same thread, and compares the
 * trace of events. `react`, when set, is called for each event in both modes: inside the callback, or for the record after the poll.
 * Everything is the calling thread's; host_end frees what host_begin and the scenario have made.
 */
#ifndef SUPPORT_CONTRACT_H
#define SUPPORT_CONTRACT_H

#include "support/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "wm/wm.h"

/** A copy of one event, so that it outlives the callback or the poll. */
struct seen {
    uint32_t kind;
    uint32_t flags;
    wm_conn conn;
    wm_worker *worker;
    void *user;
    char *data;
    size_t len;
    uint64_t id;
    int32_t code, detail;
};

struct host {
    const struct setting *setting;
    wm_app *app;
    wm_worker *worker;
    struct seen *events;
    size_t count, room;
    void (*react)(struct host *host, const wm_event *event);
    int32_t verdict; /**< what the handshake callback returns */
    void *context;   /**< the scenario's own */
    char unix_path[64];
    wm_event batch[256];
};

/* What clients have to do of their own between turns, and when the host ends; NULL: nothing. Each thread may have a host of its own. */
static __thread void (*before_turn)(void);
static __thread void (*at_end)(void);
static __thread const struct setting *current_setting; /* of the host begun last */

static inline int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void deliver(struct host *host, const wm_event *event)
{
    if (host->count == host->room) {
        host->room = host->room ? host->room * 2 : 64;
        host->events = (struct seen *)realloc(host->events, host->room * sizeof *host->events);
        assert_non_null(host->events);
    }
    struct seen *seen = &host->events[host->count++];
    *seen = (struct seen){event->kind, event->flags, event->conn, event->worker, event->user,
                          NULL,        event->len,   event->id,   event->code,   event->detail};
    if (event->data) {
        seen->data = (char *)malloc(event->len + 1);
        assert_non_null(seen->data);
        memcpy(seen->data, event->data, event->len);
        seen->data[event->len] = '\0';
    }
    if (host->react)
        host->react(host, event);
}

/* Each callback makes the record that a poll would have made. */

static inline void deliver_conn(struct host *host, uint32_t kind, wm_worker *worker, wm_conn conn)
{
    wm_event event = {0};
    event.kind = kind;
    event.worker = worker;
    event.conn = conn;
    event.user = wm_conn_user(conn);
    deliver(host, &event);
}

static inline void seen_connect(wm_worker *worker, wm_conn conn, void *user)
{
    deliver_conn((struct host *)user, WM_EVENT_CONNECT, worker, conn);
}
static inline void seen_open(wm_worker *worker, wm_conn conn, void *user)
{
    deliver_conn((struct host *)user, WM_EVENT_OPEN, worker, conn);
}
static inline void seen_full(wm_worker *worker, wm_conn conn, void *user)
{
    deliver_conn((struct host *)user, WM_EVENT_BUFFER_FULL, worker, conn);
}
static inline void seen_drain(wm_worker *worker, wm_conn conn, void *user)
{
    deliver_conn((struct host *)user, WM_EVENT_BUFFER_DRAIN, worker, conn);
}

static inline void seen_closing(wm_worker *worker, wm_conn conn, void *user)
{
    deliver_conn((struct host *)user, WM_EVENT_CLOSING, worker, conn);
}

static inline int32_t seen_handshake(wm_worker *worker, wm_conn conn, wm_request request, void *user)
{
    struct host *host = (struct host *)user;
    wm_event event = {0};
    event.kind = WM_EVENT_HANDSHAKE;
    event.worker = worker;
    event.conn = conn;
    event.id = request;
    deliver(host, &event);
    return host->verdict;
}

static inline void seen_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    wm_event event = {0};
    event.kind = WM_EVENT_MESSAGE;
    event.flags = (uint32_t)kind;
    event.worker = worker;
    event.conn = conn;
    event.user = wm_conn_user(conn);
    event.data = data;
    event.len = len;
    event.id = wm_message_request(conn);
    deliver((struct host *)user, &event);
}

static inline void seen_error(wm_worker *worker, wm_conn conn, int32_t code, const void *text, size_t len, void *user)
{
    wm_event event = {0};
    event.kind = WM_EVENT_ERROR;
    event.worker = worker;
    event.conn = conn;
    event.code = code;
    event.data = text;
    event.len = len;
    deliver((struct host *)user, &event);
}

static inline void seen_close(wm_worker *worker, wm_conn conn, int32_t reason, int32_t code, const void *text, size_t len, void *user)
{
    wm_event event = {0};
    event.kind = WM_EVENT_CLOSE;
    event.worker = worker;
    event.conn = conn;
    event.user = wm_conn_user(conn);
    event.flags = (uint32_t)reason;
    event.detail = code;
    event.data = text;
    event.len = len;
    deliver((struct host *)user, &event);
}

static inline void seen_watch(wm_watch watch, int fd, int32_t events, void *user)
{
    (void)fd;
    wm_event event = {0};
    event.kind = WM_EVENT_WATCH;
    event.id = watch;
    event.detail = events;
    event.user = user;
    deliver((struct host *)user, &event);
}

static inline void seen_signal(wm_signal signal, int32_t number, void *user)
{
    wm_event event = {0};
    event.kind = WM_EVENT_SIGNAL;
    event.id = signal;
    event.detail = number;
    event.user = user;
    deliver((struct host *)user, &event);
}

static inline void seen_stop(wm_worker *worker, void *user)
{
    wm_event event = {0};
    event.kind = WM_EVENT_STOP;
    event.worker = worker;
    deliver((struct host *)user, &event);
}

/** Has the host record the events of a worker: by callbacks where the setting says so, else they come as records by themselves. */
static inline void host_watch(struct host *host, wm_worker *worker)
{
    if (host->setting->cap != 0)
        return;
    assert_int_equal(wm_worker_on_connect(worker, seen_connect, host, NULL), 0);
    assert_int_equal(wm_worker_on_open(worker, seen_open, host, NULL), 0);
    assert_int_equal(wm_worker_on_message(worker, seen_message, host, NULL), 0);
    assert_int_equal(wm_worker_on_error(worker, seen_error, host, NULL), 0);
    assert_int_equal(wm_worker_on_closing(worker, seen_closing, host, NULL), 0);
    assert_int_equal(wm_worker_on_close(worker, seen_close, host, NULL), 0);
    assert_int_equal(wm_worker_on_buffer_full(worker, seen_full, host, NULL), 0);
    assert_int_equal(wm_worker_on_buffer_drain(worker, seen_drain, host, NULL), 0);
    assert_int_equal(wm_worker_on_stop(worker, seen_stop, host, NULL), 0);
}

/** Has the host record the events of a client, likewise. */
static inline void host_watch_client(struct host *host, wm_client *client)
{
    if (host->setting->cap != 0)
        return;
    assert_int_equal(wm_client_on_connect(client, seen_connect, host, NULL), 0);
    assert_int_equal(wm_client_on_open(client, seen_open, host, NULL), 0);
    assert_int_equal(wm_client_on_message(client, seen_message, host, NULL), 0);
    assert_int_equal(wm_client_on_error(client, seen_error, host, NULL), 0);
    assert_int_equal(wm_client_on_closing(client, seen_closing, host, NULL), 0);
    assert_int_equal(wm_client_on_close(client, seen_close, host, NULL), 0);
    assert_int_equal(wm_client_on_buffer_full(client, seen_full, host, NULL), 0);
    assert_int_equal(wm_client_on_buffer_drain(client, seen_drain, host, NULL), 0);
}

/** As host_watch, for websocket handshakes that the scenario answers: by host->verdict, or by wm_handshake_accept and _reject. */
static inline void host_watch_handshakes(struct host *host, wm_worker *worker)
{
    if (host->setting->cap == 0)
        assert_int_equal(wm_worker_on_handshake(worker, seen_handshake, host, NULL), 0);
    else
        assert_int_equal(wm_worker_set_int(worker, "defer_handshake", 1), 0);
}

/** A watch and a signal whose events the host records; `user` is the host. 0 on failure. */
static inline wm_watch host_add_watch(struct host *host, int fd, int32_t events)
{
    return wm_watch_add(host->app, fd, events, host->setting->cap == 0 ? seen_watch : NULL, host, NULL);
}
static inline wm_signal host_add_signal(struct host *host, int32_t number)
{
    return wm_signal_add(host->app, number, host->setting->cap == 0 ? seen_signal : NULL, host, NULL);
}

/** A worker of that scheme ("raw": tcp or unix) on the setting's transport, watched; listens when the app starts, or by wm_worker_listen.
 */
static inline wm_worker *host_worker(struct host *host, const char *scheme)
{
    static unsigned serial;
    char address[128];
    const int tls = has_tls(host->setting);
    if (strcmp(scheme, "raw") == 0)
        scheme = host->setting->transport == UNIX ? "unix" : "tcp";
    if (host->setting->transport == TCP || host->setting->transport == PAIR || tls)
        snprintf(address, sizeof address, "%s://127.0.0.1:0", scheme);
    else if (host->setting->transport == TCP6)
        snprintf(address, sizeof address, "%s://[::1]:0", scheme);
    else
        snprintf(address, sizeof address, "%s%s://@libwm-test-%d-%u", scheme, strcmp(scheme, "unix") == 0 ? "" : "+unix", (int)getpid(),
                 ++serial);
    wm_worker *worker = wm_worker_new(host->app, address);
    if (!worker)
        fail_msg("%s: %s", address, wm_last_error());
    if (tls) {
        assert_int_equal(wm_worker_set_str(worker, "transport", "ssl"), 0);
        assert_int_equal(wm_worker_set_str(worker, "tls_cert", WM_TEST_TLS "/localhost.pem"), 0);
        assert_int_equal(wm_worker_set_str(worker, "tls_key", WM_TEST_TLS "/localhost.key"), 0);
    }
    const char *deflate = getenv("WM_DEFLATE"); /* for peers that offer it: support/ws_packing.h */
    if (deflate)
        assert_int_equal(wm_worker_set_str(worker, "deflate", deflate), 0);
    host_watch(host, worker);
    return worker;
}

/** One turn of the app. 0, or the code of a run_once or poll that failed. */
static inline int turn(struct host *host, int64_t timeout_ms)
{
    if (before_turn)
        before_turn();
    if (host->setting->cap == 0)
        return wm_app_run_once(host->app, timeout_ms);
    int count = wm_app_poll(host->app, host->batch, host->setting->cap, timeout_ms);
    for (int i = 0; i < count; i++)
        deliver(host, &host->batch[i]);
    return count < 0 ? count : 0;
}

/* AddressSanitizer has an allocator of its own. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
enum { WITH_ASAN = 1 };
#else
enum { WITH_ASAN = 0 };
#endif

enum { GUARD_MS = 60000 }; /* a guard for tests that hang, not a measurement */

/** Runs turns until the condition holds. */
#define until(host, condition)                                                                                                             \
    do {                                                                                                                                   \
        int64_t guard_ = clock_ms() + GUARD_MS;                                                                                            \
        while (!(condition)) {                                                                                                             \
            if (clock_ms() > guard_)                                                                                                       \
                fail_msg("it never came to this: %s", #condition);                                                                         \
            turn(host, 5);                                                                                                                 \
        }                                                                                                                                  \
    } while (0)

/** Runs enough turns without waiting that everything that is due has happened. */
static inline void settle(struct host *host)
{
    for (int i = 0; i < 50; i++)
        turn(host, 0);
}

static inline struct host *host_begin(const struct setting *setting, const char *scheme)
{
    struct host *host = (struct host *)calloc(1, sizeof *host);
    assert_non_null(host);
    host->setting = current_setting = setting;
    host->app = wm_app_new();
    assert_non_null(host->app);
    if (scheme) {
        host->worker = host_worker(host, scheme);
        assert_int_equal(wm_worker_listen(host->worker), 0);
    }
    return host;
}

/** Forgets what was seen, which keeps the trace short. */
static inline void host_forget(struct host *host)
{
    for (size_t i = 0; i < host->count; i++)
        free(host->events[i].data);
    host->count = 0;
}

static inline void host_end(struct host *host)
{
    host->react = NULL;
    wm_app_free(host->app);
    if (at_end)
        at_end();
    host_forget(host);
    free(host->events);
    free(host);
}

/** A `react` that echoes each message. */
static inline void echo(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind == WM_EVENT_MESSAGE)
        wm_conn_send(event->conn, event->data, event->len, (event->flags & 255) == WM_KIND_BINARY ? WM_SEND_BINARY : 0);
}

/* What was seen. */

static inline size_t count_of(const struct host *host, uint32_t kind)
{
    size_t found = 0;
    for (size_t i = 0; i < host->count; i++)
        found += host->events[i].kind == kind;
    return found;
}

/** The nth event of a kind, from 0; fails when there is none. */
static inline const struct seen *nth(const struct host *host, uint32_t kind, size_t n)
{
    for (size_t i = 0; i < host->count; i++)
        if (host->events[i].kind == kind && n-- == 0)
            return &host->events[i];
    fail_msg("there is no such event of kind %u", kind);
    return NULL;
}

static inline const char *reason_name(int32_t reason)
{
    static const char *const names[] = {"none", "peer", "local", "timeout", "protocol", "limit", "error", "stop", "pipe"};
    return reason >= 0 && reason <= 8 ? names[reason] : "unknown";
}

static inline size_t trace_one(const struct seen *event, char *out, size_t cap)
{
    static const char *const names[] = {"none",  "connect", "handshake", "open", "message", "full",    "drain", "error", "close",
                                        "timer", "post",    "hub",       "stop", "reload",  "closing", "watch", "signal"};
    int len = 0;
    if (event->kind == WM_EVENT_MESSAGE && event->len <= 48)
        len = snprintf(out, cap, "message(%.*s) ", (int)event->len, event->data);
    else if (event->kind == WM_EVENT_MESSAGE)
        len = snprintf(out, cap, "message(%zu bytes) ", event->len);
    else if (event->kind == WM_EVENT_ERROR)
        len = snprintf(out, cap, "error(%s) ", wm_error_name(event->code));
    else if (event->kind == WM_EVENT_CLOSE && event->detail)
        len = snprintf(out, cap, "close(%s %d%s%s) ", reason_name((int32_t)(event->flags & 255)), (int)event->detail, event->len ? " " : "",
                       event->len ? event->data : "");
    else if (event->kind == WM_EVENT_CLOSE)
        len = snprintf(out, cap, "close(%s) ", reason_name((int32_t)(event->flags & 255)));
    else
        len = snprintf(out, cap, "%s ", event->kind <= WM_EVENT_SIGNAL ? names[event->kind] : "unknown");
    return len > 0 && (size_t)len < cap ? (size_t)len : cap - 1;
}

/** The events of a connection (0: all) as text: "connect open message(hello) close(peer)". Valid until the next call. */
static inline const char *trace(const struct host *host, wm_conn conn)
{
    static char text[16384];
    size_t len = 0;
    for (size_t i = 0; i < host->count; i++)
        if ((conn == 0 || host->events[i].conn == conn) && len + 1 < sizeof text)
            len += trace_one(&host->events[i], text + len, sizeof text - len);
    text[len > 0 ? len - 1 : 0] = '\0';
    return text;
}

/** A destroy notifier that counts its calls in an int. */
static inline void count_destroy(void *user)
{
    ++*(int *)user;
}

#endif
