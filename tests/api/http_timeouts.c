/**
 * @file
 * The deadlines of http, each by its name: handshake_timeout_ms of a head, body_timeout_ms and body_min_rate of a body,
 * keepalive_timeout_ms between requests, send_timeout_ms of unread answers. A crowd of slow peers is in http_crowd.c.
 */
#include "support/ws_client.h"

enum { TIMEOUT_MS = 250 };

/* Seconds each, and no matter of the transport. */
enum { NOT_OVER_OTHERS = OVER(TCP) | OVER(TCP6) | OVER_TLS | OVER_PAIRS };

static const char LONG[] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n";
static const char GET[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

static wm_request pending;

/** Answers what is whole, but requests of DELETE, which are left in `pending`. */
static void serve(struct host *host, const wm_event *event)
{
    (void)host;
    int whole = event->kind == WM_EVENT_MESSAGE && (event->flags & 255) == WM_KIND_HTTP;
    if (!whole && !(event->kind == WM_EVENT_BODY && event->flags))
        return;
    const void *method;
    size_t len;
    wm_request request = event->id;
    if (whole && wm_request_method(request, &method, &len) == 0 && len == 6)
        pending = request;
    else
        assert_true(wm_request_respond(request, 200, NULL, 0, "yes", 3, 0) >= 0);
}

static void seen_body(wm_worker *worker, wm_conn conn, wm_request request, const void *data, size_t len, int32_t last, void *user)
{
    (void)worker;
    wm_event event = {0};
    event.kind = WM_EVENT_BODY;
    event.flags = (uint32_t)last;
    event.conn = conn;
    event.data = data;
    event.len = len;
    event.id = request;
    deliver((struct host *)user, &event);
}

static struct host *begin(void **state, const char *option, int64_t value)
{
    struct host *host = host_begin(*state, "http");
    assert_int_equal(wm_worker_set_int(host->worker, option, value), 0);
    if (host->setting->cap == 0)
        assert_int_equal(wm_worker_on_body(host->worker, seen_body, host, NULL), 0);
    host->react = serve;
    return host;
}

static void pass(struct host *host, int64_t ms)
{
    for (int64_t end = clock_ms() + ms; clock_ms() < end;)
        turn(host, 10);
}

static void hear_yes(struct host *host, struct client *client)
{
    assert_int_equal(http_head(host, client, NULL), 200);
    client_hear(host, client, "yes");
}

static void check_close(struct host *host, size_t n)
{
    until(host, count_of(host, WM_EVENT_CLOSE) > n);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, n)->flags & 255, WM_REASON_TIMEOUT);
}

static void body__that_stops_is_408_whole_or_in_pieces(void **state)
{
    struct host *host = begin(state, "body_timeout_ms", TIMEOUT_MS);
    for (int pieces = 0; pieces < 2; pieces++) {
        assert_int_equal(wm_worker_set_int(host->worker, "stream_body", pieces), 0);
        struct client client = client_begin(host);
        int64_t begun = clock_ms();
        client_say(host, &client, LONG);
        client_say(host, &client, "abc");
        assert_int_equal(http_head(host, &client, NULL), 408);
        assert_true(clock_ms() - begun >= TIMEOUT_MS);
        client_end(&client);
        check_close(host, (size_t)pieces);
        assert_int_equal(nth(host, WM_EVENT_ERROR, (size_t)pieces)->code, WM_ETIMEDOUT);
    }
    host_end(host);
}

static void body__that_trickles_under_the_rate_is_408_and_one_over_it_is_not(void **state)
{
    static char data[5000];
    struct host *host = begin(state, "body_timeout_ms", TIMEOUT_MS);
    assert_int_equal(wm_worker_set_int(host->worker, "body_min_rate", 1000), 0);
    for (int pieces = 0; pieces < 2; pieces++) {
        assert_int_equal(wm_worker_set_int(host->worker, "stream_body", pieces), 0);
        struct client slow = client_begin(host), good = client_begin(host);
        client_say(host, &slow, LONG);
        client_say(host, &good, LONG);
        size_t sent = 0;
        while (slow.len == 0) { /* it never stops */
            client_say(host, &slow, "x");
            client_send(host, &good, data, sizeof data);
            sent += sizeof data;
            pass(host, TIMEOUT_MS / 4);
            client_pump(&slow);
        }
        assert_int_equal(http_head(host, &slow, NULL), 408);
        for (; sent < 100000; sent += sizeof data)
            client_send(host, &good, data, sizeof data);
        hear_yes(host, &good);
        client_end(&slow);
        client_end(&good);
    }
    host_end(host);
}

static void body__that_the_host_has_paused_has_all_the_time(void **state)
{
    struct host *host = begin(state, "body_timeout_ms", TIMEOUT_MS);
    assert_int_equal(wm_worker_set_int(host->worker, "stream_body", 1), 0);
    wm_conn conn;
    struct client client = client_open(host, &conn);
    client_say(host, &client, LONG);
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    assert_int_equal(wm_conn_pause_recv(conn), 0);
    pass(host, 3 * TIMEOUT_MS);
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 0);
    assert_int_equal(wm_conn_resume_recv(conn), 0);
    assert_int_equal(http_head(host, &client, NULL), 408); /* from here on it runs again */
    client_end(&client);
    host_end(host);
}

/** A client that is to wait for 100 Continue, which waits for the answer before it, is not slow. */
static void body__that_has_not_been_asked_for_has_all_the_time(void **state)
{
    struct host *host = begin(state, "body_timeout_ms", TIMEOUT_MS);
    for (int pieces = 0; pieces < 2; pieces++) {
        assert_int_equal(wm_worker_set_int(host->worker, "stream_body", pieces), 0);
        struct client client = client_begin(host);
        pending = 0;
        client_say(host, &client, "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n");
        client_say(host, &client, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
        until(host, pending != 0);
        pass(host, 3 * TIMEOUT_MS + TIMEOUT_MS / 2);
        assert_int_equal(count_of(host, WM_EVENT_CLOSE), (size_t)pieces);
        assert_true(wm_request_respond(pending, 200, NULL, 0, "yes", 3, 0) >= 0);
        hear_yes(host, &client);
        client_hear(host, &client, "HTTP/1.1 100 Continue\r\n\r\n");
        pass(host, TIMEOUT_MS * 7 / 10); /* all of it begins with the 100 */
        client_say(host, &client, "abc");
        hear_yes(host, &client);
        client_end(&client);
        until(host, count_of(host, WM_EVENT_CLOSE) == (size_t)pieces + 1);
    }
    host_end(host);
}

static void body__of_an_answered_request_that_stops_is_closed_without_408(void **state)
{
    struct host *host = begin(state, "body_timeout_ms", TIMEOUT_MS);
    assert_int_equal(wm_worker_set_int(host->worker, "stream_body", 1), 0);
    struct client client = client_begin(host);
    client_say(host, &client, LONG);
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    wm_request request = nth(host, WM_EVENT_MESSAGE, 0)->id;
    assert_int_equal(wm_request_respond(request, 200, NULL, 0, "yes", 3, 0), 0);
    hear_yes(host, &client);
    client_hear_end(host, &client);
    client_end(&client);
    check_close(host, 0);
    host_end(host);
}

static void keepalive__closes_a_silent_connection_without_an_answer(void **state)
{
    struct host *host = begin(state, "keepalive_timeout_ms", TIMEOUT_MS);
    struct client fresh = client_begin(host), used = client_begin(host);
    for (int i = 0; i < 4; i++) {
        client_say(host, &used, GET);
        hear_yes(host, &used);
        pass(host, TIMEOUT_MS / 3);
    }
    client_hear_end(host, &fresh);
    client_hear_end(host, &used);
    client_end(&fresh);
    client_end(&used);
    check_close(host, 0);
    check_close(host, 1);
    assert_int_equal(count_of(host, WM_EVENT_ERROR), 0);
    host_end(host);
}

static void keepalive__begins_with_the_answer(void **state)
{
    struct host *host = begin(state, "keepalive_timeout_ms", TIMEOUT_MS);
    struct client client = client_begin(host);
    client_say(host, &client, "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    pass(host, 3 * TIMEOUT_MS);
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 0);
    assert_int_equal(wm_request_respond(pending, 200, NULL, 0, "yes", 3, 0), 0);
    int64_t answered = clock_ms();
    hear_yes(host, &client);
    client_hear_end(host, &client);
    assert_true(clock_ms() - answered >= TIMEOUT_MS);
    client_end(&client);
    host_end(host);
}

static void send__ends_a_connection_that_takes_nothing(void **state)
{
    enum { LEN = 32 << 20 };
    struct host *host = begin(state, "send_timeout_ms", TIMEOUT_MS);
    struct client client = client_begin(host);
    client_say(host, &client, "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    char *answer = (char *)calloc(1, LEN);
    assert_non_null(answer);
    assert_true(wm_request_respond(pending, 200, NULL, 0, answer, LEN, 0) >= 0);
    free(answer);
    for (int i = 0; i < 4; i++) { /* part of it every now and then: stays */
        pass(host, TIMEOUT_MS / 3);
        client_pump_some(&client, 1 << 20);
    }
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 0);
    check_close(host, 0); /* nothing more is taken */
    client_forget(&client, 0);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO_NOT_OVER(body__that_stops_is_408_whole_or_in_pieces, NOT_OVER_OTHERS),
        SCENARIO_NOT_OVER(body__that_trickles_under_the_rate_is_408_and_one_over_it_is_not, NOT_OVER_OTHERS),
        SCENARIO_NOT_OVER(body__that_the_host_has_paused_has_all_the_time, NOT_OVER_OTHERS),
        SCENARIO_NOT_OVER(body__that_has_not_been_asked_for_has_all_the_time, NOT_OVER_OTHERS),
        SCENARIO_NOT_OVER(body__of_an_answered_request_that_stops_is_closed_without_408, NOT_OVER_OTHERS),
        SCENARIO_NOT_OVER(keepalive__closes_a_silent_connection_without_an_answer, NOT_OVER_OTHERS),
        SCENARIO_NOT_OVER(keepalive__begins_with_the_answer, NOT_OVER_OTHERS),
        SCENARIO_NOT_OVER(send__ends_a_connection_that_takes_nothing, NOT_OVER_OTHERS),
    };
    return RUN_SCENARIOS("http_timeouts", scenarios);
}
