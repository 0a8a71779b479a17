#define _GNU_SOURCE
#include "fault/rig.h"

#include "fault/fault_points.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int64_t rig_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void rig_wrong(struct rig *rig, const char *format, ...)
{
    if (rig->wrong[0])
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(rig->wrong, sizeof rig->wrong, format, arguments);
    va_end(arguments);
}

int rig_ok(struct rig *rig, int64_t result)
{
    if (result >= 0)
        return 1;
    // OpenSSL does not always say that what failed was an allocation.
    int follows = (result == WM_ETLS && rig->tls) || result == WM_ECLOSED || result == WM_ESTATE || result == WM_ESTOPPED;
    if (result != WM_ENOMEM && !(follows && fault_fired(FAULT_ALLOC) > 0))
        rig_wrong(rig, "a call returned %s: %s", wm_error_name((int)result), wm_last_error());
    rig->noticed++;
    return 0;
}

/* Payloads: a tag, five digits, and bytes that follow from both. */

static char pattern(char tag, unsigned number, size_t at)
{
    return (char)('a' + ((unsigned char)tag + number * 31 + at) % 26);
}

size_t rig_payload(char *out, char tag, unsigned number, size_t len)
{
    snprintf(out, 8, "%c%05u:", tag, number);
    for (size_t i = 7; i < len; i++)
        out[i] = pattern(tag, number, i);
    return len < 7 ? 7 : len;
}

int rig_is_payload(const char *data, size_t len, char *tag, unsigned *number)
{
    if (len < 7 || data[6] != ':')
        return 0;
    *tag = data[0];
    *number = 0;
    for (int i = 1; i < 6; i++)
        *number = *number * 10 + (unsigned)(data[i] - '0');
    for (size_t i = 7; i < len; i++)
        if (data[i] != pattern(*tag, *number, i))
            return 0;
    return 1;
}

char rig_raw_byte(int index, uint64_t at)
{
    return (char)('a' + (at * 7 + at / 251 + (unsigned)index) % 26);
}

/* The host. */

static struct seen *find(struct rig *rig, wm_conn conn)
{
    for (int i = rig->seen_count; i-- > 0;)
        if (rig->seen[i].conn == conn)
            return &rig->seen[i];
    return NULL;
}

static void user_gone(void *user)
{
    struct seen *seen = (struct seen *)user;
    seen->destroyed++;
}

static void host_connect(struct rig *rig, wm_conn conn)
{
    if (find(rig, conn) || rig->seen_count == RIG_CONNS) {
        rig_wrong(rig, "a second connect event");
        return;
    }
    struct seen *seen = &rig->seen[rig->seen_count++];
    memset(seen, 0, sizeof *seen);
    seen->conn = conn;
    seen->connects = 1;
    if (rig_ok(rig, wm_conn_set_user(conn, seen, user_gone)))
        seen->users++;
}

static struct seen *host_event(struct rig *rig, wm_conn conn, const char *what)
{
    struct seen *seen = find(rig, conn);
    if (!seen)
        rig_wrong(rig, "%s before connect", what);
    else if (seen->closes)
        rig_wrong(rig, "%s after close", what);
    else if (seen->destroyed)
        rig_wrong(rig, "%s after the user pointer was destroyed", what);
    else
        return seen;
    return NULL;
}

static void fail_conn(struct rig *rig, struct seen *seen)
{
    seen->failed = 1;
    wm_conn_destroy(seen->conn);
    (void)rig;
}

static void host_message(struct rig *rig, wm_conn conn, const char *data, size_t len, int32_t kind, wm_request request)
{
    struct seen *seen = host_event(rig, conn, "a message");
    if (!seen)
        return;
    if (!seen->opens)
        rig_wrong(rig, "a message before open");
    if (rig->kind == RIG_HTTP) {
        seen->messages++;
        rig->request(rig, seen, request);
        return;
    }
    int index = (int)(seen - rig->seen);
    if (rig->kind == RIG_RAW) {
        for (size_t i = 0; i < len; i++)
            if (data[i] != rig_raw_byte(index, seen->bytes + i)) {
                rig_wrong(rig, "raw: byte %llu is not the peer's", (unsigned long long)(seen->bytes + i));
                return;
            }
        seen->bytes += len;
    } else {
        char tag;
        unsigned number;
        if (!rig_is_payload(data, len, &tag, &number) || tag != (char)('A' + index % 26) || number != seen->messages) {
            rig_wrong(rig, "a message of %zu bytes is not number %u of its peer: %.*s", len, seen->messages, (int)(len < 20 ? len : 20),
                      data);
            return;
        }
        seen->messages++;
    }
    if (!rig_ok(rig, wm_conn_send(conn, data, len, kind == WM_KIND_BINARY ? WM_SEND_BINARY : 0)))
        fail_conn(rig, seen);
}

static void host_close(struct rig *rig, wm_conn conn, int32_t reason, int32_t error, const char *text, size_t len)
{
    struct seen *seen = host_event(rig, conn, "a close");
    if (!seen)
        return;
    seen->closes++;
    if (reason == 0 || (len > 0 && memchr(text, '\0', len)))
        rig_wrong(rig, "close with reason %d and %zu bytes of text \"%s\"", (int)reason, len, text);
    int is_meant = len == 8 && (memcmp(text, "replaced", 8) == 0 || memcmp(text, "too slow", 8) == 0); // by the hub, by a scene
    if (reason == WM_REASON_ERROR || (reason == WM_REASON_LIMIT && !is_meant) || error == WM_ENOMEM)
        rig->noticed++;
}

static void on_connect(wm_worker *worker, wm_conn conn, void *user)
{
    (void)worker;
    host_connect((struct rig *)user, conn);
}
static void on_open(wm_worker *worker, wm_conn conn, void *user)
{
    (void)worker;
    struct seen *seen = host_event((struct rig *)user, conn, "an open");
    if (seen)
        seen->opens++;
}
static void on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker;
    host_message((struct rig *)user, conn, (const char *)data, len, kind, wm_message_request(conn));
}
static void on_error(wm_worker *worker, wm_conn conn, int32_t code, const void *text, size_t len, void *user)
{
    struct rig *rig = (struct rig *)user;
    (void)worker, (void)text, (void)len;
    host_event(rig, conn, "an error");
    rig->noticed += code == WM_ENOMEM || code == WM_EFULL;
}
static void on_buffer(wm_worker *worker, wm_conn conn, void *user)
{
    (void)worker;
    host_event((struct rig *)user, conn, "a buffer event");
}
static void on_close(wm_worker *worker, wm_conn conn, int32_t reason, int32_t code, const void *text, size_t len, void *user)
{
    (void)worker, (void)code;
    host_close((struct rig *)user, conn, reason, 0, (const char *)text, len);
}
static int32_t on_handshake(wm_worker *worker, wm_conn conn, wm_request request, void *user)
{
    struct rig *rig = (struct rig *)user;
    (void)worker;
    host_event(rig, conn, "a handshake");
    rig->handshake = request;
    return rig->verdict;
}

static void host_record(struct rig *rig, const wm_event *event)
{
    struct seen *seen;
    switch (event->kind) {
    case WM_EVENT_CONNECT:
        host_connect(rig, event->conn);
        break;
    case WM_EVENT_OPEN:
        on_open(NULL, event->conn, rig);
        break;
    case WM_EVENT_HANDSHAKE:
        host_event(rig, event->conn, "a handshake");
        rig->handshake = event->id;
        break;
    case WM_EVENT_BODY:
    case WM_EVENT_PART:
        rig->body(rig, event);
        break;
    case WM_EVENT_MESSAGE:
        host_message(rig, event->conn, (const char *)event->data, event->len, (int32_t)(event->flags & 255), event->id);
        break;
    case WM_EVENT_ERROR:
        on_error(NULL, event->conn, event->code, event->data, event->len, rig);
        break;
    case WM_EVENT_BUFFER_FULL:
    case WM_EVENT_BUFFER_DRAIN:
        on_buffer(NULL, event->conn, rig);
        break;
    case WM_EVENT_CLOSE:
        seen = find(rig, event->conn);
        if (seen && seen->users && event->user != seen)
            rig_wrong(rig, "the close record has lost its user pointer");
        host_close(rig, event->conn, (int32_t)(event->flags & 255), event->code, (const char *)event->data, event->len);
        break;
    case WM_EVENT_TIMER:
        rig->timers++;
        break;
    case WM_EVENT_WATCH:
        rig->watches++;
        break;
    case WM_EVENT_SIGNAL:
        rig->signals++;
        break;
    case WM_EVENT_POST:
        rig->posts++;
        break;
    case WM_EVENT_HUB:
        rig->results++;
        break;
    default:
        break;
    }
}

static int watch(struct rig *rig, wm_worker *worker)
{
    if (rig->cap > 0)
        return 1;
    return rig_ok(rig, wm_worker_on_connect(worker, on_connect, rig, NULL)) && rig_ok(rig, wm_worker_on_open(worker, on_open, rig, NULL)) &&
           rig_ok(rig, wm_worker_on_message(worker, on_message, rig, NULL)) &&
           rig_ok(rig, wm_worker_on_error(worker, on_error, rig, NULL)) &&
           rig_ok(rig, wm_worker_on_buffer_full(worker, on_buffer, rig, NULL)) &&
           rig_ok(rig, wm_worker_on_buffer_drain(worker, on_buffer, rig, NULL)) &&
           rig_ok(rig, wm_worker_on_close(worker, on_close, rig, NULL)) &&
           (rig->kind != RIG_WS || rig_ok(rig, wm_worker_on_handshake(worker, on_handshake, rig, NULL)));
}

static int64_t line_input(wm_conn conn, const void *data, size_t len, void *user)
{
    const char *end = (const char *)memchr(data, '\n', len);
    (void)conn, (void)user;
    return end ? end - (const char *)data + 1 : 0;
}

static int32_t line_decode(wm_conn conn, const void *data, size_t len, wm_out *out, void *user)
{
    (void)conn, (void)user;
    return wm_out_write(out, data, len - 1) == 0 ? 0 : -1;
}

static int32_t line_encode(wm_conn conn, const void *data, size_t len, wm_out *out, void *user)
{
    (void)conn, (void)user;
    return wm_out_write(out, data, len) == 0 && wm_out_write(out, "\n", 1) == 0 ? 0 : -1;
}

static int make_protocol(struct rig *rig)
{
    wm_protocol *own = wm_protocol_new(rig->app, "own");
    if (!own) {
        rig->noticed++;
        return 0;
    }
    return rig_ok(rig, wm_protocol_on_input(own, line_input, rig, NULL)) &&
           rig_ok(rig, wm_protocol_on_decode(own, line_decode, rig, NULL)) &&
           rig_ok(rig, wm_protocol_on_encode(own, line_encode, rig, NULL));
}

/* Without them the worker cannot start, so the host tries again. The files are read when it listens. */
static int secure(struct rig *rig)
{
    static const char *const options[][2] = {
        {"transport", "ssl"}, {"tls_cert", WM_TEST_TLS "/localhost.pem"}, {"tls_key", WM_TEST_TLS "/localhost.key"}};
    int set = 0;
    for (int tries = 0; rig->tls && set < 3 && tries < 20; tries++)
        set += rig_ok(rig, wm_worker_set_str(rig->worker, options[set][0], options[set][1]));
    return !rig->tls || set == 3;
}

int rig_begin(struct rig *rig, size_t cap, int kind, int tls, const char *log)
{
    static const char *const addresses[] = {"tcp://127.0.0.1:0", "text://127.0.0.1:0", "http://127.0.0.1:0", "websocket://127.0.0.1:0",
                                            "own://127.0.0.1:0"};
    memset(rig, 0, sizeof *rig);
    rig->cap = cap;
    rig->kind = kind;
    rig->tls = tls;
    rig->log = log;
    rig->app = wm_app_new();
    if (!rig->app) {
        rig->noticed++;
        return 0;
    }
    if (!rig_ok(rig, wm_app_set_int(rig->app, "stop_timeout_ms", 1000)))
        return 0;
    if (kind == RIG_OWN && !make_protocol(rig))
        return 0;
    rig->worker = wm_worker_new(rig->app, addresses[kind]);
    if (!rig->worker) {
        rig->noticed++;
        return 0;
    }
    if (!watch(rig, rig->worker) || !secure(rig) || (log && !rig_begin_log(rig)) ||
        !rig_ok(rig, wm_worker_set_int(rig->worker, "max_send_buffer", 4 << 20)) || !rig_ok(rig, wm_worker_listen(rig->worker)))
        return 0;
    rig->weakened = tls && fault_fired(FAULT_ALLOC) > 0;
    // The start opens the loop; where it fails the host says so and tries again.
    for (int tries = 0; tries < 10; tries++) {
        int result = cap ? wm_app_poll(rig->app, rig->batch, cap, 0) : wm_app_run_once(rig->app, 0);
        if (rig_ok(rig, result))
            return 1;
    }
    rig_wrong(rig, "the app does not start: %s", wm_last_error());
    return 0;
}

static __attribute__((noinline)) int turn(struct rig *rig)
{
    void *outer = fault_stack_ends(__builtin_frame_address(0)); // not from where the scene runs it
    int result = rig->cap ? wm_app_poll(rig->app, rig->batch, rig->cap, 1) : wm_app_run_once(rig->app, 1);
    fault_stack_ends(outer);
    return result;
}

void rig_turn(struct rig *rig)
{
    int result = turn(rig);
    if (rig->cap && result > 0)
        for (int i = 0; i < result; i++)
            host_record(rig, &rig->batch[i]);
    if (result == WM_ESTOPPED)
        rig->stopped = 2;
    else
        rig_ok(rig, result);
    for (int i = 0; i < rig->peer_count; i++)
        if (!rig->peers[i].unread)
            rig_peer_read(rig, &rig->peers[i]);
}

void rig_end(struct rig *rig)
{
    int before = rig->closed;
    if (rig->app && !rig->wrong[0]) {
        rig->stopped = 1;
        wm_app_stop(rig->app);
        for (int i = 0; i < rig->peer_count; i++)
            rig->peers[i].unread = 0;
        if (rig->worker)
            rig_until(rig, rig->stopped == 2);
        rig->stopped = 2;
    }
    if (rig->app)
        wm_app_free(rig->app);
    if (rig->log)
        rig_end_log(rig);
    for (int i = 0; i < rig->peer_count; i++)
        rig_close_peer(&rig->peers[i]);
    rig->closed = before;
    for (int i = 0; i < rig->seen_count; i++) {
        struct seen *seen = &rig->seen[i];
        if (seen->connects != 1 || seen->closes != 1 || seen->opens > 1)
            rig_wrong(rig, "connection %d: %d connect, %d open, %d close events", i, seen->connects, seen->opens, seen->closes);
        if (seen->users != seen->destroyed)
            rig_wrong(rig, "connection %d: %d user pointers, %d destroyed", i, seen->users, seen->destroyed);
    }
    unsigned hit = fault_fired(FAULT_ALLOC);
    if ((unsigned)(rig->closed + rig->refused) > hit && !rig->weakened)
        rig_wrong(rig, "%d connections ended and %d were refused, by %u failures", rig->closed, rig->refused, hit);
    if (rig->closed && !rig->noticed)
        rig_wrong(rig, "a connection ended, and no event or call told why");
}
