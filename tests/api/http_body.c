/**
 * @file
 * Bodies in pieces (option stream_body): heads, pieces, trailers, backpressure, requests behind others. Bodies that are not taken whole are
 * in http_body_cut.c.
 */
#include "support/http_body.h"

static void body__comes_as_a_head_and_pieces_and_one_last(void **state)
{
    enum { LEN = 300000 };
    static char body[LEN];
    fill_pattern(body, LEN, 1);
    struct host *host = begin(state, collect);
    struct client client = client_begin(host);
    say_length(host, &client, LEN);
    client_send(host, &client, body, LEN / 2);
    settle(host);
    assert_int_equal(got.heads, 1);
    assert_true(got.len > 0 && got.lasts == 0);
    client_send(host, &client, body + LEN / 2, LEN - LEN / 2);
    hear_answer(host, &client, 200, "POST");
    assert_int_equal(got.len, LEN);
    assert_memory_equal(got.data, body, LEN);
    assert_int_equal(got.lasts, 1);
    client_say(host, &client, GET); /* without a body: whole */
    hear_answer(host, &client, 200, "GET");
    say_length(host, &client, 0);
    hear_answer(host, &client, 200, "POST");
    assert_int_equal(got.heads, 1);
    assert_int_equal(got.whole, 2);
    end_body(&client, host);
}

static void chunks__come_in_pieces_with_their_trailers_at_the_last(void **state)
{
    enum { LEN = 20000 };
    static char body[LEN];
    fill_pattern(body, LEN, 2);
    struct host *host = begin(state, collect);
    struct client client = client_begin(host);
    client_say(host, &client, CHUNKED);
    say_chunk(host, &client, body, 3);
    settle(host);
    assert_int_equal(got.len, 3);
    const void *out;
    size_t len;
    assert_int_equal(wm_request_trailer(got.request, "digest", &out, &len), WM_ESTATE);
    say_chunk(host, &client, body + 3, 9000);
    say_chunk(host, &client, body + 9003, LEN - 9003);
    client_say(host, &client, "0\r\nDigest: x=1\r\nContent-Length: 9\r\n");
    settle(host);
    assert_int_equal(got.lasts, 0);
    client_say(host, &client, "Server-Timing: t\r\n\r\n");
    hear_answer(host, &client, 200, "POST");
    assert_int_equal(got.len, LEN);
    assert_memory_equal(got.data, body, LEN);
    assert_string_equal(got.trailers, "Digest=x=1;Server-Timing=t;");
    client_say(host, &client, CHUNKED); /* an empty body has a last piece, too */
    client_say(host, &client, "0\r\n\r\n");
    hear_answer(host, &client, 200, "POST");
    assert_int_equal(got.lasts, 2);
    assert_string_equal(got.trailers, "");
    end_body(&client, host);
}

static void trailers__of_a_whole_request_are_kept_with_it(void **state)
{
    struct host *host = begin(state, watch);
    assert_int_equal(wm_worker_set_int(host->worker, "stream_body", 0), 0);
    struct client client = client_begin(host);
    client_say(host, &client, CHUNKED);
    client_say(host, &client, "3\r\nabc\r\n0\r\nX: y\r\nHost: evil\r\n");
    client_say(host, &client, "\r\n");
    until(host, got.whole == 1);
    const void *out = "";
    size_t len = 1;
    if (host->setting->cap == 0) { /* the callback has returned */
        assert_int_equal(wm_request_trailer(got.request, "X", &out, &len), WM_ESTATE);
        assert_int_equal(wm_request_keep(got.request), WM_ESTATE);
    } else {
        assert_int_equal(wm_request_keep(got.request), 0);
        settle(host);
        assert_int_equal(wm_request_trailer(got.request, "x", &out, &len), 1);
        assert_int_equal(len, 1);
        assert_memory_equal(out, "y", 1);
        assert_int_equal(wm_request_trailer(got.request, "Host", &out, &len), 0);
        assert_null(out);
        assert_int_equal(wm_request_body(got.request, &out, &len), 0);
        assert_int_equal(len, 3);
        assert_memory_equal(out, "abc", 3);
    }
    answer("");
    assert_int_equal(wm_request_trailer(got.request, "X", &out, &len), WM_ECLOSED);
    assert_int_equal(wm_request_trailer(got.request, NULL, &out, &len), WM_EINVAL);
    end_body(&client, host);
}

static void keep_head(struct host *host, const wm_event *event)
{
    if (event->kind == WM_EVENT_MESSAGE)
        assert_int_equal(wm_request_keep(event->id), 0);
    if (event->kind == WM_EVENT_BODY && event->flags) {
        const void *out;
        size_t len;
        assert_int_equal(wm_request_path(event->id, &out, &len), 0);
        assert_int_equal(len, 2);
        assert_memory_equal(out, "/c", 2);
    }
    collect(host, event);
}

static void keep__makes_the_head_last_until_the_answer(void **state)
{
    struct host *host = begin(state, keep_head);
    struct client client = client_begin(host);
    for (int i = 0; i < 2; i++) {
        client_say(host, &client, CHUNKED);
        settle(host);
        client_say(host, &client, "3\r\nabc\r\n");
        settle(host);
        client_say(host, &client, "0\r\nX: y\r\n\r\n");
        hear_answer(host, &client, 200, "POST");
        assert_string_equal(got.trailers, "X=y;");
    }
    end_body(&client, host);
}

static void pause_at_first(struct host *host, const wm_event *event)
{
    collect(host, event);
    if (event->kind == WM_EVENT_BODY && got.pieces == 1)
        assert_int_equal(wm_conn_pause_recv(event->conn), 0);
}

static void pause__in_a_body_holds_it_and_resume_goes_on(void **state)
{
    enum { LEN = 24 << 20 };
    char *body = (char *)malloc(LEN);
    assert_non_null(body);
    fill_pattern(body, LEN, 3);
    struct host *host = begin(state, pause_at_first);
    struct client client = client_begin(host);
    say_length(host, &client, LEN);
    size_t sent = 0;
    while (got.pieces == 0) {
        ssize_t some = client_write(&client, body + sent, LEN - sent);
        sent += some > 0 ? (size_t)some : 0;
        turn(host, 0);
    }
    size_t had = got.len;
    for (int i = 0; i < 100; i++) { /* as much as TCP takes */
        ssize_t some = client_write(&client, body + sent, LEN - sent);
        sent += some > 0 ? (size_t)some : 0;
        turn(host, 0);
    }
    assert_true(sent < LEN);
    assert_true(got.len - had <= 1 << 20); /* the records of a poll that were there */
    assert_true((size_t)wm_conn_bytes_read(got.conn) <= got.len + (2 << 20));
    assert_int_equal(wm_conn_resume_recv(got.conn), 0);
    client_send(host, &client, body + sent, LEN - sent);
    hear_answer(host, &client, 200, "POST");
    assert_int_equal(got.len, LEN);
    assert_memory_equal(got.data, body, LEN);
    free(body);
    end_body(&client, host);
}

static void pipelined__a_body_waits_for_no_answer_and_is_answered_in_its_turn(void **state)
{
    struct host *host = begin(state, watch);
    assert_int_equal(wm_worker_set_int(host->worker, "max_pipelined", 2), 0);
    struct client client = client_begin(host);
    client_say(host, &client, GET);
    until(host, got.whole == 1);
    wm_request first = got.request;
    say_length(host, &client, 6);
    client_say(host, &client, "abc");
    until(host, got.len == 3);
    client_say(host, &client, "def");
    until(host, got.lasts == 1);
    wm_request second = got.request;
    assert_true(second != first);
    client_say(host, &client, GET);
    settle(host);
    assert_int_equal(got.whole, 1); /* two are unanswered */
    assert_int_equal(wm_request_respond(second, 200, NULL, 0, "two", 3, 0), 0);
    assert_int_equal(wm_request_respond(first, 200, NULL, 0, "one", 3, 0), 0);
    hear_answer(host, &client, 200, "one");
    hear_answer(host, &client, 200, "two");
    until(host, got.whole == 2);
    answer("three");
    hear_answer(host, &client, 200, "three");
    end_body(&client, host);
}

static void pipelined__a_broken_body_is_refused_behind_the_answers_that_are_due(void **state)
{
    struct host *host = begin(state, watch);
    struct client client = client_begin(host);
    client_say(host, &client, GET);
    until(host, got.whole == 1);
    wm_request first = got.request;
    client_say(host, &client, CHUNKED);
    client_say(host, &client, "1\r\na\r\nx\r\n");
    until(host, count_of(host, WM_EVENT_ERROR) == 1);
    assert_int_equal(wm_request_respond(first, 200, NULL, 0, "one", 3, 0), 0);
    hear_answer(host, &client, 200, "one");
    hear_last_answer(host, &client, 400, NULL);
    end_body(&client, host);
}

static void connection_close__ends_behind_the_body_not_before_it(void **state)
{
    struct host *host = begin(state, collect);
    struct client client = client_begin(host);
    client_say(host, &client, "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 6\r\n\r\nabc");
    settle(host);
    client_say(host, &client, "def");
    client_say(host, &client, GET);
    hear_last_answer(host, &client, 200, "POST");
    assert_int_equal(got.len, 6);
    assert_int_equal(got.whole, 0);
    end_body(&client, host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(body__comes_as_a_head_and_pieces_and_one_last),
        SCENARIO(chunks__come_in_pieces_with_their_trailers_at_the_last),
        SCENARIO(trailers__of_a_whole_request_are_kept_with_it),
        SCENARIO(keep__makes_the_head_last_until_the_answer),
        SCENARIO_OVER_SOCKETS(pause__in_a_body_holds_it_and_resume_goes_on),
        SCENARIO(pipelined__a_body_waits_for_no_answer_and_is_answered_in_its_turn),
        SCENARIO(pipelined__a_broken_body_is_refused_behind_the_answers_that_are_due),
        SCENARIO(connection_close__ends_behind_the_body_not_before_it),
    };
    return RUN_SCENARIOS("http_body", scenarios);
}
