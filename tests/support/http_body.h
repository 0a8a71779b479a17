/**
 * @file
 * Bodies in pieces for the contract suite: what the host has got of the one that comes, and how it answers. One host at a time.
 */
#ifndef SUPPORT_HTTP_BODY_H
#define SUPPORT_HTTP_BODY_H

#include "support/ws_client.h"

static const char CHUNKED[] = "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
static const char EXPECTS[] = "PUT /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
static const char GET[] = "GET /g HTTP/1.1\r\nHost: a\r\n\r\n";

/** What came of the bodies since begin(). */
static struct {
    char *data;
    size_t len, pieces;
    int heads, whole, lasts;
    wm_request request; /**< the latest */
    wm_conn conn;
    char trailers[256];
    char method[16];
} got;

static inline void note_trailers(wm_request request)
{
    const void *name, *value;
    size_t name_len, value_len;
    got.trailers[0] = '\0';
    for (size_t i = 0; wm_request_trailer_at(request, i, &name, &name_len, &value, &value_len) == 1; i++) {
        size_t len = strlen(got.trailers);
        snprintf(got.trailers + len, sizeof got.trailers - len, "%.*s=%.*s;", (int)name_len, (const char *)name, (int)value_len,
                 (const char *)value);
    }
}

static inline void take_body(wm_request request, const void *data, size_t len, int last)
{
    assert_non_null(data);
    assert_true(request == got.request);
    got.data = (char *)realloc(got.data, got.len + len + 1);
    assert_non_null(got.data);
    memcpy(got.data + got.len, data, len);
    got.len += len;
    got.pieces++;
    got.lasts += last;
    if (last)
        note_trailers(request);
}

static inline void take_message(const wm_event *event)
{
    const void *out;
    size_t len;
    uint32_t kind = event->flags & 255;
    got.request = event->id;
    got.conn = event->conn;
    got.heads += kind == WM_KIND_HTTP_HEAD;
    got.whole += kind == WM_KIND_HTTP;
    assert_true(kind == WM_KIND_HTTP || event->len == 0);
    assert_int_equal(wm_request_method(event->id, &out, &len), 0);
    snprintf(got.method, sizeof got.method, "%.*s", (int)len, (const char *)out);
}

static inline void answer(const char *body)
{
    assert_int_equal(wm_request_respond(got.request, 200, NULL, 0, body, strlen(body), 0), 0);
}

/** Answers when the body is whole. */
static inline void collect(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind == WM_EVENT_MESSAGE)
        take_message(event);
    if (event->kind == WM_EVENT_BODY)
        take_body(event->id, event->data, event->len, (int)event->flags);
    int whole = event->kind == WM_EVENT_MESSAGE && (event->flags & 255) == WM_KIND_HTTP;
    if (whole || (event->kind == WM_EVENT_BODY && event->flags == 1))
        answer(got.method);
}

/** Leaves the answer to the scenario. */
static inline void watch(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind == WM_EVENT_MESSAGE)
        take_message(event);
    if (event->kind == WM_EVENT_BODY)
        take_body(event->id, event->data, event->len, (int)event->flags);
}

/** Answers the head. */
static inline void refuse(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind != WM_EVENT_MESSAGE)
        return;
    take_message(event);
    answer("early");
}

static inline void seen_body(wm_worker *worker, wm_conn conn, wm_request request, const void *data, size_t len, int32_t last, void *user)
{
    wm_event event = {0};
    event.kind = WM_EVENT_BODY;
    event.flags = (uint32_t)last;
    event.worker = worker;
    event.conn = conn;
    event.data = data;
    event.len = len;
    event.id = request;
    deliver((struct host *)user, &event);
}

static inline struct host *begin(void **state, void (*react)(struct host *host, const wm_event *event))
{
    free(got.data);
    memset(&got, 0, sizeof got);
    struct host *host = host_begin(*state, "http");
    host->react = react;
    assert_int_equal(wm_worker_set_int(host->worker, "stream_body", 1), 0);
    if (host->setting->cap == 0)
        assert_int_equal(wm_worker_on_body(host->worker, seen_body, host, NULL), 0);
    return host;
}

static inline void hear_answer(struct host *host, struct client *client, int status, const char *body)
{
    char head[4096];
    assert_int_equal(http_head(host, client, head), status);
    assert_int_equal(atoi(strstr(head, "Content-Length:") + 15), strlen(body));
    client_hear(host, client, body);
}

/** The same, and the answer says that the connection closes, as it does. */
static inline void hear_last_answer(struct host *host, struct client *client, int status, const char *body)
{
    char head[4096];
    assert_int_equal(http_head(host, client, head), status);
    assert_non_null(strstr(head, "Connection: close\r\n"));
    if (body)
        client_hear(host, client, body);
    else
        client_drop(client, (size_t)atoi(strstr(head, "Content-Length:") + 15));
    client_hear_end(host, client);
}

static inline void say_length(struct host *host, struct client *client, size_t len)
{
    char head[128];
    snprintf(head, sizeof head, "POST /l HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", len);
    client_say(host, client, head);
}

static inline void say_chunk(struct host *host, struct client *client, const char *data, size_t len)
{
    char line[32];
    snprintf(line, sizeof line, "%zx\r\n", len);
    client_say(host, client, line);
    client_send(host, client, data, len);
    client_say(host, client, "\r\n");
}

static inline void end_body(struct client *client, struct host *host)
{
    client_end(client);
    host_end(host);
}

#endif
