/**
 * @file
 * Forms in pieces for a scenario: a host that gets them, what came of their parts, and clients that send them.
 */
#ifndef SUPPORT_FORMS_H
#define SUPPORT_FORMS_H

#include "support/ws_client.h"

enum { FORM = 1 << 20, LARGE = 200000 };

#define TYPE "Content-Type: multipart/form-data; boundary=b\r\n"
#define FIELD(name) "--b\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n"
#define FILE_PART(name, file)                                                                                                              \
    "--b\r\ncontent-type: text/x\r\ncontent-disposition: form-data; filename=\"" file "\"; name=\"" name "\"\r\n\r\n"

/** What came of the parts since begin(). */
static struct {
    char log[8192]; /**< "name [filename] (type) BYTES SUM|" of each part that is whole */
    size_t log_len, len, calls;
    uint64_t sum;
    int parts, wholes;
    wm_request request;
    wm_request plain; /**< the latest without a body, which the scenario answers */
    wm_conn conn;
    void (*on_part)(const wm_part *part, int last); /**< of the scenario */
    int fd;                                         /**< it has taken */
    int32_t error;
    int keeps_answer;
} got;

static char form[FORM];
static size_t form_len;
static char expected[8192]; /**< the log of the form that make_form has made */

static inline void note(char *log, size_t *used, const char *name, const char *filename, const char *type, size_t len, uint64_t sum)
{
    *used += (size_t)snprintf(log + *used, 8192 - *used, "%s [%s] (%s) %zu %llu|", name, filename, type, len, (unsigned long long)sum);
    assert_true(*used < 8192);
}

static inline void text_of(char *out, size_t size, const void *text, size_t len)
{
    snprintf(out, size, "%.*s", (int)len, text ? (const char *)text : "-");
}

static inline void seen_part(wm_worker *worker, wm_conn conn, wm_request request, const wm_part *part, const void *data, size_t len,
                             int32_t last, void *user)
{
    (void)worker, (void)user;
    assert_true(request == got.request && conn == got.conn && data == part->data && len == part->data_len && data);
    assert_true(len > 0 || last);
    got.calls++;
    got.len += len;
    got.sum = checksum(got.sum, data, len);
    assert_true(part->size == (int64_t)got.len || part->fd >= 0 || part->error != 0);
    if (last) {
        char name[64], filename[64], type[64];
        text_of(name, sizeof name, part->name, part->name_len);
        text_of(filename, sizeof filename, part->filename, part->filename ? part->filename_len : 1);
        text_of(type, sizeof type, part->type, part->type_len);
        note(got.log, &got.log_len, name, filename, type, (size_t)part->size, got.sum);
        got.len = 0;
        got.sum = 0;
        got.parts++;
    }
    if (got.on_part)
        got.on_part(part, last);
}

static inline void answer(const char *body)
{
    assert_int_equal(wm_request_respond(got.request, 200, NULL, 0, body, strlen(body), 0), 0);
}

static inline void seen_whole(wm_worker *worker, wm_conn conn, wm_request request, const void *data, size_t len, int32_t last, void *user)
{
    (void)worker, (void)conn, (void)data, (void)user;
    assert_true(request == got.request && len == 0 && last == 1);
    got.wholes++;
    if (!got.keeps_answer)
        answer("whole");
}

static inline void seen_head(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker, (void)data, (void)len, (void)user;
    const void *name, *value;
    size_t name_len, value_len;
    wm_part part;
    if (kind == WM_KIND_HTTP) {
        got.plain = wm_message_request(conn);
        return;
    }
    got.request = wm_message_request(conn);
    got.conn = conn;
    got.len = 0;
    got.sum = 0;
    assert_int_equal(kind, WM_KIND_HTTP_HEAD);
    assert_int_equal(wm_request_form_at(got.request, 0, &name, &name_len, &value, &value_len), WM_ESTATE);
    assert_string_equal(wm_last_error(), "the body comes in pieces: wm_worker_on_part or WM_EVENT_PART has those of a multipart form, "
                                         "wm_worker_on_body or WM_EVENT_BODY all others");
    assert_int_equal(wm_request_part_at(got.request, 0, &part), WM_ESTATE);
}

static inline struct host *begin_host(void **state)
{
    memset(&got, 0, sizeof got);
    got.fd = -1;
    struct host *host = host_begin(*state, "http");
    assert_int_equal(wm_worker_set_int(host->worker, "stream_body", 1), 0);
    return host;
}

/** A host that polls gets its parts by callbacks, too. */
static inline struct host *begin(void **state)
{
    struct host *host = begin_host(state);
    assert_int_equal(wm_worker_on_message(host->worker, seen_head, host, NULL), 0);
    assert_int_equal(wm_worker_on_part(host->worker, seen_part, host, NULL), 0);
    assert_int_equal(wm_worker_on_body(host->worker, seen_whole, host, NULL), 0);
    return host;
}

static inline void seen_record(struct host *host, const wm_event *event)
{
    const wm_part *part = event->data;
    int32_t last = (int32_t)event->flags;
    switch (event->kind) {
    case WM_EVENT_MESSAGE:
        got.request = event->id;
        got.conn = event->conn;
        assert_int_equal(event->flags, WM_KIND_HTTP_HEAD);
        break;
    case WM_EVENT_PART:
        assert_int_equal(event->len, sizeof *part);
        assert_true(last == 0 || last == 1);
        seen_part(event->worker, event->conn, event->id, part, part->data, part->data_len, last, host);
        break;
    case WM_EVENT_BODY:
        seen_whole(event->worker, event->conn, event->id, event->data, event->len, last, host);
        break;
    default:
        break;
    }
}

/** A host that polls gets its parts as records. */
static inline struct host *begin_records(void **state)
{
    if (((const struct setting *)*state)->cap == 0)
        return begin(state);
    struct host *host = begin_host(state);
    assert_int_equal(wm_worker_set_int(host->worker, "stream_parts", 1), 0);
    host->react = seen_record;
    return host;
}

static inline void end(struct client *client, struct host *host)
{
    client_end(client);
    host_end(host);
}

static inline void put(const void *data, size_t len)
{
    assert_true(form_len + len <= FORM);
    memcpy(form + form_len, data, len);
    form_len += len;
}

/** Begins a form with a field, a file with what is almost a boundary all the time, and an empty field. */
static inline void make_form(uint32_t seed)
{
    static char data[LARGE];
    static const char almost[] = "\r\n--\r\n-\r\n--a\r\r\n--";
    size_t used = 0;
    form_len = 0;
    fill_pattern(data, sizeof data, seed);
    for (size_t i = 0; i + sizeof almost < sizeof data; i += 97)
        memcpy(data + i, almost, 1 + (i + seed) % (sizeof almost - 1));
    for (char *b = data; (b = memchr(b, 'b', (size_t)(data + sizeof data - b)));)
        *b = 'B'; /* none is a boundary */
    put(FIELD("a"), strlen(FIELD("a")));
    put("one", 3);
    put("\r\n" FILE_PART("f", "x.txt"), strlen("\r\n" FILE_PART("f", "x.txt")));
    put(data, sizeof data);
    put("\r\n" FIELD("e") "\r\n--b--\r\n", strlen("\r\n" FIELD("e") "\r\n--b--\r\n"));
    note(expected, &used, "a", "-", "", 3, checksum(0, "one", 3));
    note(expected, &used, "f", "x.txt", "text/x", sizeof data, checksum(0, data, sizeof data));
    note(expected, &used, "e", "-", "", 0, 0);
}

static inline void say_head(struct host *host, struct client *client, size_t len)
{
    char head[256];
    snprintf(head, sizeof head, "POST / HTTP/1.1\r\nHost: a\r\n" TYPE "Content-Length: %zu\r\n\r\n", len);
    client_say(host, client, head);
}

static inline void hear_answer(struct host *host, struct client *client, int status, const char *body)
{
    char head[4096];
    assert_int_equal(http_head(host, client, head), status);
    client_hear(host, client, body);
}

static inline void say_form(struct host *host, struct client *client, const char *text)
{
    say_head(host, client, strlen(text));
    client_say(host, client, text);
}

/** Says a form, and hears that refusal, which ends the connection. */
static inline void hear_refused(struct host *host, const char *head, const char *text, int status, const char *rule)
{
    char got_head[4096], line[256];
    struct client client = client_begin(host);
    client_say(host, &client, head);
    client_say(host, &client, text);
    assert_int_equal(http_head(host, &client, got_head), status);
    assert_non_null(strstr(got_head, "Connection: close\r\n"));
    snprintf(line, sizeof line, "%s\n", rule);
    client_hear(host, &client, line);
    client_hear_end(host, &client);
    client_end(&client);
}

#define CHUNKED(type) "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n" type "\r\n"

#endif
