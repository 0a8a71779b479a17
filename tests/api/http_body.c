/**
 * @file
 * Bodies in pieces (option stream_body): heads, pieces, trailers, backpressure, answers that come early, 100 Continue, and what ends a
 * body.
 */
#include "support/ws_client.h"

static const char CHUNKED[] = "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
static const char EXPECTS[] = "PUT /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
static const char GET[] = "GET /g HTTP/1.1\r\nHost: a\r\n\r\n";

/** What came of the bodies since begin(). */
static struct {
    char *data;
    size_t len, pieces;
    int heads, whole, lasts;
    wm_request request; /**< the latest */
    wm_conn conn;
    char trailers[256];
    char method[16];
} got;

static void note_trailers(wm_request request)
{
    const void *name, *value;
    size_t name_len, value_len;
    got.trailers[0] = '\0';
    for (size_t i = 0; wm_request_trailer_at(request, i, &name, &name_len, &value, &value_len) == 1; i++) {
        size_t len = strlen(got.trailers);
        snprintf(got.trailers + len, sizeof got.trailers - len, "%.*s=%.*s;", (int)name_len, (const char *)name, (int)value_len,
                 (const char *)value);
    }
}

static void take_body(wm_request request, const void *data, size_t len, int last)
{
    assert_non_null(data);
    assert_true(request == got.request);
    got.data = (char *)realloc(got.data, got.len + len + 1);
    assert_non_null(got.data);
    memcpy(got.data + got.len, data, len);
    got.len += len;
    got.pieces++;
    got.lasts += last;
    if (last)
        note_trailers(request);
}

static void take_message(const wm_event *event)
{
    const void *out;
    size_t len;
    uint32_t kind = event->flags & 255;
    got.request = event->id;
    got.conn = event->conn;
    got.heads += kind == WM_KIND_HTTP_HEAD;
    got.whole += kind == WM_KIND_HTTP;
    assert_true(kind == WM_KIND_HTTP || event->len == 0);
    assert_int_equal(wm_request_method(event->id, &out, &len), 0);
    snprintf(got.method, sizeof got.method, "%.*s", (int)len, (const char *)out);
}

static void answer(const char *body)
{
    assert_int_equal(wm_request_respond(got.request, 200, NULL, 0, body, strlen(body), 0), 0);
}

/** Answers when the body is whole. */
static void collect(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind == WM_EVENT_MESSAGE)
        take_message(event);
    if (event->kind == WM_EVENT_BODY)
        take_body(event->id, event->data, event->len, (int)event->flags);
    int whole = event->kind == WM_EVENT_MESSAGE && (event->flags & 255) == WM_KIND_HTTP;
    if (whole || (event->kind == WM_EVENT_BODY && event->flags == 1))
        answer(got.method);
}

/** Leaves the answer to the scenario. */
static void watch(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind == WM_EVENT_MESSAGE)
        take_message(event);
    if (event->kind == WM_EVENT_BODY)
        take_body(event->id, event->data, event->len, (int)event->flags);
}

/** Answers the head. */
static void refuse(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind != WM_EVENT_MESSAGE)
        return;
    take_message(event);
    answer("early");
}

static void seen_body(wm_worker *worker, wm_conn conn, wm_request request, const void *data, size_t len, int32_t last, void *user)
{
    wm_event event = {0};
    event.kind = WM_EVENT_BODY;
    event.flags = (uint32_t)last;
    event.worker = worker;
    event.conn = conn;
    event.data = data;
    event.len = len;
    event.id = request;
    deliver((struct host *)user, &event);
}

static struct host *begin(void **state, void (*react)(struct host *host, const wm_event *event))
{
    free(got.data);
    memset(&got, 0, sizeof got);
    struct host *host = host_begin(*state, "http");
    host->react = react;
    assert_int_equal(wm_worker_set_int(host->worker, "stream_body", 1), 0);
    if (host->setting->cap == 0)
        assert_int_equal(wm_worker_on_body(host->worker, seen_body, host, NULL), 0);
    return host;
}

static void hear_answer(struct host *host, struct client *client, int status, const char *body)
{
    char head[4096];
    assert_int_equal(http_head(host, client, head), status);
    assert_int_equal(atoi(strstr(head, "Content-Length:") + 15), strlen(body));
    client_hear(host, client, body);
}

/** The same, and the answer says that the connection closes, as it does. */
static void hear_last_answer(struct host *host, struct client *client, int status, const char *body)
{
    char head[4096];
    assert_int_equal(http_head(host, client, head), status);
    assert_non_null(strstr(head, "Connection: close\r\n"));
    if (body)
        client_hear(host, client, body);
    else
        client_drop(client, (size_t)atoi(strstr(head, "Content-Length:") + 15));
    client_hear_end(host, client);
}

static void say_length(struct host *host, struct client *client, size_t len)
{
    char head[128];
    snprintf(head, sizeof head, "POST /l HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", len);
    client_say(host, client, head);
}

static void say_chunk(struct host *host, struct client *client, const char *data, size_t len)
{
    char line[32];
    snprintf(line, sizeof line, "%zx\r\n", len);
    client_say(host, client, line);
    client_send(host, client, data, len);
    client_say(host, client, "\r\n");
}

static void end_body(struct client *client, struct host *host)
{
    client_end(client);
    host_end(host);
}

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
        SCENARIO(early_answer__discards_the_rest_and_serves_the_next),
        SCENARIO_NOT_OVER(early_answer__to_a_long_body_closes_and_is_not_lost, OVER_PAIRS),
        SCENARIO(early_answer__over_max_discard_closes),
        SCENARIO(expect__is_continued_once_the_host_has_had_the_head),
        SCENARIO(expect__answered_at_the_head_closes_without_100),
        SCENARIO(expect__waits_while_the_host_has_paused),
        SCENARIO(broken_chunk__is_400_and_ends_the_request),
        SCENARIO(broken_chunk__behind_an_answer_is_no_second_answer),
        SCENARIO(max_body__is_413_by_length_and_by_chunks),
        SCENARIO_NOT_OVER(peer_gone__in_a_body_is_a_close_without_a_last_piece, OVER_PAIRS),
        SCENARIO(pipelined__a_body_waits_for_no_answer_and_is_answered_in_its_turn),
        SCENARIO(pipelined__a_broken_body_is_refused_behind_the_answers_that_are_due),
        SCENARIO(connection_close__ends_behind_the_body_not_before_it),
    };
    return RUN_SCENARIOS("http_body", scenarios);
}
