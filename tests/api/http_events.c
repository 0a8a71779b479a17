/**
 * @file
 * Server-sent events: the head, events and comments as a client gets them, what is refused, what keeps a silent stream alive. And
 * cookies of answers.
 */
#include "support/http_client.h"

static int send_event(wm_request request, const char *id, const char *event, int64_t retry_ms, const char *data)
{
    return wm_request_event_send(request, id, id ? strlen(id) : 0, event, event ? strlen(event) : 0, retry_ms, data,
                                 data ? strlen(data) : 0);
}

/** Expects one chunk with that content. */
static void hear_chunk(struct host *host, struct client *client, const char *content)
{
    char size[32];
    snprintf(size, sizeof size, "%zx\r\n", strlen(content));
    client_hear(host, client, size);
    client_hear(host, client, content);
    client_hear(host, client, "\r\n");
}

static void head__says_what_it_is(void **state)
{
    struct host *host = host_begin(*state, "http");
    struct client client = client_begin(host);
    wm_request request = http_get(host, &client);
    assert_int_equal(wm_request_event_begin(request, "Content-Type: text/plain\r\n", 26), WM_EINVAL);
    assert_int_equal(wm_request_event_begin(request, "broken", 6), WM_EINVAL);
    assert_int_equal(wm_request_event_begin(request, NULL, 0), 0);
    char head[4096];
    assert_int_equal(http_head(host, &client, head), 200);
    static const char *const lines[] = {"Content-Type: text/event-stream\r\n", "Cache-Control: no-cache\r\n", "X-Accel-Buffering: no\r\n",
                                        "Transfer-Encoding: chunked\r\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_non_null(strstr(head, lines[i]));
    assert_int_equal(wm_request_respond_end(request), 0);
    client_hear(host, &client, "0\r\n\r\n");
    request = http_get(host, &client);
    static const char OWN[] = "cache-control: no-store\r\nX-Accel-Buffering: yes\r\n";
    assert_int_equal(wm_request_event_begin(request, OWN, sizeof OWN - 1), 0);
    assert_int_equal(http_head(host, &client, head), 200);
    assert_non_null(strstr(head, OWN));
    assert_null(strstr(head, "no-cache"));
    assert_null(strstr(head, "Buffering: no\r\n"));
    client_end(&client);
    host_end(host);
}

static void events__arrive_as_they_were_sent(void **state)
{
    struct host *host = host_begin(*state, "http");
    struct client client = client_begin(host);
    wm_request request = http_get(host, &client);
    assert_int_equal(wm_request_event_begin(request, NULL, 0), 0);
    hear_head(host, &client, 200, NULL, NULL);
    assert_int_equal(send_event(request, NULL, NULL, -1, "hello"), 0);
    hear_chunk(host, &client, "data: hello\n\n");
    assert_int_equal(send_event(request, "7", "progress", 2500, "a\nb\r\nc\rd"), 0);
    hear_chunk(host, &client, "id: 7\nevent: progress\nretry: 2500\ndata: a\ndata: b\ndata: c\ndata: d\n\n");
    assert_int_equal(send_event(request, "", NULL, 0, NULL), 0);
    hear_chunk(host, &client, "id: \nretry: 0\n\n");
    assert_int_equal(wm_request_event_comment(request, "one\ntwo", 7), 0);
    hear_chunk(host, &client, ": one\n: two\n\n");
    assert_int_equal(wm_request_respond_end(request), 0);
    client_hear(host, &client, "0\r\n\r\n");
    client_end(&client);
    host_end(host);
}

static void events__that_are_none_are_refused(void **state)
{
    struct host *host = host_begin(*state, "http");
    struct client client = client_begin(host);
    wm_request request = http_get(host, &client);
    assert_int_equal(wm_request_event_begin(request, NULL, 0), 0);
    hear_head(host, &client, 200, NULL, NULL);
    assert_int_equal(send_event(request, "a\nb", NULL, -1, "x"), WM_EINVAL);
    assert_int_equal(send_event(request, "a\rb", NULL, -1, "x"), WM_EINVAL);
    assert_int_equal(wm_request_event_send(request, "a\0b", 3, NULL, 0, -1, "x", 1), WM_EINVAL);
    assert_int_equal(send_event(request, NULL, "a\nb", -1, "x"), WM_EINVAL);
    assert_int_equal(send_event(request, NULL, "a", -1, NULL), WM_EINVAL);
    assert_int_equal(send_event(request, NULL, NULL, -1, NULL), WM_EINVAL);
    assert_int_equal(send_event(request, NULL, NULL, -1, "\xff"), WM_EINVAL);
    assert_int_equal(send_event(request, "\xc3", NULL, -1, "x"), WM_EINVAL);
    assert_int_equal(wm_request_event_comment(request, "\xc0\x80", 2), WM_EINVAL);
    assert_int_equal(send_event(request, NULL, NULL, -1, ""), 0);
    hear_chunk(host, &client, "data: \n\n");
    client_end(&client);
    host_end(host);
}

static void keepalive__a_comment_on_a_silent_stream(void **state)
{
    struct host *host = host_begin(*state, "http");
    assert_int_equal(wm_worker_set_int(host->worker, "event_keepalive_ms", 250), 0);
    assert_int_equal(wm_worker_set_int(host->worker, "idle_timeout_ms", 500), 0); /* a silent client of a stream is not idle */
    struct client client = client_begin(host);
    wm_request request = http_ask(host, &client, "GET / HTTP/1.0", NULL);
    assert_int_equal(wm_request_event_begin(request, NULL, 0), 0);
    hear_head(host, &client, 200, NULL, "Transfer-Encoding");
    client_hear(host, &client, ":\n\n:\n\n");
    assert_int_equal(wm_worker_set_int(host->worker, "event_keepalive_ms", 0), 0);
    assert_int_equal(send_event(request, NULL, NULL, -1, "after"), 0);
    client_hear(host, &client, "data: after\n\n");
    settle(host);
    assert_int_equal(wm_request_respond_end(request), 0);
    client_hear_end(host, &client);
    client_end(&client);
    host_end(host);
}

/** The line of a cookie; an empty text if it is refused. */
static const char *cookie(const char *name, const char *value, const char *domain, const char *path, int64_t age, int64_t expires,
                          int flags)
{
    static char line[8192];
    int len = wm_cookie_format(line, sizeof line, name, value, strlen(value), domain, path, age, expires, flags);
    assert_true(len == WM_EINVAL || (size_t)len == strlen(line));
    return len < 0 ? "" : line;
}

static void cookies__have_their_attributes_or_are_refused(void **state)
{
    (void)state;
    assert_string_equal(cookie("a", "b", NULL, NULL, -1, -1, 0), "Set-Cookie: a=b\r\n");
    assert_string_equal(
        cookie("a", "\"b c\"", "example.com", "/x", 60, 784111777,
               WM_COOKIE_SECURE | WM_COOKIE_HTTP_ONLY | WM_COOKIE_SAME_SITE_NONE | WM_COOKIE_PARTITIONED | WM_COOKIE_ENCODE),
        "Set-Cookie: a=%22b%20c%22; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Max-Age=60; Domain=example.com; Path=/x; Secure; "
        "HttpOnly; SameSite=None; Partitioned\r\n");
    assert_string_equal(cookie("a", "b; Path=/", NULL, NULL, -1, -1, 0), "");
    assert_non_null(strstr(wm_last_error(), "WM_COOKIE_ENCODE"));
    assert_string_equal(cookie("a", "b", NULL, NULL, -1, -1, WM_COOKIE_SAME_SITE_LAX | WM_COOKIE_SAME_SITE_STRICT), "");
    assert_string_equal(cookie("a", "b", NULL, NULL, -1, -1, 128), "");
    char small[10];
    assert_int_equal(wm_cookie_format(small, sizeof small, "a", "b", 1, NULL, NULL, -1, -1, 0), WM_EMSGSIZE);
    assert_non_null(strstr(wm_last_error(), "18 bytes"));
    assert_int_equal(wm_cookie_format(NULL, 0, "a", "b", 1, NULL, NULL, -1, -1, 0), WM_EMSGSIZE);
    assert_int_equal(wm_cookie_format(NULL, 5, "a", "b", 1, NULL, NULL, -1, -1, 0), WM_EINVAL);
    assert_int_equal(wm_cookie_format(small, sizeof small, NULL, "b", 1, NULL, NULL, -1, -1, 0), WM_EINVAL);
    assert_int_equal(wm_cookie_format(small, sizeof small, "a", NULL, 1, NULL, NULL, -1, -1, 0), WM_EINVAL);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(head__says_what_it_is),
        SCENARIO(events__arrive_as_they_were_sent),
        SCENARIO(events__that_are_none_are_refused),
        SCENARIO_NOT_OVER(keepalive__a_comment_on_a_silent_stream, OVER_PAIRS | OVER(TCP) | OVER(TCP6)),
        SCENARIO_NOT_OVER(cookies__have_their_attributes_or_are_refused, ~(unsigned)OVER(TCP6)),
    };
    return RUN_SCENARIOS("http_events", scenarios);
}
