/**
 * @file
 * What http holds for the host: kept requests and answers given before their turn have a limit for a connection,
 * at which its reading pauses, and a total.
 */
#include "support/ws_client.h"

enum { BODY = 150000 };

static char request_text[BODY + 100];

/** A POST with that body; its length. */
static size_t write_post(size_t body)
{
    size_t head = (size_t)snprintf(request_text, sizeof request_text, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", body);
    memset(request_text + head, 'x', body);
    return head + body;
}

/** Bytes that keeping such a request takes. */
static size_t kept_size(size_t body)
{
    return write_post(body) - 1;
}

static int keep_result;

static void keep(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind == WM_EVENT_MESSAGE)
        keep_result = wm_request_keep(event->id);
}

static void say_post(struct host *host, struct client *client, size_t body)
{
    size_t messages = count_of(host, WM_EVENT_MESSAGE);
    client_send(host, client, request_text, write_post(body));
    until(host, count_of(host, WM_EVENT_MESSAGE) == messages + 1);
}

static int respond(const struct host *host, size_t n, size_t body)
{
    static char text[BODY];
    return wm_request_respond(nth(host, WM_EVENT_MESSAGE, n)->id, 200, NULL, 0, text, body, 0);
}

/** Whether the connection reads what the client says. Leaves the first bytes of a request. */
static int reads(struct host *host, struct client *client, wm_conn conn)
{
    int64_t before = wm_conn_bytes_read(conn);
    client_say(host, client, "G");
    settle(host);
    return wm_conn_bytes_read(conn) > before;
}

static void keep__over_max_message_pauses_reading_until_one_is_answered(void **state)
{
    struct host *host = host_begin(*state, "http");
    assert_int_equal(wm_worker_set_int(host->worker, "max_message", 200000), 0);
    host->react = keep;
    struct client client = client_begin(host);
    say_post(host, &client, BODY);
    say_post(host, &client, BODY);
    assert_int_equal(keep_result, 0);
    wm_conn conn = nth(host, WM_EVENT_MESSAGE, 0)->conn;
    assert_false(reads(host, &client, conn));
    assert_int_equal(respond(host, 0, 1), 0);
    client_say(host, &client, "ET / HTTP/1.1\r\nHost: a\r\n\r\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 3);
    client_end(&client);
    host_end(host);
}

static void keep__at_max_kept_total_fails_and_pauses_those_that_hold(void **state)
{
    struct host *host = host_begin(*state, "http");
    assert_int_equal(wm_app_set_int(host->app, "max_kept_total", (int64_t)kept_size(5000)), 0);
    host->react = keep;
    struct client holder = client_begin(host), other = client_begin(host);
    say_post(host, &holder, 5000);
    assert_int_equal(keep_result, 0);
    assert_false(reads(host, &holder, nth(host, WM_EVENT_MESSAGE, 0)->conn));
    for (size_t i = 1; i < 3; i++) { /* one that holds nothing is read and answered all the same */
        say_post(host, &other, 100);
        assert_int_equal(keep_result, WM_EFULL);
        assert_non_null(strstr(wm_last_error(), "max_kept_total"));
        assert_int_equal(respond(host, i, 1), 0);
    }
    assert_int_equal(respond(host, 0, 1), 0);
    say_post(host, &other, 5000);
    assert_int_equal(keep_result, 0);
    client_say(host, &holder, "ET / HTTP/1.1\r\nHost: a\r\n\r\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 5);
    /* What a closed connection has held counts no more. */
    assert_int_equal(wm_conn_destroy(nth(host, WM_EVENT_MESSAGE, 3)->conn), 0);
    assert_int_equal(wm_conn_destroy(nth(host, WM_EVENT_MESSAGE, 4)->conn), 0);
    until(host, count_of(host, WM_EVENT_CLOSE) == 2);
    struct client next = client_begin(host);
    say_post(host, &next, 5000);
    assert_int_equal(keep_result, 0);
    client_end(&next);
    client_end(&holder);
    client_end(&other);
    host_end(host);
}

static void keep__ends_with_an_answer_that_waits_for_its_turn(void **state)
{
    struct host *host = host_begin(*state, "http");
    assert_int_equal(wm_app_set_int(host->app, "max_kept_total", 10000), 0);
    host->react = keep;
    struct client client = client_begin(host), other = client_begin(host);
    say_post(host, &client, 0);
    say_post(host, &client, 8000);
    assert_int_equal(respond(host, 1, 1), 0);
    say_post(host, &other, 8000);
    assert_int_equal(keep_result, 0);
    client_end(&client);
    client_end(&other);
    host_end(host);
}

static void answers__before_their_turn_count_in_max_kept_total(void **state)
{
    struct host *host = host_begin(*state, "http");
    assert_int_equal(wm_app_set_int(host->app, "max_kept_total", 10000), 0);
    struct client client = client_begin(host), other = client_begin(host);
    for (int i = 0; i < 3; i++)
        say_post(host, &client, 0);
    for (int i = 0; i < 2; i++)
        say_post(host, &other, 0);
    assert_int_equal(respond(host, 1, 6000), 0);
    assert_int_equal(respond(host, 2, 6000), WM_EFULL);
    assert_non_null(strstr(wm_last_error(), "max_kept_total"));
    assert_int_equal(respond(host, 4, 6000), WM_EFULL);
    assert_int_equal(respond(host, 3, 6000), 0); /* its turn */
    assert_int_equal(respond(host, 0, 6000), 0);
    assert_int_equal(respond(host, 2, 6000), 0);
    char head[4096];
    for (int i = 0; i < 3; i++) {
        assert_int_equal(http_head(host, &client, head), 200);
        until(host, client_has(&client, 6000));
        client_drop(&client, 6000);
    }
    client_end(&client);
    client_end(&other);
    host_end(host);
}

static void answers__before_their_turn_over_max_send_buffer_pause_reading(void **state)
{
    struct host *host = host_begin(*state, "http");
    assert_int_equal(wm_worker_set_int(host->worker, "max_send_buffer", 5000), 0);
    struct client client = client_begin(host);
    for (int i = 0; i < 2; i++)
        say_post(host, &client, 0);
    wm_conn conn = nth(host, WM_EVENT_MESSAGE, 0)->conn;
    assert_int_equal(respond(host, 1, 6000), 0);
    assert_false(reads(host, &client, conn));
    assert_int_equal(respond(host, 0, 1), 0);
    client_say(host, &client, "ET / HTTP/1.1\r\nHost: a\r\n\r\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 3);
    client_end(&client);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(keep__over_max_message_pauses_reading_until_one_is_answered),
        SCENARIO(keep__at_max_kept_total_fails_and_pauses_those_that_hold),
        SCENARIO(keep__ends_with_an_answer_that_waits_for_its_turn),
        SCENARIO(answers__before_their_turn_count_in_max_kept_total),
        SCENARIO(answers__before_their_turn_over_max_send_buffer_pause_reading),
    };
    return RUN_SCENARIOS("kept", scenarios);
}
