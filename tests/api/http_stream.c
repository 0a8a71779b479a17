/**
 * @file
 * Streamed answers: chunks and lengths, what a client sees of an answer that is not whole.
 * Those that wait, for their turn or for the peer, are in http_stream_waits.c.
 */
#include "support/http_stream.h"

static void chunks__one_a_write_and_the_connection_goes_on(void **state)
{
    struct host *host = host_begin(*state, "http");
    struct client client = client_begin(host);
    for (int i = 0; i < 2; i++) {
        wm_request request = http_get(host, &client);
        assert_int_equal(begin(request, 200, "X-A: b\r\n", -1), 0);
        hear_head(host, &client, 200, CHUNKED, "Content-Length");
        assert_int_equal(put(request, "first"), 0);
        assert_int_equal(put(request, ""), 0);
        assert_int_equal(put(request, "0123456789abcdefghij"), 0);
        client_hear(host, &client, "5\r\nfirst\r\n14\r\n0123456789abcdefghij\r\n");
        assert_int_equal(put(request, "x"), 0);
        assert_int_equal(wm_request_respond_end(request), 0);
        client_hear(host, &client, "1\r\nx\r\n0\r\n\r\n");
        assert_int_equal(put(request, "late"), WM_ECLOSED);
        assert_int_equal(wm_request_respond_end(request), WM_ECLOSED);
        assert_int_equal(wm_request_respond_abort(request), WM_ECLOSED);
    }
    assert_int_equal(answer_whole(http_get(host, &client), "plain"), 0);
    hear_head(host, &client, 200, "Content-Length: 5\r\n", NULL);
    client_hear(host, &client, "plain");
    client_end(&client);
    host_end(host);
}

static void length__is_kept_to_the_byte(void **state)
{
    struct host *host = host_begin(*state, "http");
    struct client client = client_begin(host);
    wm_request request = http_get(host, &client);
    assert_int_equal(begin(request, 200, NULL, 10), 0);
    assert_int_equal(put(request, "0123456"), 0);
    assert_int_equal(put(request, "7890"), WM_EMSGSIZE);
    assert_non_null(strstr(wm_last_error(), "3 are left"));
    assert_int_equal(put(request, "789"), 0);
    assert_int_equal(put(request, "x"), WM_EMSGSIZE);
    assert_int_equal(wm_request_respond_end(request), 0);
    hear_head(host, &client, 200, "Content-Length: 10\r\n", "Transfer-Encoding");
    client_hear(host, &client, "0123456789");
    request = http_get(host, &client);
    assert_int_equal(begin(request, 200, NULL, 0), 0);
    assert_int_equal(wm_request_respond_end(request), 0);
    hear_head(host, &client, 200, "Content-Length: 0\r\n", NULL);
    assert_int_equal(answer_whole(http_get(host, &client), "next"), 0);
    hear_head(host, &client, 200, NULL, NULL);
    client_hear(host, &client, "next");
    client_end(&client);
    host_end(host);
}

static void stream_path(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind != WM_EVENT_MESSAGE)
        return;
    const void *path;
    size_t len;
    assert_int_equal(wm_request_path(event->id, &path, &len), 0);
    int closes = len == 2 && memcmp(path, "/c", 2) == 0;
    assert_int_equal(begin(event->id, 200, closes ? "Connection: close\r\n" : NULL, -1), 0);
    assert_int_equal(wm_request_respond_write(event->id, path, len), 0);
    assert_int_equal(wm_request_respond_end(event->id), 0);
}

static void in_the_callback__each_pipelined_request_is_streamed_in_turn(void **state)
{
    struct host *host = host_begin(*state, "http");
    host->react = stream_path;
    struct client client = client_begin(host);
    client_say(host, &client,
               "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n"
               "GET /c HTTP/1.1\r\nHost: a\r\n\r\n");
    hear_head(host, &client, 200, CHUNKED, "Connection");
    client_hear(host, &client, "2\r\n/a\r\n0\r\n\r\n");
    hear_head(host, &client, 200, CHUNKED, "Connection");
    client_hear(host, &client, "2\r\n/b\r\n0\r\n\r\n");
    hear_head(host, &client, 200, "Connection: close\r\n", NULL);
    client_hear(host, &client, "2\r\n/c\r\n0\r\n\r\n");
    client_hear_end(host, &client);
    client_end(&client);
    host_end(host);
}

/** Whatever cuts an answer off, the client sees a reset. */
static void cut_off(void **state, int64_t length, int (*cut)(wm_request request, wm_conn conn), int result)
{
    struct host *host = host_begin(*state, "http");
    struct client client = client_begin(host);
    int destroyed = 0;
    wm_request request = http_get(host, &client);
    wm_conn conn = nth(host, WM_EVENT_MESSAGE, 0)->conn;
    assert_int_equal(wm_request_set_user(request, &destroyed, count_destroy), 0);
    assert_int_equal(begin(request, 200, NULL, length), 0);
    assert_int_equal(put(request, "part"), 0);
    until(host, client_has(&client, 4) && strstr(client.in, "part"));
    assert_int_equal(cut(request, conn), result);
    hear_reset(host, &client);
    assert_null(client.in ? strstr(client.in, "0\r\n\r\n") : NULL);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    settle(host);
    assert_int_equal(destroyed, 1);
    assert_int_equal(put(request, "late"), WM_ECLOSED);
    client_end(&client);
    host_end(host);
}

static int end_early(wm_request request, wm_conn conn)
{
    (void)conn;
    return wm_request_respond_end(request);
}

static int give_up(wm_request request, wm_conn conn)
{
    (void)conn;
    return wm_request_respond_abort(request);
}

static int close_conn(wm_request request, wm_conn conn)
{
    (void)request;
    return wm_conn_close(conn, 0, NULL, 0);
}

static int destroy_conn(wm_request request, wm_conn conn)
{
    (void)request;
    return wm_conn_destroy(conn);
}

static int free_worker(wm_request request, wm_conn conn)
{
    (void)request;
    wm_worker_free(wm_conn_worker(conn));
    return 0;
}

static void length__an_end_before_it_is_a_reset(void **state)
{
    cut_off(state, 5, end_early, WM_EMSGSIZE);
}

static void abort__is_a_reset(void **state)
{
    cut_off(state, -1, give_up, 0);
}

static void conn_close__of_an_open_answer_is_a_reset(void **state)
{
    cut_off(state, -1, close_conn, 0);
}

static void conn_destroy__of_an_open_answer_is_a_reset(void **state)
{
    cut_off(state, 99, destroy_conn, 0);
}

static void worker_free__of_an_open_answer_is_a_reset(void **state)
{
    cut_off(state, -1, free_worker, 0);
}

static void order__of_calls_is_checked(void **state)
{
    struct host *host = host_begin(*state, "http");
    struct client client = client_begin(host);
    wm_request request = http_get(host, &client);
    wm_conn conn = nth(host, WM_EVENT_MESSAGE, 0)->conn;
    assert_int_equal(put(request, "early"), WM_ESTATE);
    assert_non_null(strstr(wm_last_error(), "wm_request_respond_begin"));
    assert_int_equal(wm_request_respond_end(request), WM_ESTATE);
    assert_int_equal(wm_request_respond_abort(request), WM_ESTATE);
    assert_int_equal(wm_request_event_send(request, NULL, 0, NULL, 0, -1, "x", 1), WM_ESTATE);
    assert_int_equal(begin(request, 199, NULL, -1), WM_EINVAL);
    assert_int_equal(begin(request, 200, "Content-Length: 3\r\n", -1), WM_EINVAL);
    assert_int_equal(begin(request, 200, "no colon\r\n", -1), WM_EINVAL);
    assert_int_equal(begin(request, 200, NULL, -1), 0);
    assert_int_equal(begin(request, 200, NULL, -1), WM_ESTATE);
    assert_int_equal(answer_whole(request, "other"), WM_ESTATE);
    assert_int_equal(wm_request_inform(request, 103, NULL, 0), WM_ESTATE);
    assert_int_equal(wm_request_event_begin(request, NULL, 0), WM_ESTATE);
    assert_int_equal(wm_request_event_send(request, NULL, 0, NULL, 0, -1, "x", 1), WM_ESTATE);
    assert_int_equal(wm_conn_send(conn, "x", 1, 0), WM_ESTATE);
    assert_int_equal(wm_conn_send(conn, "x", 1, WM_SEND_RAW), WM_ESTATE);
    assert_int_equal(wm_request_respond_write(request, NULL, 3), WM_EINVAL);
    http_get(host, &client);
    assert_int_equal(wm_conn_send(conn, "x", 1, 0), WM_ESTATE); /* also for the one behind */
    assert_int_equal(wm_request_respond_end(request), 0);
    assert_int_equal(wm_conn_send(conn, "second", 6, 0), 0);
    hear_head(host, &client, 200, CHUNKED, NULL);
    client_hear(host, &client, "0\r\n\r\n");
    hear_head(host, &client, 200, NULL, NULL);
    client_hear(host, &client, "second");
    client_end(&client);
    host_end(host);
}

static void content__is_left_out_where_http_has_none(void **state)
{
    static const struct {
        const char *start;
        int status;
        int64_t length;
        const char *line, *not_line;
    } rows[] = {
        {"HEAD / HTTP/1.1", 200, -1, CHUNKED, "Content-Length"},       {"HEAD / HTTP/1.1", 200, 9, "Content-Length: 9\r\n", CHUNKED},
        {"GET / HTTP/1.1", 204, -1, NULL, "Content-Length"},           {"GET / HTTP/1.1", 204, 4, NULL, "Transfer-Encoding"},
        {"GET / HTTP/1.1", 205, -1, "Content-Length: 0\r\n", CHUNKED}, {"GET / HTTP/1.1", 304, -1, NULL, CHUNKED},
    };
    struct host *host = host_begin(*state, "http");
    struct client client = client_begin(host);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        wm_request request = http_ask(host, &client, rows[i].start, NULL);
        assert_int_equal(begin(request, rows[i].status, NULL, rows[i].length), 0);
        assert_int_equal(put(request, "none"), 0);
        assert_int_equal(wm_request_respond_end(request), 0);
        hear_head(host, &client, rows[i].status, rows[i].line, rows[i].not_line);
    }
    assert_int_equal(answer_whole(http_get(host, &client), "next"), 0);
    hear_head(host, &client, 200, NULL, NULL);
    client_hear(host, &client, "next");
    client_end(&client);
    host_end(host);
}

static void http_1_0__ends_with_the_connection_or_the_length(void **state)
{
    struct host *host = host_begin(*state, "http");
    struct client client = client_begin(host);
    wm_request request = http_ask(host, &client, "GET / HTTP/1.0", "Connection: keep-alive\r\n");
    assert_int_equal(begin(request, 200, NULL, 4), 0);
    assert_int_equal(put(request, "four"), 0);
    assert_int_equal(wm_request_respond_end(request), 0);
    hear_head(host, &client, 200, "Connection: keep-alive\r\n", "Transfer-Encoding");
    client_hear(host, &client, "four");
    request = http_ask(host, &client, "GET / HTTP/1.0", "Connection: keep-alive\r\n");
    assert_int_equal(begin(request, 200, NULL, -1), 0);
    assert_int_equal(put(request, "to the "), 0);
    hear_head(host, &client, 200, "Connection: close\r\n", "Transfer-Encoding");
    assert_int_equal(put(request, "end"), 0);
    client_hear(host, &client, "to the end");
    assert_int_equal(wm_request_respond_end(request), 0);
    client_hear_end(host, &client);
    client_end(&client);
    host_end(host);
}

static void http_1_0__a_part_is_reset(void **state)
{
    struct host *host = host_begin(*state, "http");
    struct client client = client_begin(host);
    wm_request request = http_ask(host, &client, "GET / HTTP/1.0", NULL);
    assert_int_equal(begin(request, 200, NULL, -1), 0);
    hear_head(host, &client, 200, "Connection: close\r\n", NULL);
    assert_int_equal(put(request, "part"), 0);
    client_hear(host, &client, "part");
    assert_int_equal(wm_conn_close(nth(host, WM_EVENT_MESSAGE, 0)->conn, 0, NULL, 0), 0);
    hear_reset(host, &client);
    client_end(&client);
    host_end(host);
}

static void connection_close__follows_the_last_chunk(void **state)
{
    for (int by_host = 0; by_host < 2; by_host++) {
        struct host *host = host_begin(*state, "http");
        struct client client = client_begin(host);
        wm_request request = http_ask(host, &client, "GET / HTTP/1.1", by_host ? NULL : "Connection: close\r\n");
        assert_int_equal(begin(request, 200, by_host ? "Connection: close\r\n" : NULL, -1), 0);
        client_say(host, &client, "GET /ignored HTTP/1.1\r\nHost: a\r\n\r\n"); /* RFC 9112 §9.6 */
        assert_int_equal(put(request, "last"), 0);
        settle(host);
        assert_int_equal(wm_request_respond_end(request), 0);
        hear_head(host, &client, 200, "Connection: close\r\n", NULL);
        client_hear(host, &client, "4\r\nlast\r\n0\r\n\r\n");
        client_hear_end(host, &client);
        assert_int_equal(count_of(host, WM_EVENT_MESSAGE), 1);
        client_end(&client);
        host_end(host);
    }
}

static void inform__is_for_http_1_1(void **state)
{
    struct host *host = host_begin(*state, "http");
    struct client client = client_begin(host);
    wm_request request = http_get(host, &client);
    static const int bad[] = {99, 100, 101, 200, 600};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(wm_request_inform(request, bad[i], NULL, 0), WM_EINVAL);
    assert_int_equal(wm_request_inform(request, 103, "Connection: close\r\n", 19), WM_EINVAL);
    assert_int_equal(wm_request_inform(request, 103, "A: b\nC: d\r\n", 11), WM_EINVAL);
    assert_int_equal(wm_request_inform(request, 102, NULL, 0), 0);
    assert_int_equal(wm_request_inform(request, 103, "Link: </s.css>; rel=preload\r\n", 29), 0);
    client_hear(host, &client, "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </s.css>; rel=preload\r\n\r\n");
    assert_int_equal(answer_whole(request, "then"), 0);
    hear_head(host, &client, 200, NULL, NULL);
    client_hear(host, &client, "then");
    assert_int_equal(wm_request_inform(request, 103, NULL, 0), WM_ECLOSED);
    request = http_ask(host, &client, "GET / HTTP/1.0", NULL);
    assert_int_equal(wm_request_inform(request, 103, NULL, 0), 0);
    assert_int_equal(answer_whole(request, "only"), 0);
    hear_head(host, &client, 200, NULL, NULL);
    client_hear(host, &client, "only");
    client_end(&client);
    host_end(host);
}

static void user__is_destroyed_once_when_the_request_leaves(void **state)
{
    struct host *host = host_begin(*state, "http");
    struct client client = client_begin(host);
    int first = 0, second = 0, waiting = 0, left = 0;
    wm_request request = http_get(host, &client);
    assert_null(wm_request_user(request));
    assert_int_equal(wm_request_set_user(request, &first, count_destroy), 0);
    assert_int_equal(wm_request_set_user(request, &second, count_destroy), 0);
    settle(host);
    assert_int_equal(first, 1);
    assert_int_equal(second, 0);
    wm_request behind = http_get(host, &client), last = http_get(host, &client);
    assert_int_equal(wm_request_set_user(behind, &waiting, count_destroy), 0);
    assert_int_equal(wm_request_set_user(last, &left, count_destroy), 0);
    assert_int_equal(answer_whole(behind, "b"), 0);
    assert_int_equal(answer_whole(request, "a"), 0);
    settle(host);
    assert_int_equal(second, 1);
    assert_int_equal(waiting, 1);
    assert_int_equal(left, 0);
    host_end(host); /* frees the app */
    client_end(&client);
    assert_int_equal(first + second + waiting + left, 4);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(chunks__one_a_write_and_the_connection_goes_on),
        SCENARIO(length__is_kept_to_the_byte),
        SCENARIO(in_the_callback__each_pipelined_request_is_streamed_in_turn),
        SCENARIO_NOT_OVER(length__an_end_before_it_is_a_reset, OVER_PAIRS),
        SCENARIO_NOT_OVER(abort__is_a_reset, OVER_PAIRS),
        SCENARIO_NOT_OVER(conn_close__of_an_open_answer_is_a_reset, OVER_PAIRS),
        SCENARIO_NOT_OVER(conn_destroy__of_an_open_answer_is_a_reset, OVER_PAIRS),
        SCENARIO_NOT_OVER(worker_free__of_an_open_answer_is_a_reset, OVER_PAIRS),
        SCENARIO(order__of_calls_is_checked),
        SCENARIO(content__is_left_out_where_http_has_none),
        SCENARIO(http_1_0__ends_with_the_connection_or_the_length),
        SCENARIO_NOT_OVER(http_1_0__a_part_is_reset, OVER_PAIRS),
        SCENARIO(connection_close__follows_the_last_chunk),
        SCENARIO(inform__is_for_http_1_1),
        SCENARIO_NOT_OVER(user__is_destroyed_once_when_the_request_leaves, OVER_PAIRS),
    };
    return RUN_SCENARIOS("http_stream", scenarios);
}
