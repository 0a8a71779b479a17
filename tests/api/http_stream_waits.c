/**
 * @file
 * Streamed answers that wait: before their turn, and for peers that read slowly, end their side or are gone.
 */
#include "support/http_stream.h"

static void out_of_turn__waits_whole_or_in_parts(void **state)
{
    struct host *host = host_begin(*state, "http");
    struct client client = client_begin(host);
    wm_request ids[4];
    for (int i = 0; i < 4; i++)
        ids[i] = http_get(host, &client);
    assert_int_equal(wm_request_inform(ids[3], 103, "Link: </a>\r\n", 12), 0);
    assert_int_equal(begin(ids[2], 200, NULL, -1), 0);
    assert_int_equal(put(ids[2], "third"), 0);
    assert_int_equal(begin(ids[1], 200, NULL, 6), 0);
    assert_int_equal(put(ids[1], "second"), 0);
    assert_int_equal(wm_request_respond_end(ids[1]), 0);
    assert_int_equal(wm_request_respond_end(ids[1]), WM_ECLOSED);
    settle(host);
    client_pump(&client);
    assert_int_equal(client.len, 0);
    assert_int_equal(answer_whole(ids[0], "first"), 0);
    hear_head(host, &client, 200, NULL, NULL);
    client_hear(host, &client, "first");
    hear_head(host, &client, 200, "Content-Length: 6\r\n", NULL);
    client_hear(host, &client, "second");
    hear_head(host, &client, 200, CHUNKED, NULL);
    client_hear(host, &client, "5\r\nthird\r\n"); /* its turn has come, and it goes on */
    assert_int_equal(put(ids[2], "more"), 0);
    client_hear(host, &client, "4\r\nmore\r\n");
    assert_int_equal(answer_whole(ids[3], "fourth"), 0);
    settle(host);
    client_pump(&client);
    assert_int_equal(client.len, 0);
    assert_int_equal(wm_request_respond_end(ids[2]), 0);
    client_hear(host, &client, "0\r\n\r\n");
    client_hear(host, &client, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    hear_head(host, &client, 200, NULL, NULL);
    client_hear(host, &client, "fourth");
    client_end(&client);
    host_end(host);
}

static void out_of_turn__holds_send_high_water_and_a_drain_follows(void **state)
{
    struct host *host = host_begin(*state, "http");
    assert_int_equal(wm_worker_set_int(host->worker, "send_high_water", 1000), 0);
    struct client client = client_begin(host);
    wm_request first = http_get(host, &client), second = http_get(host, &client);
    char text[301];
    memset(text, 'x', 300);
    text[300] = '\0';
    assert_int_equal(begin(second, 200, NULL, -1), 0);
    int taken = 0;
    while (put(second, text) == 0)
        taken++;
    assert_int_equal(taken, 2);
    assert_non_null(strstr(wm_last_error(), "send_high_water"));
    assert_int_equal(put(second, text), WM_EFULL);
    settle(host);
    assert_int_equal(count_of(host, WM_EVENT_BUFFER_DRAIN), 0);
    assert_int_equal(answer_whole(first, ""), 0);
    hear_head(host, &client, 200, NULL, NULL);
    until(host, count_of(host, WM_EVENT_BUFFER_DRAIN) == 1);
    assert_int_equal(count_of(host, WM_EVENT_BUFFER_FULL), 1);
    assert_int_equal(put(second, text), 0);
    assert_int_equal(wm_request_respond_end(second), 0);
    hear_head(host, &client, 200, CHUNKED, NULL);
    for (int i = 0; i < 3; i++) {
        client_hear(host, &client, "12c\r\n");
        client_hear(host, &client, text);
        client_hear(host, &client, "\r\n");
    }
    client_hear(host, &client, "0\r\n\r\n");
    client_end(&client);
    host_end(host);
}

static void out_of_turn__counts_in_max_kept_total(void **state)
{
    struct host *host = host_begin(*state, "http");
    assert_int_equal(wm_app_set_int(host->app, "max_kept_total", 1000), 0);
    struct client client = client_begin(host);
    wm_request first = http_get(host, &client), second = http_get(host, &client);
    char text[950];
    memset(text, 'x', sizeof text);
    assert_int_equal(begin(second, 200, NULL, sizeof text), 0);
    assert_int_equal(wm_request_respond_write(second, text, sizeof text), WM_EFULL);
    assert_non_null(strstr(wm_last_error(), "max_kept_total"));
    assert_int_equal(answer_whole(first, ""), 0);
    assert_int_equal(wm_request_respond_write(second, text, sizeof text), 0); /* its turn */
    assert_int_equal(wm_request_respond_end(second), 0);
    hear_head(host, &client, 200, NULL, NULL);
    hear_head(host, &client, 200, NULL, NULL);
    until(host, client_has(&client, sizeof text));
    client_end(&client);
    host_end(host);
}

static void out_of_turn__an_abort_ends_the_connection(void **state)
{
    struct host *host = host_begin(*state, "http");
    struct client client = client_begin(host);
    int destroyed = 0;
    wm_request first = http_get(host, &client), second = http_get(host, &client);
    assert_int_equal(wm_request_set_user(first, &destroyed, count_destroy), 0);
    assert_int_equal(wm_request_set_user(second, &destroyed, count_destroy), 0);
    assert_int_equal(begin(second, 200, NULL, -1), 0);
    assert_int_equal(wm_request_respond_abort(second), 0);
    hear_reset(host, &client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    settle(host);
    assert_int_equal(destroyed, 2);
    assert_int_equal(answer_whole(first, "late"), WM_ECLOSED);
    client_end(&client);
    host_end(host);
}

static void out_of_turn__behind_the_last_answer_is_no_reset_of_that(void **state)
{
    struct host *host = host_begin(*state, "http");
    struct client client = client_begin(host);
    wm_request first = http_get(host, &client), second = http_get(host, &client);
    assert_int_equal(begin(second, 200, NULL, -1), 0);
    assert_int_equal(put(second, "never heard"), 0);
    assert_int_equal(wm_request_respond(first, 200, "Connection: close\r\n", 19, "last", 4, 0), 0);
    hear_head(host, &client, 200, "Connection: close\r\n", NULL);
    client_hear(host, &client, "last");
    client_hear_end(host, &client);
    client_end(&client);
    host_end(host);
}

static void peer__gone_in_the_middle_is_closed(void **state)
{
    struct host *host = host_begin(*state, "http");
    struct client client = client_begin(host);
    int destroyed = 0;
    wm_request request = http_get(host, &client);
    assert_int_equal(wm_request_set_user(request, &destroyed, count_destroy), 0);
    assert_ptr_equal(wm_request_user(request), &destroyed);
    assert_int_equal(begin(request, 200, NULL, 100), 0);
    assert_int_equal(put(request, "part"), 0);
    settle(host);
    client_reset(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    settle(host);
    assert_int_equal(destroyed, 1);
    assert_int_equal(put(request, "late"), WM_ECLOSED);
    assert_int_equal(wm_request_respond_end(request), WM_ECLOSED);
    assert_int_equal(wm_request_respond_abort(request), WM_ECLOSED);
    assert_null(wm_request_user(request));
    assert_int_equal(wm_request_set_user(request, &destroyed, count_destroy), WM_ECLOSED);
    host_end(host);
    assert_int_equal(destroyed, 1);
}

static void half_close__a_client_gets_the_whole_stream(void **state)
{
    struct host *host = host_begin(*state, "http");
    assert_int_equal(wm_worker_set_int(host->worker, "close_timeout_ms", 500), 0);
    struct client client = client_begin(host);
    wm_request request = http_get(host, &client);
    assert_int_equal(begin(request, 200, NULL, -1), 0);
    client_shut(&client);
    hear_head(host, &client, 200, NULL, NULL);
    int64_t began = clock_ms();
    while (clock_ms() - began < 1200) { /* longer than the timeout, which each part begins anew */
        assert_int_equal(put(request, "x"), 0);
        client_hear(host, &client, "1\r\nx\r\n");
        turn(host, 100);
    }
    assert_int_equal(wm_request_respond_end(request), 0);
    client_hear(host, &client, "0\r\n\r\n");
    client_hear_end(host, &client);
    client_end(&client);
    host_end(host);
}

static void backpressure__as_for_sends(void **state)
{
    enum { PART = 100000 };
    struct host *host = host_begin(*state, "http");
    struct client client = client_begin(host);
    wm_request request = http_get(host, &client);
    static char part[PART];
    memset(part, 'y', PART);
    assert_int_equal(begin(request, 200, NULL, -1), 0);
    size_t parts = 0;
    int result, pressed = 0;
    while ((result = wm_request_respond_write(request, part, PART)) >= 0 && parts < 10000) {
        parts++;
        pressed += result == WM_BACKPRESSURE;
        if (result == 0)
            turn(host, 0);
    }
    assert_int_equal(result, WM_EFULL);
    assert_true(pressed > 0);
    until(host, count_of(host, WM_EVENT_BUFFER_FULL) == 1);
    size_t frame = PART + sizeof "186a0\r\n\r\n" - 1, got = 0;
    hear_head(host, &client, 200, CHUNKED, NULL);
    while (got < parts * frame) {
        until(host, client_has(&client, 1));
        assert_int_equal(client.ended, 0);
        got += client.len;
        client_drop(&client, client.len);
    }
    until(host, count_of(host, WM_EVENT_BUFFER_DRAIN) == 1);
    assert_int_equal(put(request, "end"), 0);
    assert_int_equal(wm_request_respond_end(request), 0);
    client_hear(host, &client, "3\r\nend\r\n0\r\n\r\n");
    client_end(&client);
    host_end(host);
}

static void idle_timeout__cuts_off_those_that_do_not_read_alone(void **state)
{
    struct host *host = host_begin(*state, "http");
    assert_int_equal(wm_worker_set_int(host->worker, "idle_timeout_ms", 500), 0);
    assert_int_equal(wm_worker_set_int(host->worker, "close_timeout_ms", 250), 0);
    struct client reader = client_begin(host), other = client_begin(host);
    wm_request slow = http_get(host, &reader), unread = http_get(host, &other);
    wm_conn unread_conn = wm_request_conn(unread);
    static char part[100000];
    assert_int_equal(begin(slow, 200, NULL, -1), 0);
    assert_int_equal(begin(unread, 200, NULL, -1), 0);
    while (wm_request_respond_write(unread, part, sizeof part) >= 0)
        turn(host, 0);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->conn, unread_conn);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->flags & 0xff, WM_REASON_TIMEOUT);
    assert_int_equal(wm_request_respond_end(slow), 0);
    hear_head(host, &reader, 200, NULL, NULL);
    client_hear(host, &reader, "0\r\n\r\n");
    client_end(&reader);
    client_end(&other);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(out_of_turn__waits_whole_or_in_parts),
        SCENARIO(out_of_turn__holds_send_high_water_and_a_drain_follows),
        SCENARIO(out_of_turn__counts_in_max_kept_total),
        SCENARIO(out_of_turn__behind_the_last_answer_is_no_reset_of_that),
        SCENARIO_NOT_OVER(out_of_turn__an_abort_ends_the_connection, OVER_PAIRS),
        SCENARIO_NOT_OVER(peer__gone_in_the_middle_is_closed, OVER_PAIRS),
        SCENARIO_NOT_OVER(half_close__a_client_gets_the_whole_stream, OVER_PAIRS | OVER(TLS) | OVER(TCP) | OVER(TCP6)),
        SCENARIO_NOT_OVER(backpressure__as_for_sends, OVER_PAIRS),
        SCENARIO_NOT_OVER(idle_timeout__cuts_off_those_that_do_not_read_alone, OVER_PAIRS | OVER(TCP) | OVER(TCP6)),
    };
    return RUN_SCENARIOS("http_stream_waits", scenarios);
}
