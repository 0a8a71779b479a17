/**
 * @file
 * Bodies that the host does not get whole: answered early, waiting for 100 Continue, broken, too long, left in the middle.
 */
#include "support/http_body.h"

static void early_answer__discards_the_rest_and_serves_the_next(void **state)
{
    static char rest[100000];
    struct host *host = begin(state, refuse);
    struct client client = client_begin(host);
    say_length(host, &client, sizeof rest);
    hear_answer(host, &client, 200, "early");
    client_send(host, &client, rest, sizeof rest);
    client_say(host, &client, CHUNKED);
    hear_answer(host, &client, 200, "early");
    say_chunk(host, &client, rest, 5000);
    client_say(host, &client, "0\r\nX: y\r\n\r\n");
    client_say(host, &client, GET);
    hear_answer(host, &client, 200, "early");
    assert_int_equal(got.heads, 2);
    assert_int_equal(got.pieces, 0);
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 0);
    end_body(&client, host);
}

static void send_too_much_at_head(struct host *host, const wm_event *event)
{
    static char text[200000];
    if (event->kind == WM_EVENT_MESSAGE)
        assert_int_equal(wm_conn_send(event->conn, text, sizeof text, 0), WM_EMSGSIZE);
    collect(host, event);
}

static void early_answer__that_fails_leaves_the_connection_open(void **state)
{
    struct host *host = begin(state, send_too_much_at_head);
    assert_int_equal(wm_app_set_int(host->app, "max_queue_total", 100000), 0);
    assert_int_equal(wm_worker_set_int(host->worker, "max_discard", 0), 0);
    struct client client = client_begin(host);
    char head[4096];
    say_length(host, &client, 5);
    until(host, got.heads == 1);
    client_say(host, &client, "hello");
    assert_int_equal(http_head(host, &client, head), 200);
    assert_null(strstr(head, "Connection: close"));
    client_hear(host, &client, "POST");
    end_body(&client, host);
}

static void early_answer__to_a_long_body_closes_and_is_not_lost(void **state)
{
    enum { LEN = 4 << 20 };
    static char rest[1 << 20];
    struct host *host = begin(state, refuse);
    struct client client = client_begin(host);
    say_length(host, &client, LEN);
    for (int i = 0; i < 4; i++)
        client_send(host, &client, rest, sizeof rest); /* goes on sending, whatever is answered */
    hear_last_answer(host, &client, 200, "early");
    end_body(&client, host);
}

static void early_answer__over_max_discard_closes(void **state)
{
    static char rest[3000];
    struct host *host = begin(state, refuse);
    assert_int_equal(wm_worker_set_int(host->worker, "max_discard", 10000), 0);
    struct client client = client_begin(host);
    client_say(host, &client, CHUNKED);
    hear_answer(host, &client, 200, "early");
    for (int i = 0; i < 3; i++)
        say_chunk(host, &client, rest, sizeof rest);
    settle(host);
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 0);
    assert_false(client_ended(&client));
    say_chunk(host, &client, rest, sizeof rest);
    client_hear_end(host, &client);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->flags & 255, WM_REASON_LIMIT);
    host_end(host);
}

static void expect__is_continued_once_the_host_has_had_the_head(void **state)
{
    struct host *host = begin(state, collect);
    struct client client = client_begin(host);
    for (int i = 0; i < 2; i++) {
        client_say(host, &client, EXPECTS);
        client_hear(host, &client, "HTTP/1.1 100 Continue\r\n\r\n");
        client_say(host, &client, "hello");
        hear_answer(host, &client, 200, "PUT");
    }
    client_say(host, &client, EXPECTS); /* one that does not wait is not told */
    client_say(host, &client, "hello");
    int status = http_head(host, &client, NULL);
    assert_true(status == 200 || status == 100); /* 100: the head was read alone */
    end_body(&client, host);
}

static void expect__answered_at_the_head_closes_without_100(void **state)
{
    struct host *host = begin(state, refuse);
    struct client client = client_begin(host);
    client_say(host, &client, EXPECTS);
    hear_last_answer(host, &client, 200, "early");
    assert_int_equal(got.pieces, 0);
    end_body(&client, host);
}

static void expect__answered_before_its_turn_gets_no_100_behind_the_answer(void **state)
{
    struct host *host = begin(state, watch);
    struct client client = client_begin(host);
    client_say(host, &client, GET);
    client_say(host, &client, EXPECTS);
    until(host, got.heads == 1);
    answer("early");
    got.request = nth(host, WM_EVENT_MESSAGE, 0)->id;
    answer("first");
    hear_answer(host, &client, 200, "first");
    hear_last_answer(host, &client, 200, "early"); /* whether a body follows is not known */
    end_body(&client, host);
}

static void expect__streamed_before_its_turn_gets_no_100_in_the_stream(void **state)
{
    struct host *host = begin(state, watch);
    struct client client = client_begin(host);
    client_say(host, &client, GET);
    client_say(host, &client, EXPECTS);
    until(host, got.heads == 1);
    wm_request stream = got.request;
    assert_true(wm_request_respond_begin(stream, 200, NULL, 0, 10) >= 0);
    assert_true(wm_request_respond_write(stream, "early", 5) >= 0);
    got.request = nth(host, WM_EVENT_MESSAGE, 0)->id;
    answer("first");
    hear_answer(host, &client, 200, "first");
    assert_true(wm_request_respond_write(stream, "later", 5) >= 0);
    assert_int_equal(wm_request_respond_end(stream), 0);
    hear_last_answer(host, &client, 200, "earlylater");
    end_body(&client, host);
}

static void pause_at_head(struct host *host, const wm_event *event)
{
    if (event->kind == WM_EVENT_MESSAGE)
        assert_int_equal(wm_conn_pause_recv(event->conn), 0);
    collect(host, event);
}

static void expect__waits_while_the_host_has_paused(void **state)
{
    struct host *host = begin(state, pause_at_head);
    struct client client = client_begin(host);
    client_say(host, &client, EXPECTS);
    until(host, got.heads == 1);
    settle(host);
    client_pump(&client);
    assert_int_equal(client.len, 0);
    assert_int_equal(wm_conn_resume_recv(got.conn), 0);
    client_hear(host, &client, "HTTP/1.1 100 Continue\r\n\r\n");
    client_say(host, &client, "hello");
    hear_answer(host, &client, 200, "PUT");
    end_body(&client, host);
}

static void broken_chunk__is_400_and_ends_the_request(void **state)
{
    struct host *host = begin(state, watch);
    struct client client = client_begin(host);
    client_say(host, &client, CHUNKED);
    client_say(host, &client, "3\r\nabc\r\n");
    until(host, got.len == 3);
    client_say(host, &client, "nonsense\r\n");
    hear_last_answer(host, &client, 400, NULL);
    assert_int_equal(got.lasts, 0);
    assert_int_equal(count_of(host, WM_EVENT_ERROR), 1);
    assert_int_equal(nth(host, WM_EVENT_ERROR, 0)->code, WM_EPROTOCOL);
    assert_int_equal(wm_request_respond(got.request, 200, NULL, 0, NULL, 0, 0), WM_ECLOSED);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    assert_int_equal(nth(host, WM_EVENT_CLOSE, 0)->flags & 255, WM_REASON_PROTOCOL);
    host_end(host);
}

static void broken_chunk__behind_an_answer_is_no_second_answer(void **state)
{
    struct host *host = begin(state, refuse);
    struct client client = client_begin(host);
    client_say(host, &client, CHUNKED);
    hear_answer(host, &client, 200, "early");
    client_say(host, &client, "nonsense\r\n");
    client_hear_end(host, &client);
    end_body(&client, host);
}

static void max_body__is_413_by_length_and_by_chunks(void **state)
{
    static char data[60];
    struct host *host = begin(state, watch);
    assert_int_equal(wm_worker_set_int(host->worker, "max_body", 100), 0);
    assert_int_equal(wm_worker_set_int(host->worker, "max_message", 1), 0); /* is no limit of pieces */
    struct client client = client_begin(host);
    say_length(host, &client, 101);
    hear_last_answer(host, &client, 413, NULL);
    assert_int_equal(got.heads, 0);
    client_end(&client);
    client = client_begin(host);
    client_say(host, &client, CHUNKED);
    say_chunk(host, &client, data, sizeof data);
    until(host, got.len == sizeof data);
    client_say(host, &client, "29\r\n");
    hear_last_answer(host, &client, 413, NULL);
    end_body(&client, host);
}

static void peer_gone__in_a_body_is_a_close_without_a_last_piece(void **state)
{
    struct host *host = begin(state, watch);
    for (int half = 0; half < 2; half++) {
        struct client client = client_begin(host);
        size_t before = got.len;
        say_length(host, &client, 10);
        client_say(host, &client, "abc");
        until(host, got.len == before + 3);
        if (half)
            client_shut(&client);
        else
            client_forget(&client, 1);
        until(host, count_of(host, WM_EVENT_CLOSE) == (size_t)half + 1);
        assert_int_equal(nth(host, WM_EVENT_CLOSE, (size_t)half)->flags & 255, WM_REASON_PEER);
        assert_int_equal(wm_request_respond(got.request, 200, NULL, 0, NULL, 0, 0), WM_ECLOSED);
        client_forget(&client, 1);
    }
    assert_int_equal(got.lasts, 0);
    host_end(host);
}

static void answer_with_file(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind != WM_EVENT_MESSAGE || event->flags != WM_KIND_HTTP_HEAD)
        return;
    char name[] = "/tmp/wm-file-XXXXXX";
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(remove(name), 0);
    assert_int_equal(ftruncate(fd, 20000), 0);
    assert_true(wm_request_respond_fd(event->id, 200, NULL, 0, fd, 0, -1, 0) >= 0);
}

/** Whether the client sends its body now is not known: what it sends next must not be taken for one. */
static void expect__answered_by_a_file_closes_without_100(void **state)
{
    struct host *host = begin(state, answer_with_file);
    struct client client = client_begin(host);
    char head[4096];
    client_say(host, &client, EXPECTS);
    assert_int_equal(http_head(host, &client, head), 200);
    assert_non_null(strstr(head, "Connection: close\r\n"));
    until(host, client_has(&client, 20000));
    client_end(&client);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(early_answer__discards_the_rest_and_serves_the_next),
        SCENARIO(early_answer__that_fails_leaves_the_connection_open),
        SCENARIO_NOT_OVER(early_answer__to_a_long_body_closes_and_is_not_lost, OVER_PAIRS),
        SCENARIO(early_answer__over_max_discard_closes),
        SCENARIO(expect__is_continued_once_the_host_has_had_the_head),
        SCENARIO(expect__answered_by_a_file_closes_without_100),
        SCENARIO(expect__answered_at_the_head_closes_without_100),
        SCENARIO(expect__answered_before_its_turn_gets_no_100_behind_the_answer),
        SCENARIO(expect__streamed_before_its_turn_gets_no_100_in_the_stream),
        SCENARIO(expect__waits_while_the_host_has_paused),
        SCENARIO(broken_chunk__is_400_and_ends_the_request),
        SCENARIO(broken_chunk__behind_an_answer_is_no_second_answer),
        SCENARIO(max_body__is_413_by_length_and_by_chunks),
        SCENARIO_NOT_OVER(peer_gone__in_a_body_is_a_close_without_a_last_piece, OVER_PAIRS),
    };
    return RUN_SCENARIOS("http_body_cut", scenarios);
}
