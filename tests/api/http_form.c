/**
 * @file
 * Http: what a request carries as names with values, how long they live, what is refused, and what they may take.
 */
#include "support/ws_client.h"

/** Text that a scenario collects. */
static struct {
    char text[16384];
    size_t len;
} seen_values;

static void note(const char *before, const void *data, size_t len, const char *behind)
{
    int room = (int)(sizeof seen_values.text - seen_values.len);
    int wrote = snprintf(seen_values.text + seen_values.len, (size_t)room, "%s%.*s%s", before, (int)len, (const char *)data, behind);
    assert_true(wrote < room);
    seen_values.len += (size_t)wrote;
}

static void clear_notes(void)
{
    seen_values.len = 0;
    seen_values.text[0] = '\0';
}

typedef int (*at_fn)(wm_request, size_t, const void **, size_t *, const void **, size_t *);

/** "name=value|" of each pair; the result that ended the walk. */
static int note_pairs(wm_request request, at_fn at)
{
    for (size_t i = 0;; i++) {
        const void *name, *value;
        size_t name_len, value_len;
        int found = at(request, i, &name, &name_len, &value, &value_len);
        if (found != 1)
            return found;
        note("", name, name_len, "=");
        note("", value, value_len, "|");
    }
}

/** "name [filename] (type): data|" of each part; the result that ended the walk. */
static int note_parts(wm_request request)
{
    for (size_t i = 0;; i++) {
        wm_part part;
        int found = wm_request_part_at(request, i, &part);
        if (found != 1)
            return found;
        note("", part.name, part.name_len, "");
        if (part.filename)
            note(" [", part.filename, part.filename_len, "]");
        note(" (", part.type, part.type_len, "): ");
        note("", part.data, part.data_len, "|");
    }
}

static void note_all(wm_request request)
{
    const void *out;
    size_t len;
    clear_notes();
    assert_int_equal(wm_request_path_decoded(request, &out, &len), 0);
    note("path ", out, len, "");
    note("\nquery ", "", 0, "");
    assert_int_equal(note_pairs(request, wm_request_query_at), 0);
    note("\ncookies ", "", 0, "");
    assert_int_equal(note_pairs(request, wm_request_cookie_at), 0);
    note("\ntype ", "", 0, "");
    if (wm_request_media_type(request, &out, &len) == 1)
        note("", out, len, "");
    note("\nform ", "", 0, "");
    assert_int_equal(note_pairs(request, wm_request_form_at), 0);
    note("\nparts ", "", 0, "");
    assert_int_equal(note_parts(request), 0);
}

static int keeps; /**< 1: before the values are read, 2: behind */

static void read_all(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind != WM_EVENT_MESSAGE)
        return;
    if (keeps == 1)
        assert_int_equal(wm_request_keep(event->id), 0);
    note_all(event->id);
    if (keeps == 2)
        assert_int_equal(wm_request_keep(event->id), 0);
}

/** Sends a request with a body, and waits until it has been read. */
static wm_request post(struct host *host, struct client *client, const char *head, const char *body)
{
    char request[8192];
    size_t before = count_of(host, WM_EVENT_MESSAGE);
    int len = snprintf(request, sizeof request, "POST %s\r\nContent-Length: %zu\r\n\r\n%s", head, strlen(body), body);
    assert_true(len < (int)sizeof request);
    client_say(host, client, request);
    until(host, count_of(host, WM_EVENT_MESSAGE) == before + 1);
    return nth(host, WM_EVENT_MESSAGE, before)->id;
}

static void answer(struct host *host, struct client *client, wm_request request)
{
    assert_int_equal(wm_request_respond(request, 200, NULL, 0, "ok", 2, 0), 0);
    assert_int_equal(http_head(host, client, NULL), 200);
    client_hear(host, client, "ok");
}

#define URLENCODED "Content-Type: Application/X-WWW-Form-Urlencoded; charset=\"UTF-8\""
#define MULTIPART "Content-Type: multipart/form-data; boundary=\"b\""
#define FIRST "--b\r\nContent-Disposition: form-data; name=\"a[]\"\r\n\r\n1\r\n"
#define FILE_PART                                                                                                                          \
    "--b\r\nContent-Disposition: form-data; filename=\"x.txt\"; name=f\r\nContent-Type: text/plain\r\nX-Y:  z \r\n\r\nf\r\nile\r\n"
#define SECOND "--b\r\nContent-Disposition: form-data; name=\"a[]\"\r\n\r\n2\r\n"
#define LAST "--b--\r\n"

static const struct {
    const char *head, *body, *text;
} requests[] = {
    {"/a%20b+c?x=1+2&y&x=%26 HTTP/1.1\r\nHost: a\r\nCookie: k=\"v\"; l=%41\r\n" URLENCODED, "n=1+%2B&n=2&%",
     "path /a b+c\nquery x=1 2|y=|x=&|\ncookies k=\"v\"|l=%41|\ntype application/x-www-form-urlencoded\nform n=1 +|n=2|%=|\nparts "},
    {"/ HTTP/1.1\r\nHost: a\r\n" MULTIPART, FIRST FILE_PART SECOND LAST,
     "path /\nquery \ncookies \ntype multipart/form-data\nform a[]=1|a[]=2|\nparts a[] (): 1|f [x.txt] (text/plain): f\r\nile|a[] (): 2|"},
    {"/? HTTP/1.1\r\nHost: a\r\nContent-Type: application/json", "a=1", "path /\nquery \ncookies \ntype application/json\nform \nparts "},
    {"/ HTTP/1.1\r\nHost: a", "a=1", "path /\nquery \ncookies \ntype \nform \nparts "},
    {"/ HTTP/1.1\r\nHost: a\r\n" URLENCODED, "", "path /\nquery \ncookies \ntype application/x-www-form-urlencoded\nform \nparts "},
};

static void values__are_read_in_the_callback_and_last_when_kept(void **state)
{
    struct host *host = host_begin(*state, "http");
    host->react = read_all;
    struct client client = client_begin(host);
    for (keeps = 0; keeps < 3; keeps++) {
        for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
            wm_request request = post(host, &client, requests[i].head, requests[i].body);
            assert_string_equal(seen_values.text, requests[i].text);
            settle(host);
            const void *out;
            size_t len;
            if (keeps) {
                note_all(request);
                assert_string_equal(seen_values.text, requests[i].text);
            } else {
                assert_int_equal(wm_request_query_value(request, "x", &out, &len), WM_ESTATE);
                assert_int_equal(wm_request_path_decoded(request, &out, &len), WM_ESTATE);
                wm_part part;
                assert_int_equal(wm_request_part_at(request, 0, &part), WM_ESTATE);
            }
            answer(host, &client, request);
            assert_int_equal(wm_request_query_value(request, "x", &out, &len), WM_ECLOSED);
            assert_int_equal(wm_request_form_value(request, "n", &out, &len), WM_ECLOSED);
        }
    }
    client_end(&client);
    host_end(host);
}

static void check_value(int result, const void *out, size_t len, const char *expected)
{
    assert_int_equal(result, expected ? 1 : 0);
    assert_true((out != NULL) == (expected != NULL));
    assert_int_equal(len, expected ? strlen(expected) : 0);
    if (expected)
        assert_memory_equal(out, expected, len);
}

static void look_up(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind != WM_EVENT_MESSAGE)
        return;
    const struct {
        int (*lookup)(wm_request, const char *, const void **, size_t *);
        const char *name, *value;
    } rows[] = {
        {wm_request_query_value, "x", "first"},
        {wm_request_query_value, "X", NULL},
        {wm_request_query_value, "empty", ""},
        {wm_request_query_value, "", NULL},
        {wm_request_cookie, "k", "1"},
        {wm_request_cookie, "K", NULL},
        {wm_request_form_value, "a[]", "1"},
        {wm_request_form_value, "f", NULL},
        {wm_request_form_value, "a", NULL},
        {wm_request_media_parameter, "Boundary", "b"},
        {wm_request_media_parameter, "b", NULL},
        {wm_request_media_parameter, "", NULL},
        {wm_request_media_parameter, "multipart/form-data", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const void *out = "untouched";
        size_t len = 99;
        int result = rows[i].lookup(event->id, rows[i].name, &out, &len);
        check_value(result, out, len, rows[i].value);
    }
    wm_part part;
    assert_int_equal(wm_request_part_at(event->id, 1, &part), 1);
    assert_int_equal(part.headers_len,
                     strlen("Content-Disposition: form-data; filename=\"x.txt\"; name=f\r\nContent-Type: text/plain\r\nX-Y:  z \r\n"));
    const void *out;
    size_t len;
    int result = wm_part_header(&part, "x-y", &out, &len);
    check_value(result, out, len, "z");
    result = wm_part_header(&part, "x-z", &out, &len);
    check_value(result, out, len, NULL);
    part.headers = "X-Y: z";
    part.headers_len = 6;
    assert_int_equal(wm_part_header(&part, "x-y", &out, &len), WM_EINVAL);
    assert_int_equal(wm_request_part_at(event->id, 3, &part), 0);
}

static void lookups__find_the_first_of_a_name(void **state)
{
    struct host *host = host_begin(*state, "http");
    host->react = look_up;
    struct client client = client_begin(host);
    wm_request request = post(host, &client, "/?x=first&x=second&empty= HTTP/1.1\r\nHost: a\r\nCookie: k=1\r\nCookie: k=2\r\n" MULTIPART,
                              FIRST FILE_PART SECOND LAST);
    answer(host, &client, request);
    client_end(&client);
    host_end(host);
}

/** What the reading of a request is to fail with. */
static struct {
    int form_code, parts_code;
    const char *text;
} wrong;

static void fail_to_read(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind != WM_EVENT_MESSAGE)
        return;
    clear_notes();
    for (int again = 0; again < 2; again++) {
        assert_int_equal(note_pairs(event->id, wm_request_form_at), wrong.form_code);
        if (wrong.form_code)
            assert_string_equal(wm_last_error(), wrong.text);
        assert_int_equal(note_parts(event->id), wrong.parts_code);
        if (wrong.parts_code)
            assert_string_equal(wm_last_error(), wrong.text);
    }
    assert_string_equal(seen_values.text, "");
}

static void bodies__that_break_a_rule_have_neither_fields_nor_parts(void **state)
{
    static const struct {
        const char *type, *body;
        int code, form_code;
        const char *text;
    } rows[] = {
        {MULTIPART, FIRST, WM_EPROTOCOL, WM_EPROTOCOL,
         "RFC 2046 §5.1.1: the body ends before the last boundary, which has \"--\" behind it"},
        {MULTIPART, FIRST FIRST FIRST LAST, WM_EMSGSIZE, WM_EMSGSIZE, "RFC 7578 §4.3: more parts than max_parts (2)"},
        {MULTIPART,
         "--b\r\nX: 1234567890123456789012345678901234567890123456789012345678901234567890\r\nContent-Disposition: form-data; "
         "name=\"a\"\r\n\r\n"
         "1\r\n" LAST,
         WM_EMSGSIZE, WM_EMSGSIZE, "RFC 7578 §4.8: the header lines of a part are longer than max_part_header_bytes (100)"},
        {"Content-Type: multipart/form-data", FIRST LAST, WM_EPROTOCOL, WM_EPROTOCOL,
         "RFC 2046 §5.1.1: multipart/form-data must have one boundary, of 1 to 70 letters, digits, spaces and '()+_,-./:=?"},
        {"Content-Type: multipart/form-data; boundary=b; boundary=c", FIRST LAST, WM_EPROTOCOL, WM_EPROTOCOL,
         "RFC 2046 §5.1.1: multipart/form-data must have one boundary, of 1 to 70 letters, digits, spaces and '()+_,-./:=?"},
        {"Content-Type: multipart/form-data; boundary=\"b;\"", FIRST LAST, WM_EPROTOCOL, WM_EPROTOCOL,
         "RFC 2046 §5.1.1: multipart/form-data must have one boundary, of 1 to 70 letters, digits, spaces and '()+_,-./:=?"},
        {"Content-Type: multipart", FIRST LAST, WM_EPROTOCOL, WM_EPROTOCOL,
         "RFC 9110 §8.3.1: a media type must be type/subtype, as in text/html"},
        {MULTIPART "\r\n" MULTIPART, FIRST LAST, WM_EPROTOCOL, WM_EPROTOCOL, "RFC 9110 §5.3: more than one Content-Type"},
        {URLENCODED, "a&b&c&d", 0, WM_EMSGSIZE, "more names with values than max_fields (3)"},
        {URLENCODED, "&&&&&&&&", 0, 0, ""},
    };
    struct host *host = host_begin(*state, "http");
    host->react = fail_to_read;
    assert_int_equal(wm_worker_set_int(host->worker, "max_parts", 2), 0);
    assert_int_equal(wm_worker_set_int(host->worker, "max_part_header_bytes", 100), 0);
    assert_int_equal(wm_worker_set_int(host->worker, "max_fields", 3), 0);
    struct client client = client_begin(host);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        wrong.form_code = rows[i].form_code;
        wrong.parts_code = rows[i].code;
        wrong.text = rows[i].text;
        char head[256];
        snprintf(head, sizeof head, "/ HTTP/1.1\r\nHost: a\r\n%s", rows[i].type);
        answer(host, &client, post(host, &client, head, rows[i].body));
    }
    client_end(&client);
    host_end(host);
}

static void refuse_head_values(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind != WM_EVENT_MESSAGE)
        return;
    const void *out;
    size_t len;
    assert_int_equal(wm_request_path_decoded(event->id, &out, &len), WM_EPROTOCOL);
    assert_string_equal(wm_last_error(), "the path has %00, and no name in a path has a NUL");
    assert_int_equal(wm_request_query_value(event->id, "a", &out, &len), WM_EMSGSIZE);
    assert_int_equal(wm_request_cookie(event->id, "a", &out, &len), WM_EMSGSIZE);
    assert_int_equal(wm_request_media_parameter(event->id, "a", &out, &len), WM_EMSGSIZE);
    assert_int_equal(wm_request_header(event->id, "cookie", &out, &len), 1);
}

static void heads__with_too_many_values_are_the_hosts_to_refuse(void **state)
{
    struct host *host = host_begin(*state, "http");
    host->react = refuse_head_values;
    assert_int_equal(wm_worker_set_int(host->worker, "max_fields", 2), 0);
    struct client client = client_begin(host);
    answer(host, &client,
           post(host, &client, "/%00?a&b&c HTTP/1.1\r\nHost: a\r\nCookie: a=1; b=2\r\nCookie: c=3\r\nContent-Type: a/b;a=1;b=2", ""));
    client_end(&client);
    host_end(host);
}

static void keep_only(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind == WM_EVENT_MESSAGE)
        assert_int_equal(wm_request_keep(event->id), 0);
}

static void kept_values__count_in_max_kept_total(void **state)
{
    struct host *host = host_begin(*state, "http");
    host->react = keep_only;
    struct client client = client_begin(host);
    char body[4001];
    memset(body, 'a', sizeof body - 1);
    body[sizeof body - 1] = '\0';
    for (int i = 0; i < 3; i++) { /* what one request takes is there again for the next */
        assert_int_equal(wm_app_set_int(host->app, "max_kept_total", 6000), 0);
        wm_request request = post(host, &client, "/?q=1 HTTP/1.1\r\nHost: a\r\n" URLENCODED, body);
        const void *out;
        size_t len;
        assert_int_equal(wm_request_query_value(request, "q", &out, &len), 1);
        assert_int_equal(wm_request_form_value(request, body, &out, &len), WM_EFULL);
        assert_non_null(strstr(wm_last_error(), "over max_kept_total (6000)"));
        assert_int_equal(wm_app_set_int(host->app, "max_kept_total", 12000), 0);
        assert_int_equal(wm_request_form_value(request, body, &out, &len), 1);
        assert_int_equal(wm_request_query_value(request, "q", &out, &len), 1);
        answer(host, &client, request);
    }
    client_end(&client);
    host_end(host);
}

static void kept_values__of_a_closed_connection_are_gone(void **state)
{
    struct host *host = host_begin(*state, "http");
    host->react = read_all;
    keeps = 2;
    struct client client = client_begin(host);
    wm_request request = post(host, &client, "/?q=1 HTTP/1.1\r\nHost: a\r\n" URLENCODED, "a=1");
    assert_int_equal(wm_conn_destroy(wm_request_conn(request)), 0);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    const void *out;
    size_t len;
    assert_int_equal(wm_request_query_value(request, "q", &out, &len), WM_ECLOSED);
    client_end(&client);
    host_end(host);
}

static void walk_headers(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind != WM_EVENT_MESSAGE)
        return;
    static const size_t order[] = {0, 1, 2, 3, 4, 5, 4, 4, 0, 3, 9, 2, 5, 0};
    static const char *const values[] = {"a", "v1", "v2", "v3", "0"};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        const void *name, *value;
        size_t name_len, value_len;
        int found = wm_request_header_at(event->id, order[i], &name, &name_len, &value, &value_len);
        assert_int_equal(found, order[i] < 5 ? 1 : 0);
        if (found)
            check_value(1, value, value_len, values[order[i]]);
    }
}

static void header_at__in_any_order(void **state)
{
    struct host *host = host_begin(*state, "http");
    host->react = walk_headers;
    struct client client = client_begin(host);
    answer(host, &client, post(host, &client, "/ HTTP/1.1\r\nHost: a\r\nX: v1\r\nX: v2\r\nY: v3", ""));
    client_end(&client);
    host_end(host);
}

static void read_handshake(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind != WM_EVENT_HANDSHAKE)
        return;
    const void *out;
    size_t len;
    int result = wm_request_query_value(event->id, "token", &out, &len);
    check_value(result, out, len, "a b");
    result = wm_request_cookie(event->id, "k", &out, &len);
    check_value(result, out, len, "1");
}

static void handshakes__have_queries_and_cookies(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    host_watch_handshakes(host, host->worker);
    host->react = read_handshake;
    struct client client = client_begin(host);
    client_say(host, &client,
               "GET /?token=a+b HTTP/1.1\r\nHost: test\r\nCookie: k=1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
    until(host, count_of(host, WM_EVENT_HANDSHAKE) == 1);
    client_end(&client);
    host_end(host);
}

static void arguments__null_and_stale(void **state)
{
    (void)state;
    const void *out;
    size_t len;
    wm_part part;
    memset(&part, 0, sizeof part);
    assert_int_equal(wm_request_path_decoded(0, NULL, &len), WM_EINVAL);
    assert_int_equal(wm_request_path_decoded(0, &out, &len), WM_ECLOSED);
    at_fn walks[] = {wm_request_query_at, wm_request_form_at, wm_request_cookie_at};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(walks[i](0, 0, &out, &len, &out, NULL), WM_EINVAL);
        assert_string_equal(wm_last_error(), "value_len is NULL");
        assert_int_equal(walks[i](0, 0, NULL, &len, &out, &len), WM_EINVAL);
        assert_int_equal(walks[i](0, 0, &out, &len, &out, &len), WM_ECLOSED);
    }
    int (*lookups[])(wm_request, const char *, const void **, size_t *) = {wm_request_query_value, wm_request_form_value, wm_request_cookie,
                                                                           wm_request_media_parameter};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(lookups[i](0, NULL, &out, &len), WM_EINVAL);
        assert_string_equal(wm_last_error(), "name is NULL");
        assert_int_equal(lookups[i](0, "a", NULL, &len), WM_EINVAL);
        assert_int_equal(lookups[i](0, "a", &out, NULL), WM_EINVAL);
        assert_int_equal(lookups[i](0, "a", &out, &len), WM_ECLOSED);
    }
    assert_int_equal(wm_request_media_type(0, &out, NULL), WM_EINVAL);
    assert_int_equal(wm_request_media_type(0, &out, &len), WM_ECLOSED);
    assert_int_equal(wm_request_part_at(0, 0, NULL), WM_EINVAL);
    assert_int_equal(wm_request_part_at(0, 0, &part), WM_ECLOSED);
    assert_int_equal(wm_part_header(NULL, "a", &out, &len), WM_EINVAL);
    assert_int_equal(wm_part_header(&part, NULL, &out, &len), WM_EINVAL);
    assert_int_equal(wm_part_header(&part, "a", &out, &len), 0);
    part.headers_len = 1;
    assert_int_equal(wm_part_header(&part, "a", &out, &len), WM_EINVAL);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(values__are_read_in_the_callback_and_last_when_kept),
        SCENARIO(lookups__find_the_first_of_a_name),
        SCENARIO(bodies__that_break_a_rule_have_neither_fields_nor_parts),
        SCENARIO(heads__with_too_many_values_are_the_hosts_to_refuse),
        SCENARIO(kept_values__count_in_max_kept_total),
        SCENARIO(kept_values__of_a_closed_connection_are_gone),
        SCENARIO(header_at__in_any_order),
        SCENARIO(handshakes__have_queries_and_cookies),
        SCENARIO(arguments__null_and_stale),
    };
    return RUN_SCENARIOS("http_form", scenarios);
}
