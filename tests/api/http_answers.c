/**
 * @file
 * Http answers: in the order of the requests, what the library writes and refuses, and which ones end the connection.
 */
#include "support/http_client.h"

static void answers__given_in_any_order_leave_in_the_order_of_the_requests(void **state)
{
    struct host *host = host_begin(*state, "http");
    struct client client = client_begin(host);
    say_get(host, &client, "/1");
    say_get(host, &client, "/2");
    say_get(host, &client, "/3");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 3);
    wm_request ids[3];
    for (size_t i = 0; i < 3; i++)
        ids[i] = nth(host, WM_EVENT_MESSAGE, i)->id;
    assert_int_equal(respond(ids[2], 200, NULL, "three"), 0);
    assert_int_equal(respond(ids[1], 404, "X-A: b\r\n", "two"), 0);
    assert_int_equal(respond(ids[1], 200, NULL, "again"), WM_ECLOSED);
    settle(host);
    client_pump(&client);
    assert_int_equal(client.len, 0);
    assert_int_equal(respond(ids[0], 200, NULL, "one"), 0);
    hear_answer(host, &client, 200, "one");
    hear_answer(host, &client, 404, "two");
    hear_answer(host, &client, 200, "three");
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(respond(ids[i], 200, NULL, "late"), WM_ECLOSED);
    client_end(&client);
    host_end(host);
}

static void conn_send__answers_the_oldest_unanswered_as_html(void **state)
{
    struct host *host = host_begin(*state, "http");
    wm_conn conn;
    struct client client = client_open(host, &conn);
    assert_int_equal(wm_conn_send(conn, "x", 1, 0), WM_ESTATE);
    say_get(host, &client, "/1");
    say_get(host, &client, "/2");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 2);
    assert_int_equal(wm_conn_send(conn, "hello\n", 6, 0), 0);
    assert_int_equal(wm_conn_send(conn, "second", 6, 0), 0);
    assert_int_equal(wm_conn_send(conn, "third", 5, 0), WM_ESTATE);
    char head[4096];
    assert_int_equal(http_head(host, &client, head), 200);
    assert_non_null(strstr(head, "Content-Type: text/html;charset=utf-8\r\n"));
    assert_non_null(strstr(head, "Content-Length: 6\r\n"));
    client_hear(host, &client, "hello\n");
    hear_answer(host, &client, 200, "second");
    client_end(&client);
    host_end(host);
}

static void bad_answers__are_refused_and_the_request_stays(void **state)
{
    struct host *host = host_begin(*state, "http");
    struct client client = client_begin(host);
    say_get(host, &client, "/");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    wm_request request = nth(host, WM_EVENT_MESSAGE, 0)->id;
    static const char *const bad[] = {"No colon\r\n",
                                      "A: b",
                                      "A: b\n",
                                      "A : b\r\n",
                                      ": b\r\n",
                                      "A: b\r\n\r\nC: d\r\n",
                                      "A: b\r c\r\n",
                                      " A: b\r\n",
                                      "Content-Length: 5\r\n",
                                      "transfer-encoding: chunked\r\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int result = respond(request, 200, bad[i], "x");
        if (result != WM_EINVAL)
            fail_msg("taken: %s (%d)", bad[i], result);
    }
    assert_int_equal(respond(request, 199, NULL, "x"), WM_EINVAL);
    assert_int_equal(respond(request, 100, NULL, "x"), WM_EINVAL);
    assert_int_equal(respond(request, 600, NULL, "x"), WM_EINVAL);
    assert_int_equal(wm_request_respond(request, 200, NULL, 1, NULL, 0, 0), WM_EINVAL);
    assert_int_equal(respond(request, 599, "A: b\r\nC:\r\n", "x"), 0);
    hear_answer(host, &client, 599, "x");
    client_end(&client);
    host_end(host);
}

static void answers__without_a_body_where_http_has_none(void **state)
{
    struct host *host = host_begin(*state, "http");
    struct client client = client_begin(host);
    client_say(host, &client, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    for (int i = 0; i < 4; i++)
        say_get(host, &client, "/");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 5);
    assert_int_equal(respond(nth(host, WM_EVENT_MESSAGE, 0)->id, 200, NULL, "12345"), 0);
    assert_int_equal(respond(nth(host, WM_EVENT_MESSAGE, 1)->id, 204, NULL, NULL), 0);
    assert_int_equal(respond(nth(host, WM_EVENT_MESSAGE, 2)->id, 304, "ETag: \"x\"\r\n", "12345"), 0);
    assert_int_equal(respond(nth(host, WM_EVENT_MESSAGE, 3)->id, 205, NULL, "12345"), 0);
    assert_int_equal(respond(nth(host, WM_EVENT_MESSAGE, 4)->id, 200, NULL, "end"), 0);
    char head[4096];
    assert_int_equal(http_head(host, &client, head), 200);
    assert_non_null(strstr(head, "Content-Length: 5\r\n"));
    assert_int_equal(http_head(host, &client, head), 204);
    assert_null(strstr(head, "Content-Length"));
    assert_int_equal(http_head(host, &client, head), 304);
    assert_null(strstr(head, "Content-Length"));
    hear_answer(host, &client, 205, "");
    hear_answer(host, &client, 200, "end");
    client_end(&client);
    host_end(host);
}

static void connect__ends_the_connection_whatever_the_answer(void **state)
{
    struct host *host = host_begin(*state, "http");
    for (int status = 200; status <= 405; status += 205) {
        struct client client = client_begin(host);
        size_t before = count_of(host, WM_EVENT_MESSAGE);
        client_say(host, &client, "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
        until(host, count_of(host, WM_EVENT_MESSAGE) == before + 1);
        assert_int_equal(respond(nth(host, WM_EVENT_MESSAGE, before)->id, status, NULL, "12345"), 0);
        char head[4096];
        assert_int_equal(http_head(host, &client, head), status);
        assert_non_null(strstr(head, "\r\nConnection: close\r\n"));
        if (status == 200)
            assert_null(strstr(head, "Content-Length")); /* RFC 9110 §9.3.6 */
        else
            client_hear(host, &client, "12345");
        client_hear_end(host, &client);
        client_end(&client);
        assert_int_equal(count_of(host, WM_EVENT_MESSAGE), before + 1);
    }
    host_end(host);
}

static void connection_close__of_the_client_ends_after_the_answer(void **state)
{
    struct host *host = host_begin(*state, "http");
    struct client client = client_begin(host);
    client_say(host, &client, "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    settle(host);
    assert_int_equal(count_of(host, WM_EVENT_MESSAGE), 1);
    assert_int_equal(respond(nth(host, WM_EVENT_MESSAGE, 0)->id, 200, NULL, "bye"), 0);
    char head[4096];
    assert_int_equal(http_head(host, &client, head), 200);
    assert_non_null(strstr(head, "Connection: close\r\n"));
    client_hear(host, &client, "bye");
    client_hear_end(host, &client);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    host_end(host);
}

static void connection_close__of_the_host_ends_after_the_answer(void **state)
{
    struct host *host = host_begin(*state, "http");
    struct client client = client_begin(host);
    say_get(host, &client, "/");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    assert_int_equal(respond(nth(host, WM_EVENT_MESSAGE, 0)->id, 200, "Connection: close\r\n", "bye"), 0);
    char head[4096];
    assert_int_equal(http_head(host, &client, head), 200);
    assert_non_null(strstr(head, "Connection: close\r\n"));
    client_hear(host, &client, "bye");
    client_hear_end(host, &client);
    client_end(&client);
    host_end(host);
}

static void half_close__a_client_still_gets_its_answers(void **state)
{
    struct host *host = host_begin(*state, "http");
    struct client client = client_begin(host);
    say_get(host, &client, "/1");
    say_get(host, &client, "/2");
    client_shut(&client);
    until(host, count_of(host, WM_EVENT_MESSAGE) == 2);
    settle(host);
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 0);
    assert_int_equal(respond(nth(host, WM_EVENT_MESSAGE, 0)->id, 200, NULL, "one"), 0);
    assert_int_equal(respond(nth(host, WM_EVENT_MESSAGE, 1)->id, 200, NULL, "two"), 0);
    hear_answer(host, &client, 200, "one");
    hear_answer(host, &client, 200, "two");
    client_hear_end(host, &client);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->flags, WM_REASON_PEER);
    host_end(host);
}

static void respond__after_the_close_is_closed(void **state)
{
    struct host *host = host_begin(*state, "http");
    struct client client = client_begin(host);
    say_get(host, &client, "/");
    until(host, count_of(host, WM_EVENT_MESSAGE) == 1);
    wm_request request = nth(host, WM_EVENT_MESSAGE, 0)->id;
    client_reset(&client);
    if (host->setting->transport == UNIX) /* a unix socket has no reset: it looks like a half-close */
        assert_int_equal(wm_conn_destroy(wm_request_conn(request)), 0);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_int_equal(respond(request, 200, NULL, "x"), WM_ECLOSED);
    assert_int_equal(wm_request_conn(request), 0);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(answers__given_in_any_order_leave_in_the_order_of_the_requests),
        SCENARIO(conn_send__answers_the_oldest_unanswered_as_html),
        SCENARIO(bad_answers__are_refused_and_the_request_stays),
        SCENARIO(answers__without_a_body_where_http_has_none),
        SCENARIO(connect__ends_the_connection_whatever_the_answer),
        SCENARIO(connection_close__of_the_client_ends_after_the_answer),
        SCENARIO(connection_close__of_the_host_ends_after_the_answer),
        SCENARIO_NOT_OVER(half_close__a_client_still_gets_its_answers, OVER_PAIRS),
        SCENARIO(respond__after_the_close_is_closed),
    };
    return RUN_SCENARIOS("http answers", scenarios);
}
