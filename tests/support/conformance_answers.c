/**
 * @file
 * The answers of the conformance server: they say what was asked, or negotiated.
 */
#include "conformance.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void text_add(struct text *text, const void *data, size_t len)
{
    if (text->len + len > text->cap) {
        size_t cap = (text->len + len) * 2;
        char *grown = realloc(text->data, cap);
        if (!grown)
            die("realloc", strerror(errno));
        text->data = grown;
        text->cap = cap;
    }
    // data may be NULL with len 0, which memcpy does not allow.
    if (len > 0)
        memcpy(text->data + text->len, data, len);
    text->len += len;
}

static void text_add_string(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

static void add_field(struct text *answer, const char *name, wm_request request,
                      int (*read)(wm_request request, const void **out, size_t *len))
{
    const void *value = NULL;
    size_t len = 0;
    int result = read(request, &value, &len);
    text_add_string(answer, name);
    if (result < 0)
        text_add_string(answer, wm_error_name(result));
    else
        text_add(answer, value, len);
    text_add_string(answer, "\n");
}

void describe_tls(wm_conn conn, struct text *answer)
{
    char part[512];
    for (int32_t what = WM_TLS_VERSION; what <= WM_TLS_RESUMED; ++what) {
        int len = wm_conn_tls_info(conn, what, part, sizeof part);
        text_add_string(answer, what == WM_TLS_VERSION ? "" : ";");
        text_add_string(answer, len < 0 ? wm_error_name(len) : part);
    }
}

/** Lines method=, target=, path=, query=, version=, one header= for each field in order, an empty line, the body. */
static struct text describe_request(wm_request request)
{
    struct text answer = {NULL, 0, 0};
    add_field(&answer, "method=", request, wm_request_method);
    add_field(&answer, "target=", request, wm_request_target);
    add_field(&answer, "path=", request, wm_request_path);
    add_field(&answer, "query=", request, wm_request_query);
    add_field(&answer, "version=", request, wm_request_version);
    const void *name = NULL;
    const void *value = NULL;
    size_t name_len = 0;
    size_t value_len = 0;
    for (size_t i = 0; wm_request_header_at(request, i, &name, &name_len, &value, &value_len) == 1; ++i) {
        text_add_string(&answer, "header=");
        text_add(&answer, name, name_len);
        text_add_string(&answer, ": ");
        text_add(&answer, value, value_len);
        text_add_string(&answer, "\n");
    }
    text_add_string(&answer, "\n");
    const void *body = NULL;
    size_t body_len = 0;
    if (wm_request_body(request, &body, &body_len) >= 0)
        text_add(&answer, body, body_len);
    return answer;
}

static void respond(wm_request request, int32_t status, const char *headers)
{
    struct text answer = describe_request(request);
    int result = wm_request_respond(request, status, headers, strlen(headers), answer.data, answer.len, 0);
    // A peer that is gone is no fault of ours; anything else is one of the library.
    if (result < 0 && result != WM_ECLOSED)
        fprintf(stderr, "conformance_server: respond: %s: %s\n", wm_error_name(result), wm_last_error());
    free(answer.data);
}

void answer_late(struct late_answer *late)
{
    respond(late->request, 200, "X-Late: 1\r\n");
    free(late);
}

static void on_late(wm_timer timer, void *user)
{
    (void)timer;
    answer_late(user);
}

/** The digits of a query such as "ms=20"; 0 without. */
static int64_t number_in(const char *data, size_t len)
{
    int64_t number = 0;
    for (size_t i = 0; i < len; ++i) {
        if (isdigit((unsigned char)data[i]) && number < 100000)
            number = number * 10 + (data[i] - '0');
    }
    return number;
}

static void answer_later(wm_request request)
{
    struct late_answer *late = malloc(sizeof *late);
    if (!late)
        die("malloc", strerror(errno));
    late->request = request;
    const void *query = NULL;
    size_t len = 0;
    wm_request_query(request, &query, &len);
    int result = wm_request_keep(request);
    if (result < 0)
        die("wm_request_keep", wm_last_error());
    // Without a function the timer comes as a record of the poll.
    if (!wm_timer_add(app, number_in(query, len), 0, pull_mode ? NULL : on_late, late, NULL))
        die("wm_timer_add", wm_last_error());
}

static int path_is(const void *path, size_t len, const char *name)
{
    return len == strlen(name) && memcmp(path, name, len) == 0;
}

void answer_request(wm_conn conn, wm_request request)
{
    const void *path = NULL;
    size_t len = 0;
    if (wm_request_path(request, &path, &len) < 0)
        return; /* its connection was reset in the same poll */
    const char *bytes = path;
    if (path_is(path, len, "/late"))
        answer_later(request);
    else if (path_is(path, len, "/close"))
        respond(request, 200, "Connection: close\r\n");
    else if (path_is(path, len, "/tls")) {
        struct text answer = {NULL, 0, 0};
        describe_tls(conn, &answer);
        wm_request_respond(request, 200, "", 0, answer.data, answer.len, 0);
        free(answer.data);
    } else if (path_is(path, len, "/socket")) {
        int result = wm_request_upgrade(request, NULL, 0);
        if (result < 0)
            respond(request, result == WM_EPROTOCOL ? 400 : 503, "");
    } else if (path_is(path, len, "/send"))
        wm_conn_send(conn, "hello\n", 6, 0);
    else if (len == 4 && isdigit((unsigned char)bytes[1]) && isdigit((unsigned char)bytes[2]) && isdigit((unsigned char)bytes[3]))
        respond(request, (int32_t)number_in(bytes, len), "");
    else
        respond(request, 200, "X-Echo: 1\r\n");
}
