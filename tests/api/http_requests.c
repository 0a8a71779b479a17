/**
 * @file
 * Http requests: ids, what the host reads of them, which ones it never sees, and when reading pauses.
 */
#include "support/http_client.h"

static struct {
    char text[512];
    int headers, keep, wrong;
    wm_request request, of_message;
} noted;

static void note_request(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind != WM_EVENT_MESSAGE)
        return;
    int (*const getters[])(wm_request, const void **, size_t *) = {wm_request_method, wm_request_target,  wm_request_path,
                                                                   wm_request_query,  wm_request_version, wm_request_body};
    noted.text[0] = '\0';
    for (size_t i = 0; i < sizeof getters / sizeof *getters; i++) {
        const void *out;
        size_t len;
        assert_int_equal(getters[i](event->id, &out, &len), 0);
        snprintf(noted.text + strlen(noted.text), sizeof noted.text - strlen(noted.text), "%.*s|", (int)len, (const char *)out);
    }
    const void *name, *value;
    size_t name_len, value_len;
    noted.headers = 0;
    while (wm_request_header_at(event->id, (size_t)noted.headers, &name, &name_len, &value, &value_len) == 1)
        noted.headers++;
    assert_int_equal(wm_request_header(event->id, "x-NAME", &value, &value_len), 1);
    assert_int_equal(value_len, 3);
    assert_memory_equal(value, "v w", 3);
    assert_int_equal(wm_request_header(event->id, "missing", &value, &value_len), 0);
    assert_null(value);
    noted.request = event->id;
    noted.of_message = wm_message_request(event->conn);
    if (noted.keep)
        assert_int_equal(wm_request_keep(event->id), 0);
}

static const char POST[] = "POST /a/b?c=d&e HTTP/1.1\r\nHost: h\r\nX-Name:  v w \r\nContent-Length: 4\r\n\r\nbody";

static char authority[64];

static void note_authority(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind != WM_EVENT_MESSAGE)
        return;
    const void *out;
    size_t len;
    assert_int_equal(wm_request_authority(event->id, &out, &len), 0);
    snprintf(authority, sizeof authority, "%.*s", (int)len, (const char *)out);
    const void *host_field;
    size_t host_len;
    if (wm_request_header(event->id, "host", &host_field, &host_len) == 1) { /* the Host that was sent is ignored */
        assert_int_equal(host_len, len);
        assert_memory_equal(host_field, out, len);
    }
    wm_request_respond(event->id, 204, NULL, 0, NULL, 0, 0);
}

static void authority__is_of_an_absolute_target_else_host(void **state)
{
    static const char *const cases[][2] = {
        {"GET /a HTTP/1.1\r\nHost: example.com:81\r\n\r\n", "example.com:81"},
        {"GET http://target.example/a HTTP/1.1\r\nHost: other.example\r\n\r\n", "target.example"},
        {"GET http://target.example HTTP/1.1\r\nhOST:\r\n\r\n", "target.example"},
        {"GET /a HTTP/1.1\r\nHost:\r\n\r\n", ""},
        {"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", ""},
        {"CONNECT target.example:443 HTTP/1.1\r\nHost: other.example\r\n\r\n", "target.example:443"},
    };
    struct host *host = host_begin(*state, "http");
    host->react = note_authority;
    struct client client = client_begin(host);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        strcpy(authority, "none");
        client_say(host, &client, cases[i][0]);
        until(host, count_of(host, WM_EVENT_MESSAGE) == i + 1);
        assert_string_equal(authority, cases[i][1]);
    }
    const void *out;
    size_t len;
    assert_int_equal(wm_request_authority(0, &out, &len), WM_ECLOSED);
    client_end(&client);
    host_end(host);
}

static void accessors__show_the_request_and_keep_makes_it_last(void **state)
{
    struct host *host = host_begin(*state, "http");
    host->react = note_request;
    struct client client = client_begin(host);
    for (noted.keep = 0; noted.keep < 2; noted.keep++) {
        client_say(host, &client, POST);
        until(host, count_of(host, WM_EVENT_MESSAGE) == (size_t)noted.keep + 1);
        assert_string_equal(noted.text, "POST|/a/b?c=d&e|/a/b|c=d&e|1.1|body|");
        assert_int_equal(noted.headers, 3);
        assert_true(noted.of_message == (host->setting->cap == 0 ? noted.request : 0));
        settle(host);
        const void *out;
        size_t len;
        assert_int_equal(wm_request_body(noted.request, &out, &len), noted.keep ? 0 : WM_ESTATE);
        assert_int_equal(wm_request_keep(noted.request), noted.keep ? 0 : WM_ESTATE);
        if (noted.keep) {
            assert_int_equal(len, 4);
            assert_memory_equal(out, "body", 4);
            assert_int_equal(wm_request_header(noted.request, "X-Name", &out, &len), 1);
            assert_memory_equal(out, "v w", 3);
        }
        assert_true(wm_request_conn(noted.request) == nth(host, WM_EVENT_MESSAGE, 0)->conn);
        assert_int_equal(respond(noted.request, 200, NULL, "ok"), 0);
        hear_answer(host, &client, 200, "ok");
        assert_int_equal(wm_request_body(noted.request, &out, &len), WM_ECLOSED);
    }
    client_end(&client);
    host_end(host);
}

static void max_pipelined__pauses_reading_until_one_is_answered(void **state)
{
    struct host *host = host_begin(*state, "http");
    assert_int_equal(wm_worker_set_int(host->worker, "max_pipelined", 4), 0);
    struct client client = client_begin(host);
    for (int i = 0; i < 12; i++)
        say_get(host, &client, "/");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 4);
    settle(host);
    assert_int_equal(count_of(host, WM_EVENT_MESSAGE), 4);
    for (size_t i = 0; i < 12; i++) {
        until(host, count_of(host, WM_EVENT_MESSAGE) > i);
        assert_int_equal(respond(nth(host, WM_EVENT_MESSAGE, i)->id, 200, NULL, "x"), 0);
        settle(host);
        size_t most = i + 5 < 12 ? i + 5 : 12;
        assert_int_equal(count_of(host, WM_EVENT_MESSAGE), most);
    }
    for (int i = 0; i < 12; i++)
        hear_answer(host, &client, 200, "x");
    client_end(&client);
    host_end(host);
}

static void methods__others_are_refused_before_the_host_sees_them(void **state)
{
    static const struct {
        const char *methods, *line;
        int status;
    } cases[] = {
        {"GET, PROPFIND", "PROPFIND /", 200},
        {"GET, PROPFIND", "DELETE /", 405},
        {"GET, PROPFIND", "MKCOL /", 501},
        {"any", "MKCOL /", 200},
    };
    struct host *host = host_begin(*state, "http");
    assert_int_equal(wm_worker_set_str(host->worker, "methods", "GET POST"), WM_EINVAL);
    assert_int_equal(wm_worker_set_str(host->worker, "methods", ""), WM_EINVAL);
    assert_int_equal(wm_worker_set_str(host->worker, "methods", "get, post"), WM_EINVAL);
    assert_string_equal(wm_last_error(), "option 'methods' is 'any', or methods in capitals as in 'GET, POST' (they are case-sensitive, "
                                         "RFC 9110 §9.1), not 'get, post'");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(wm_worker_set_str(host->worker, "methods", cases[i].methods), 0);
        struct client client = client_begin(host);
        size_t before = count_of(host, WM_EVENT_MESSAGE);
        char request[128];
        snprintf(request, sizeof request, "%s HTTP/1.1\r\nHost: a\r\n\r\n", cases[i].line);
        client_say(host, &client, request);
        if (cases[i].status == 200) {
            until(host, count_of(host, WM_EVENT_MESSAGE) == before + 1);
            assert_int_equal(respond(nth(host, WM_EVENT_MESSAGE, before)->id, 200, NULL, NULL), 0);
        }
        char head[4096];
        assert_int_equal(http_head(host, &client, head), cases[i].status);
        assert_int_equal(strstr(head, "\r\nAllow: GET, PROPFIND\r\n") != NULL, cases[i].status == 405);
        assert_int_equal(count_of(host, WM_EVENT_MESSAGE), before + (cases[i].status == 200));
        client_end(&client);
    }
    host_end(host);
}

/** The fields of a refusal also leave behind an answer that is due. */
static void methods__405_behind_a_late_answer_has_allow(void **state)
{
    struct host *host = host_begin(*state, "http");
    assert_int_equal(wm_worker_set_str(host->worker, "methods", "GET"), 0);
    struct client client = client_begin(host);
    client_say(host, &client, "GET / HTTP/1.1\r\nHost: a\r\n\r\nPUT / HTTP/1.1\r\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    settle(host);
    assert_int_equal(respond(nth(host, WM_EVENT_MESSAGE, 0)->id, 200, NULL, "late"), 0);
    hear_answer(host, &client, 200, "late");
    char head[4096];
    assert_int_equal(http_head(host, &client, head), 405);
    assert_non_null(strstr(head, "\r\nAllow: GET\r\n"));
    client_end(&client);
    host_end(host);
}

static void set_methods(struct host *host, const wm_event *event)
{
    if (event->kind != WM_EVENT_MESSAGE)
        return;
    char list[1024] = "PUT";
    for (int i = 0; i < 50; i++) /* longer than what the option's memory has room for */
        strcat(list, ", ANOTHER");
    assert_int_equal(wm_worker_set_str(host->worker, "methods", list), 0);
    assert_int_equal(respond(event->id, 200, NULL, "one"), 0);
}

static void methods__set_in_the_callback_hold_for_the_request_behind(void **state)
{
    struct host *host = host_begin(*state, "http");
    host->react = set_methods;
    struct client client = client_begin(host);
    client_say(host, &client, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    hear_answer(host, &client, 200, "one");
    if (host->setting->cap <= 1) /* a poll of more may take both before the host sees the first */
        hear_answer(host, &client, 405, NULL);
    client_end(&client);
    host_end(host);
}

static void max_message__a_longer_body_is_413(void **state)
{
    struct host *host = host_begin(*state, "http");
    assert_int_equal(wm_worker_set_int(host->worker, "max_message", 5), 0);
    struct client client = client_begin(host);
    client_say(host, &client, "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345");
    client_say(host, &client, "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    assert_int_equal(respond(nth(host, WM_EVENT_MESSAGE, 0)->id, 200, NULL, "ok"), 0);
    hear_answer(host, &client, 200, "ok");
    assert_int_equal(http_head(host, &client, NULL), 413);
    until(host, client_ended(&client));
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    host_end(host);
}

static void refusal__comes_behind_the_answers_that_are_due(void **state)
{
    struct host *host = host_begin(*state, "http");
    struct client client = client_begin(host);
    say_get(host, &client, "/");
    client_say(host, &client, "BAD\r\n\r\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    settle(host);
    client_pump(&client);
    assert_int_equal(client.len, 0);
    assert_int_equal(respond(nth(host, WM_EVENT_MESSAGE, 0)->id, 200, NULL, "first"), 0);
    hear_answer(host, &client, 200, "first");
    assert_int_equal(http_head(host, &client, NULL), 400);
    until(host, client_ended(&client));
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    host_end(host);
}

static void expect_continue__is_asked_for_before_the_body(void **state)
{
    struct host *host = host_begin(*state, "http");
    struct client client = client_begin(host);
    client_say(host, &client, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    client_hear(host, &client, "HTTP/1.1 100 Continue\r\n\r\n");
    client_say(host, &client, "abc");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    assert_string_equal(nth(host, WM_EVENT_MESSAGE, 0)->data, "abc");
    client_end(&client);
    host_end(host);
}

static struct {
    int count;
    char last[512];
} warnings;

static void take_warning(int32_t level, const void *text, size_t len, void *user)
{
    (void)user;
    assert_int_equal(level, WM_LOG_WARN);
    warnings.count++;
    snprintf(warnings.last, sizeof warnings.last, "%.*s", (int)len, (const char *)text);
}

/** The first request gets another answer when one was refused; the second gets none; the third asks for nothing invalid. */
static void answer_badly(struct host *host, const wm_event *event)
{
    if (event->kind != WM_EVENT_MESSAGE)
        return;
    size_t number = count_of(host, WM_EVENT_MESSAGE);
    if (number <= 2)
        assert_int_equal(respond(event->id, number == 1 ? 99 : 200, "no header line", "x"), WM_EINVAL);
    if (number == 1)
        assert_int_equal(respond(event->id, 200, NULL, "first"), 0);
}

static void a_refused_answer__of_a_request_left_unanswered_is_a_warning(void **state)
{
    struct host *host = host_begin(*state, "http");
    memset(&warnings, 0, sizeof warnings);
    wm_log_set(take_warning, NULL, NULL);
    host->react = answer_badly;
    struct client client = client_begin(host);
    client_say(host, &client, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
    hear_answer(host, &client, 200, "first");
    client_say(host, &client, "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 2);
    client_say(host, &client, "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 3);
    assert_int_equal(warnings.count, 1);
    assert_non_null(strstr(warnings.last, "): a request is unanswered, because its answer was refused: WM_EINVAL: bad header lines: "));
    assert_int_equal(respond(nth(host, WM_EVENT_MESSAGE, 1)->id, 200, NULL, "second"), 0);
    hear_answer(host, &client, 200, "second");
    wm_log_set(NULL, NULL, NULL);
    client_end(&client);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(authority__is_of_an_absolute_target_else_host),
        SCENARIO(accessors__show_the_request_and_keep_makes_it_last),
        SCENARIO(max_pipelined__pauses_reading_until_one_is_answered),
        SCENARIO(methods__others_are_refused_before_the_host_sees_them),
        SCENARIO(methods__405_behind_a_late_answer_has_allow),
        SCENARIO(methods__set_in_the_callback_hold_for_the_request_behind),
        SCENARIO(max_message__a_longer_body_is_413),
        SCENARIO(refusal__comes_behind_the_answers_that_are_due),
        SCENARIO(expect_continue__is_asked_for_before_the_body),
        SCENARIO(a_refused_answer__of_a_request_left_unanswered_is_a_warning),
    };
    return RUN_SCENARIOS("http requests", scenarios);
}
